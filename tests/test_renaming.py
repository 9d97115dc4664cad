"""Renaming every value and dim of a spec changes the whole output by that renaming only."""

import json
import re
from pathlib import Path
from random import Random

import pytest

from shapecalc import api
from shapecalc.render import json as renderer
from shapecalc.render.output import Look
from shapecalc.render.tally import tally
from shapecalc.render.terminal import report_page

SPECS = Path(__file__).parent.parent / "specs"
NAMES = sorted(path.stem for path in SPECS.glob("*.yaml") if path.stem != "mlp_40")
SPELLINGS = ("latex", "unicode")
DIM_LETTERS = "ABCDEF"  # index letters are small, so no dim is taken for one
VALUE_LETTERS = "GKLMNQRSU"


def renaming_of(spec: str, random: Random) -> dict[str, str]:
    """Give each dim and value a new name of the same length, in another order of the alphabet."""
    report = api.check(spec, "")
    dims = [name for name, _ in report.dims]
    letters = random.sample(DIM_LETTERS, len(dims))
    change = {dim: letter + "q" * (len(dim) - 1) for dim, letter in zip(dims, letters, strict=True)}
    for number, value in enumerate(random.sample(report.values, len(report.values))):
        size = len(value.name)
        letter = VALUE_LETTERS[number % len(VALUE_LETTERS)]
        new = next(
            name
            for stem in (letter, *VALUE_LETTERS)
            for tail in range(10 ** (size - 1))
            if (name := f"{stem}{tail:0{size - 1}d}" if size > 1 else stem) not in change.values()
            and name not in change
        )
        change[value.name] = new
    return change


def renamed(text: str, change: dict[str, str]) -> str:
    """Put new names for old, and `d` before a new one for the gradient's."""
    return re.sub(
        r"(?<![A-Za-z_.])(d?)([A-Za-z]\w*)",
        lambda found: (
            change[found[0]] if found[0] in change else found[1] + change.get(found[2], found[2])
        ),
        text,
    )


def page(spec: str) -> str:
    """Return the full report, wide enough for every line."""
    return report_page(api.check(spec, "spec.yaml"), Look(width=200), full=True)


def data(spec: str) -> object:
    """Return the JSON, less what runs names together or takes them apart: `hm`, `W2ᵀ`, `W_2`."""
    report = api.check(spec, "spec.yaml")
    found = json.loads(renderer.document([report], tally([report])))
    for step in found["specs"][0]["steps"]:
        step["layouts"].pop("vec", None)
    return without_spellings(found)


def without_spellings(node: object) -> object:
    if isinstance(node, dict):
        return {key: without_spellings(each) for key, each in node.items() if key not in SPELLINGS}
    return [without_spellings(each) for each in node] if isinstance(node, list) else node


def with_names(node: object, change: dict[str, str]) -> object:
    """Rename within the strings of a JSON document; keys are the program's, but for the dims."""
    if isinstance(node, dict):
        return {change.get(key, key): with_names(each, change) for key, each in node.items()}
    if isinstance(node, list):
        return [with_names(each, change) for each in node]
    return renamed(node, change) if isinstance(node, str) else node


@pytest.mark.parametrize("name", NAMES)
def test_output_changes_by_the_renaming_only(name: str) -> None:
    spec = (SPECS / f"{name}.yaml").read_text(encoding="utf-8")
    start = spec.index("dims:")
    head, body = spec[:start], re.sub(r" +#.*", "", spec[start:])
    change = renaming_of(head + body, Random(name))
    other = head + renamed(body, change)
    back = {new: old for old, new in change.items()}
    assert len(back) == len(change)
    assert renamed(page(other), back) == page(head + body)
    assert with_names(data(other), back) == data(head + body)
