"""Findings from the graph: names, arguments and shapes, each in its place, none stops another."""

import pytest
from checking import FORWARD, HEAD, TWO_LAYER, report_on

from shapecalc.diagnostics import Finding, Severity
from shapecalc.records import Report


def spec(*equations: str, head: str = HEAD, tail: str = "") -> str:
    """Write a spec whose first equation is on line 11 where the head is HEAD."""
    return "\n".join([head.rstrip("\n"), "forward:", *(f"  {e}" for e in equations), tail])


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


def place(finding: Finding) -> tuple[int, int, int]:
    return finding.span.line, finding.span.column, finding.span.end_column


@pytest.mark.parametrize(
    ("equations", "code", "where", "message", "help"),
    [
        (["Z1: W1 @ Xx"], "SC205", (11, 12, 14), "`Xx` is not defined", "nearest is `X` (line 3)"),
        (["Z1: W1 @ X", "A1: relu(Z11)"], "SC205", (12, 12, 15), "`Z11` is not", "`Z1` (line 11)"),
        (["Z1: W1 @ X + bias"], "SC205", (11, 16, 20), "`bias` is not", "declare `bias` under"),
        (
            ["A1: relu(Z1)", "Z1: W1 @ X"],
            "SC206",
            (11, 12, 14),
            "`Z1` is used on line 11, defined on line 12",
            "move line 12 above line 11",
        ),
        (
            ["Z1: relu(Z1)"],
            "SC207",
            (11, 12, 14),
            "`Z1` is used in its own equation",
            "drop `Z1` here",
        ),
        (["Z1: W1 @ X", "A1: rellu(Z1)"], "SC209", (12, 7, 12), "no op `rellu`", "`relu`?"),
        (["Z1: np.tahn(X)"], "SC209", (11, 7, 14), "`np.tahn`", "`tanh`?"),
        (["Z1: softmax(X, Y, axis=0)"], "SC210", None, "`softmax`", ""),
        (["Z1: softmax(X, axes=0)"], "SC210", None, "no `axes=`", "axis"),
        (["Z1: relu()"], "SC210", None, "`relu`", ""),
        (["Z1: softmax(X)"], "SC210", None, "axis", ""),
        (
            ["Z1: W1.T @ X"],
            "SC301",
            (11, 7, 15),
            "`W1.T @ X` does not conform, h ≠ n",
            "write `W1 @ X`",
        ),
        (["Z1: W1 @ X + b2"], "SC302", (11, 7, 18), "h ≠ k on axis 0", "write `b2: [h, 1]`"),
        (
            ["Z1: sum(X, axis=2)"],
            "SC304",
            None,
            "`axis=2`",
            "write `axis=0` for n, or `axis=1` for m",
        ),
        (["Z1: sum(X, axis=-3)"], "SC304", None, "`axis=-3`, and `X` is 2-D", ""),
        (["Z1: softmax(X, axis=5)"], "SC304", None, "`axis=5`", ""),
    ],
)
def test_mistake_is_found_at_its_place(
    equations: list[str], code: str, where: tuple[int, int, int] | None, message: str, help: str
) -> None:
    finding = report_on(spec(*equations)).findings[0]
    assert finding.code == code
    assert finding.severity is Severity.ERROR
    assert message in finding.message
    assert help in (finding.help or "")
    if where is not None:
        assert place(finding) == where


def test_cycle_of_two_is_found() -> None:
    report = report_on(spec("Z1: W1 @ A1", "A1: relu(Z1)"))
    finding = only(report)
    assert (finding.code, place(finding)) == ("SC207", (11, 12, 14))
    assert finding.message.startswith("Z1 → A1 → Z1 ")
    assert [each.span.line for each in finding.related] == [12]
    assert report.not_checked == ("A1",)


def test_cycle_of_three_is_one_finding() -> None:
    finding = only(report_on(spec("Z1: W1 @ C", "B: relu(Z1)", "C: W1.T @ B")))
    assert (finding.code, finding.message.split(" is ")[0]) == ("SC207", "Z1 → C → B → Z1")


