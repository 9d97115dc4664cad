"""Rows and entries picked by number: their gradients, and what has none."""

import numpy as np
import pytest
from checking import ROOT, judged, report_on, verdicts
from oracles import SIZES, Step, derivatives, derived, executed, world_of

from shapecalc.diagnostics import Problem
from shapecalc.matrix.printing import text
from shapecalc.ops import OPS
from shapecalc.ops.build import Misfit, expression_of
from shapecalc.ops.indices import indices_in
from shapecalc.ops.registry import Op
from shapecalc.tree import Attribute, Tree
from shapecalc.verify.checks import agrees_by_algebra, agrees_exactly, error_by_components

BAG = (ROOT / "specs" / "embedding_bag.yaml").read_text(encoding="utf-8")
ROWS = Step("embedding(ids, E)", "ids=b,m E=n,k")
HEAD = BAG[: BAG.index("gradients:")]


def test_gradient_of_a_table_adds_up_the_rows_that_came_from_one_place() -> None:
    (one,) = derivatives(ROWS, "E")
    world = world_of(ROWS)
    ids = world.values["ids"].astype(int)
    assert len(np.unique(ids)) < ids.size  # some row is picked twice
    truth = np.zeros((SIZES["n"], SIZES["k"]))
    np.add.at(truth, ids, world.values["dR"])
    np.testing.assert_allclose(executed(one.formula, world), truth, rtol=1e-12)


@pytest.mark.parametrize(
    ("written", "shapes", "wrt", "formula"),
    [
        ("E[ids]", "ids=m E=n,k", "E", "one_hot(ids, n).T @ dR"),
        ("E[ids]", "ids=b,m E=n,k", "E", "sum(one_hot(ids, n).mT @ dR, axis=0)"),
        ("E[ids] @ W", "ids=m E=n,k W=k,h", "E", "one_hot(ids, n).T @ dR @ W.T"),
        ("E[ids] @ W", "ids=m E=n,k W=k,h", "W", "embedding(ids, E).T @ dR"),
        (
            "E[ids] + P[pos]",
            "E=n,k ids=b,m P=h,k pos=m",
            "P",
            "one_hot(pos, h).T @ sum(dR, axis=0)",
        ),
        (
            "expand_dims(E[ids], axis=1) + X",
            "E=n,k ids=b X=b,m,k",
            "E",
            "one_hot(ids, n).T @ sum(dR, axis=1)",
        ),
        ("X[arange(m), y]", "X=m,n y=m", "X", "one_hot(y, n) * expand_dims(dR, axis=1)"),
        ("sum(X[arange(m), y])", "X=m,n y=m", "X", "dR * one_hot(y, n)"),
        (
            "-mean(log_softmax(X, axis=1)[range(m), y])",
            "X=m,n y=m",
            "X",
            "dR * (softmax(X, axis=1) - one_hot(y, n)) / m",
        ),
        (
            "F.cross_entropy(X, y)",
            "X=m,n y=m",
            "X",
            "dR * (softmax(X, axis=1) - one_hot(y, n)) / m",
        ),
        (
            "softmax_cross_entropy(X, y, axis=0)",
            "X=n,m y=m",
            "X",
            "dR * (softmax(X, axis=0) - one_hot(y, n).T) / m",
        ),
        ("F.nll_loss(X, y)", "X=m,n y=m", "X", "-dR * one_hot(y, n) / m"),
    ],
)
def test_gradient_is_written_with_one_hot_rows(
    written: str, shapes: str, wrt: str, formula: str
) -> None:
    (one,) = derivatives(Step(written, shapes), wrt)
    assert text(one.formula) == formula


def test_a_table_of_rows_and_one_hot_rows_times_it_have_one_gradient() -> None:
    (picked,) = derivatives(Step("embedding(ids, E)", "ids=m E=n,k"), "E")
    (product,) = derivatives(Step("one_hot(ids, n) @ E", "ids=m E=n,k"), "E")
    assert picked.formula is product.formula


@pytest.mark.parametrize(
    "wrong",
    [
        "sum(one_hot(ids + 1, n).mT @ dR, axis=0)",
        "sum(one_hot(ids[:, ::-1], n).mT @ dR, axis=0)",
        "2 * sum(one_hot(ids, n).mT @ dR, axis=0)",
        "ones(n, 1) * sum(dR, axis=(0, 1)) / n",
    ],
)
def test_each_check_alone_rejects_a_wrong_gradient_of_a_table(wrong: str) -> None:
    (one,) = derivatives(ROWS, "E")
    scope: dict[str, Tree | Attribute] = {
        "dR": one.upstream,
        "n": one.jacobian.wrt.shape[0],
        **{value.name: value for value in indices_in([one.equation])},
    }
    formula = expression_of(wrong, scope)
    assert agrees_by_algebra(formula, one.terms(one.jacobian), one.jacobian.wrt_labels) is not True
    assert not agrees_exactly(one.case(formula)).equal
    assert error_by_components(one.case(formula)) > 1e-3


