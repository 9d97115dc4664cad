"""The grammar of expressions: what is read, where it stands, and what is said of the rest."""

from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shapecalc.diagnostics import Finding, Problem
from shapecalc.dims import Dim
from shapecalc.expression import (
    Attribute,
    Binary,
    Call,
    Constant,
    Dots,
    Literal,
    Name,
    Sequence,
    Slice,
    Subscript,
    Syntax,
    Text,
    Unary,
)
from shapecalc.parsing import is_name, names_in, parse_dim, parse_expression
from shapecalc.span import Span


def here(offset: int, length: int) -> Span:
    return Span("spec.yaml", 7, 11 + offset, length)


def read(text: str) -> Syntax:
    return parse_expression(text, here)


def refusal(text: str) -> Finding:
    with pytest.raises(Problem) as caught:
        parse_expression(text, here)
    return caught.value.finding


def dim_refusal(text: str) -> Finding:
    with pytest.raises(Problem) as caught:
        parse_dim(text, here)
    return caught.value.finding


def spelt(syntax: Syntax) -> str:
    """Write every group out in parentheses."""
    match syntax:
        case Name(text=text) | Literal(text=text):
            return text
        case Text(value=value):
            return f"'{value}'"
        case Constant(value=value):
            return str(value)
        case Unary(operator=operator, operand=operand):
            return f"({operator}{spelt(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"({spelt(left)} {operator} {spelt(right)})"
        case Attribute(value=Literal(text=text), name=name):
            return f"({text}).{name}"
        case Attribute(value=value, name=name):
            return f"{spelt(value)}.{name}"
        case Subscript(value=value, places=places):
            return f"{spelt(value)}[{', '.join(map(place_spelt, places))}]"
        case Sequence(items=items):
            return f"<{', '.join(map(spelt, items))}>"
        case Call(function=function, arguments=arguments, keywords=keywords):
            given = [spelt(argument) for argument in arguments]
            given += [f"{keyword.name}={spelt(keyword.value)}" for keyword in keywords]
            return f"{spelt(function)}({', '.join(given)})"


def place_spelt(place: Syntax | Slice | Dots) -> str:
    match place:
        case Slice(start=start, stop=stop, step=step):
            parts = (start, stop) if step is None else (start, stop, step)
            return ":".join("_" if part is None else spelt(part) for part in parts)
        case Dots():
            return "..."
        case _:
            return spelt(place)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("-x**2", "(-(x ** 2))"),
        ("x**-1", "(x ** (-1))"),
        ("x**-y**2", "(x ** (-(y ** 2)))"),
        ("a**b**c", "(a ** (b ** c))"),
        ("-a * b", "((-a) * b)"),
        ("a * -b", "(a * (-b))"),
        ("-W @ x", "((-W) @ x)"),
        ("a @ b * c / d", "(((a @ b) * c) / d)"),
        ("a - b - c", "((a - b) - c)"),
        ("a + b * c", "(a + (b * c))"),
        ("a + b > c - d", "((a + b) > (c - d))"),
        ("Z1 > 0", "(Z1 > 0)"),
        ("(a + b) * c", "((a + b) * c)"),
        ("-W.T @ x", "((-W.T) @ x)"),
        ("X.T**2", "(X.T ** 2)"),
        ("+a - +b", "((+a) - (+b))"),
        ("dA * (Z != 0)", "(dA * (Z != 0))"),
    ],
)
def test_precedence_is_that_of_numpy(text: str, groups: str) -> None:
    assert spelt(read(text)) == groups


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("A ⊙ B", "A * B"),
        ("A · B", "A @ B"),
        ("Wᵀ @ x", "W.T @ x"),
        ("(A @ B)ᵀ", "(A @ B).T"),
        ("W₁ᵀ", "W₁.T"),
        ("einsum('ij->i', A)", 'einsum("ij->i", A)'),
        ("sum(Z, axis=1,)", "sum(Z, axis=1)"),
    ],
)
def test_two_notations_are_one_expression(text: str, plain: str) -> None:
    assert spelt(read(text)) == spelt(read(plain))


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("f()", "f()"),
        ("sum(dZ, axis=1, keepdims=True)", "sum(dZ, axis=1, keepdims=True)"),
        ("np.exp(Z).sum(axis=(0, 1))", "np.exp(Z).sum(axis=<0, 1>)"),
        ("reshape(X, [n, 2*h])", "reshape(X, <n, (2 * h)>)"),
        ("(a,)", "<a>"),
        ("()", "<>"),
        ("[]", "<>"),
        ("f(x, None)", "f(x, None)"),
        ("X[:, :h].T", "X[_:_, _:h].T"),
        ("X[1:-1, 0, ...]", "X[1:(-1), 0, ...]"),
        ("X[::2, None]", "X[_:_:2, None]"),
        ("X[h+1:2*h:,]", "X[(h + 1):(2 * h)]"),
        ("X[0][1:]", "X[0][1:_]"),
        ("probs[range(N), y]", "probs[range(N), y]"),
        ("x[')']", "x[')']"),
        ("1e-3 * .5 + 3.", "((1e-3 * .5) + 3.)"),
        ("a\n  + b", "(a + b)"),
    ],
)
def test_calls_sequences_and_subscripts_are_read(text: str, groups: str) -> None:
    assert spelt(read(text)) == groups


