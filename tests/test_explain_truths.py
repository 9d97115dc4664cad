"""What an explanation says in words is true of networks made to contradict it."""

import pytest
from checking import report_on

from shapecalc import teach
from shapecalc.records.explained import Boxes, ExplainedStep, Lines, Prose
from shapecalc.render.explained import explanation_page
from shapecalc.render.output import Look
from shapecalc.render.page import Page
from shapecalc.render.step import step_page
from shapecalc.render.terminal import one_step_page

MEAN = "takes a mean over the m examples"
ADDED = "added, not averaged"
NO_OTHER = "none of them needs another"


def net(*equations: str, params: str = "W: [k, n]", more: str = "") -> str:
    """Write a network of five inputs, three outputs and four examples."""
    lines = "\n".join(f"  {each}" for each in equations)
    return (
        f"dims: {{n: 5, k: 3, m: 4}}\nbatch: m\n{more}inputs: {{X: [n, m], Y: [k, m]}}\n"
        f"params: {{{params}}}\nforward: |\n{lines}\nloss: J\n"
    )


def steps_of(text: str, wrt: str) -> tuple[ExplainedStep, ...]:
    answer = teach.explain(text, "spec.yaml", wrt)
    assert answer.report.findings == ()
    assert answer.explanation is not None
    return answer.explanation.steps


def said(step: ExplainedStep) -> str:
    blocks = [block for level in step.levels for block in level.blocks]
    return " ".join(block.text for block in blocks if isinstance(block, Prose))


def said_of(text: str, wrt: str) -> str:
    return " ".join(map(said, steps_of(text, wrt)))


# --- 1 / m --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "equations",
    [
        ("J = mean((Z - Y)**2)",),
        ("J = sum((Z - Y)**2) / (2 * m)",),
        ("A = softmax(Z, axis=0)", "J = cross_entropy(A, Y, axis=0)"),
    ],
)
def test_a_mean_over_examples_is_said_where_the_loss_takes_one(equations: tuple[str, ...]) -> None:
    assert ADDED in said_of(net("Z = W @ X", *equations), "W")


@pytest.mark.parametrize(
    "loss",
    [
        "logsumexp(Z) / m",
        "norm(Z) / m",
        "sqrt(sum((Z - Y)**2) / m)",
        "mean(Z)**2",
        "sum((Z - Y)**2)",
        "sum(mean(Z, axis=1)**2) / m",
    ],
)
def test_what_is_divided_by_m_is_not_always_a_mean(loss: str) -> None:
    text = net("Z = W @ X", f"J = {loss}")
    assert MEAN not in said_of(text, "Z")
    assert ADDED not in said_of(text, "W")


def test_a_penalty_divided_by_m_is_no_mean_over_examples() -> None:
    text = net("Z = W @ X", "J = mean((Z - Y)**2) + sum(W**2) / (2 * m)")
    penalty, data = sorted(steps_of(text, "W"), key=lambda step: step.output != "J")
    assert MEAN not in said(penalty)
    assert ADDED in said(data)


def test_a_mean_of_means_is_no_mean_over_examples() -> None:
    text = net("Z = W @ X", "S = mean(Z, axis=1)", "J = sum(S**2 * S) / m")
    assert MEAN not in said_of(text, "S")
    assert ADDED not in said_of(text, "W")


def test_a_step_with_its_own_division_by_m_is_not_said_to_need_none() -> None:
    text = net("Z = W @ X / m", "J = mean((Z - Y)**2)")
    assert ADDED not in said_of(text, "W")
    assert MEAN in said_of(text, "Z")
    assert NO_OTHER not in said_of(text, "Z")
    assert NO_OTHER in said_of(net("Z = W @ X", "J = mean((Z - Y)**2)"), "Z")


def test_centering_over_examples_has_its_own_division_by_m() -> None:
    text = net("Z = W @ X", "C = Z - mean(Z, axis=1, keepdims=True)", "J = mean(C**2)")
    assert MEAN in said_of(text, "C")
    assert NO_OTHER not in said_of(text, "C")