def test_inner_dims_show_both_declared_axes_and_what_fits() -> None:
    text = spec("Z1: W1 @ X + b1").replace("W1: [h, n]", "W1: [n, h]")
    finding = only(report_on(text))
    assert finding.code == "SC301"
    assert finding.message == "`W1 @ X` does not conform, h ≠ n"
    assert place(finding) == (11, 7, 13)
    assert finding.label == "(n, h) @ (n, m): h is 128, n is 784"
    assert [(each.span.line, each.span.column, each.text) for each in finding.related] == [
        (3, 7, "X has n = 784 rows"),
        (6, 11, "W1 has h = 128 columns"),
    ]
    assert finding.notes[0] == ("fits", "`W1.T @ X`, (h, n) @ (n, m) → (h, m)") or (
        finding.notes[0][0] == "fits" and "`W1.T @ X`" in finding.notes[0][1]
    )
    assert finding.help == "write `W1.T @ X`, or declare `W1: [h, n]`"


def test_operands_that_do_not_broadcast_show_both_declared_axes() -> None:
    finding = only(report_on(spec("Z1: W1 @ X + b2")))
    assert "h ≠ k" in finding.message
    assert "128" in finding.label
    assert "10" in finding.label
    assert [each.text for each in finding.related] == [
        "W1 has h = 128 rows",
        "b2 has k = 10 rows",
    ]


@pytest.mark.parametrize(
    ("old", "new", "equation", "help"),
    [
        ("b1: [h, 1]", "b1: [h]", "Z1: W1 @ X + b1", "write `b1: [h, 1]`"),
        ("b1: [h, 1]", "b1: [1, h]", "Z1: W1 @ X + b1", "`W1 @ X + b1.T`, or declare `b1: [h, 1]`"),
        ("b1: [h, 1]", "b1: [k]", "Z1: (W1 @ X).T + b1", "write `b1: [h]`"),
        ("Y: [k, m]", "Y: [m, k]", "Q: W2 @ W1 @ X - Y", "- Y.T`, or declare `Y: [k, m]`"),
        ("Y: [k, m]", "Y: [k]", "J: mse(W2 @ W1 @ X, Y)", "write `Y: [k, m]`"),
        ("Y: [k, m]", "Y: [m, k]", "J: mse(W2 @ W1 @ X, Y)", "`Y.T`, or declare `Y: [k, m]`"),
    ],
)
def test_what_does_not_broadcast_gets_a_shape_that_does(
    old: str, new: str, equation: str, help: str
) -> None:
    finding = only(report_on(spec(equation).replace(old, new)))
    assert finding.code == "SC302"
    assert help in finding.help


def test_axis_that_clashes_is_followed_through_equations_to_its_declaration() -> None:
    finding = report_on(spec("Z1: W1 @ X", "A1: relu(Z1)", "Q: A1 * Y")).findings[0]
    assert [each.text for each in finding.related] == ["Y has k = 10 rows", "W1 has h = 128 rows"]


def test_rank_that_an_op_does_not_take_is_found() -> None:
    report = report_on(spec("Z1: dot(x, X)", head=HEAD.replace("Y:", "x: [h, n, m]\n  Y:")))
    assert report.findings[0].code in ("SC303", "SC301", "SC302", "SC212")


def test_transpose_of_a_3d_value_is_found() -> None:
    report = report_on(spec("Z1: x.T", head=HEAD.replace("Y:", "x: [h, n, m]\n  Y:")))
    assert report.findings[0].code == "SC303"
    turned = "or `transpose(x, (2, 1, 0))` to turn all axes around"
    advice = f"write `x.mT` to transpose each matrix, {turned}"
    assert report.findings[0].help == advice


def test_stated_shape_that_differs_is_found() -> None:
    report = report_on(TWO_LAYER + "shapes:\n  A1: [m, h]\n  Z2: [k, m]\n")
    finding = only(report)
    assert finding.code == "SC305"
    assert finding.message == "`A1` is (h, m), line 17 says (m, h)"
    assert (finding.span.line, finding.span.column) == (17, 7)
    assert finding.help == "write `A1: [h, m]`, or correct its equation"
    assert report.gradients  # the rest is derived all the same


