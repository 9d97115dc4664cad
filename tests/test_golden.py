"""The full report of each shipped spec, at 80 columns, as tests/golden has it.

The largest error of the floats is a measurement, so its digits are masked.

To write the files anew: SHAPECALC_GOLDEN=write pytest tests/test_golden.py, and read the diff.
"""

import os
import re
from pathlib import Path

import pytest
from checking import ROOT, SPECS

from shapecalc import api
from shapecalc.render import terminal
from shapecalc.render.output import Look

GOLDEN = Path(__file__).resolve().parent / "golden"
MEASURED = re.compile(r"(?<=by components, )\de-\d\d")


def page_of(path: Path) -> str:
    report = api.check(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    return MEASURED.sub("_e-__", terminal.report_page(report, Look()))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_report_is_as_it_was_read(path: Path) -> None:
    file = GOLDEN / f"{path.stem}.txt"
    page = page_of(path)
    if os.environ.get("SHAPECALC_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(page, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == page


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {path.stem for path in SPECS}