# --- pictures, other texts, walks ---------------------------------------------------------------


def test_boxes_of_a_product_with_a_number_in_front_do_not_claim_to_be_the_gradient() -> None:
    text = net("Z = W @ X / m", "J = mean((Z - Y)**2)")
    (step,) = steps_of(text, "W")
    drawn = [b for level in step.levels for b in level.blocks if isinstance(b, Boxes)]
    assert drawn
    assert not [each for each in drawn if "=" in each.signs]


def test_each_use_is_told_by_its_own_product_in_other_texts() -> None:
    text = net(
        "H = U @ X",
        "Z = W @ H + V @ H",
        "J = mean((Z - Y)**2)",
        params="W: [k, n], V: [k, n], U: [n, n]",
    )
    told = {
        line
        for step in steps_of(text, "H")
        for level in step.levels
        for block in level.blocks
        if isinstance(block, Lines) and level.number == 5
        for line in block.lines
        if "examples in" in line[1]
    }
    assert ("dH = V.T @ dZ", "here, V @ H: examples in columns") in told
    assert not [line for line in told if "V" in line[0] and "W" in line[1]]


def test_a_factor_that_ends_with_a_transpose_inside_is_walked() -> None:
    text = "dims: {m: 3, n: 5}\nparams: {U: [m, n]}\nforward: |\n  J = logdet(U @ U.T)\nloss: J\n"
    for step in steps_of(text, "U"):
        assert step.alike or 4 in [level.number for level in step.levels]


def test_where_an_adjoint_put_back_has_no_value_nothing_is_said_of_it() -> None:
    text = (
        "dims: {n: 3}\nparams: {A: [n, n], E: [n, n], b: [n, n]}\n"
        "forward: |\n  F = expm_frechet(A, E)\n  J = sum(F * b)\nloss: J\n"
    )
    assert steps_of(text, "A")
    assert steps_of(text, "E")


def test_equal_sizes_at_which_a_dim_is_no_whole_number_are_not_tried() -> None:
    text = (
        "dims: {b: 2, n: 5}\nparams: {X: [b, 6, n], w: [6]}\n"
        "forward: |\n  V = group_norm(X, w, groups=3)\n  J = sum(sin(V))\nloss: J\n"
    )
    assert steps_of(text, "w")
    assert steps_of(text, "X")


# --- what a value is to its equation ------------------------------------------------------------


def test_a_mean_that_is_repeated_is_not_the_value_that_is() -> None:
    text = net("C = X - mean(X, axis=1, keepdims=True)", "J = sum(C**2)", params="X: [n, m]")
    text = text.replace("X: [n, m], Y", "Y", 1)
    told = said_of(text, "X")
    assert "X was repeated" not in told
    assert "One entry of X is in many entries of C." in told
    assert "X does not have the index j, so that is summed." in told
    (note,) = [s.note for s in report_on(text).steps if s.output == "C" and "sum" in s.note]
    assert note == "sum over m"
    bias = said_of(net("Z = W @ X + b", "J = sum(Z**2)", params="W: [k, n], b: [k, 1]"), "b")
    assert "b was repeated along m to be added" in bias


def test_a_weight_with_the_dim_of_the_examples_twice_has_no_examples() -> None:
    text = "dims: {m: 4}\nbatch: m\ninputs: {X: [m, m]}\nparams: {W: [m, m]}\n"
    text += "forward: |\n  Z = W @ X\n  J = mean(Z**2)\nloss: J\n"
    assert "Each row of Z depends on the same row of W only" in said_of(text, "W")


def test_what_has_no_kink_is_not_said_to_jump() -> None:
    text = "dims: {n: 3}\nparams: {A: [n, n]}\nforward: |\n  L = logdet(A)\n  J = L**2\nloss: J\n"
    told = said_of(text, "A")
    assert "jumps" not in told
    assert "where the determinant of A is positive" in told
    assert "Where the slope of R jumps" in said_of(net("R = relu(W)", "J = sum(R**2)"), "W")