def test_stated_shape_of_no_value_is_found() -> None:
    finding = only(report_on(TWO_LAYER + "shapes:\n  A11: [m, h]\n"))
    assert (finding.code, finding.span.line, finding.span.column) == ("SC205", 17, 3)
    assert "nearest is `A1`" in (finding.help or "")


def test_loss_that_is_no_scalar_is_found() -> None:
    finding = only(report_on(TWO_LAYER + "loss: Z2\n"))
    assert finding.code == "SC211"
    assert finding.message == "the loss `Z2` is (k, m), a scalar is expected"
    assert (finding.span.line, finding.span.column) == (16, 7)


def test_loss_that_is_not_defined_is_found() -> None:
    finding = only(report_on(TWO_LAYER + "loss: JJ\n"))
    assert (finding.code, finding.span.line, finding.span.column) == ("SC205", 16, 7)
    assert finding.help == "nearest is `J` (line 15)"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (TWO_LAYER + "blocks: {b: {inputs: [X]}}\n", "blocks"),
    ],
)
def test_what_is_not_built_yet_is_refused(text: str, word: str) -> None:
    codes = [(each.code, each.message) for each in report_on(text).findings]
    assert any(code == "SC212" and word in message for code, message in codes), codes


def test_error_in_one_equation_does_not_stop_the_others() -> None:
    report = report_on(
        spec("Z1: W1 @ XX + b1", "A1: relu(Z1)", "Q: tahn(X)", "Z2: W2 @ A1", "J: sum(Y + W2)")
    )
    assert [(each.code, each.span.line) for each in report.findings] == [
        ("SC205", 11),
        ("SC209", 13),
        ("SC302", 15),
    ]
    assert report.not_checked == ("A1", "Z2")


# --- warnings ------------------------------------------------------------------------------------


def test_sizes_that_coincide_are_a_warning_at_the_dims() -> None:
    report = report_on(TWO_LAYER.replace("h: 128, k: 10", "h: 64, k: 64"))
    finding = only(report)
    assert (finding.code, finding.severity) == ("SC501", Severity.WARNING)
    assert place(finding) == (1, 16, 21)
    assert finding.label == "all 64"
    assert [(each.span.line, each.span.column) for each in finding.related] == [(1, 23), (1, 30)]
    assert "14 wrong products in 3 steps" in finding.message
    assert report.ok


def test_two_sizes_that_coincide_let_fewer_products_run() -> None:
    finding = only(report_on(TWO_LAYER.replace("k: 10", "k: 64")))
    assert finding.code == "SC501"
    assert finding.label == "both 64"


def test_sizes_that_coincide_where_no_product_runs_are_no_finding() -> None:
    head = "dims: {a: 8, b: 8}\nparams: {x: [a], y: [b]}\n"
    assert report_on(spec("J: sum(x**2) + sum(y)", head=head)).findings == ()


def test_square_weight_is_a_warning_at_its_shape() -> None:
    text = TWO_LAYER.replace("W1: [h, n]", "W1: [n, n]").replace("b1: [h", "b1: [n")
    text = text.replace("h: 128, ", "")
    finding = only(report_on(text.replace("W2: [k, h]", "W2: [k, n]")))
    assert (finding.code, finding.severity) == ("SC502", Severity.WARNING)
    assert place(finding) == (6, 7, 13)
    assert "W1 (n, n)" in finding.message


def test_param_that_is_never_used_is_a_warning() -> None:
    finding = only(report_on(TWO_LAYER.replace("  b2:", "  b3: [k, 1]\n  b2:")))
    assert (finding.code, finding.severity) == ("SC601", Severity.WARNING)
    assert (finding.span.line, finding.span.column) == (9, 3)
    assert finding.message == "`b3` is never used"


def test_value_that_does_not_reach_the_loss_by_a_dead_end() -> None:
    text = HEAD + FORWARD.replace("  J:", "  Q: W2 @ A1\n  J:")
    assert report_on(text).ok


@pytest.mark.parametrize("equations", [["Z: W1 @ X"], ["J: sum(W1 @ X)", "Z: W1 @ X"]])
def test_spec_with_claims_and_no_loss_is_no_clean_spec(equations: list[str]) -> None:
    report = report_on(spec(*equations, tail="gradients:\n  dW1: Z\n"))
    assert report.findings or report.claims