def test_numbers_are_exact() -> None:
    literal = read("0.01")
    assert literal == Literal(here(0, 4), "0.01", Fraction(1, 100))
    assert isinstance(number := read("1e-3"), Literal)
    assert number.value == Fraction(1, 1000)


def test_one_accented_name_in_two_spellings_is_one_name() -> None:
    composed, decomposed = read("\u00e9"), read("e\u0301")
    assert isinstance(composed, Name)
    assert isinstance(decomposed, Name)
    assert composed.text == decomposed.text == "\u00e9"
    assert decomposed.span == here(0, 2)


def test_a_subscript_or_a_look_alike_stays_a_name_of_its_own() -> None:
    assert [name.text for name in names_in(read("W₁ + W1 + µ + μ"))] == ["W₁", "W1", "µ", "μ"]


@pytest.mark.parametrize("name", ["x", "W1", "σ", "ŵ", "W₁₂", "_x", "x\u0302"])
def test_letters_of_many_alphabets_make_names(name: str) -> None:
    assert is_name(name)
    assert isinstance(read(name), Name)


@pytest.mark.parametrize(
    "name", ["", "1x", "Wᵀ", "x'", "a b", "lambda", "None", "₁", "x²", "h:128"]
)
def test_other_texts_are_no_names(name: str) -> None:
    assert not is_name(name)


def test_every_node_has_the_place_of_its_own_text() -> None:
    product = read("W1 @ (X + b1)")
    assert isinstance(product, Binary)
    assert product.span == here(0, 13)
    assert product.operator_span == here(3, 1)
    assert product.left.span == here(0, 2)
    assert product.right.span == here(6, 6)


def test_a_call_spans_its_name_and_parentheses() -> None:
    call = read("2 * sum(Z, axis=0)")
    assert isinstance(call, Binary)
    assert isinstance(call.right, Call)
    assert call.right.span == here(4, 14)
    assert call.right.function.span == here(4, 3)
    assert call.right.keywords[0].span == here(11, 6)
    assert call.right.keywords[0].value.span == here(16, 1)


def test_attributes_and_subscripts_span_what_they_belong_to() -> None:
    attribute = read("(A @ B).T")
    assert isinstance(attribute, Attribute)
    assert (attribute.span, attribute.name_span) == (here(0, 9), here(8, 1))
    assert attribute.value.span == here(1, 5)
    raised = read("Wᵀ")
    assert isinstance(raised, Attribute)
    assert (raised.span, raised.name_span) == (here(0, 2), here(1, 1))
    assert read("X[:, 0]").span == here(0, 7)
    assert read("-x").span == here(0, 2)
    assert read(" (a, b) ").span == here(1, 6)


