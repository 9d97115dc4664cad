"""Questions that learners ask in forums, each answered by the output alone, in the right level.

They are asked, in other words, at stats, data science and mathematics question sites, and in the
forums of courses and frameworks. `ANSWERS` says where the answer stands.
"""

import re
from functools import cache
from typing import Any, NamedTuple

import pytest
from checking import ROOT

from shapecalc import teach
from shapecalc.dims import ONE
from shapecalc.render.explained import explanation_page
from shapecalc.render.output import Look
from shapecalc.teach import elsewhere, solving, stillness, walking

BATCH_NORM = """\
dims: {m: 32, h: 64}
batch: m
inputs: {X: [m, h], G: [m, h]}
forward:
  N: standardize(X, axis=0, eps=0.00001)
  J: sum(G * N**3) / m
loss: J
"""
END = 8
"""The number under which the end is kept: how uses add up, and how a loss joins its activation."""


class Answer(NamedTuple):
    """A question; the value to ask about; what is said, by level, `||` between the lines."""

    question: str
    spec: str
    wrt: str
    said: dict[int, str]


ANSWERS = (
    Answer(
        "Why is the order of the chain rule reversed, apart from the dimensions?",
        "two_layer",
        "A1",
        {
            2: "p, the row in dA1[p,q], is an index of W2: so W2 stands in front.",
            4: """
                Why does dZ2 stand last? The column of A1 is the column of Z2 (δ[j,q]), so q
                is an index of dZ2 || the order of the chain rule is reversed here. || No
                other walk leads from p to q.
                """,
        },
    ),
    Answer(
        "Where does W.T come from, if the derivative of W @ A by A is W?",
        "two_layer",
        "A1",
        {
            2: "The columns of W2 are the rows of W2.T: there is the transpose.",
            3: """
                W2 is the effective Jacobian, what is left when the copies are dropped. But it
                has lost two of the four indices
                """,
            4: "To go against an arrow is to transpose || against: W2.T",
            5: "(dZ2.T @ W2).T = W2.T @ dZ2, by (AB)ᵀ = BᵀAᵀ.",
        },
    ),
    Answer(
        "How can a transpose take the error back? Should it not be the inverse?",
        "two_layer",
        "A1",
        {
            6: "An adjoint is no inverse and takes nothing back to what it was",
        },
    ),
    Answer(
        "And why is the order not reversed for the weights?",
        "two_layer",
        "W2",
        {
            4: """
                Why does dZ2 stand in front? The row of W2 is the row of Z2 (δ[i,p]) || is
                kept here: it is not reversed.
                """,
            5: "Does the order always reverse? || dA1 = W2.T @ dZ2 has it last",
        },
    ),
    Answer(
        "All of my matrices are square: how do I know which product is right?",
        "two_layer_square",
        "A1",
        {
            1: """
                that product runs here, as m = k = 64. It is wrong all the same. || At [0,0]
                the product has 8. But raise A1[0,0] by a small t, and J moves by -1 t.
                """,
            7: "At the sizes of this spec 8 run, by coincidence: 6 are wrong.",
        },
    ),
    Answer(
        "When is it entry by entry, and when a matrix product?",
        "two_layer",
        "Z1",
        {
            3: """
                Each entry of A1 depends on the same entry of Z1 and no other, so the Jacobian
                is diagonal in every axis. A diagonal matrix times a vector multiplies entry
                by entry. || So it is * here, entry times entry.
                """,
        },
    ),
    Answer(
        "Where does 1/m come from, and why is it in dZ and not in dW, or the other way round?",
        "two_layer",
        "W2",
        {
            4: """
                j runs over the m examples: what they say is added, not averaged. The mean
                that J takes is in dZ2 = (A2 - Y) / m already, and a second 1/m would be
                wrong. (A text that leaves it out of dZ2 has it here: the result is the same.)
                """,
        },
    ),
    Answer(
        "My book has the gradient transposed: which layout is right, and which has PyTorch?",
        "two_layer",
        "A1",
        {
            5: """
                The numerator layout has that of A1[p,q] at [q,p], so its shape is (m, h); the
                denominator layout has it at [p,q], in the shape of A1, (h, m) || PyTorch,
                TensorFlow, JAX and most courses use the denominator layout || Both are right;
                to mix them is not.
                """,
        },
    ),
    Answer(
        "Why is it dZ @ W.T in one tutorial, W.T @ dZ in another, and dZ @ W in PyTorch?",
        "two_layer_torch",
        "A1",
        {
            5: """
                dA1 = dZ2 @ W2 here, A1 @ W2.T: examples in rows || dA1 = W2 @ dZ2 W2.T @ A1:
                examples in columns, W2 transposed too || dA1 = W2.T @ dZ2 W2 @ A1: examples
                in columns, W2 as it is here
                """,
        },
    ),
    Answer(
        "Why is the gradient of a bias a sum, and over which axis?",
        "two_layer_rows",
        "b2",
        {
            1: """
                b2 was repeated along m to be added, so one entry of b2 is in many entries of
                Z2. What comes back to it is a sum over these copies, not a product.
                """,
            4: "One factor alone is left. b2 does not have the index i, so that is summed.",
        },
    ),
    Answer(
        "Which axes are summed for an input with three axes?",
        "layer_norm",
        "W",
        {
            4: """
                W has no axis b or t: each entry of it is used at every place along them, and
                what comes back from there is added up. @ adds along t, and sum(…) along b. ||
                it is one plain product: reshape(B, [b*t, d]).T @ reshape(dS, [b*t, k]). || it
                is einsum("ijq,ijp->pq", dS, B).
                """,
        },
    ),
    Answer(
        "The slopes of softmax add up to zero: where is my gradient?",
        "two_layer",
        "Z2",
        {
            3: """
                Add the same t to all entries of Z2 along k, and A2 stays: along k the slopes
                add up to 0. So dZ2 adds up to 0 along k as well. || So the slopes of A2, just
                added up, give 0; it takes dA2, which gives each its weight, to make a
                gradient of them.
                """,
        },
    ),
    Answer(
        "Softmax and cross-entropy, differentiated one after the other: why A - Y?",
        "two_layer",
        "Z2",
        {
            END: """
                Link by link it comes to the same: put dA2 = -Y / (m * A2) into the step: ||
                the entries of Y add up to 1 || So dZ2 = (A2 - Y) / m. 1/m comes from the
                mean over the m examples that J takes.
                """,
        },
    ),
    Answer(
        "What are the three terms of batch norm's gradient for, and why is it not diagonal?",
        "batch norm",
        "X",
        {
            3: """
                Along m there is no diagonal to be dropped: an example of N depends on other
                examples of X too, and so examples are mixed here. || That is what the three
                terms of dX are for. dN goes back to where it came from; its mean along m is
                taken out, as no shift moves N; and its part along the distance of X from its
                mean is taken out, as no stretch does.
                """,
        },
    ),
    Answer(
        "In attention, why is dQ = dS @ K, but dK = dS.T @ Q, and where does the scale go?",
        "attention_single_head",
        "K",
        {
            1: """
                reads like dS @ Q / sqrt(e), and that product runs at every size. It is wrong
                all the same.
                """,
            2: """
                column q of dS meets column r of Q || The columns of dS are the rows of dS.mT:
                there is the transpose. || 1 / sqrt(e) is one number and in every slope
                """,
            4: "The row of K is the column of S (δ[k,q])",
        },
    ),
    Answer(
        "A weight is used twice, once transposed: what is its gradient?",
        "tied_autoencoder",
        "W",
        {
            END: """
                By R = W.T @ H + c it adds H @ dR.T; by Z = W @ X + b it adds dZ @ X.T. || to
                first order they add up.
                """,
        },
    ),
    Answer(
        "Why is the kernel of a convolution turned round in the backward pass?",
        "small_cnn",
        "X",
        {
            4: """
                dZ1[p,j,k,l] K[j,0,r-k+1,s-l+1] || k and l stand with a minus: of two entries
                of dZ1, the later one meets the earlier entry of K.
                """,
        },
    ),
    Answer(
        "What is the derivative of relu at 0?",
        "two_layer",
        "Z1",
        {
            2: "one has to be chosen. Here, at Z1 = 0: 0 by convention.",
        },
    ),
)


