"""What the README shows is what the program does.

Each `$ command` of a ```console block is run by `sh` at the root of the repository, 80 columns wide
and without colour, and must print what stands below it. A ```yaml block below `<!-- file: PATH -->`
is that file. `python tests/test_readme.py --update` writes both anew.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

CONSOLE = re.compile(r"^```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(
    r"^<!-- file: (?P<path>\S+) -->\n```yaml\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:|#)(?P<path>[^)#]+)")


class Shown(NamedTuple):
    """A command as it stands in a block, and the output shown below it."""

    lines: tuple[str, ...]
    output: str

    @property
    def command(self) -> str:
        """Return what a shell reads: without the prompts."""
        return "\n".join(line[2:] for line in self.lines)


def shown_in(body: str) -> Iterator[Shown]:
    """Split a block at its prompts: `$ ` begins a command, `> ` right below goes on with it."""
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = 1
        while end < len(lines) and lines[end].startswith("> "):
            end += 1
        yield Shown(tuple(line.rstrip("\n") for line in lines[:end]), "".join(lines[end:]))


def printed_by(command: str) -> str:
    """Run a command as a reader would, `shapecalc` and `python` being those under test."""
    with tempfile.TemporaryDirectory() as folder:
        for name, call in (("shapecalc", "-m shapecalc "), ("python", "")):
            script = Path(folder, name)
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call}"$@"\n', encoding="utf-8")
            script.chmod(0o755)
        environment = {
            "PATH": os.pathsep.join([folder, os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",  # keeps the two streams in their order
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "80",
        }
        run = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    return run.stdout


def updated(text: str) -> str:
    """Put into each block what the program prints now, and what the file holds now."""

    def console(block: re.Match[str]) -> str:
        parts = [
            "\n".join(shown.lines) + "\n" + printed_by(shown.command)
            for shown in shown_in(block["body"])
        ]
        return f"```console\n{''.join(parts)}```"

    def file(block: re.Match[str]) -> str:
        content = (ROOT / block["path"]).read_text(encoding="utf-8")
        return f"<!-- file: {block['path']} -->\n```yaml\n{content}```"

    return FILE.sub(file, CONSOLE.sub(console, text))


def readme() -> str:
    return README.read_text(encoding="utf-8")


def all_shown() -> list[Shown]:
    return [shown for block in CONSOLE.finditer(readme()) for shown in shown_in(block["body"])]


@pytest.mark.skipif(os.name == "nt", reason="the commands are written for sh")
def without_error(output: str) -> str:
    """Take out the error by components, whose last digit is the machine's."""
    return re.sub(r"(?<=by components, )\S+", "…", output)


@pytest.mark.parametrize("shown", all_shown(), ids=lambda shown: shown.command)
def test_program_prints_what_the_readme_shows(shown: Shown) -> None:
    assert without_error(printed_by(shown.command)) == without_error(shown.output)


def test_first_screen_runs_the_main_job() -> None:
    assert all_shown()[0].command == "shapecalc check specs/two_layer.yaml"


def test_every_console_block_begins_with_a_prompt() -> None:
    assert all(block["body"].startswith("$ ") for block in CONSOLE.finditer(readme()))


@pytest.mark.parametrize("block", list(FILE.finditer(readme())), ids=lambda block: block["path"])
def test_file_is_shown_as_it_is(block: re.Match[str]) -> None:
    assert block["body"] == (ROOT / block["path"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted({link["path"] for link in LINK.finditer(readme())}))
def test_link_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("end", ["shapecalc check specs/two_layer.yaml", "pytest"])
def test_one_line_sets_up_and_runs(end: str) -> None:
    lines = [line for line in readme().splitlines() if line.startswith("python3 -m venv")]
    assert [line.endswith(f".venv/bin/{end}") for line in lines].count(True) == 1


def test_a_prompt_ends_the_output_above_it() -> None:
    shown = list(shown_in("$ a | b '\n> c'\nprinted\n\n$ d\n"))
    assert [one.command for one in shown] == ["a | b '\nc'", "d"]
    assert [one.output for one in shown] == ["printed\n\n", ""]


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python tests/test_readme.py --update")
    text = updated(readme())
    if "Traceback (most recent call last)" in text or str(ROOT) in text:
        sys.exit("a command failed, or printed where it ran; README.md is left as it was")
    README.write_text(text, encoding="utf-8")
