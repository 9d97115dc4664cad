"""Text of an expression or a dim → syntax nodes and dims. Knows no op, no value and no shape."""

from shapecalc.parsing.dims import dim_of, every_part, names_in, parse_dim
from shapecalc.parsing.parser import NAME_LIMIT, over, parse_expression
from shapecalc.parsing.patterns import Expression, Pattern
from shapecalc.parsing.replacing import replaced
from shapecalc.parsing.tokens import is_name, normal_name

__all__ = [
    "NAME_LIMIT",
    "Expression",
    "Pattern",
    "dim_of",
    "every_part",
    "is_name",
    "names_in",
    "normal_name",
    "over",
    "parse_dim",
    "parse_expression",
    "replaced",
]
