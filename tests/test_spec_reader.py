"""Specs as people write them, and mistype them: what is read, and what is said where."""

import time
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapecalc.diagnostics import Finding
from shapecalc.dims import shape_text
from shapecalc.expression import Binary, Call
from shapecalc.span import Span
from shapecalc.spec import looks_like_spec, read_network
from shapecalc.spec.network import AssumeEntry, ConstantEntry, DimEntry, Network, UpstreamEntry

TWO_LAYERS = """\
name: Two-layer classifier
dims: {n: 784, h: 128, k: 10, m: 64}
batch: m

inputs:
  X: [n, m]
  Y: [k, m]
params:
  W1: [h, n]
  b1: (h, 1)
  W2: [k, h]
  b2: [k, 1]

forward:
  Z1: W1 @ X + b1
  A1: relu(Z1)
  Z2: W2 @ A1 + b2
  A2: softmax(Z2, axis=0)
  J: cross_entropy(A2, Y, axis=0)        # mean over the examples
loss: J

shapes:
  A1: [h, m]
gradients:
  dZ2: (A2 - Y) / m
  dW2: dZ2 @ A1.T
"""
FORWARD = "forward:\n  Z: W @ X\n"


def at(line: int, column: int, length: int = 1) -> Span:
    return Span("specs/two.yaml", line, column, length)


def outcome(text: str) -> tuple[Network | None, tuple[Finding, ...]]:
    return read_network(text, "specs/two.yaml")


def clean(text: str) -> Network:
    network, findings = outcome(text)
    assert findings == ()
    assert network is not None
    return network


def only_finding(text: str) -> Finding:
    (finding,) = outcome(text)[1]
    return finding


def codes(text: str) -> list[str]:
    return [finding.code for finding in outcome(text)[1]]


def forward_names(text: str) -> list[str]:
    network, _ = outcome(text)
    return [equation.name for equation in network.forward] if network else []


def test_a_whole_spec_is_read_in_the_order_of_its_author() -> None:
    network = clean(TWO_LAYERS)
    assert network.name == "Two-layer classifier"
    assert network.path == "specs/two.yaml"
    assert [(dim.name, dim.size) for dim in network.dims] == [
        ("n", 784), ("h", 128), ("k", 10), ("m", 64)
    ]  # fmt: skip
    assert [(entry.name, shape_text(entry.shape)) for entry in network.params] == [
        ("W1", "(h, n)"), ("b1", "(h, 1)"), ("W2", "(k, h)"), ("b2", "(k, 1)")
    ]  # fmt: skip
    assert [equation.name for equation in network.forward] == ["Z1", "A1", "Z2", "A2", "J"]
    assert [equation.name for equation in network.gradients] == ["dZ2", "dW2"]
    assert network.loss is not None
    assert network.loss.name == "J"
    assert network.batch is not None
    assert network.batch.name == "m"
    assert [entry.name for entry in network.shapes] == ["A1"]
    assert network.layout == "denominator"


def test_everything_read_keeps_its_place() -> None:
    network = clean(TWO_LAYERS)
    assert network.dims[1] == DimEntry("h", 128, at(2, 16), at(2, 19, 3))
    weight, bias = network.params[:2]
    assert (weight.span, weight.shape_span) == (at(9, 3, 2), at(9, 7, 6))
    assert weight.dim_spans == (at(9, 8), at(9, 11))
    assert bias.shape_span == at(10, 7, 6)
    assert bias.dim_spans == (at(10, 8), at(10, 11))
    first, last = network.forward[0], network.forward[-1]
    assert (first.span, first.expression_span) == (at(15, 3, 2), at(15, 7, 11))
    assert first.text == "W1 @ X + b1"
    assert isinstance(first.expression, Binary)
    assert first.expression.left.span == at(15, 7, 6)
    assert isinstance(last.expression, Call)
    assert last.expression.keywords[0].span == at(19, 27, 6)
    assert network.loss is not None
    assert network.loss.span == at(20, 7)


