"""Claims: right, a convention, wrong; each judged alone, by the author's own earlier claims."""

import pytest
from checking import FORWARD, HEAD, TWO_LAYER, judged, report_on, verdicts, with_claims

from shapecalc.diagnostics import Severity

TANH = TWO_LAYER.replace("relu", "tanh")
SIGMOID = TWO_LAYER.replace("relu", "sigmoid")
SAME_SIZES = TWO_LAYER.replace("h: 128, k: 10", "h: 64, k: 64")
REGULARISED = (
    HEAD + "constants: [reg]\n" + FORWARD.replace("A2, Y, axis=0)", "A2, Y, axis=0) + reg * R / 2")
).replace("  J:", "  R: sum(W1**2) + sum(W2**2)\n  J:")

ACTIVATED = HEAD + FORWARD.replace("  Z1: W1 @ X + b1\n  A1: relu(Z1)", "  H: tanh(W1 @ X + b1)")
ACTIVATED = ACTIVATED.replace("A1", "H")
SHARED = """\
inputs: {X: [n, m], Y: [n, m]}
params: {c: [n, 1]}
forward: {U: X + c, V: Y * c, J: sum(U**2) + sum(V**3)}
loss: J
"""

RIGHT = {
    "dA2": "-Y / A2 / m",
    "dZ2": "(A2 - Y) / m",
    "dW2": "dZ2 @ A1.T",
    "db2": "sum(dZ2, axis=1, keepdims=True)",
    "dA1": "W2.T @ dZ2",
    "dZ1": "dA1 * (Z1 > 0)",
    "dW1": "dZ1 @ X.T",
    "db1": "sum(dZ1, axis=1, keepdims=True)",
    "dX": "W1.T @ dZ1",
}


def test_right_claims_are_right() -> None:
    assert set(verdicts(TWO_LAYER, **RIGHT).values()) == {"right"}


def test_claim_like_the_formula_is_right_by_algebra_for_all_sizes() -> None:
    found = judged(TWO_LAYER, dW2="dZ2 @ A1.T", dA1="(dZ2.T @ W2).T", dZ2="A2 / m - Y / m")
    assert {each.how for each in found.values()} == {"algebra, for all sizes"}


@pytest.mark.parametrize(
    ("spec", "claim"),
    [
        (TWO_LAYER, "dA1 * (Z1 >= 0)"),
        (TWO_LAYER, "dA1 * (A1 > 0)"),
        (TWO_LAYER, "dA1 * where(Z1 > 0, 1, 0)"),
        (TWO_LAYER, "where(Z1 > 0, dA1, 0)"),
        (TWO_LAYER, "np.where(Z1 <= 0, 0, dA1)"),
        (TWO_LAYER, "(A1 > 0) * (W2.T @ (A2 - Y)) / m"),
        (TANH, "dA1 * (1 - A1**2)"),
        (TANH, "dA1 * (1 - tanh(Z1)**2)"),
        (TANH, "dA1 * (1 - np.square(A1))"),
        (TANH, "dA1 * (1 - A1) * (1 + A1)"),
        (SIGMOID, "dA1 * A1 * (1 - A1)"),
        (SIGMOID, "dA1 * sigmoid(Z1) * (1 - sigmoid(Z1))"),
        (SIGMOID, "dA1 * exp(-Z1) / (1 + exp(-Z1))**2"),
    ],
)
def test_idioms_of_activations_are_right(spec: str, claim: str) -> None:
    assert verdicts(spec, dZ1=claim) == {"dZ1": "right"}


@pytest.mark.parametrize("mask", ["Z1 < 0", "A1 >= 0", "Z1 > 1", "W1 @ X > 0"])
def test_wrong_masks_are_wrong(mask: str) -> None:
    assert verdicts(TWO_LAYER, dZ1=f"dA1 * ({mask})") == {"dZ1": "wrong"}


@pytest.mark.parametrize(
    ("spec", "name", "claim", "mistake"),
    [
        (TWO_LAYER, "dZ2", "A2 - Y / m", "parentheses"),
        (TANH, "dZ1", "dA1 * (1 + A1**2)", "sign"),
        (TANH, "dW1", "dA1 @ X.T", "derivative"),
        (ACTIVATED, "dW1", "dH @ X.T", "derivative"),
        (ACTIVATED, "db1", "sum(dH, axis=1, keepdims=True)", "derivative"),
        (SHARED, "dc", "sum(dU, axis=1, keepdims=True)", "dropped-term"),
    ],
)
def test_mistakes_are_told(spec: str, name: str, claim: str, mistake: str) -> None:
    found = judged(spec, **{name: claim})[name]
    assert (found.verdict, found.mistakes) == ("wrong", (mistake,))


