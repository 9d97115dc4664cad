"""The arguments of a call → operands, and what is left for attributes: NumPy takes `sum(X, 1)`."""

from collections.abc import Mapping
from collections.abc import Sequence as Items
from typing import TYPE_CHECKING

from shapecalc.expression import Constant, Keyword, Literal, Sequence, Syntax, Text, Unary
from shapecalc.ops import refusals
from shapecalc.ops.attributes import hold_to_finite, refused
from shapecalc.ops.calls import by_own_name, given_twice
from shapecalc.ops.names import WITH_LESS
from shapecalc.ops.registry import OPS, Op
from shapecalc.tree import Tree, number

if TYPE_CHECKING:
    from shapecalc.ops.build import Builder


def told_apart(
    builder: "Builder",
    node: Syntax,
    entry: Op,
    arguments: Items[Syntax],
    given: Mapping[str, Keyword],
) -> tuple[tuple[Tree, ...], list[Syntax]]:
    """Tell operands from attributes given by position."""
    texts = [argument for argument in arguments if isinstance(argument, Text)]
    others = [argument for argument in arguments if not isinstance(argument, Text)]
    if entry.is_variadic and others and isinstance(others[0], Sequence):
        return tuple(builder.tree(each) for each in others[0].items), [*texts, *others[1:]]
    count = max(1, len(others)) if entry.is_variadic else len(entry.operands)
    operands = _operands(builder, node, entry, others[:count], given)
    extra = others[count:]
    if "shape" not in entry.attributes and not all(_is_plain(builder, each) for each in extra):
        raise refused(node.span, refusals.wrong_count(entry, operands, len(others)))
    is_listed = len(extra) > 1 and not isinstance(extra[0], Sequence)
    if {"shape", "axes"} & entry.attributes.keys() and is_listed:
        extra = [Sequence(extra[0].span, tuple(extra))]
    if len(texts) + len(extra) > entry.positional:
        raise refused(node.span, refusals.wrong_count(entry, operands, len(others)))
    return operands, [*texts, *extra]


def with_less(
    entry: Op, arguments: Items[Syntax], keywords: Items[Keyword]
) -> tuple[Op, Items[Syntax], Items[Keyword]]:
    """Return the op of two operands that is meant where others are left out: `clip(X, 0, None)`."""
    if entry.name not in WITH_LESS or not arguments:
        return entry, arguments, keywords
    given = dict(zip(entry.operands, arguments, strict=False))
    given.update({name: each.value for name, each in by_own_name(entry, keywords).items()})
    others = [name for name in entry.operands[1:] if not _is_none(given.get(name))]
    if len(others) != 1 or len(given) > len(entry.operands):
        return entry, arguments, keywords
    (name,) = others
    return OPS[WITH_LESS[entry.name][name]], (arguments[0], given[name]), ()


def _is_none(argument: Syntax | None) -> bool:
    return argument is None or (isinstance(argument, Constant) and argument.value is None)


def _is_plain(builder: "Builder", node: Syntax) -> bool:
    """Say whether an argument can be an attribute given by position: a number, a tuple."""
    hold_to_finite(node)
    is_plain = isinstance(node, Literal | Unary | Constant | Sequence)
    return is_plain or builder.reader.spells_dim(node)


def _operands(
    builder: "Builder",
    node: Syntax,
    entry: Op,
    first: Items[Syntax],
    keywords: Mapping[str, Keyword],
) -> tuple[Tree, ...]:
    """Build the operands given by position, then those by name, or the numbers for them."""
    found = [
        _operand(builder, entry, name, argument)
        for name, argument in zip(entry.names(len(first)), first, strict=False)
    ]
    if entry.is_variadic and not found:
        raise refused(node.span, refusals.wrong_count(entry, found, 0))
    for name in entry.operands[: len(found)]:
        if name in keywords:
            raise given_twice(keywords[name], name)
    for name in entry.operands[len(found) :]:
        if name in keywords:
            found.append(_operand(builder, entry, name, keywords[name].value))
        elif name in entry.operand_defaults:
            found.append(number(entry.operand_defaults[name]))
        else:
            raise refused(node.span, refusals.wrong_count(entry, found, len(first)))
    return tuple(found)


def _operand(builder: "Builder", entry: Op, name: str, argument: Syntax) -> Tree:
    """Build an operand; None stands for the one that may be left out."""
    if _is_none(argument) and name in entry.operand_defaults:
        return number(entry.operand_defaults[name])
    return builder.tree(argument)