def test_equations_may_be_lines_of_text() -> None:
    network = clean(
        "forward: |\n  # a note\n  Z1 = W1 @ X + b1        # a note\n\n"
        "  A1 = einsum('#j->j', Z1)\n  J = sum(A1, axis=0)\ngradients: |\n  dW2 = dZ2 @ A1.T\n"
    )
    assert [equation.name for equation in network.forward] == ["Z1", "A1", "J"]
    assert network.forward[0].text == "W1 @ X + b1"
    assert network.forward[0].span == at(3, 3, 2)
    assert network.forward[0].expression_span == at(3, 8, 11)
    assert network.forward[0].expression.span == at(3, 8, 11)
    assert network.gradients[0].expression.span == at(8, 9, 10)


def test_one_equation_may_stand_on_the_key_s_own_line() -> None:
    (equation,) = clean("forward: Z = W @ X\n").forward
    assert (equation.name, equation.text) == ("Z", "W @ X")
    assert equation.expression_span == at(1, 14, 5)


def test_an_equation_may_be_folded_over_lines() -> None:
    (equation,) = clean("forward:\n  Z: W @ X\n    + b\n").forward
    assert equation.text == "W @ X + b"
    assert isinstance(equation.expression, Binary)
    assert equation.expression.right.span == at(3, 7)


def test_a_list_of_dims_leaves_them_symbolic() -> None:
    network = clean(FORWARD + "dims: [n, h]\n")
    assert [(dim.name, dim.size) for dim in network.dims] == [("n", None), ("h", None)]


def test_without_dims_the_shapes_declare_their_names_in_order() -> None:
    network = clean(FORWARD + "params: {W: [h, n]}\ninputs: {X: [n, 2*m]}\nbatch: m\n")
    assert [(dim.name, dim.size) for dim in network.dims] == [("h", None), ("n", None), ("m", None)]
    assert network.dims[0].span == at(3, 14)
    assert network.dims[2].span == at(4, 19)


@pytest.mark.parametrize(
    ("shape", "printed"),
    [
        ("[n, m]", "(n, m)"),
        ("[]", "()"),
        ("()", "()"),
        ("(n, m)", "(n, m)"),
        ("(n,)", "(n,)"),
        ("'[n]'", "(n,)"),
        ("[2*n, n+1]", "(2*n, n+1)"),
        ("[n, 1]", "(n, 1)"),
    ],
)
def test_shapes_are_lists_or_tuples(shape: str, printed: str) -> None:
    network = clean(FORWARD + f"dims: [n, m]\ninputs:\n  X: {shape}\n")
    assert shape_text(network.inputs[0].shape) == printed


def test_constants_are_exact_or_symbolic() -> None:
    assert clean(FORWARD + "constants: {eps: 1.0e-5, lr: 0.1, c: -2}\n").constants == (
        ConstantEntry("eps", Fraction(1, 100_000), at(3, 13, 3)),
        ConstantEntry("lr", Fraction(1, 10), at(3, 26, 2)),
        ConstantEntry("c", Fraction(-2), at(3, 35)),
    )
    assert clean(FORWARD + "constants: [eps]\n").constants[0].value is None


def test_assumptions_have_properties_and_axes() -> None:
    text = "assume:\n  Y: one-hot axis=0\n  X: [positive, unit-interval]\n"
    assert clean(FORWARD + text).assume == (
        AssumeEntry("Y", "one-hot", 0, at(4, 3)),
        AssumeEntry("X", "positive", None, at(5, 3)),
        AssumeEntry("X", "unit-interval", None, at(5, 3)),
    )


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("Out", [("Out", "dOut")]),
        ("[Out, H]", [("Out", "dOut"), ("H", "dH")]),
        ("{Out: G, H: }", [("Out", "G"), ("H", "dH")]),
    ],
)
def test_upstream_gradients_are_named(text: str, upstream: list[tuple[str, str]]) -> None:
    network = clean(FORWARD + f"upstream: {text}\n")
    assert [(entry.name, entry.gradient) for entry in network.upstream] == upstream
    assert isinstance(network.upstream[0], UpstreamEntry)