def test_what_has_to_sum_to_1_is_told_with_the_factor_beside() -> None:
    spec = "inputs: {Y: [k, m]}\nparams: {Z: [k, m]}\nforward: |\n"
    spec += "  A = softmax(Z, axis=0)\n  J = -sum(Y * log(A)) / m\nloss: J\n"
    (finding,) = report_on(with_claims(spec, {"dZ": "A - Y"})).findings
    assert finding.label == "m times the gradient only where Y sums to 1 over k"
    (finding,) = report_on(with_claims(spec, {"dZ": "(A - Y) / m"})).findings
    assert finding.label == "right only where Y sums to 1 over k"


def test_long_chain_of_wrong_claims_shares_what_is_evaluated() -> None:
    """Each is compared at one point, and the network is evaluated there once."""
    claims = {f"dZ{n}": f"dA{n} * sin(Z{n})" for n in (1, 2)}
    found = judged(TANH, **claims)
    assert {each.how for each in found.values()} == {"it differs at a point"}


def test_large_entries_do_not_hide_what_is_added() -> None:
    spec = "params: {x: [n]}\nforward: {Y: exp(60*x)}\nupstream: [Y]\n"
    assert verdicts(spec, dx="60*exp(60*x)*dY + x") == {"dx": "wrong"}
    assert verdicts(spec, dx="60*exp(60*x)*dY") == {"dx": "right"}


@pytest.mark.parametrize("slope", [1, 20, 30, 100])
def test_saturated_function_is_no_reason_to_call_a_claim_wrong(slope: int) -> None:
    """At most points `1 - Y**2` has lost all its digits to cancellation."""
    spec = f"params: {{x: []}}\nforward: {{Y: tanh({slope}*x)}}\nupstream: [Y]\n"
    assert verdicts(spec, dx=f"dY*{slope}/cosh({slope}*x)**2") == {"dx": "right"}


def test_softmax_claim_by_its_jacobian_is_right() -> None:
    claim = "A2 * (dA2 - sum(dA2 * A2, axis=0, keepdims=True))"
    assert verdicts(TWO_LAYER, dZ2=claim) == {"dZ2": "right"}


@pytest.mark.parametrize(
    ("name", "claim", "kind"),
    [
        ("dA1", "dZ2 @ W2", "order"),
        ("dA1", "dZ2.T @ W2", "transpose"),
        ("dW2", "dZ2 @ A1", "transpose"),
        ("dW2", "A1 @ dZ2.T", "transpose"),
        ("db2", "sum(dZ2, axis=1)", "shape"),
        ("db2", "sum(dZ2, axis=0, keepdims=True)", "axis"),
        ("db2", "sum(dZ2, axis=1, keepdims=True) / m", "scale"),
        ("db2", "mean(dZ2, axis=1, keepdims=True)", "scale"),
        ("dW2", "2 * dZ2 @ A1.T", "scale"),
        ("dW2", "-dZ2 @ A1.T", "sign"),
        ("dW2", "dZ2 @ Z1.T", "wrong-operand"),
        ("dZ2", "A2 - A2 * Y / m", "other"),
        ("dZ1", "dA1 * (1 - A1**2)", "wrong-operand"),
    ],
)
def test_wrong_claims_are_wrong_and_of_a_kind(name: str, claim: str, kind: str) -> None:
    found = judged(TWO_LAYER, **{name: claim})[name]
    assert (found.verdict, found.kind) == ("wrong", kind)
    assert found.right == RIGHT[name].replace("-Y / A2 / m", "-Y / (m * A2)")


@pytest.mark.parametrize("claim", ["dZ2 @ W2", "(dZ2 @ W2).T", "W2 @ dZ2", "dZ2.T @ W2"])
def test_claim_that_fits_only_at_these_sizes_is_wrong(claim: str) -> None:
    assert verdicts(SAME_SIZES, dA1=claim) == {"dA1": "wrong"}


def test_square_weight_hides_no_transpose() -> None:
    spec = TWO_LAYER.replace("[k, h]", "[h, h]").replace("[k, ", "[h, ")
    assert verdicts(spec, dA1="W2 @ dZ2") == {"dA1": "wrong"}


