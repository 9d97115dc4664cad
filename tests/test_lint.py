"""Doubtful but legal: unused names, dead ends, doubled softmax, doubtful order, broadcasts."""

import pytest
from checking import FORWARD, HEAD, TWO_LAYER, report_on

from shapecalc.diagnostics import Finding, Severity


def findings(text: str) -> tuple[Finding, ...]:
    found = report_on(text).findings
    assert all(finding.severity is Severity.WARNING for finding in found), found
    return found


def marked(text: str) -> list[tuple[str, str]]:
    """Return each finding's code, with the text under its caret."""
    rows = text.split("\n")
    return [
        (each.code, rows[each.span.line - 1][each.span.column - 1 :][: each.span.length])
        for each in findings(text)
    ]


def test_network_that_uses_all_it_declares_is_silent() -> None:
    assert findings(TWO_LAYER) == ()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("  b2:", "  b3: [k, 1]\n  b2:", "b3"),
        ("inputs:", "inputs:\n  U: [n, m]", "U"),
        ("m: 64}", "m: 64, z: 5}", "z"),
        ("inputs:", "constants: {eps: 1.0e-5}\ninputs:", "eps"),
    ],
)
def test_name_that_nothing_uses_is_pointed_at(old: str, new: str, name: str) -> None:
    assert marked(TWO_LAYER.replace(old, new, 1)) == [("SC601", name)]


@pytest.mark.parametrize(
    "use",
    [
        "batch: z\n",
        "shapes: {A1: [h, m]}\nassume: {X: positive}\n",
        "gradients: {dX: W1.T @ dZ1}\n",
    ],
)
def test_other_sections_count_as_uses(use: str) -> None:
    text = TWO_LAYER.replace("m: 64}", "m: 64, z: 5}") if "z" in use else TWO_LAYER
    assert findings(text + use) == ()


def test_result_that_leads_nowhere_is_pointed_at() -> None:
    text = HEAD + FORWARD.replace("  J:", "  Q: W2 @ A1\n  J:")
    (finding,) = findings(text)
    assert marked(text) == [("SC602", "Q")]
    assert finding.message == "`Q` does not reach J: its gradient is 0"


def test_outputs_of_a_network_without_a_loss_are_no_dead_ends() -> None:
    text = HEAD + FORWARD.split("  J:")[0] + "upstream: A2\n"
    assert [code for code, _ in marked(text.replace("  Y: [k, m]\n", ""))] == []


@pytest.mark.parametrize(
    ("loss", "advice"),
    [("softmax_cross_entropy(A2, Y, axis=0)", "Z2"), ("sum(softmax(A2, axis=0) * Y)", "Z2")],
)
def test_softmax_of_a_softmax_is_pointed_at(loss: str, advice: str) -> None:
    text = TWO_LAYER.replace("cross_entropy(A2, Y, axis=0)", loss)
    (finding,) = findings(text)
    assert finding.code == "SC603"
    assert finding.help == f"pass `{advice}`"
    assert marked(text) == [("SC603", "A2")]


def test_sigmoid_before_a_loss_of_logits_is_pointed_at() -> None:
    text = TWO_LAYER.replace("softmax(Z2, axis=0)", "sigmoid(Z2)")
    text = text.replace("cross_entropy(A2, Y, axis=0)", "binary_cross_entropy_with_logits(A2, Y)")
    assert marked(text) == [("SC603", "A2")]


@pytest.mark.parametrize("loss", ["softmax_cross_entropy(Z2, Y, axis=0)", "mse(A2, Y)"])
def test_one_softmax_is_fine(loss: str) -> None:
    text = TWO_LAYER.replace("cross_entropy(A2, Y, axis=0)", loss)
    assert "SC603" not in [code for code, _ in marked(text)]


MASKED = HEAD.replace("  W2:", "  M: [k, h]\n  W2:") + FORWARD


@pytest.mark.parametrize(
    ("product", "doubtful"),
    [
        ("M * W2 @ A1", "M * W2 @ A1"),
        ("M / W2 @ A1", "M / W2 @ A1"),
        ("(M * W2) @ A1", None),
        ("M * (W2 @ A1 @ A1.T) @ A1", "M * (W2 @ A1 @ A1.T) @ A1"),
        ("(M * (W2 @ A1 @ A1.T)) @ A1", None),
        ("2 * W2 @ A1 + 0 * M @ A1", None),
        ("W2 / m @ A1 + m * M @ A1", None),
        ("W2 @ (A1 * A1) + M @ A1 * 2", None),
        ("sum(M) * W2 @ A1", None),
    ],
)
def test_order_that_may_be_misread_is_pointed_at(product: str, doubtful: str | None) -> None:
    text = MASKED.replace("W2 @ A1 + b2", f"{product} + b2")
    assert [what for code, what in marked(text) if code == "SC604"] == (
        [doubtful] if doubtful else []
    )


def test_order_in_a_claim_is_pointed_at_too() -> None:
    claim = "dW2: dZ2 * A2 @ A1.T"
    found = report_on(f"{TWO_LAYER}gradients: {{{claim}}}\n").findings
    assert sorted(each.code for each in found) == ["SC410", "SC604"]


def test_proposed_parentheses_keep_the_order() -> None:
    text = MASKED.replace("W2 @ A1 + b2", "M * W2 @ A1 + b2")
    (finding,) = findings(text)
    assert finding.help == "write `(M * W2) @ A1`, or as you meant it"
    assert findings(text.replace("M * W2 @ A1", "(M * W2) @ A1")) == ()


VECTORS = """\
inputs: {t: [m], s: [m, 1], r: [1, k]}
params: {w: [m, 1]}
forward:
  J: mean((%s) ** 2) * sum(w * s) * sum(r) * sum(t)
"""


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_row_and_column_of_one_dim_that_make_a_matrix_are_pointed_at(operator: str) -> None:
    assert marked(VECTORS % f"w {operator} t") == [("SC309", f"w {operator} t")]


@pytest.mark.parametrize("sum_", ["w + s", "w + r", "w + 1", "t * m"])
def test_broadcast_that_doubles_no_dim_is_fine(sum_: str) -> None:
    assert marked(VECTORS % sum_) == []


@pytest.mark.parametrize("loss", ["F.cross_entropy(P, y)", "softmax_cross_entropy(P, y, axis=1)"])
def test_softmax_before_a_loss_that_takes_numbers_of_classes_is_one_too_many(loss: str) -> None:
    spec = f"""
        dims: {{d: 8, m: 32, k: 3}}
        inputs: {{X: [m, d], y: [m]}}
        params: {{W: [d, k]}}
        forward:
          P: softmax(X @ W, axis=1)
          J: {loss}
        """
    assert [finding.code for finding in report_on(spec).findings] == ["SC603"]


def test_broadcast_beside_a_library_name_is_a_warning_not_a_crash() -> None:
    spec = "dims: [n, m, k]\nparams: {T: [m, n, k], s: [], t: [n]}\nforward: |\n"
    spec += "  Z = -np.prod(T, keepdims=True, axis=-1) * (s - t)\n  J = sum(Z**2)\n"
    assert [code for code, _ in marked(spec)] == ["SC309"]
