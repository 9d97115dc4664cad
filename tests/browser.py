"""A real browser for the tests: pages are opened in Chromium, measured, and printed."""

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--no-pdf-header-footer",
)
MEASURE = (Path(__file__).resolve().parent / "browser_measure.js").read_text("utf-8")
MEASURED = re.compile(r'<pre id="measured">(.*?)</pre>', re.DOTALL)


class Opened(NamedTuple):
    """What a browser made of some pages."""

    measured: dict[str, Any]
    errors: list[str]  # what pages wrote to the console
    image: Path


def chromium() -> str:
    """Find the browser; without one the test is skipped, but on a CI machine it fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"none of {', '.join(NAMES)} is installed")
    pytest.skip("no Chromium")


def opened(folder: Path, pages: Mapping[str, tuple[str, int]], *, is_dark: bool) -> Opened:
    """Open pages side by side, each as wide as is asked; the widths of frames have no least."""
    frames = "".join(
        f'<iframe id="{name}" style="border:0;width:{width}px;height:900px" '
        f'srcdoc="{html.escape(page)}"></iframe>'
        for name, (page, width) in pages.items()
    )
    harness = folder / "harness.html"
    harness.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">{frames}'
        f'<pre id="measured"></pre><script>{MEASURE}</script>',
        encoding="utf-8",
    )
    image = folder / "page.png"
    done = _run(folder, harness, "--dump-dom", f"--screenshot={image}", is_dark=is_dark)
    found = MEASURED.search(done.stdout)
    measured = json.loads(html.unescape(found[1])) if found and found[1] else {}
    errors = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Opened(measured, errors, image)


def _run(
    folder: Path, page: Path, *flags: str, is_dark: bool
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            chromium(),
            *QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
            "--window-size=1280,900",
            *flags,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )


def printed(folder: Path, page: str) -> Path:
    """Print a page on paper."""
    file = folder / "alone.html"
    file.write_text(page, encoding="utf-8")
    paper = folder / "page.pdf"
    _run(folder, file, f"--print-to-pdf={paper}", is_dark=True)
    return paper