def test_size_for_a_dim_is_right() -> None:
    found = judged(TWO_LAYER, dZ2="(A2 - Y) / 64", dW2="dZ2 @ A1.T")
    assert [each.verdict for each in found.values()] == ["right", "right"]


def test_number_that_is_no_size_does_not_stand_for_a_dim() -> None:
    assert verdicts(TWO_LAYER, dZ2="(A2 - Y) / 63")["dZ2"] == "wrong"


def test_claim_is_judged_by_the_true_gradient_where_an_earlier_one_is_wrong() -> None:
    found = verdicts(TWO_LAYER, dZ2="(A2 + Y) / m", dW2="dZ2 @ A1.T", dA1="W2.T @ dZ2")
    assert found == {"dZ2": "wrong", "dW2": "right", "dA1": "right"}


# --- conventions ---------------------------------------------------------------------------------


def test_factor_carried_to_the_params_is_a_convention() -> None:
    found = judged(
        TWO_LAYER,
        dZ2="A2 - Y",
        dW2="dZ2 @ A1.T / m",
        db2="sum(dZ2, axis=1, keepdims=True) / m",
        dZ1="W2.T @ dZ2 * (A1 > 0)",
        dW1="1/m * dZ1 @ X.T",
    )
    assert {name: (each.verdict, each.times) for name, each in found.items()} == {
        "dZ2": ("convention", "m"),
        "dW2": ("right", None),
        "db2": ("right", None),
        "dZ1": ("convention", "m"),
        "dW1": ("right", None),
    }


def test_factor_is_named_in_any_number_of_claims() -> None:
    lines = "".join(f"  Z{n}: W{n} @ X\n  L{n}: sum(Z{n}**2)\n" for n in range(30))
    params = ", ".join(f"W{n}: [h, n]" for n in range(30))
    claims = "".join(f"  dW{n}: 3 * dZ{n} @ X.T\n" for n in range(30))
    total = " + ".join(f"L{n}" for n in range(30))
    report = report_on(
        f"inputs: {{X: [n, m]}}\nparams: {{{params}}}\nforward:\n{lines}  J: {total}\n"
        f"loss: J\ngradients:\n{claims}"
    )
    assert {(each.kind, each.mistakes) for each in report.claims} == {("scale", ("factor",))}
    assert {each.code for each in report.findings} == {"SC407"}


def test_claim_that_is_proposed_uses_no_claim_behind_it() -> None:
    """A claim is judged by those before it; so is the formula in its place."""
    found = judged(TWO_LAYER, dA1="W2 @ dZ2", dZ2="A2 - Y", dW2="dZ2 @ A1.T / m")
    assert (found["dA1"].mistakes, found["dA1"].right) == (("missing-transpose",), "W2.T @ dZ2")
    assert found["dZ2"].verdict == "convention"


def test_factor_that_is_carried_is_not_blamed_on_the_claim() -> None:
    course = {"dZ2": "A2 - Y", "dW2": "dZ2 @ A1 / m", "dA1": "dZ2 @ W2"}
    found = judged(TWO_LAYER, **course)
    assert found["dA1"].mistakes == ("reversed", "missing-transpose")
    assert found["dA1"].right == "W2.T @ dZ2 / m"
    assert found["dW2"].mistakes == ("missing-transpose",)


def test_strict_scale_makes_conventions_errors() -> None:
    text = with_claims(TWO_LAYER, {"dZ2": "A2 - Y", "dW2": "dZ2 @ A1.T / m"})
    free, strict = (report_on(f"{text}scale: {word}\n") for word in ("free", "strict"))
    assert [each.verdict for each in free.claims] == ["convention", "right"]
    assert [each.verdict for each in strict.claims] == ["wrong", "right"]
    (finding,) = strict.findings
    assert finding.code == "SC407"
    assert finding.help == "write `(A2 - Y) / m`"


def test_claim_that_is_right_only_as_nothing_comes_through_is_flagged() -> None:
    text = "params: {{w: [n]}}\nforward: {{A: relu({}), J: sum(A)}}\ngradients: {{dw: {}}}\n"
    dead = report_on(text.format("-w * w", "dA * (A > 0) * w"))
    assert [(each.code, each.severity) for each in dead.findings] == [("SC417", Severity.WARNING)]
    unused = "params: {w: [n]}\nforward: {A: w * w, J: sum(w)}\ngradients: {dA: w - w}\n"
    assert "SC417" in [each.code for each in report_on(unused).findings]
    for right in ("dA * (A > 0) * -2 * w", "zeros(n)"):
        assert report_on(text.format("-w * w", right)).findings == ()