def test_names_that_old_yaml_takes_for_booleans_are_names() -> None:
    network = clean("dims: {y: 3, n: 5}\nforward:\n  no: on @ off\n  yes: no\n")
    assert [equation.name for equation in network.forward] == ["no", "yes"]
    assert [dim.name for dim in network.dims] == ["y", "n"]


def test_a_spec_without_a_name_has_that_of_its_file() -> None:
    assert clean(FORWARD).name == "two"


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- a\n", "text\n", "a: 1\nb: 2\n", "dims: [n]\n"]
)
def test_what_is_no_spec_is_no_network(text: str) -> None:
    network, (finding,) = outcome(text)
    assert network is None
    assert (finding.code, finding.is_unusable_input) == ("SC102", True)
    assert "no `forward` or `layers` here" in finding.message
    assert finding.help == "put the equations under `forward:`, or drop the path"


def test_a_misspelt_key_is_read_as_the_one_that_was_meant() -> None:
    network, (finding,) = outcome("foward:\n  Z: W @ X\n")
    assert (finding.code, finding.message) == ("SC203", "`foward` is no key")
    assert finding.help == "did you mean `forward`?"
    assert finding.span == at(1, 1, 6)
    assert network is not None
    assert [equation.name for equation in network.forward] == ["Z"]


def test_a_key_like_no_other_gets_the_list() -> None:
    finding = only_finding(FORWARD + "zzz: 1\n")
    assert finding.code == "SC203"
    assert "the keys are name, dims" in finding.help


@pytest.mark.parametrize("key", ["blocks", "imports"])
def test_keys_of_a_later_version_say_so(key: str) -> None:
    finding = only_finding(FORWARD + f"{key}: x\n")
    assert (finding.code, finding.span) == ("SC212", at(3, 1, len(key)))
    assert finding.message == f"`{key}` is not supported in this version"
    assert finding.help


def test_layers_alone_are_no_reason_to_call_a_file_no_spec() -> None:
    finding = only_finding("layers: []\n")
    assert (finding.code, finding.span) == ("SC204", at(1, 9, 2))
    assert finding.message == "`layers` is empty, a list of layers is expected"


@pytest.mark.parametrize(
    ("dims", "code", "message", "advice", "place"),
    [
        ("{n: 784, h:128}", "SC204", "`h:128` is read as one key", "`h: 128`", at(3, 16, 5)),
        ("{n, h}", "SC204", "`{n, h}` gives its names no numbers", "`dims: [n, h]`", at(3, 7, 6)),
        ("{n: 784, h}", "SC204", "`h` has no number", "`h: 128`", at(3, 16)),
        ("{n: 0}", "SC308", "`n` is 0, a size is", "`n: 128`", at(3, 11)),
        ("{n: -3}", "SC308", "`n` is -3, a size is", "`n: 128`", at(3, 11, 2)),
        ("{n: 2.5}", "SC308", "`n` is 2.5, a size is", "`n: 128`", at(3, 11, 3)),
        ("{n: many}", "SC204", "`n` is `many`, a number is", "`n: 128`", at(3, 11, 4)),
        ("{n: 1_000}", "SC204", "`n` is `1_000`, a number is", "write `1000`", at(3, 11, 5)),
        ("{n: [3]}", "SC204", "`n` is a list, a number is", "`n: 128`", at(3, 11, 3)),
        ("{n: 9999999999999999999}", "SC901", "over the limit of 18", "smaller", at(3, 11, 19)),
        ("{n: 1e999}", "SC901", "over the limit of", "shorter", at(3, 11, 5)),
        ("{2n: 3}", "SC204", "`2n` is no name", "begin with a letter", at(3, 8, 2)),
        ("{lambda: 3}", "SC204", "`lambda` is a word of Python", "`lambda_`", at(3, 8, 6)),
        ("[n, n]", "SC103", "`n` is given twice", "drop one", at(3, 11)),
        ("n", "SC204", "`dims` is `n`, a mapping", "`dims: {h: 128}`", at(3, 7)),
    ],
)
def test_slips_in_dims(dims: str, code: str, message: str, advice: str, place: Span) -> None:
    finding = only_finding(FORWARD + f"dims: {dims}\n")
    assert finding.code == code
    assert message in finding.message
    assert advice in finding.help
    assert finding.span == place