@pytest.mark.parametrize(
    ("text", "message", "advice", "offset", "length"),
    [
        ("W @", "expected an operand after `@`, found the end", "complete it", 3, 1),
        ("W @ ", "expected an operand after `@`, found the end", "complete it", 3, 1),
        ("", "expected an expression, found the end", "complete it", 0, 1),
        ("* X", "expected an expression, found `*`", "drop `*`", 0, 1),
        ("a + * b", "expected an operand after `+`, found `*`", "drop `*`", 4, 1),
        ("f(, x)", "expected an operand after `(`, found `,`", "drop `,`", 2, 1),
        ("x.", "expected a name after `.`, found the end", "complete it", 2, 1),
        ("a b", "expected an operator between `a` and `b`", "`a * b`, or `a @ b`", 2, 1),
        ("2 (x)", "expected an operator between `2` and `(`", "write `*` or `@`", 2, 1),
        ("f(x)(y)", "expected an operator between `)` and `(`", "write `*` or `@`", 4, 1),
        ("2x", "`2x` is neither a number nor a name", "write `2 * x`", 1, 1),
        ("1_000", "`1_000` is no number", "write `1000`", 1, 4),
        ("f(x", "`(` is not closed", "add `)`", 1, 1),
        ("X[0", "`[` is not closed", "add `]`", 1, 1),
        ("X[]", "`[]` names no place", "write `[0]`, or `[1:]`", 1, 1),
        ("X[0,,1]", "expected an index or a slice after `,`, found `,`", "complete it", 4, 1),
        ("X[1:2:3:4]", "`:` is no operator", "drop `:`", 7, 1),
        ("a)", "`)` closes nothing", "drop `)`", 1, 1),
        ("X[(0]]", "`]` closes nothing", "drop `]`", 4, 1),
        ("a, b", "expected an operator, found `,`", "in parentheses", 1, 1),
        ("a = b", "`=` stands inside an expression", "`==`", 2, 1),
        ("X #b", "`#` is no operator", "drop `#`", 2, 1),
        ("f(a=1, b)", "an operand follows `a=`", "operands before keywords", 7, 1),
        ("f(a=1, a=2)", "`a=` is given twice", "drop one", 7, 1),
        ("W' @ x", "a name cannot contain `'`", "`W.T`", 1, 1),
        ("f('ij, A)", "a quote is not closed", "add `'`", 2, 1),
        ("a \x07", "U+0007 is no operator", "drop U+0007", 2, 1),
    ],
)
def test_bad_syntax_says_what_is_expected(
    text: str, message: str, advice: str, offset: int, length: int
) -> None:
    finding = refusal(text)
    assert (finding.code, finding.message) == ("SC201", message)
    assert advice in finding.help
    assert finding.span == here(offset, length)


@pytest.mark.parametrize(
    ("text", "written", "instead"),
    [
        ("a % b", "%", "remainder"),
        ("a ^ b", "^", "write `**`"),
        ("a .* b", ".*", "write `*`"),
        ("a and b", "and", "`*` between masks"),
        ("a or b", "or", "maximum"),
        ("not a", "not", "1 - mask"),
        ("a if b else c", "if", "where(b, a, c)"),
        ("lambda: 3", "lambda", "`lam`"),
        ("sum(x for x in y)", "for", "sum(x, axis=0)"),
        ("a & b", "&", "`*` between masks"),
        ("~a", "~", "1 - mask"),
        ("A × B", "×", "`@` for a matrix product"),
        ("a − b", "−", "write `-`"),
        ("x²", "²", "write `**2`"),
        ("X⁻¹", "⁻¹", "inv(X)"),
        ("{a}", "{", "`(`"),
    ],
)
def test_foreign_notation_says_what_to_write_instead(text: str, written: str, instead: str) -> None:
    finding = refusal(text)
    assert (finding.code, finding.message) == ("SC202", f"`{written}` is not read")
    assert instead in finding.help
    assert finding.span == here(text.index(written), len(written))


def test_comparisons_do_not_chain() -> None:
    finding = refusal("a < b <= c")
    assert finding.code == "SC202"
    assert "do not chain" in finding.message
    assert finding.help == "write `(a < b) * (b < c)`"
    assert finding.span == here(6, 2)


