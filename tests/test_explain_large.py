"""Large networks explained: sizes that tell dims apart, and no more work than is asked for."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from checking import ROOT, SPECS, TWO_LAYER
from written import dim

from shapecalc import api, claims, teach
from shapecalc.dims import Dim
from shapecalc.graph import build_graph
from shapecalc.records.explained import Moves
from shapecalc.render.explained import explanation_page
from shapecalc.render.output import Look
from shapecalc.spec import read_network
from shapecalc.sweep import Memory, checking, sweep
from shapecalc.teach.sizes import LARGEST, MOST_ENTRIES, NoSizes, count, sizes_of

DIMS = [Dim.named(name) for name in "bgqte"]
b, g, q, t, e = DIMS


def text_of(stem: str) -> str:
    return (ROOT / "specs" / f"{stem}.yaml").read_text(encoding="utf-8")


# --- sizes --------------------------------------------------------------------------------------


def test_sizes_of_a_small_jacobian_are_all_different() -> None:
    first, other = sizes_of([b, g, t], (b, g, g, t))
    assert list(first.values()) == [2, 3, 5]
    assert len(set(other.values())) == 3
    assert first != other


def test_where_sizes_have_to_be_the_same_others_tell_the_dims_apart() -> None:
    shape = (b, g, q, t, t, b, g, q, t, e)
    found = sizes_of(DIMS, shape)
    assert MOST_ENTRIES < max(count(shape, each) for each in found) <= LARGEST
    assert min(len(set(each.values())) for each in found) < len(DIMS)
    for one, other in combinations("bgqte", 2):
        assert any(sizes[one] != sizes[other] for sizes in found), (one, other)


def test_sizes_keep_quotients_whole() -> None:
    half = dim("d/2")
    for sizes in sizes_of([*DIMS, half], (b, t, half, b, t, g, q, e)):
        assert half.is_whole(sizes)


def test_jacobian_that_is_too_large_at_any_size_says_how_large() -> None:
    with pytest.raises(NoSizes, match="its Jacobian has 1,048,576 entries at the smallest sizes"):
        sizes_of([b], (b,) * 20)


# --- what is printed of large ones --------------------------------------------------------------


def level(stem: str, name: str, number: int) -> Any:
    explanation = teach.explain(text_of(stem), stem, name, (number,)).explanation
    assert explanation is not None
    return explanation.steps[0].levels[0]


def test_of_a_window_the_product_that_is_left_is_written() -> None:
    (moves,) = [each for each in level("small_cnn", "K", 2).blocks if isinstance(each, Moves)]
    assert moves.moves[0].slope_text.startswith("X[0,0,")
    assert all("Σ" not in move.slope_text for move in moves.moves)


def test_sum_that_nothing_ties_stays_a_sum() -> None:
    text = "dims: [n, m]\ninputs: {X: [n, m]}\nparams: {W: [n, n]}\nforward:\n"
    text += "  J: sum(W @ X)\nloss: J\n"
    explanation = teach.explain(text, "x.yaml", "W", (2,)).explanation
    assert explanation is not None
    (moves,) = [each for each in explanation.steps[0].levels[0].blocks if isinstance(each, Moves)]
    assert [move.slope_text for move in moves.moves] == ["Σa X[1,a]"]


def test_how_far_a_letter_runs_is_said_where_no_value_has_it() -> None:
    said = " ".join(str(each) for each in level("small_cnn", "A1", 4).blocks)
    assert "How far letters run that no value has: a < 2, b < 2." in said
    assert "How far letters run" not in str(level("two_layer", "A1", 4).blocks)


def test_minus_inside_a_product_has_parentheses() -> None:
    explanation = teach.explain(text_of("gaussian_likelihood"), "x", "S", (6,)).explanation
    assert explanation is not None
    lines = str(explanation.steps[1].levels[0].blocks)
    assert "tr(dUᵀ (-inv(S)) H U)" in lines


# --- no more than is asked for ------------------------------------------------------------------


def test_claims_are_not_judged_for_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Any:
        raise AssertionError("nobody asked")

    monkeypatch.setattr(claims, "judge", fails)
    answer = teach.explain(text_of("two_layer"), "spec.yaml", "A1")
    assert answer.explanation is not None
    assert len(answer.explanation.steps[0].levels) == 7
    assert ("W2", "dW2 = dZ2 @ A1.T") in answer.choices


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_explanation_is_the_same_as_after_a_whole_check(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    report, found = api.studied(text, path.name)
    name = report.gradients[len(report.gradients) // 2].wrt
    quick, whole = teach.explain(text, path.name, name), teach.explained(report, found, name)
    assert quick.choices == whole.choices
    assert quick.explanation is not None
    assert whole.explanation is not None
    pages = [
        explanation_page(each, report, Look()) for each in (quick.explanation, whole.explanation)
    ]
    assert pages[0] == pages[1]


def test_what_is_not_asked_for_is_proved_and_what_is_asked_for_is_checked_in_full() -> None:
    network, _ = read_network(TWO_LAYER, "spec.yaml")
    assert network is not None
    memory = Memory()
    graph = build_graph(network, memory.equations)
    for asked in ((), ("W2",), None):
        found = sweep(graph, (), memory, asked)
        for gradient in found.gradients.values():
            is_full = asked is None or gradient.value.name in asked
            assert gradient.checked.canonical
            assert (gradient.checked.exact is not None) == is_full


def test_formula_that_algebra_does_not_prove_is_checked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "agrees_by_algebra", lambda *_: None)
    network, _ = read_network(TWO_LAYER, "spec.yaml")
    assert network is not None
    found = sweep(build_graph(network), (), Memory(), ())
    assert found.gradients
    assert all(gradient.checked.exact for gradient in found.gradients.values())


def test_spec_with_an_error_is_checked_as_a_whole() -> None:
    assert api.traced(TWO_LAYER.replace("[k, h]", "[h, k]"), "spec.yaml", ("W2",)) is None
    assert api.traced(TWO_LAYER, "spec.yaml", ("W9",)) is None
    answer = teach.explain(TWO_LAYER.replace("[k, h]", "[h, k]"), "spec.yaml", "W2")
    assert [each.code for each in answer.report.findings] == ["SC301"]


# --- without a loss -----------------------------------------------------------------------------

NO_LOSS = "dims: [i, j, H]\ninputs: {p: [i, j]}\nparams: {W: [H, i]}\nforward:\n  K: W @ p\n"


def test_without_a_loss_it_is_said_what_stands_for_it() -> None:
    answer = teach.explain(f"{NO_LOSS}  A: tanh(K)\nupstream: {{A: G}}\n", "spec.yaml", "W")
    assert answer.explanation is not None
    page = explanation_page(answer.explanation, answer.report, Look())
    note = "The spec has no loss: J stands for any one number made of A; G is its gradient by A."
    assert note in " ".join(page.split())
    assert "with it J by dK[1,0]" in page
    assert "the loss by" not in page


def test_letter_for_the_loss_is_no_name_of_the_spec() -> None:
    answer = teach.explain(f"{NO_LOSS}  J: tanh(K)\nupstream: {{J: G}}\n", "spec.yaml", "W")
    assert answer.explanation is not None
    assert "L stands for any one number made of J" in answer.explanation.steps[0].note
    assert "∂L/∂W = ∂L/∂K · ∂K/∂W" in str(answer.explanation.steps[0].levels[0].blocks)