def test_a_dim_whose_size_is_wrong_is_still_a_dim() -> None:
    network, findings = outcome(FORWARD + "dims: {n: 784, h:128, k: 0}\ninputs: {X: [n, h, k]}\n")
    assert [finding.code for finding in findings] == ["SC204", "SC308"]
    assert network is not None
    assert [(dim.name, dim.size) for dim in network.dims] == [("n", 784), ("h", 128), ("k", None)]


@pytest.mark.parametrize(
    ("shape", "code", "message", "advice", "place"),
    [
        ("[n, q]", "SC205", "the dim `q` is not defined", "declare it", at(5, 10)),
        ("[n, M]", "SC205", "the dim `M` is not defined", "nearest is `m` (line 3)", at(5, 10)),
        ("[n, 2*q]", "SC205", "the dim `q` is not defined", "declare it", at(5, 12)),
        ("(n, q)", "SC205", "the dim `q` is not defined", "declare it", at(5, 10)),
        ("[n/m]", "SC307", "`n/m` is 5/3 at n = 5, m = 3", "write `m: 1`", at(5, 7, 3)),
        ("[n/2]", "SC307", "`n/2` is 5/2 at n = 5", "where 2 divides n", at(5, 7, 3)),
        ("[m + n/m]", "SC307", "`m+n/m` is 14/3 at m = 3, n = 5", "write `m: 1`", at(5, 7, 7)),
        ("[n/(n+m)]", "SC204", "`n` is no exact multiple of `n+m`", "`(n+m)*name`", at(5, 7, 7)),
        ("[2*_]", "SC204", "`_` stands for a whole axis", "write `_` alone", at(5, 9)),
        (f"[{10**18}]", "SC901", "19 digits", "a smaller size", at(5, 7, 19)),
        ("[0]", "SC308", "a size is `0`", "at least 1", at(5, 7)),
        ("[m - n]", "SC308", "`m-n` is -2 at m = 3, n = 5", "other sizes", at(5, 7, 5)),
        ("[[n]]", "SC204", "an axis of `X` is a list", "`X: [n, m]`", at(5, 7, 3)),
        ("n", "SC204", "the shape of `X` is `n`", "`X: [n]`", at(5, 6)),
        ("", "SC204", "the shape of `X` is empty", "`[]` for a scalar", at(5, 5)),
        ("[n m]", "SC201", "expected an operator between `n` and `m`", "", at(5, 9)),
    ],
)
def test_slips_in_shapes(shape: str, code: str, message: str, advice: str, place: Span) -> None:
    finding = only_finding(FORWARD + f"dims: {{n: 5, m: 3}}\ninputs:\n  X: {shape}\n")
    assert finding.code == code
    assert message in finding.message
    assert advice in finding.help
    assert finding.span == place


def test_an_unknown_dim_is_reported_once() -> None:
    assert codes(FORWARD + "dims: [n]\ninputs: {X: [q], Y: [q, n]}\n") == ["SC205"]