def test_factor_that_one_param_lost_is_wrong_there_only() -> None:
    found = verdicts(
        TWO_LAYER, dZ2="A2 - Y", dW2="dZ2 @ A1.T / m", db2="sum(dZ2, 1, keepdims=True)"
    )
    assert found["db2"] == "wrong"
    assert found["dW2"] == "right"


def test_factor_merely_passed_on_is_lost() -> None:
    found = judged(TWO_LAYER, dZ2="A2 - Y", dW2="dZ2 @ A1.T", dW1="(W2.T @ dZ2 * (Z1 > 0)) @ X.T")
    assert (found["dW2"].verdict, found["dW2"].kind, found["dW2"].times) == ("wrong", "scale", "m")
    assert found["dW1"].verdict == "wrong"


def test_minus_passed_on_is_the_step_that_is_added() -> None:
    found = judged(
        TWO_LAYER, dZ2="(Y - A2) / m", dW2="dZ2 @ A1.T", db2="sum(dZ2, 1, keepdims=True)"
    )
    assert {each.verdict for each in found.values()} == {"convention"}
    assert {each.times for each in found.values()} == {"-1"}


def test_minus_on_some_params_only_is_a_mistake() -> None:
    found = verdicts(
        TWO_LAYER, dZ2="(Y - A2) / m", dW2="dZ2 @ A1.T", db2="-sum(dZ2, 1, keepdims=True)"
    )
    assert found == {"dZ2": "wrong", "dW2": "right", "db2": "wrong"}  # by the true dZ2


def test_factor_carried_by_a_regulariser_is_a_convention() -> None:
    found = judged(
        REGULARISED, dZ2="A2 - Y", dW2="dZ2 @ A1.T + m * reg * W2", db2="sum(dZ2, 1, keepdims=True)"
    )
    assert {each.verdict for each in found.values()} == {"convention"}
    assert {each.times for each in found.values()} == {"m"}


def test_regulariser_without_the_factor_is_wrong() -> None:
    found = verdicts(REGULARISED, dZ2="A2 - Y", dW2="dZ2 @ A1.T + reg * W2")
    assert found["dW2"] == "wrong"


# --- upstreams, layouts, names -------------------------------------------------------------------

LAYER = """\
dims: [n, h, N]
inputs: {x: [N, n]}
params: {w: [n, h], b: [h]}
forward:
  out: x @ w + b
  act: tanh(out)
"""


def test_upstream_is_any_given_gradient() -> None:
    spec = LAYER + "upstream: act\n"
    claims = {"dout": "dact * (1 - act**2)", "dx": "dout @ w.T", "dw": "x.T @ dout"}
    assert set(verdicts(spec, **claims).values()) == {"right"}
    assert verdicts(spec, dout="dact * (1 + act**2)") == {"dout": "wrong"}


def test_upstream_may_have_a_name_of_its_own() -> None:
    spec = LAYER + "upstream: {act: G}\n"
    assert verdicts(spec, dout="G * (1 - act**2)") == {"dout": "right"}


def test_upstream_with_a_name_of_its_own_is_also_the_gradient_of_its_value() -> None:
    spec = LAYER + "upstream: {act: G}\n"
    assert verdicts(spec, dout="dact * (1 - act**2)") == {"dout": "right"}
    (finding,) = report_on(with_claims(spec, {"dact": "2 * act"})).findings
    assert "`dact` is given by `upstream`" in finding.message


def test_upstream_that_is_used_further_on_is_the_part_from_above() -> None:
    spec = LAYER + "upstream: [out, act]\n"
    total = "(dout + dact * (1 - act**2))"
    assert verdicts(spec, dw=f"x.T @ {total}", db=f"sum({total}, axis=0)") == {
        "dw": "right",
        "db": "right",
    }
    assert verdicts(spec, dw="x.T @ dout") == {"dw": "wrong"}


def test_claims_of_a_given_gradient_are_refused() -> None:
    report = report_on(with_claims(LAYER + "upstream: act\n", {"dact": "2 * act"}))
    (finding,) = report.findings
    assert finding.code == "SC213"
    assert "`dact` is given by `upstream`" in finding.message


