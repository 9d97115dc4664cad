"""All explanations of all shipped specs, each formula and number worked out from the JSON.

`python tests/test_every_explanation.py` says what it has seen, and how long each spec took.
"""

import json
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from checking import ROOT, SPECS
from rechecking import Step
from rechecking_rest import checkers
from rechecking_together import opening, together

from shapecalc import api, teach
from shapecalc.ops.build import Misfit
from shapecalc.render.explained import explanation_page
from shapecalc.render.explained_json import explained_document
from shapecalc.render.output import Look

PLAIN, ASCII = Look(), Look(ascii=True, encoding="ascii")
SEEN = {
    *("what is asked", "definition", "that does not conform", "shown numbers", "shown shape"),
    *("box size", "boxes' product", "clash", "impostor", "this one does", "both run"),
    *("one is right", "shapes that clash", "what is repeated", "several entries"),
    *("slope", "upstream", "product", "total", "sum in general", "how many stand still"),
    *("what meets what", "in front", "transposed", "at a kink", "index form", "effective Jacobian"),
    *("indices lost", "copies", "blocks differ", "the diagonal", "legend", "heads", "blocks"),
    *("cells, one by one", "no shift moves it", "slopes add up to 0", "sum never moves"),
    *("line", "what δ puts", "that numbers commute", "the only walk", "walk's product", "order"),
    *("its delta", "1/m, once", "the gradient at the loss", "the same otherwise"),
    *("layout", "layout's formula", "chain rule of a side", "links' shapes", "stacked size"),
    *("other factor", "Kronecker product", "forwards, elsewhere", "backwards, elsewhere"),
    *("PyTorch", "left side", "right side", "derivative", "no inverse", "to first order"),
    *("all arrangements", "those that conform", "right ones", "wrong at equal sizes"),
    *("those that run here", "together", "what it adds", "two links in one", "1, in all"),
}
"""What has to occur somewhere; what never does, is never checked."""


MANY_KINDS = (
    *("two_layer", "two_layer_square", "attention_single_head", "batch_norm", "layer_norm"),
    "softmax_regression",
)


@cache
def answers(path: Path) -> tuple[teach.Answer, ...]:
    """Explain every gradient."""
    report, sweep = api.studied(path.read_text(encoding="utf-8"), path.name)
    return tuple(teach.explained(report, sweep, each.wrt) for each in report.gradients)


def document(answer: teach.Answer) -> Any:
    text = explained_document(answer.explanation, answer.choices, answer.report, encoding="utf-8")
    return json.loads(text)


def recheck(found: Any) -> Counter[str]:
    """Work out one explanation; return what was seen."""
    explanation = found["explanation"]
    seen: Counter[str] = Counter()
    steps = [Step(each, found) for each in explanation["steps"] if not each["alike"]]
    for step in steps:
        opening(step)
        step.check(checkers(found["dims"]))
    if len(steps) == 1 and not explanation["together"]:
        steps[0].check_whole()
    for step in steps:
        seen += step.seen
    return seen + together(found)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_formula_and_number_is_worked_out_anew(path: Path) -> None:
    assert answers(path)
    for answer in answers(path):
        assert answer.report.findings == ()
        assert recheck(document(answer))["levels"] > 0


def test_every_kind_of_check_has_something_to_check() -> None:
    seen: Counter[str] = Counter()
    for path in SPECS:
        if path.stem in MANY_KINDS:
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

Changes = dict[str, tuple[str, str | None]]