def read(stem: str) -> str:
    if stem == "batch norm":
        return BATCH_NORM
    return (ROOT / "specs" / f"{stem}.yaml").read_text(encoding="utf-8")


@cache
def levels_of(stem: str, wrt: str) -> dict[int, str]:
    """Return what is printed, by level, with its lines joined."""
    answer = teach.explain(read(stem), "spec.yaml", wrt)
    assert answer.explanation is not None
    assert answer.report.findings == ()  # no level failed its check
    page = explanation_page(answer.explanation, answer.report, Look())
    page = page.replace("\nTOGETHER", f"\n{END}  TOGETHER")
    parts = re.split(r"^(\d)  (?=[A-Z])", page, flags=re.MULTILINE)
    found: dict[int, str] = {}
    for number, text in zip(parts[1::2], parts[2::2], strict=True):
        found[int(number)] = found.get(int(number), "") + " ".join(text.split())
    return found


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.question)
def test_question_is_answered_in_its_level(answer: Answer) -> None:
    found = levels_of(answer.spec, answer.wrt)
    for level, lines in answer.said.items():
        for line in " ".join(lines.split()).split(" || "):
            assert line in found[level], f"level {level} lacks: {line}"


def test_columns_rows_and_torch_layout_name_each_other() -> None:
    lines = {stem: levels_of(stem, "A1")[5] for stem in ("two_layer", "two_layer_rows")}
    assert "dA1 = dZ2 @ W2.T A1 @ W2: examples in rows, W2 transposed too" in lines["two_layer"]
    assert "dA1 = dZ2 @ W2 A1 @ W2.T: examples in rows, W2 as it is here" in lines["two_layer"]
    assert "dA1 = W2.T @ dZ2 W2 @ A1: examples in columns" in lines["two_layer_rows"]


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        ("softmax(X, axis=0)", True),
        ("log_softmax(X, axis=0)", True),
        ("tanh(X)", False),
        ("X / (1 + X**2)", False),
        ("X / norm(X, axis=0, keepdims=True)", False),
    ],
)
def test_zero_sums_are_said_only_where_a_shift_moves_nothing(equation: str, said: bool) -> None:
    text = (
        "dims: [h, m]\ninputs: {X: [h, m], G: [h, m]}\n"
        f"forward:\n  N: {equation}\n  J: sum(G * N**2)\nloss: J\n"
    )
    answer = teach.explain(text, "spec.yaml", "X", (3,))
    assert answer.explanation is not None
    told = " ".join(
        getattr(block, "text", "") for block in answer.explanation.steps[0].levels[0].blocks
    )
    assert ("the slopes add up to 0" in told) is said
    assert "three terms" not in told


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_one_over_m_is_told_only_of_a_mean(reduction: str) -> None:
    text = (
        "dims: [n, k, m]\nbatch: m\ninputs: {X: [n, m], Y: [k, m]}\nparams: {W: [k, n]}\nforward:\n"
        f'  Z: W @ X\n  J: softmax_cross_entropy(Z, Y, axis=0, reduction="{reduction}")\nloss: J\n'
    )
    for wrt, line in (
        ("Z", "1/m is there as J takes a mean"),
        ("W", "a second 1/m would be wrong"),
    ):
        answer = teach.explain(text, "spec.yaml", wrt, (4,))
        assert answer.explanation is not None
        blocks = answer.explanation.steps[0].levels[0].blocks
        told = " ".join(getattr(block, "text", "") for block in blocks)
        assert (line in told) is (reduction == "mean")


