"""One row of a table of matrix calculus, written as in the open cases."""

from typing import NamedTuple


class Row(NamedTuple):
    """An identity: what is differentiated by what, and what the tables say comes out.

    `shapes` are `A=m,n x=n,1 t=`; `domain` says how values are drawn, `X posdet, x positive`. One
    layout is enough where the other is its transpose. By a scalar there is the numerator alone; of
    more than two axes the `differential` alone, in terms of `dX`. `functions` are not spelled out:
    `u(x): k,1; v(x):`. `structured` is the derivative by a matrix of which `assume` says something.
    """

    id: str
    expr: str
    wrt: str
    shapes: str
    numerator: str | None = None
    denominator: str | None = None
    differential: str | None = None
    domain: str = ""
    functions: str = ""
    assume: str = ""
    structured: str | None = None
    order: int = 1