TWO_LAYER: Changes = {
    "question": ("and not dZ2 @ W2", "and not W2 @ dZ2"),
    "note": ("for each entry of A1, how much", "for each entry of Z2, how much"),
    "formula": ('"formula": "W2.T @ dZ2"', '"formula": "-W2.T @ dZ2"'),
    "value": ('"name": "Z2", "shape": ["k", "m"], "size": [2, 3], "entries": [12.0', None),
    "box": ('{"name": "W2", "dims": ["k", "h"], "size": [2, 5]}', None),
    "clash": ('"clash": "m ≠ k"', '"clash": "m ≠ h"'),
    "both run": ("where h = k = m both run", "where h = k both run"),
    "slope": ('"slope_text": "W2[0,3]"', '"slope_text": "W2[0,2]"'),
    "move": ('"slope": 5.0', '"slope": 4.0'),
    "upstream": ('"upstream_text": "dZ2[0,1]"', '"upstream_text": "dZ2[0,2]"'),
    "total": ('"total": -8.0', '"total": -9.0'),
    "still": ("4 entries of Z2 stand still", "5 entries of Z2 stand still"),
    "sum": ('["Σi W2[i,p] dZ2[i,q]", ""]', '["Σi W2[i,p] dZ2[q,i]", ""]'),
    "what is summed": ('["Σi W2[i,p] dZ2[i,q]", ""]', '["Σp W2[i,p] dZ2[i,q]", ""]'),
    "meets": ("column p of W2 meets", "row p of W2 meets"),
    "in front": ("an index of W2: so W2 stands", "an index of dZ2: so dZ2 stands"),
    "transpose": ("are the rows of W2.T: there", "are the rows of dZ2.T: there"),
    "index form": ("= W2[i,p] δ[j,q]", "= W2[i,p] δ[i,q]"),
    "entries": ("= 90 entries", "= 80 entries"),
    "delta": ("is 1 where j = q", "is 1 where j = p"),
    "cell": ('"cells": [[true', '"cells": [[false'),
    "one cell more": ("true, false, false", "true, true, false"),
    "block": ("■ W2, k × h, in each block", "■ W2ᵀ, k × h, in each block"),
    "zero": ("· zero, as j ≠ q", "· zero, as i ≠ q"),
    "heads": ('"rows": ["Z2[:,0]"', '"rows": ["Z2[:,1]"'),
    "depends": ("Each example of Z2 depends", "Each row of Z2 depends"),
    "effective": ("W2 is the effective Jacobian", "A1 is the effective Jacobian"),
    "lost": ("lost two of the four indices", "lost one of the four indices"),
    "line": ("Σij dZ2[i,j] W2[i,p] δ[j,q]", "Σij dZ2[i,j] W2[i,p] δ[j,p]"),
    "what δ puts": ("δ puts q for j", "δ puts p for j"),
    "walk": ('"column": "p", "along": false', '"column": "p", "along": true'),
    "only walk": ("No other walk leads from p to q", "No other walk leads from q to p"),
    "stands": ("Why does dZ2 stand last?", "Why does dZ2 stand in front?"),
    "whose": ("The column of A1 is the column of Z2", "The column of A1 is the row of Z2"),
    "order": ("is reversed here", "is kept here: it is not reversed"),
    "convention": ("has that of A1[p,q] at [q,p]", "has that of A1[p,q] at [p,q]"),
    "layout": ("      = dZ2.T @ W2", "      = W2.T @ dZ2"),
    "chain rule": ("(∂Z2/∂A1)ᵀ · dZ2", "(∂Z2/∂A1)ᵀ · dA2"),
    "shapes": ("(m, h) = (m, k) @ (k, h)", "(m, h) = (k, m) @ (k, h)"),
    "rows": ('["dA1 = dZ2 @ W2.T", "A1 @ W2:', '["dA1 = W2.T @ dZ2", "A1 @ W2:'),
    "columns": ("here, W2 @ A1: examples in columns", "here, W2 @ A1: examples in rows"),
    "weight": ("examples in rows, W2 transposed too", "examples in rows, W2 as it is here"),
    "PyTorch": ("W2 as it is here (PyTorch)", "W2 as it is here"),
    "not PyTorch": ("W2 transposed too", "W2 transposed too (PyTorch)"),
    "links": ("(1, km)(km, km)(km, hm) → (1, hm)", "(1, km)(km, km)(hm, km) → (1, km)"),
    "sizes": ("(1, km)(km, km)(km, hm) → (1, hm)", "(1, km)(km, km)(km, km) → (1, km)"),
    "begins": ("From the loss on", "From dZ2 on"),
    "Kronecker": ("(I ⊗ W2)ᵀ vec(dZ2)", "(W2 ⊗ I)ᵀ vec(dZ2)"),
    "other": ("dW2 = dZ2 @ A1.T has it", "dW2 = -dZ2 @ A1.T has it"),
    "adjoint": ('["⟨W2ᵀ dZ2, H⟩", ""]', '["⟨W2ᵀ dZ2, -H⟩", ""]'),
    "derivative": ('["W2 H", ""]', '["2 · W2 H", ""]'),
    "no inverse": ("put W2 H in the place", "put H W2 in the place"),
    "count": ("8 arrangements", "6 arrangements"),
    "conform": ("For all sizes 2 conform", "For all sizes 4 conform"),
    "wrong ones": ("the other 6 are wrong", "the other 4 are wrong"),
    "at equal sizes": ("Where h = k = m all 8", "Where h = k all 8"),
    "step": ("`check --step Z2:A1`", "`check --step Z2:W2`"),
    "level": ('"levels": [{"number": 1', '"levels": [{"number": 2'),
    "a new sentence": ("There is the order.", "There is the order. It is always so."),
}
OTHERS: dict[str, Changes] = {
    "two_layer W2": {
        "average": (
            "The mean that J takes is in dZ2 = (A2 - Y) / m",
            "The mean is in dZ2 = A2 / m",
        ),
        "letter": ("j runs over the m examples", "i runs over the m examples"),
    },
    "two_layer Z2": {
        "1/m": ("1/m comes from the mean over the m", "1/k comes from the mean over the k"),
        "the step": ('["dA2[p,q] A2[p,q] - ', '["dA2[p,q] A2[p,q] + '),
        "above": ("put dA2 = -Y / (m * A2)", "put dA2 = -Y / A2"),
        "so": ("So dZ2 = (A2 - Y) / m", "So dZ2 = (Y - A2) / m"),
        "stays": ("A2 stays: along k", "A2 stays: along m"),
        "adds up": ("dZ2 adds up to 0 along k", "dZ2 adds up to 0 along m"),
        "sum stays": ("the sum of A2 along k ever", "the sum of A2 along m ever"),
        "definition": ("is exp(Z2) / sum(exp(Z2), axis=0", "is exp(Z2) / sum(exp(Z2), axis=1"),
        "kept": ("one index of m to the next", "one index of k to the next"),
    },
    "batch_norm D": {
        "parts": ("By N = D / s it adds dN / s", "By N = D / s it adds dN * s"),
        "equation": ("by v = mean(D**2, axis=0)", "by v = mean(D**2, axis=1)"),
        "used": ("D is used twice", "D is used 3 times"),
        "added": ('["2 * D * dv / m + dN / s", "one part', '["D * dv / m + dN / s", "one part'),
        "mixed": ("v has no axis m: every", "v has no axis h: every"),
        "diagonal": (
            "has the shape (h,), and is no matrix",
            "has the shape (m,), and is no matrix",
        ),
    },
    "attention_single_head Wo": {
        "stacks": ("(b, t, d) @ (b, t, e) differ, d ≠ t", "(b, t, d) @ (b, t, e) differ, t ≠ e"),
        "this one": ("with (b, e, t) @ (b, t, d)", "with (b, t, e) @ (b, t, d)"),
        "added": ("@ adds along t, and sum(…) along b", "@ adds along b, and sum(…) along t"),
        "einsum": ("ijq,ijp->pq", "ijq,ijp->qp"),
        "one axis": ("reshape(H, [b*t, e]).T @", "reshape(H, [b*t, e]) @"),
    },
    "layer_norm X": {
        "letter": ("z is sqrt(var(X, axis=2", "z is sqrt(var(X, axis=1"),
        "shift": ("to all entries of X along d", "to all entries of X along t"),
        "stretch": ("of X along d away from", "of X along t away from"),
        "terms": ("its mean along d is taken out", "its mean along t is taken out"),
    },
    "small_cnn X": {
        "window": ("K[j,0,r-k+1,s-l+1]", "K[j,0,r-k,s-l+1]"),
        "turned": ("k and l stand with a minus", "k and l stand with a plus"),
        "sizes": ("(1, 4*m*h*w)", "(1, 2*m*h*w)"),
    },
    "small_cnn A1": {
        "bounds": ("z[p,q,r,s] δ[r,2*k+a] δ[s,2*l+b]", "z[p,q,r,s]"),
        "ranges": ("a < 2, b < 2", "a < 1, b < 2"),
    },
    "dense_connections A2": {"place": ("dC2[p+n+g,q]", "dC2[p+n,q]")},
    "rnn_3_steps O3": {"mean": ("J3 takes a mean over the m", "J3 takes a mean over the k")},
}
WRONG = {
    f"{of}: {what}": (of, *change)
    for of, changes in {"two_layer A1": TWO_LAYER, **OTHERS}.items()
    for what, change in changes.items()
}


@cache
def text_of(stem: str, wrt: str) -> str:
    """Explain one gradient; hold it to itself as it is."""
    text = (ROOT / "specs" / f"{stem}.yaml").read_text(encoding="utf-8")
    report, sweep = api.studied(text, f"{stem}.yaml")
    found = document(teach.explained(report, sweep, wrt))
    recheck(found)
    return json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_an_explanation_is_found(what: str) -> None:
    of, old, new = WRONG[what]
    text = text_of(*of.split())
    new = re_numbered(old) if new is None else new
    assert text.count(old) >= 1
    with pytest.raises((AssertionError, ValueError, KeyError, Misfit)):
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
        for answer in answers(path):
            total += recheck(document(answer))
            count += 1
        took = time.process_time() - began
        sys.stdout.write(f"{path.stem}: {count} explanations, {took:.1f} s\n")
    sys.stdout.write(f"{dict(total)}\n")


if __name__ == "__main__":
    main()