def test_numerator_layout_transposes_claims() -> None:
    spec = "layout: numerator\n" + TWO_LAYER
    claims = {name: f"({formula}).T" for name, formula in RIGHT.items() if name in ("dZ2", "dA2")}
    claims |= {"dW2": "A1 @ dZ2", "dA1": "dZ2 @ W2", "db2": "sum(dZ2, axis=0, keepdims=True)"}
    assert set(verdicts(spec, **claims).values()) == {"right"}
    assert verdicts(spec, dA1="W2.T @ dZ2.T") == {"dA1": "wrong"}


def test_undefined_name_in_a_claim_is_a_finding_and_the_others_are_judged() -> None:
    report = report_on(with_claims(TWO_LAYER, {"dW2": "dZ2 @ A11.T", "dA1": "W2.T @ dZ2"}))
    (finding,) = report.findings
    assert (finding.code, finding.span.line, finding.span.column) == ("SC205", 17, 15)
    assert finding.help == "nearest is `A1`"
    assert [each.verdict for each in report.claims] == ["right"]


def test_claim_about_no_value_is_a_finding() -> None:
    (finding,) = report_on(with_claims(TWO_LAYER, {"dW3": "dZ2 @ A1.T"})).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("SC205", 17, 3)
    assert "`dW3` is the gradient of no value" in finding.message


def test_gradient_of_the_loss_is_one() -> None:
    assert verdicts(TWO_LAYER, dA2="-dJ * Y / A2 / m") == {"dA2": "right"}


def test_order_of_claims_does_not_matter_where_all_are_right() -> None:
    backwards = dict(reversed(RIGHT.items()))
    assert set(verdicts(TWO_LAYER, **backwards).values()) == {"right"}


def test_claim_that_needs_targets_to_sum_to_1_says_so() -> None:
    spec = HEAD + FORWARD.replace("cross_entropy(A2, Y, axis=0)", "-sum(Y * log(A2)) / m")
    report = report_on(with_claims(spec, {"dZ2": "(A2 - Y) / m"}))
    (finding,) = report.findings
    assert finding.code == "SC414"
    assert "`Y: probabilities axis=0` under `assume`" in finding.help
    assumed = spec + "assume: {Y: probabilities axis=0}\n"
    assert verdicts(assumed, dZ2="(A2 - Y) / m") == {"dZ2": "right"}


def test_constant_that_no_float_holds_leaves_a_claim_undecided_or_judged() -> None:
    spec = "constants: {c: 1.0e325}\nparams: {x: [n]}\nforward: {Y: c * tanh(x)}\nupstream: [Y]\n"
    assert verdicts(spec, dx="c * dY * (1 - tanh(x)**2)") == {"dx": "right"}
    assert verdicts(spec, dx="c * dY * (1 - tanh(x))")["dx"] in ("wrong", "undecided")


def test_gradient_that_is_0_by_cancellation_is_right_however_it_is_written() -> None:
    """In floats what is left of it is noise, which is no multiple of the noise of the other."""
    spec = "params: {w: [m, n]}\nforward: {v: 'softmax(w, axis=1)', J: mean(v)**2}\nloss: J\n"
    claim = "(v * dv - v * sum(dv * v, axis=1, keepdims=True)) * 1"
    assert verdicts(spec, dw=claim) == {"dw": "right"}
    assert verdicts(spec, dw="v * dv")["dw"] == "wrong"


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        ("floor((h - 1) / 3) + 1", "right"),
        ("1 + floor((h - 1) / 3)", "right"),
        ("floor(h / 3 - 1 / 3) + 1", "undecided"),
        ("floor(h / 3) + 1", "undecided"),  # another where h is a multiple of 3
        ("floor((h - 1) / 4) + 1", "wrong"),
        ("h", "wrong"),
    ],
)
def test_floor_that_is_not_the_gradients_is_never_called_right(count: str, verdict: str) -> None:
    spec = "dims: {b: 2, m: 3, n: 5, h: 11}\nparams: {w: [n, m, 3], x: [b, m, h]}\nforward:\n"
    spec += "  v: conv1d(x, w, stride=3, padding=2, dilation=2)\n  J: mean(v**2)\nloss: J\n"
    assert verdicts(spec, dv=f"2 * v / (b * n * ({count}))") == {"dv": verdict}