def test_a_word_of_python_cannot_be_a_name() -> None:
    finding = refusal("2 * class")
    assert (finding.code, finding.span) == ("SC202", here(4, 5))
    assert "`class` is a word of Python" in finding.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 20_001, "a text of 20,001 characters is over the limit of 20,000"),
        ("(" * 65 + "x" + ")" * 65, "nesting of 65 levels is over the limit of 64"),
        ("-" * 65 + "x", "nesting of 65 levels is over the limit of 64"),
        ("x" + "**x" * 65, "nesting of 65 levels is over the limit of 64"),
        ("f(" * 66, "nesting of 65 levels is over the limit of 64"),
        ("x" + " + x" * 300, "a depth of 201 operators is over the limit of 200"),
        ("f(" + "xᵀ," * 5_000 + ")", "an expression of 10,001 parts is over the limit of 10,000"),
        ("9" * 101, "a number of 101 digits is over the limit of 100"),
        ("1e401", "an exponent of 401 is over the limit of 400"),
        ("1e" + "9" * 500, "an exponent is over the limit of 400"),
    ],
)
def test_each_limit_names_its_bound(text: str, message: str) -> None:
    finding = refusal(text)
    assert (finding.code, finding.message) == ("SC901", message)


def test_what_is_at_a_limit_is_read() -> None:
    assert read("(" * 64 + "x" + ")" * 64) == Name(here(64, 1), "x")
    assert spelt(read("x" + "-x" * 199)).count("-") == 199
    deepest = "(a < b + c * d ** " * 31 + "x" + ")" * 31
    assert read(deepest).span == here(1, len(deepest) - 2)


@pytest.mark.parametrize(
    ("text", "dim"),
    [
        ("n", Dim.named("n")),
        ("1", Dim.number(1)),
        ("2*h", Dim.number(2) * Dim.named("h")),
        ("n+1", Dim.named("n") + Dim.number(1)),
        ("2*(n - 1)", Dim.number(2) * Dim.named("n") - Dim.number(2)),
    ],
)
def test_dims_are_sums_and_products(text: str, dim: Dim) -> None:
    assert parse_dim(text, here) == dim


@pytest.mark.parametrize(
    ("text", "code", "phrase", "offset"),
    [
        ("d/(n+1)", "SC204", "`d` is no exact multiple of `n+1`", 0),
        ("1/2", "SC308", "a size is `1/2`", 0),
        ("2*_", "SC204", "`_` stands for a whole axis", 2),
        ("0", "SC308", "a size is `0`", 0),
        ("n - n", "SC308", "a size is `0`", 0),
        ("1 - 3", "SC308", "a size is `-2`", 0),
        ("2.5", "SC204", "this is no dim", 0),
        ("f(n)", "SC204", "this is no dim", 0),
        ("n +", "SC201", "expected an operand after `+`, found the end", 3),
        ("*".join(f"(a{i}+b{i})" for i in range(30)), "SC901", "over the limit of 200", 0),
    ],
)
def test_no_dim_says_why(text: str, code: str, phrase: str, offset: int) -> None:
    finding = dim_refusal(text)
    assert finding.code == code
    assert phrase in finding.message
    assert finding.span.column == 11 + offset


def place_of_outcome(text: str) -> Span:
    """Return the place of what was read, or of what is wrong."""
    try:
        return parse_expression(text, here).span
    except Problem as problem:
        return problem.finding.span


PIECES = st.sampled_from(
    [*"xWᵀ⊙·+-*/@<>=().,[]{}'\"#^%_12eE \n\t!&|~:é′²", "**", "and", "axis=", "\u0301"]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(TEXTS)
@example("[" * 20_000)
@example("-" * 20_000)
@example("x[" * 9_000)
@example("a.b" * 5_000)
@example("\ud800")
def test_any_text_is_read_or_refused_at_a_place_inside_it(text: str) -> None:
    span = place_of_outcome(text)
    assert 11 <= span.column <= span.end_column <= 11 + len(text) + 1


ATOMS = st.sampled_from(["x", "W1", "2", "0.5", "σ"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/@"), inner).map(" ".join).map("({})".format),
        inner.map("f({}, axis=0)".format),
        inner.map("({}).T".format),
        inner.map("(-{})".format),
    ),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_writing_all_parentheses_out_changes_nothing(text: str) -> None:
    groups = spelt(read(text))
    assume(groups.count("(") <= 60)
    assert spelt(read(groups)) == groups
