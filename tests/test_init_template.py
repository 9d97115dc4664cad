"""The spec that a new user begins with: it works as it is, and with each comment taken away."""

import re

import pytest
import yaml

from shapecalc import api
from shapecalc.records import Report
from shapecalc.spec.keys import KEYS
from shapecalc.spec.start import starting_spec

TEXT = starting_spec()
OPTIONAL = re.compile(r"(?m)^# (?=([a-z]+): (?:[\[{]|[a-z]+$))")
SECTIONS = [match[1] for match in OPTIONAL.finditer(TEXT)]


def checked(text: str) -> Report:
    return api.check(text, "start.yaml")


def test_checks_without_findings() -> None:
    report = checked(TEXT)
    assert report.findings == ()
    assert report.ok
    assert report.steps


def test_all_its_claims_are_right() -> None:
    assert [claim.verdict for claim in checked(TEXT).claims] == ["right", "right", "right"]


def test_some_sections_wait_behind_a_comment() -> None:
    assert SECTIONS == ["assume", "shapes", "layout", "scale"]


@pytest.mark.parametrize("section", SECTIONS)
def test_each_optional_section_works_when_its_comment_is_taken_away(section: str) -> None:
    text = re.sub(rf"(?m)^# (?={section}: )", "", TEXT)
    assert section in yaml.safe_load(text)
    assert section not in yaml.safe_load(TEXT)
    assert checked(text).findings == ()


def test_all_optional_sections_work_together() -> None:
    text = OPTIONAL.sub("", TEXT)
    assert set(SECTIONS) <= yaml.safe_load(text).keys()
    assert checked(text).findings == ()


def test_an_upstream_takes_the_place_of_the_loss() -> None:
    """As the comment at `loss` says; what leads to the loss goes with it."""
    gone = r"(?m)^(?:  (?:L|J|dZ2|Y): |loss: |constants: ).*\n"
    report = checked(re.sub(gone, "", TEXT) + "upstream: Z2\n")
    assert report.findings == ()
    assert [claim.verdict for claim in report.claims] == ["right", "right"]


def test_names_every_key_of_the_language() -> None:
    missing = [key for key in KEYS if not re.search(rf"\b{key}: ?", TEXT)]
    assert missing == []


def test_fits_on_a_screen() -> None:
    lines = TEXT.splitlines()
    assert len(lines) < 60
    assert max(len(line) for line in lines) < 80
    assert TEXT.isascii()


def test_the_line_for_editors_is_read_by_them_without_its_first_mark() -> None:
    """The language server takes a comment of its own alone: `# yaml-language-server: $schema=…`."""
    modeline = re.compile(r"(?m)^#\s+yaml-language-server\s*:\s*\$schema=(\S+)$")
    assert not modeline.search(TEXT)
    opened = re.sub(r"(?m)^# (?=# yaml-)", "", TEXT)
    found = modeline.search(opened)
    assert found
    assert f"shapecalc schema > {found[1]}" in TEXT
