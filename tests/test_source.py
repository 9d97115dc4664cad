"""YAML as it is read here: places to the character, text that stays text, slips with advice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapecalc.diagnostics import Finding, Problem
from shapecalc.source import (
    List,
    Mapping,
    Node,
    Scalar,
    decode,
    events,
    read_file,
)
from shapecalc.source.events import Document, read_yaml
from shapecalc.span import Span


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything with PyYAML's C parser and with its own."""
    monkeypatch.setattr(events, "_Loader", getattr(yaml, request.param))


def read(text: str) -> Document:
    return read_yaml(text, "spec.yaml")


def only_finding(text: str) -> Finding:
    (finding,) = read(text).findings
    return finding


def scalars(node: Node | None) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case List(items=items):
            for item in items:
                yield from scalars(item)
        case Mapping(entries=entries):
            for key, value in entries:
                yield key
                yield from scalars(value)
        case None:
            pass


def value(text: str) -> Scalar:
    """Return the last scalar of a text."""
    return list(scalars(read(text).root))[-1]


def at(line: int, column: int, length: int = 1) -> Span:
    return Span("spec.yaml", line, column, length)


def test_keys_and_values_come_in_order_with_their_places() -> None:
    root = read("b: 1\na: {x: [n, m]}\n").root
    assert isinstance(root, Mapping)
    assert [(key.text, key.span) for key, _ in root.entries] == [("b", at(1, 1)), ("a", at(2, 1))]
    inner = root.entries[1][1]
    assert isinstance(inner, Mapping)
    assert inner.is_flow
    assert inner.span == at(2, 4, 11)
    axes = inner.entries[0][1]
    assert isinstance(axes, List)
    assert (axes.span, axes.is_flow) == (at(2, 8, 6), True)
    assert [item.span for item in axes.items] == [at(2, 9), at(2, 12)]


def test_every_scalar_stays_text() -> None:
    text = "[yes, no, on, off, y, n, 12:30, 010, 1_000, 1e3, null, true]"
    assert [scalar.text for scalar in scalars(read(text).root)] == text[1:-1].split(", ")


def test_a_byte_order_mark_takes_no_column() -> None:
    document = read_yaml(decode(b"\xef\xbb\xbfa: 1", "spec.yaml"), "spec.yaml")
    assert next(scalars(document.root)).span == at(1, 1)


def test_unicode_line_ends_of_old_yaml_end_no_line() -> None:
    root = read("a: 'x\u2028y'\nb: 'x\x85y'\nc: 1\r\nd: 2\re: 3\n").root
    assert isinstance(root, Mapping)
    assert [key.span.line for key, _ in root.entries] == [1, 2, 3, 4, 5]


def test_columns_count_characters() -> None:
    assert value("é😀: 😀 @ x\n").locate(4, 1) == at(1, 9)


@pytest.mark.parametrize(
    ("text", "piece", "place"),
    [
        ("Z: W @ X $\n", "$", at(1, 10)),
        ("Z: 'W @ X $'\n", "$", at(1, 11)),
        ('Z: "W @ X $"\n', "$", at(1, 11)),
        ("Z: |\n  a\n\n   b $\n", "$", at(4, 6)),
        ("Z: |2-\n   a $\n", "$", at(2, 6)),
        ("Z:\n  W @ X\n  + b $\n", "$", at(3, 7)),
        ("Z: 'it''s $'\n", "$", at(1, 11)),
        ('Z: "\\u0061 $"\n', "$", at(1, 12)),
        ("Z: >\n  a +\n  b $\n", "$", at(3, 5)),
        ('Z: "a +\n  b $"\n', "$", at(2, 5)),
        ("Z: |\r\n  a\r\n  b $\r\n", "$", at(3, 5)),
        ("Z: W @ X1 + b\n", "X1", at(1, 8, 2)),
    ],
)
def test_an_offset_into_a_value_leads_to_its_place(text: str, piece: str, place: Span) -> None:
    scalar = value(text)
    assert scalar.locate(scalar.text.index(piece), len(piece)) == place