def test_numbers_and_blanks_are_axes_whose_dim_is_to_be_found() -> None:
    network, findings = outcome(FORWARD + "inputs: {X: [128, n], Y: [_, 1]}\nparams: {W: _}\n")
    assert not findings
    assert network is not None
    assert [(axis.value, axis.axis, axis.size) for axis in network.open_axes] == [
        ("X", 0, 128),
        ("Y", 0, None),
    ]
    assert [axis.span for axis in network.open_axes] == [at(3, 14, 3), at(3, 27)]
    assert [(each.name, each.span) for each in network.open_shapes] == [("W", at(4, 13))]
    assert [str(dim) for dim in network.inputs[0].shape][1:] == ["n"]
    assert [entry.name for entry in network.dims] == ["n"]


def test_a_quotient_that_cancels_is_a_plain_dim() -> None:
    network, findings = outcome(FORWARD + "inputs: {X: [heads*(d/heads), d/d]}\n")
    assert not findings
    assert network is not None
    assert shape_text(network.inputs[0].shape) == "(d, 1)"


def test_a_shape_in_braces_that_splits_is_read_all_the_same() -> None:
    network, (finding,) = outcome(FORWARD + "inputs: {X: (n, m), Y: [n]}\n")
    assert finding.code == "SC108"
    assert network is not None
    assert [shape_text(entry.shape) for entry in network.inputs] == ["(n, m)", "(n,)"]


def test_a_claim_in_braces_that_splits_is_read_all_the_same() -> None:
    network, (finding,) = outcome(FORWARD + "gradients: {dX: sum(dZ, axis=1), dW: dZ @ X.T}\n")
    assert (finding.code, finding.span) == ("SC108", at(3, 17, 15))
    assert network is not None
    assert [claim.text for claim in network.gradients] == ["sum(dZ, axis=1)", "dZ @ X.T"]


def test_one_bad_equation_does_not_hide_the_next() -> None:
    text = "forward:\n  A: W @\n  B: [a, b]\n  C:\n  2x: a\n  D: a $ b\n  E: a\n"
    findings = outcome(text)[1]
    assert [(finding.code, finding.span) for finding in findings] == [
        ("SC201", at(2, 9)),
        ("SC204", at(3, 6, 6)),
        ("SC201", at(4, 3)),
        ("SC204", at(5, 3, 2)),
        ("SC201", at(6, 8)),
    ]
    assert forward_names(text) == ["E"]


def test_one_bad_line_of_text_does_not_hide_the_next() -> None:
    text = (
        "forward: |\n  A = W @\n  B: a + b\n  a, b = f(x)\n  C += 1\n  D[0] = 1\n  = 3\n  E = a\n"
    )
    findings = outcome(text)[1]
    assert [(finding.code, finding.span) for finding in findings] == [
        ("SC201", at(2, 10)),
        ("SC201", at(3, 3, 8)),
        ("SC201", at(4, 10, 4)),
        ("SC201", at(5, 3, 6)),
        ("SC204", at(6, 3, 4)),
        ("SC201", at(7, 3, 3)),
    ]
    assert findings[1].message == "expected `name = expression`, found `B: a + b`"
    assert findings[1].help == "write `B = a + b`"
    assert forward_names(text) == ["E"]


def test_a_comment_that_cuts_an_expression_is_an_error() -> None:
    network, (finding,) = outcome("forward:\n  Z: W @ X #b\n  J: sum(Z) # b\n")
    assert finding.code == "SC107"
    assert finding.message == "` #b` drops the rest of `W @ X #b`"
    assert "`# b` if it is a note" in finding.help
    assert finding.span == at(2, 12, 2)
    assert network is not None
    assert [equation.name for equation in network.forward] == ["J"]
    assert network.unread == ("Z",)


def test_what_a_cut_leaves_unreadable_is_not_reported_again() -> None:
    assert codes("forward:\n  Z: W @ #b\n") == ["SC107"]