def test_a_mask_of_windows_is_not_said_to_be_turned_round() -> None:
    text = "dims: {b: 2, c: 3}\nparams: {X: [b, c, 6, 6]}\nforward: |\n"
    text += "  P = max_pool2d(X, 2)\n  J = sum(P**2)\nloss: J\n"
    assert "turned round" not in said_of(text, "X")


def test_one_use_of_several_is_moved_alone_without_indices_too() -> None:
    text = net("Z = W @ X", "J = sum(sin(Z) + Z**2)")
    assert "Move Z, in this use alone, by any H" in said_of(text, "Z")
    assert "Move W by any H" in said_of(text, "W")


def test_a_step_is_checked_at_sizes_that_differ() -> None:
    text = "dims: {n: 4}\nparams: {A: [n, n]}\nforward: |\n"
    text += "  L = cholesky(A)\n  J = sum(L)\nloss: J\n"
    assert [step.at for step in steps_of(text, "A")] == ["at n = 3 and 2"]


def test_a_count_of_one_index_is_no_equation() -> None:
    text = net("z = sum(v)", "J = sin(z)", params="v: [k]")
    assert "2 = 2" not in said_of(text, "v")


# --- windows, solved ----------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["avg_pool2d(X, 3, stride=2)", "max_pool2d(X, 2)"])
def test_a_sum_over_windows_keeps_the_condition_that_no_factor_says(op: str) -> None:
    text = "dims: {b: 2, c: 3, h: 7, w: 9}\nparams: {X: [b, c, h, w]}\nforward: |\n"
    text = f"{text}  P = {op}\n  J = sum(P**2)\nloss: J\n".replace("h: 7, w: 9", "h: 6, w: 8")
    (step,) = steps_of(text, "X")
    lines = [
        line
        for level in step.levels
        for block in level.blocks
        if isinstance(block, Lines) and block.left.startswith("dX[")
        for line, _ in block.lines
    ]
    assert lines
    assert all(" δ[" in line or "k" in line.split("dP[")[1].split("]", 1)[1] for line in lines)
    remarks = [level.remark for level in step.levels if level.number == 3]
    assert all("δ[r," in line or "r-" in line or "δ[a," in line for line in remarks), remarks


def test_a_convolution_is_solved_as_its_kernel_says_what_is_outside() -> None:
    text = "dims: {b: 2, c: 3, d: 4, h: 6, w: 8}\nparams: {X: [b, c, h, w], K: [d, c, 3, 3]}\n"
    text += "forward: |\n  P = conv2d(X, K, padding=1)\n  J = sum(P**2)\nloss: J\n"
    (step,) = steps_of(text, "X")
    lines = [b for level in step.levels for b in level.blocks if isinstance(b, Lines)]
    assert any("K[j,q,r-k+1,s-l+1]" in line for b in lines for line, _ in b.lines)


# --- names and neighbours -----------------------------------------------------------------------


def test_the_identity_is_not_written_where_a_value_has_its_name() -> None:
    text = net("Z = I @ X", "J = mean(Z**2)", params="I: [k, n]")
    told = said_of(text, "I")
    assert "⊗" not in told
    assert "vec(dW) = (Xᵀ ⊗ I)ᵀ vec(dZ)" in said_of(text.replace("I", "W"), "W")


def test_rolled_examples_do_not_see_themselves() -> None:
    text = net("Z = W @ X", "R = roll(Z, 1, axis=1)", "J = mean(R**2)")
    assert "depends on other examples of Z, and so" in said_of(text, "Z")
    text = net("Z = W @ X", "C = cumsum(Z, axis=1)", "J = mean(C**2)")
    assert "depends on other examples of Z too, and so" in said_of(text, "Z")