def test_a_piece_across_lines_has_the_place_of_its_first_line() -> None:
    scalar = value("Z: |\n  abc\n  de\n")
    assert scalar.locate(1, 4) == at(2, 4, 2)


def test_a_quoted_scalar_spans_its_quotes() -> None:
    assert value("Z: 'W @ X'\n").span == at(1, 4, 7)


@pytest.mark.parametrize("mark", list("@`%"))
def test_a_value_cannot_begin_with_a_mark_that_yaml_keeps(mark: str) -> None:
    finding = only_finding(f"a: 1\nb: {mark}x\n")
    assert finding.code == "SC101"
    assert finding.message == f"a value cannot begin with `{mark}`"
    assert finding.help == f'quote it, `b: "{mark}x"`'
    assert finding.span == at(2, 4)


@pytest.mark.parametrize("text", ["*W @ x", "* x", "*"])
def test_a_value_cannot_begin_with_a_star(text: str) -> None:
    finding = only_finding(f"a: {text}\n")
    assert (finding.code, finding.message) == ("SC101", "a value cannot begin with `*`")
    assert finding.help.startswith(f'quote it, `a: "{text}"`')
    assert (finding.span.line, finding.span.column) == (1, 4)


@pytest.mark.parametrize(
    ("text", "message", "advice", "place"),
    [
        ("a: & x\n", "a value cannot begin with `&`", 'quote it, `a: "& x"`', at(1, 4)),
        ("a: > 3\n", "a value cannot begin with `>`", 'quote it, `a: "> 3"`', at(1, 4)),
        ("a: - 3\n", "a value cannot begin with `- `", 'quote it, `a: "- 3"`', at(1, 4)),
        ("a: 'x' + b\n", "go on after its closing `'`", "whole, `a: 'x + b'`", at(1, 8, 3)),
        ("a: {x: 'x' + b}\n", "go on after its closing `'`", "quote the whole", at(1, 12, 4)),
        ("a: [n, m].T\n", "go on after its closing `]`", "quote the whole", at(1, 10, 2)),
        ("a:\n\tb: 1\n", "a tab indents this line", "with spaces", at(2, 1)),
        ("a: 1\n \tb: 1\n", "a tab indents this line", "with spaces", at(2, 2)),
        ("a: b: c\n", "a value cannot contain `: `", 'quote it, `a: "b: c"`', at(1, 5)),
        ("a: 1\n  b: 2\n", "indented below a line that already", "align it", at(2, 3, 4)),
        ("a:\n   b: 1\n  c: 2\n", "indentation of this line fits no", "align it", at(3, 3, 4)),
        (" a: 1\nb: 2\n", "indentation of this line fits no", "align it", at(2, 1, 4)),
        ("- a\nb: c\n", "indentation of this line fits no", "align it", at(2, 1, 4)),
        ("a: 1\nZ = W\nb: 2\n", "`Z = W` has no `: `", "write `Z: W`", at(2, 1, 5)),
        ("a: 1\nZ\n", "`Z` has no `: `", "write `name: value`", at(2, 1)),
        ("a: [x\nb: 2\n", "`[` is not closed", "add `]`", at(1, 4)),
        ("a: {x: 1\n", "`{` is not closed", "add `}`", at(1, 4)),
        ("a: {x: y[0], z: 1}\n", "a value inside `{` cannot contain `[`", "quote", at(1, 9)),
        ("a: 'abc\nb: c\n", "the quote `'` is not closed", "add `'`", at(1, 4)),
        ("a: \x01\n", "the character U+0001 cannot stand", "remove it", at(1, 4)),
        ("a: \ud800\n", "the character U+D800 cannot stand", "remove it", at(1, 4)),
    ],
)
def test_what_yaml_cannot_read_gets_advice(
    text: str, message: str, advice: str, place: Span
) -> None:
    finding = only_finding(text)
    assert finding.code == "SC101"
    assert message in finding.message
    assert advice in finding.help
    assert finding.span == place


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a: &x y\n", "anchors are not read, `&x`", at(1, 4, 2)),
        ("a: &x\n  b: 1\nc: *x\n", "anchors are not read, `&x`", at(1, 4, 2)),
        ("<<: *x\n", "aliases are not read, `*x`", at(1, 5, 2)),
        ("a: !!str y\n", "tags are not read, `!!str`", at(1, 4, 5)),
        ("a: !t [x]\n", "tags are not read, `!t`", at(1, 4, 2)),
        ("a: 1\n---\nb: 2\n", "a second document begins", at(2, 1, 3)),
        ("{[a]: b}\n", "a key cannot be a list or a mapping", at(1, 2, 3)),
    ],
)
def test_features_that_specs_do_not_need_are_refused(text: str, message: str, place: Span) -> None:
    finding = only_finding(text)
    assert finding.code == "SC105"
    assert message in finding.message
    assert finding.span == place