@pytest.mark.parametrize(
    ("text", "phrase", "advice"),
    [
        ("forward:\n", "`forward` is empty", "`forward: |`"),
        ("forward: {}\n", "`forward` is empty", "`forward: |`"),
        ("forward: |\n\n", "`forward` is empty", "`forward: |`"),
        ("forward:\n  - Z = W @ X\n", "`forward` is a list", "`forward: |`"),
        ("forward: >\n  A = b\n  B = c\n", "folded into one", "`forward: |`"),
        ("forward: A = b\n  B = c\n", "folded into one", "`forward: |`"),
    ],
)
def test_forward_holds_equations(text: str, phrase: str, advice: str) -> None:
    finding = only_finding(text)
    assert finding.code == "SC204"
    assert phrase in finding.message
    assert advice in finding.help


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("loss: [J]", "`loss` is a list, the name of a value is expected", "`loss: J`"),
        ("batch: {m: 3}", "`batch` is a mapping, a dim name is expected", "`batch: m`"),
        ("layout: denominater", "`denominater` is no layout", "`layout: denominator`"),
        ("name: [x]", "`name` is a list, a text is expected", "`name: Two layers`"),
        ("params: 3", "`params` is `3`, a mapping of names to shapes", "`params: {X: [n, m]}`"),
        ("upstream: [{a: b}]", "`upstream` is a mapping, a name is expected", "`upstream: Out`"),
        ("assume: [X]", "`assume` is a list, a mapping of values", "`assume: {X: positive}`"),
        ("assume: {X: postive}", "`postive` is no property", "did you mean `positive`?"),
        ("assume: {X: one_hot axis=0}", "`one_hot` is no property", "did you mean `one-hot`?"),
        ("assume: {X: one-hot}", "`one-hot` needs an axis", "`one-hot axis=0`"),
        ("assume: {X: binary axis=0}", "`binary` takes no axis", "write `binary`"),
        ("assume: {X: }", "is empty, a property is expected", "`X: positive`"),
        ("constants: {c: 1/3}", "`c` is `1/3`, a number is expected", "write digits"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_is_expected(
    text: str, message: str, advice: str
) -> None:
    finding = only_finding(FORWARD + text + "\n")
    assert finding.code == "SC204"
    assert message in finding.message
    assert advice in finding.help
    assert finding.span.line == 3


def test_the_batch_is_a_dim() -> None:
    finding = only_finding(FORWARD + "dims: {n: 3}\nbatch: N\n")
    assert (finding.code, finding.span) == ("SC205", at(4, 8))
    assert finding.help == "nearest is `n` (line 3)"


def test_a_name_set_again_is_offered_another_name() -> None:
    text = "inputs: {x: [n]}\nforward: |\n  x = relu(x)\n  y = x\n  y = relu(y)\n"
    findings = outcome(text)[1]
    assert [finding.code for finding in findings] == ["SC213", "SC213"]
    assert findings[0].message == "`x` is already set on line 1"
    assert findings[0].help == "call this `x2`"
    assert (findings[0].span, findings[0].related[0].span) == (at(3, 3), at(1, 10))
    assert findings[1].help == "call this `y2`"
    assert forward_names(text) == ["y"]


def test_a_proposed_name_is_a_free_one() -> None:
    findings = outcome("forward: |\n  x2 = a\n  x = a\n  x = b\n  x = c\n  x2 = d\n")[1]
    assert [finding.help for finding in findings] == [f"call this `x{n}`" for n in (3, 4, 5)]


def test_one_name_in_two_spellings_is_set_twice() -> None:
    assert codes("forward:\n  \u00e9: a\n  e\u0301: b\n") == ["SC213"]


@pytest.mark.parametrize(
    ("text", "message", "place", "other"),
    [
        ("dims: {Z: 3}\n", "`Z` is a value (line 2) and a dim", at(3, 8), at(2, 3)),
        ("constants: {Z: 3}\n", "`Z` is a value (line 2) and a constant", at(3, 13), at(2, 3)),
        (
            "dims: [c]\nconstants: [c]\n",
            "`c` is a dim (line 3) and a constant",
            at(4, 13),
            at(3, 8),
        ),
        ("dims: [c]\ninputs: {c: []}\n", "`c` is a dim (line 3) and an input", at(4, 10), at(3, 8)),
        ("dims: [dZ]\n", "`dZ` is a dim (line 3) and the gradient of `Z`", at(3, 8, 2), at(2, 3)),
        (
            "params: {v: [], dv: []}\n",
            "`dv` is a param (line 3) and the gradient of `v`",
            at(3, 17, 2),
            at(3, 10),
        ),
        (
            "upstream: {Z: G}\nconstants: [G]\n",
            "`G` is a constant (line 4) and the gradient of `Z`",
            at(4, 13),
            at(2, 3),
        ),
    ],
)
def test_a_name_that_means_two_things_names_both_places(
    text: str, message: str, place: Span, other: Span
) -> None:
    finding = only_finding(FORWARD + text)
    assert (finding.code, finding.message) == ("SC208", message)
    name = message.split("`")[1]
    assert f"`{name}2`" in finding.help
    assert (finding.span, finding.related[0].span) == (place, other)


def test_findings_come_in_the_order_of_the_file() -> None:
    text = "dims: {n: 0}\nparams: 3\nforward:\n  Z: a @\n  Z: a\nlayuot: numerator\n"
    findings = outcome(text)[1]
    assert [finding.code for finding in findings] == ["SC308", "SC204", "SC201", "SC103", "SC203"]
    assert [finding.span.line for finding in findings] == [1, 2, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TWO_LAYERS, True),
        (FORWARD, True),
        ("layers: []\n", True),
        ("{forward: {Z: W}}\n", True),
        ('"forward": 1\n', True),
        ("# shapecalc\nx: 1\n", True),
        ("foward:\n  Z: a\n", True),
        ("Forward:\n  Z: a\n", True),
        ("forwrd: |\n  Z = a\ninputs: {}\nparams: {}\n", True),
        ("", False),
        ("players: 3\n", False),
        ("fast_forward: 1\n", False),
        ("forwarding: x\n", False),
        ("a:\n  forward: 1\n", False),
        ("a: forward: 3\n", False),
        ("# forward: no\n", False),
    ],
)
def test_a_folder_s_files_are_specs_or_not(text: str, expected: bool) -> None:
    assert looks_like_spec(text) is expected