@pytest.mark.parametrize("step", [ROWS, Step("X[arange(m), ids]", "X=m,n ids=m")], ids=str)
def test_nothing_moves_by_the_numbers_that_pick(step: Step) -> None:
    one = next(one for one in derived(step) if one.jacobian.wrt.name == "ids")
    assert not one.jacobian.terms
    assert not executed(one.formula, world_of(step)).any()


def test_scores_of_the_right_classes_are_less_by_1_as_people_code_it() -> None:
    step = Step("F.cross_entropy(X, y)", "X=m,n y=m")
    (one,) = derivatives(step, "X")
    world = world_of(step)
    y = world.values["y"].astype(int)
    P = np.exp(world.values["X"]) / np.exp(world.values["X"]).sum(1, keepdims=True)
    P[range(SIZES["m"]), y] -= 1
    truth = world.values["dR"] * P / SIZES["m"]
    np.testing.assert_allclose(executed(one.formula, world), truth, rtol=1e-12)


CLAIMS = {
    "dE": "sum(one_hot(ids, v).mT @ dX, axis=0)",
    "dZ": "(softmax(Z, axis=1) - one_hot(y, c)) / m",
    "dH": "dZ @ W.T",
}


def test_claims_with_one_hot_rows_are_judged() -> None:
    assert verdicts(HEAD, **CLAIMS) == dict.fromkeys(CLAIMS, "right")
    wrong = {
        "dX": "ones(m, t, 1) * expand_dims(dH, axis=1) * expand_dims(ids, axis=2) / t",
        "dE": "sum(one_hot(ids + 1, v).mT @ dX, axis=0)",
        "dZ": "(softmax(Z, axis=1) - one_hot(y + 1, c)) / m",
    }
    assert verdicts(HEAD, **wrong) == dict.fromkeys(wrong, "wrong")
    assert judged(HEAD, dZ="(softmax(Z, axis=1) - one_hot(y - 1, c)) / m")["dZ"].right == (
        "(softmax(Z, axis=1) - one_hot(y, c)) / m"
    )


def test_order_of_words_in_a_text_does_not_matter_to_their_mean() -> None:
    reordered = "sum(one_hot(ids[:, ::-1], v).mT @ dX, axis=0)"
    assert verdicts(HEAD, dE=reordered) == {"dE": "right"}


def test_factor_carried_along_from_class_numbers_is_a_convention() -> None:
    carried = {"dZ": "softmax(Z, axis=1) - one_hot(y, c)", "dW": "H.T @ dZ / m"}
    assert verdicts(HEAD, **carried) == {"dZ": "convention", "dW": "right"}


def test_report_says_which_inputs_are_whole_numbers() -> None:
    report = report_on(BAG)
    assert not report.findings
    notes = {value.name: value.note for value in report.values}
    assert notes["ids"] == "whole numbers below v"
    assert notes["y"] == "whole numbers below c"
    assert "ids holds whole numbers from 0 on, below v" in report.assumptions
    table = next(each for each in report.gradients if each.wrt == "E")
    assert table.note == "row by row, np.add.at(dE, ids, dX)"
    assert all(each.checked.exact and each.checked.canonical for each in report.gradients)


def test_number_that_picks_is_no_param_and_has_no_gradient() -> None:
    as_param = HEAD.replace("  ids: [m, t]", "  other: [m, t]").replace(
        "params:", "params:\n  ids: [m, t]"
    )
    (finding, *_) = [each for each in report_on(as_param).findings if each.code == "SC204"]
    assert finding.help == "declare `ids` under `inputs`"
    (finding,) = report_on(HEAD + "gradients:\n  dids: ids\n").findings
    assert (finding.code, finding.help) == ("SC205", "take it out")
    assert not [each for each in report_on(HEAD, asked=["ids"]).gradients if each.wrt == "ids"]


def test_one_hot_rows_need_no_assumption_to_sum_to_1() -> None:
    spec = """
        dims: {m: 3, n: 5, k: 2}
        inputs: {X: [m, n], y: [m]}
        params: {W: [n, k]}
        forward: |
          Z = X @ W
          Y = one_hot(y, k)
          J = -mean(sum(Y * log_softmax(Z, axis=1), axis=1))
        """
    report = report_on(spec)
    formulas = {each.wrt: each.formula.text for each in report.gradients}
    assert formulas["Z"] == "(softmax(Z, axis=1) - Y) / m"
    assert report.assumptions == ("y holds whole numbers from 0 on, below k",)