def test_a_repeated_key_names_both_lines_and_the_first_one_counts() -> None:
    document = read("Z1: a\nb: 2\nZ1: c\n")
    (finding,) = document.findings
    assert (finding.code, finding.message) == ("SC103", "`Z1` is set on lines 1 and 3")
    assert (finding.span, finding.related[0].span) == (at(3, 1, 2), at(1, 1, 2))
    assert [scalar.text for scalar in scalars(document.root)] == ["Z1", "a", "b", "2"]


def test_an_expression_that_braces_split_is_put_together_again() -> None:
    document = read("{dX: sum(dZ, axis=1), dY: f(g(a, b), axis=1), c: x}\n")
    assert [finding.code for finding in document.findings] == ["SC108", "SC108"]
    first = document.findings[0]
    assert first.message == "`sum(dZ, axis=1)` in braces splits at the comma"
    assert first.help == 'quote it, `dX: "sum(dZ, axis=1)"`'
    assert first.span == at(1, 6, 15)
    texts = [scalar.text for scalar in scalars(document.root)]
    assert texts == ["dX", "sum(dZ, axis=1)", "dY", "f(g(a, b), axis=1)", "c", "x"]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Z: W @ X #b\n", "#b"),
        ("Z: W @ X  #b + c \n", "#b + c"),
        ("Z: W @ X # b\n", None),
        ("Z: W @ X#b\n", None),
        ("Z: W @ X ##\n", None),
        ("Z: 'W @ X' #b\n", None),
        ("Z: W @ X #shapecalc: ignore[SC501]\n", None),
        ("Z: W\n#b\n", None),
    ],
)
def test_a_comment_that_may_be_text_is_seen(text: str, cut: str | None) -> None:
    comment = value(text).cut
    assert (comment.text if comment else None) == cut
    if comment and cut:
        assert comment.span == at(1, text.index("#") + 1, len(cut))


@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_a_finding(opener: str) -> None:
    finding = only_finding(opener * 50_000)
    assert finding.code in ("SC901", "SC105")
    if opener in "[-":
        assert "101 levels is over the limit of 100" in finding.message


def test_an_empty_text_has_no_root() -> None:
    assert read("# nothing\n") == Document(None, ())


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.text(alphabet="ab:-[]{},#'\"|>&*!%@` \n\t\\0é\u2028\x85", max_size=40))
@example("\ud800")
@example("a: \x00")
def test_any_text_gives_nodes_or_findings_with_places_inside_it(text: str) -> None:
    document = read(text)
    for scalar in scalars(document.root):
        assert scalar.locate(0, len(scalar.text)).line >= 1
    for finding in document.findings:
        assert finding.message
        assert 1 <= finding.span.line <= text.count("\n") + 2


def test_bytes_that_are_not_utf8_have_a_place() -> None:
    with pytest.raises(Problem) as caught:
        decode("a: 1\r\nb: 2\né: ".encode() + b"\xe9\n", "spec.yaml")
    finding = caught.value.finding
    assert finding.code == "SC104"
    assert finding.message == "byte 0xE9 at 3:4 is not UTF-8"
    assert finding.help == "save as UTF-8"
    assert finding.span == at(3, 4)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "no.yaml", "no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "nul\0", "NUL"),
    ):
        with pytest.raises(Problem) as caught:
            read_file(str(path))
        assert caught.value.finding.code == "SC106"
        assert message in caught.value.finding.message


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\n")
    assert read_file(str(path)) == "a: é\r\n"