def test_reading_is_linear_in_the_length_of_a_file() -> None:
    def seconds(count: int) -> float:
        lines = "".join(f"  x{i} = W{i} @ a + b\n  x = x\n" for i in range(count))
        started = time.perf_counter()
        outcome("forward: |\n" + lines)
        return time.perf_counter() - started

    assert seconds(8_000) < 12 * min(seconds(2_000), seconds(2_000))


WORDS = st.sampled_from(
    [
        "forward:", "dims:", "inputs:", "params:", "gradients:", "loss:", "batch:", "assume:",
        "upstream:", "layout:", "constants:", "shapes:", " ", "\n", "\n  ", "X", "Z: ", "= ",
        "[n]", "{n: 3}", "|", "[", "]", "{", "}", ", ", "(", ")", "-", "1", "0", ": ", "#", "'",
        "é", "@ W",
    ]
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(WORDS, max_size=40).map("".join))
@example("forward: " + "[" * 5_000)
@example("forward: {Z: " + "(" * 3_000 + "}")
@example("\ufeffforward:\n  Z: W @ X\n")
@example("forward: ''\n")
@example("forward:\n  Z: ''\n")
def test_any_text_gives_findings_inside_it_and_no_exception(text: str) -> None:
    _, findings = outcome(text)
    for finding in findings:
        assert finding.message
        assert finding.help
        assert 1 <= finding.span.line <= text.count("\n") + 2