@pytest.mark.parametrize("entry", OPS.values(), ids=lambda entry: entry.name)
def test_op_made_of_ops_that_pick_says_so_itself(entry: Op) -> None:
    """Else its operand would be drawn as any number, and nothing would be picked."""
    written = entry.definition if isinstance(entry.definition, str) else ""
    picks = any(f"{name}(" in written for name, each in OPS.items() if each.indices)
    assert bool(entry.indices) or not picks


@pytest.mark.parametrize("layout", ["", "layout: numerator\n"])
def test_tables_are_picked_from_where_axes_are_numbers(layout: str) -> None:
    spec = """
inputs: {ids: [32, 25], pos: [25], T: [32, 25, 64]}
params: {E: [5000, 64], P: [100, 64], S: [3, 64]}
forward: |
  X = E[ids] + P[pos] + P[arange(25)] + S[pos]
  j = floor(mean(X, axis=(1, 2)))
  J = mse(X + S[j].unsqueeze(1), T)
"""
    report = report_on(layout + spec)
    assert not [each for each in report.findings if each.code not in ("SC501", "SC602")]
    notes = {value.name: value.note for value in report.values}
    assert notes["ids"] == "whole numbers below h1"
    assert notes["pos"] == "whole numbers below h2 and h3"
    checked = {each.wrt: each.checked for each in report.gradients}
    for table in "EPS":
        assert checked[table].exact is not None


def test_first_rows_are_taken_where_all_are_counted() -> None:
    (one,) = derivatives(Step("P[arange(h)]", "P=n,k"), "P")
    assert text(one.equation) == "P[:h]"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("E[ids, 0]", "take two steps"),
        ("T[ids]", "as many axes"),
        ("X[arange(m), ids]", ""),
        ("embedding(ids)", "write `embedding(ids, E)`"),
        ("one_hot(ids)", "write `one_hot(ids, n"),
        ("take(E, ids, axis=1)", "transpose the table"),
        ("X[X > 0]", "write `X * (X > 0)`"),
    ],
)
def test_lookup_that_does_not_fit_says_what_to_write(written: str, said: str) -> None:
    with pytest.raises((Problem, Misfit)) as caught:
        derived(Step(written, "E=n,k T=n,k,h X=m,n ids=b"))
    found = caught.value
    assert isinstance(found, Problem | Misfit)
    assert said in (found.finding if isinstance(found, Problem) else found.mismatch).help


def test_numbers_of_classes_that_are_worked_out_are_refused() -> None:
    spec = "params: {W: [k, n], Q: [n, n]}\nforward: |\n"
    spec += "  J = softmax_cross_entropy(W, sum(Q, axis=0), axis=0)\n"
    (finding,) = [each for each in report_on(spec).findings if each.severity.name == "ERROR"]
    assert finding.code == "SC210"
    assert "not by `sum(Q, axis=0)`" in finding.message


@pytest.mark.parametrize("shifted", ["y - 1", "y + 2", "1 + y - 3", "flip(y, axis=0) - 1"])
def test_numbers_of_classes_may_be_shifted(shifted: str) -> None:
    """Where classes are counted from 1, what is drawn for `y` is in range once it is shifted."""
    spec = "inputs: {y: [m]}\nparams: {Z: [m, k]}\nforward: |\n"
    spec += f"  J = softmax_cross_entropy(Z, {shifted}, axis=1)\n"
    report = report_on(spec)
    assert not report.findings
    (gradient,) = report.gradients
    plain = "y + 1 - 3" if shifted == "1 + y - 3" else shifted
    assert gradient.formula.text in {
        f"(softmax(Z, axis=1) - one_hot({each}, k)) / m" for each in (plain, shifted)
    }
    assert gradient.checked.exact
    (assumed,) = [each for each in report.assumptions if "whole" in each]
    assert assumed == f"{shifted} holds whole numbers from 0 on, below k"


@pytest.mark.parametrize("shifted", ["3 - y", "y + y", "y - t", "y - k", "2 * y"])
def test_numbers_of_classes_that_are_more_than_shifted_are_refused(shifted: str) -> None:
    spec = "inputs: {y: [m], t: [m]}\nparams: {Z: [m, k]}\nforward: |\n"
    spec += f"  J = softmax_cross_entropy(Z, {shifted}, axis=1)\n"
    codes = {each.code for each in report_on(spec).findings if each.severity.name == "ERROR"}
    assert codes == {"SC210"}