def test_only_a_product_is_told_apart_from_an_inverse() -> None:
    assert "no inverse" in levels_of("two_layer", "A1")[6]
    assert "no inverse" not in levels_of("two_layer", "Z1")[6]


# --- what is said is checked --------------------------------------------------------------------


def failures(spec: str, wrt: str, level: int) -> list[str]:
    answer = teach.explain(read(spec), "spec.yaml", wrt, (level,))
    return [finding.message for finding in answer.report.findings]


def test_wrong_formula_for_another_text_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = elsewhere._turned

    def wrong(*arguments: Any) -> Any:
        return [each._replace(turned=not each.turned) for each in right(*arguments)]

    monkeypatch.setattr(elsewhere, "_turned", wrong)
    (found,) = failures("two_layer_square", "A1", 5)
    assert elsewhere.WRONG in found


def test_wrongly_solved_condition_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = solving.forms_of

    def wrong(*arguments: Any) -> Any:
        forms = right(*arguments)
        return forms and {label: own._replace(offset=ONE) for label, own in forms.items()}

    monkeypatch.setattr(walking, "forms_of", wrong)
    (found,) = failures("small_cnn", "K", 4)
    assert "the conditions are not solved as they should be" in found


def test_zero_sum_that_is_none_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stillness, "_stays_shifted", lambda *_: True)
    (found,) = failures("layer_norm", "S", 3)
    assert "does not add up to 0" in found
