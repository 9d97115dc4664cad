"""All explanations of all shipped specs, each formula and number worked out from the JSON.

One gradient of each kind is explained: of those alike but for their names, the first.
`python tests/test_every_explanation.py --all` walks the others too, and says what it has seen.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from checking import ROOT, SPECS
from rechecking import Step
from rechecking_rest import checkers, together

from shapecalc import api, teach
from shapecalc.render.explained import explanation_page
from shapecalc.render.explained_json import explained_document
from shapecalc.render.output import Look

PLAIN, ASCII = Look(), Look(ascii=True, encoding="ascii")
SEEN = {
    *("equation", "formula", "box size", "boxes' product", "clash", "impostor", "slope", "product"),
    *("total", "sum in general", "how many stand still", "index form", "cells, one by one", "line"),
    *("this one does", "both run", "one is right"),
    *("blocks", "walk's product", "layout", "layout's formula", "links' shapes", "other factor"),
    *("Kronecker product", "left side", "right side", "derivative", "all arrangements"),
    *("those that conform", "right ones", "wrong at equal sizes", "those that run here"),
    "together",
}
"""What has to occur somewhere; what never does, is never checked."""


@cache
def answers(path: Path) -> tuple[teach.Answer, ...]:
    """Explain one gradient of each kind."""
    return tuple(explained(path, every=False))


def explained(path: Path, *, every: bool) -> Iterator[teach.Answer]:
    report, sweep = api.studied(path.read_text(encoding="utf-8"), path.name)
    seen = set()
    for gradient in report.gradients:
        if every or gradient.pattern not in seen:
            yield teach.explained(report, sweep, gradient.wrt)
        seen.add(gradient.pattern)


def document(answer: teach.Answer) -> Any:
    text = explained_document(answer.explanation, answer.choices, answer.report, encoding="utf-8")
    return json.loads(text)


def recheck(found: Any) -> Counter[str]:
    """Work out one explanation; return what was seen."""
    explanation = found["explanation"]
    seen: Counter[str] = Counter()
    steps = [Step(each, explanation) for each in explanation["steps"] if not each["alike"]]
    for step in steps:
        step.check(checkers(found["dims"]))
    if len(steps) == 1 and not explanation["together"]:
        steps[0].check_whole()
    for step in steps:
        seen += step.seen
    seen["together"] += together(found)
    return seen


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_formula_and_number_is_worked_out_anew(path: Path) -> None:
    assert answers(path)
    for answer in answers(path):
        assert answer.report.findings == ()
        assert recheck(document(answer))["levels"] > 0


def test_every_kind_of_check_has_something_to_check() -> None:
    seen: Counter[str] = Counter()
    for path in SPECS:
        if path.stem in ("two_layer", "two_layer_square", "attention_single_head", "batch_norm"):
            for answer in answers(path):
                seen += recheck(document(answer))
    assert seen.keys() >= SEEN


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_explanation_is_whole_and_at_most_80_columns_wide(path: Path) -> None:
    for answer in answers(path):
        assert answer.explanation is not None
        for step in answer.explanation.steps:
            assert len(step.levels) >= 5 or step.alike
            assert not [why for _, why in step.left_out if "too many to be written out" in why]
        plain = explanation_page(answer.explanation, answer.report, PLAIN)
        signless = explanation_page(answer.explanation, answer.report, ASCII)
        assert max(map(len, (plain + signless).splitlines())) <= 80
        assert signless.isascii()


# --- what is wrong is found ---------------------------------------------------------------------

WRONG = {
    "formula": ('"formula": "W2.T @ dZ2"', '"formula": "-W2.T @ dZ2"'),
    "value": ('"name": "Z2", "shape": ["k", "m"], "size": [2, 3], "entries": [0.0', None),
    "box": ('{"name": "W2", "dims": ["k", "h"], "size": [2, 5]}', None),
    "clash": ('"clash": "m ≠ k"', '"clash": "m ≠ h"'),
    "slope": ('"slope_text": "W2[0,3]"', '"slope_text": "W2[0,2]"'),
    "move": ('"slope": 5.0', '"slope": 4.0'),
    "total": ('"total": -8.0', '"total": -9.0'),
    "still": ("4 entries of Z2 stand still", "5 entries of Z2 stand still"),
    "sum": ('["Σi W2[i,p] dZ2[i,q]", ""]', '["Σi W2[i,p] dZ2[q,i]", ""]'),
    "index form": ("= W2[i,p] δ[j,q]", "= W2[i,p] δ[i,q]"),
    "entries": ("= 90 entries", "= 80 entries"),
    "cell": ('"cells": [[true', '"cells": [[false'),
    "one cell more": ("true, false, false", "true, true, false"),
    "block": ("■ W2, k × h, in each block", "■ W2ᵀ, k × h, in each block"),
    "line": ("Σij dZ2[i,j] W2[i,p] δ[j,q]", "Σij dZ2[i,j] W2[i,p] δ[j,p]"),
    "walk": ('"column": "p", "along": false', '"column": "p", "along": true'),
    "layout": ("      = dZ2.T @ W2", "      = W2.T @ dZ2"),
    "shapes": ("(m, h) = (m, k) @ (k, h)", "(m, h) = (k, m) @ (k, h)"),
    "links": ("(1, km)(km, km)(km, hm) → (1, hm)", "(1, km)(km, km)(hm, km) → (1, km)"),
    "Kronecker": ("(I ⊗ W2)ᵀ vec(dZ2)", "(W2 ⊗ I)ᵀ vec(dZ2)"),
    "other": ("dW2 = dZ2 @ A1.T has it", "dW2 = -dZ2 @ A1.T has it"),
    "adjoint": ('["⟨W2ᵀ dZ2, H⟩", ""]', '["⟨W2ᵀ dZ2, -H⟩", ""]'),
    "derivative": ('["W2 H", ""]', '["2 · W2 H", ""]'),
    "count": ("8 arrangements", "6 arrangements"),
    "conform": ("for all sizes 2 conform", "for all sizes 4 conform"),
    "wrong ones": ("the other 6 are wrong", "the other 4 are wrong"),
    "level": ('"levels": [{"number": 1', '"levels": [{"number": 2'),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_an_explanation_is_found(what: str) -> None:
    path = ROOT / "specs" / "two_layer.yaml"
    answer = next(
        each for each in answers(path) if each.explanation and each.explanation.wrt == "A1"
    )
    text = json.dumps(document(answer), ensure_ascii=False)
    old, new = WRONG[what]
    new = re_numbered(old) if new is None else new
    assert text.count(old) >= 1
    recheck(json.loads(text))
    with pytest.raises((AssertionError, ValueError, KeyError)):
        recheck(json.loads(text.replace(old, new, 1)))


def re_numbered(text: str) -> str:
    """Put another number for the last one."""
    head, last = text.rsplit(" " if text[-1].isdigit() else "[", 1)
    sign = " " if text[-1].isdigit() else "["
    return f"{head}{sign}{'9' if last[0] != '9' else '8'}{last[1:].lstrip('0123456789')}"


def main() -> None:
    total: Counter[str] = Counter()
    for path in SPECS:
        began, count = time.process_time(), 0
        for answer in explained(path, every="--all" in sys.argv):
            total += recheck(document(answer))
            count += 1
        took = time.process_time() - began
        sys.stdout.write(f"{path.stem}: {count} explanations, {took:.1f} s\n")
    sys.stdout.write(f"{dict(total)}\n")


if __name__ == "__main__":
    main()