def test_a_number_has_no_axes_to_be_diagonal() -> None:
    text = net("Z = w * X", "J = mean(Z**2)", params="w: []")
    assert "w is one number, so there is no diagonal" in said_of(text, "w")


def test_no_trace_is_written_where_a_value_is_named_tr() -> None:
    text = net("Z = tr @ X", "J = mean(Z**2)", params="tr: [k, n]")
    step = steps_of(text, "tr")[0]
    lines = [b for level in step.levels for b in level.blocks if isinstance(b, Lines)]
    assert "trace" not in said(step)
    assert not [line for b in lines for line, _ in b.lines if "tr(" in line]


def test_a_vector_has_no_transpose_among_its_arrangements() -> None:
    text = net("z = w @ X", "J = mean(z**2)", params="w: [n]")
    assert "conform, X @ dz and dz @ X.T." in said_of(text, "w")
    assert "and its transpose" in said_of(net("Z = W @ X", "J = mean(Z**2)"), "W")


@pytest.mark.parametrize(
    "equation", ["f = (W + W.T) @ x", "f = W @ W.T @ x", "f = expm(W) @ W @ x"]
)
def test_arrangements_that_laws_make_right_are_not_said_to_be_wrong(equation: str) -> None:
    text = "dims: {n: 3}\nparams: {W: [n, n], x: [n, n]}\nforward: |\n"
    text += f"  {equation}\n  J = sum(f**2)\nloss: J\n"
    for wrt in ("x", "W"):
        for step in steps_of(text, wrt):
            told = said(step)
            assert "(W + W.T).T @ df" not in told
    vector = text.replace("x: [n, n]", "x: [n]")
    if "+" in equation:
        (step,) = steps_of(vector, "x")
        assert (7,) in [numbers for numbers, _ in step.left_out]


def test_a_kronecker_delta_has_another_letter_where_a_value_is_named_delta() -> None:
    text = net("Z = W @ X", "E = Z * δ", "J = mean(E**2)", params="W: [k, n], δ: [k, m]")
    (step,) = steps_of(text, "Z")
    remarks = [level.remark for level in step.levels]
    assert "∂E[i,j]/∂Z[p,q] = δ[i,j] Δ[i,p] Δ[j,q]" in remarks
    assert "Δ[j,q] is 1 where j = q" in said(step)
    assert "δ[i,p] is 1 where" in said_of(text.replace("δ", "D"), "W")


def test_an_opened_step_takes_no_value_named_delta_for_a_diagonal() -> None:
    text = net("Z = W @ X", "E = Z * δ", "J = mean(E**2)", params="W: [k, n], δ: [k, m]")
    report = report_on(text)
    (step,) = [each for each in report.steps if (each.output, each.wrt) == ("E", "Z")]
    page = Page(Look())
    step_page(page, report, step)
    assert "i = p, j = q: each entry sees its own only" in page.text()
    assert "i = j" not in page.text()


def test_gradient_that_is_given_is_one_of_the_parts() -> None:
    text = (
        "dims: {n: 3, m: 4}\nparams: {A: [n, m]}\nforward:\n  D: A.T @ A\n  t: trace(D)\n"
        "upstream: {D: dD, t: dt}\n"
    )
    answer = teach.explain(text, "spec.yaml", "D")
    assert answer.explanation is not None
    (step,) = answer.explanation.steps
    assert step.question == "Why is dt * eye(m) a part of dD_total?"
    assert "It adds up 2 parts, dD among them" in step.note
    page = explanation_page(answer.explanation, answer.report, Look())
    assert "dD_total = dD + dt * eye(m)" in page
    assert "dD[p,q]" not in page
    report = report_on(text)
    opened = one_step_page(report, next(each for each in report.steps if each.wrt == "D"), Look())
    assert "RESULT   dD_total += dt * eye(m)" in opened
    assert "dD_total[p,q] = dt δ[p,q]" in opened
