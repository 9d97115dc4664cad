"""The expressions of derive.py: as shapecalc, NumPy, SymPy and tensorgrad write them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Spelled = Callable[[Any, Any], Any]


class Case(NamedTuple):
    """An expression, the name to differentiate by, and shapes.

    `plain` evaluates it with NumPy, `sympy` builds it of matrix symbols; both are given the names,
    the latter the module too. None: there is no such expression.
    """

    text: str
    wrt: str
    shapes: Mapping[str, tuple[str, ...]]
    plain: Callable[[Any], Any]
    sympy: Spelled | None

    @property
    def dims(self) -> tuple[str, ...]:
        """Return the names of dims."""
        every = (dim for axes in self.shapes.values() for dim in axes)
        return tuple(dict.fromkeys(dim for dim in every if dim != "1"))


def _case(
    text: str, wrt: str, shapes: str, plain: Callable[[Any], Any], sympy: Spelled | None = None
) -> Case:
    pairs = (each.split("=") for each in shapes.split())
    return Case(text, wrt, {name: tuple(dims.split(",")) for name, dims in pairs}, plain, sympy)


def _softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=0, keepdims=True)


CASES = (
    _case(
        *("trace(A @ X @ B)", "X", "A=m,n X=n,p B=p,m"),
        lambda v: np.trace(v.A @ v.X @ v.B),
        lambda s, v: s.Trace(v.A * v.X * v.B),
    ),
    _case(
        *("trace(X.T @ X)", "X", "X=m,n"),
        lambda v: np.trace(v.X.T @ v.X),
        lambda s, v: s.Trace(v.X.T * v.X),
    ),
    _case(
        *("trace(X @ X)", "X", "X=n,n"),
        lambda v: np.trace(v.X @ v.X),
        lambda s, v: s.Trace(v.X * v.X),
    ),
    _case(
        *("trace(A @ X @ B @ X.T)", "X", "A=m,m X=m,n B=n,n"),
        lambda v: np.trace(v.A @ v.X @ v.B @ v.X.T),
        lambda s, v: s.Trace(v.A * v.X * v.B * v.X.T),
    ),
    _case(
        *("A @ x", "x", "A=m,n x=n,1"),
        lambda v: v.A @ v.x,
        lambda _, v: v.A * v.x,
    ),
    _case(
        *("a.T @ x", "x", "a=n,1 x=n,1"),
        lambda v: v.a.T @ v.x,
        lambda _, v: v.a.T * v.x,
    ),
    _case(
        *("x.T @ A @ x", "x", "A=n,n x=n,1"),
        lambda v: v.x.T @ v.A @ v.x,
        lambda _, v: v.x.T * v.A * v.x,
    ),
    _case(
        *("a.T @ X @ b", "X", "a=m,1 X=m,n b=n,1"),
        lambda v: v.a.T @ v.X @ v.b,
        lambda _, v: v.a.T * v.X * v.b,
    ),
    _case(
        *("a.T @ X.T @ X @ b", "X", "a=n,1 X=m,n b=n,1"),
        lambda v: v.a.T @ v.X.T @ v.X @ v.b,
        lambda _, v: v.a.T * v.X.T * v.X * v.b,
    ),
    _case(
        *("sum((A @ x - b)**2)", "x", "A=m,n x=n,1 b=m,1"),
        lambda v: np.sum((v.A @ v.x - v.b) ** 2),
        lambda _, v: (v.A * v.x - v.b).T * (v.A * v.x - v.b),
    ),
    _case(
        *("sum(A * X)", "X", "A=m,n X=m,n"),
        lambda v: np.sum(v.A * v.X),
        lambda s, v: s.OneMatrix(1, v.m) * s.HadamardProduct(v.A, v.X) * s.OneMatrix(v.n, 1),
    ),
    _case(
        *("A * x", "x", "A=n,1 x=n,1"),
        lambda v: v.A * v.x,
        lambda s, v: s.HadamardProduct(v.A, v.x),
    ),
    _case(
        *("norm(x)", "x", "x=n,1"),
        lambda v: np.sqrt(np.sum(v.x**2)),
        lambda s, v: s.sqrt(s.Trace(v.x.T * v.x)),
    ),
    _case(
        *("tanh(A @ x)", "x", "A=m,n x=n,1"),
        lambda v: np.tanh(v.A @ v.x),
        lambda s, v: (v.A * v.x).applyfunc(s.tanh),
    ),
    _case(
        *("sum(exp(A @ x))", "x", "A=m,n x=n,1"),
        lambda v: np.sum(np.exp(v.A @ v.x)),
        lambda s, v: s.OneMatrix(1, v.m) * (v.A * v.x).applyfunc(s.exp),
    ),
    _case(
        *("softmax(x, axis=0)", "x", "x=n,1"),
        lambda v: _softmax(v.x),
    ),
    _case(
        *("logdet(X)", "X", "X=n,n"),
        lambda v: np.log(np.linalg.det(v.X)),
        lambda s, v: s.log(s.Determinant(v.X)),
    ),
    _case(
        *("det(X)", "X", "X=n,n"),
        lambda v: np.linalg.det(v.X),
        lambda s, v: s.Determinant(v.X),
    ),
    _case(
        *("trace(inv(X) @ A)", "X", "X=n,n A=n,n"),
        lambda v: np.trace(np.linalg.inv(v.X) @ v.A),
        lambda s, v: s.Trace(s.Inverse(v.X) * v.A),
    ),
    _case(
        *("a.T @ inv(X) @ b", "X", "a=n,1 X=n,n b=n,1"),
        lambda v: v.a.T @ np.linalg.inv(v.X) @ v.b,
        lambda s, v: v.a.T * s.Inverse(v.X) * v.b,
    ),
    _case(
        *("inv(X)", "X", "X=n,n"),
        lambda v: np.linalg.inv(v.X),
        lambda s, v: s.Inverse(v.X),
    ),
    _case(
        *("A @ X @ B", "X", "A=m,n X=n,p B=p,q"),
        lambda v: v.A @ v.X @ v.B,
        lambda _, v: v.A * v.X * v.B,
    ),
    _case(
        *("sum((W @ tanh(V @ X) - Y)**2)", "V", "W=k,h V=h,n X=n,m Y=k,m"),
        lambda v: np.sum((v.W @ np.tanh(v.V @ v.X) - v.Y) ** 2),
        lambda s, v: s.Trace(
            (v.W * (v.V * v.X).applyfunc(s.tanh) - v.Y).T
            * (v.W * (v.V * v.X).applyfunc(s.tanh) - v.Y)
        ),
    ),
)


def _least_squares(f: Any, residual: Any) -> Any:
    return f.sum(f.pow(residual, 2))


TENSORGRAD: Mapping[str, Spelled] = {
    "trace(A @ X @ B)": lambda _, v: v.A("i", "j") @ v.X("j", "k") @ v.B("k", "i"),
    "trace(X.T @ X)": lambda _, v: v.X("i", "j") @ v.X("i", "j"),
    "trace(X @ X)": lambda _, v: v.X("i", "j") @ v.X("j", "i"),
    "trace(A @ X @ B @ X.T)": lambda _, v: (
        v.A("i", "j") @ v.X("j", "k") @ v.B("k", "l") @ v.X("i", "l")
    ),
    "A @ x": lambda _, v: v.A("i", "k") @ v.x("k"),
    "a.T @ x": lambda _, v: v.a("i") @ v.x("i"),
    "x.T @ A @ x": lambda _, v: v.x("i") @ v.A("i", "j") @ v.x("j"),
    "a.T @ X @ b": lambda _, v: v.a("i") @ v.X("i", "j") @ v.b("j"),
    "a.T @ X.T @ X @ b": lambda _, v: v.a("i") @ v.X("k", "i") @ v.X("k", "j") @ v.b("j"),
    "sum((A @ x - b)**2)": lambda f, v: _least_squares(f, v.A("i", "k") @ v.x("k") - v.b("i")),
    "sum(A * X)": lambda f, v: f.sum(v.A("i", "j") * v.X("i", "j")),
    "A * x": lambda _, v: v.A("i") * v.x("i"),
    "norm(x)": lambda f, v: f.sqrt(f.sum(f.pow(v.x("i"), 2))),
    "tanh(A @ x)": lambda f, v: f.tanh(v.A("i", "k") @ v.x("k")),
    "sum(exp(A @ x))": lambda f, v: f.sum(f.exp(v.A("i", "k") @ v.x("k"))),
    "softmax(x, axis=0)": lambda f, v: f.softmax(v.x("i"), "i"),
    "logdet(X)": lambda f, v: f.log(f.det(v.X("i", "j"))),
    "det(X)": lambda f, v: f.det(v.X("i", "j")),
    "trace(inv(X) @ A)": lambda f, v: f.inverse(v.X("j", "i")) @ v.A("j", "i"),
    "a.T @ inv(X) @ b": lambda f, v: v.a("i") @ f.inverse(v.X("j", "i")) @ v.b("j"),
    "inv(X)": lambda f, v: f.inverse(v.X("j", "i")),
    "A @ X @ B": lambda _, v: v.A("i", "k") @ v.X("k", "l") @ v.B("l", "j"),
    "sum((W @ tanh(V @ X) - Y)**2)": lambda f, v: _least_squares(
        f, v.W("i", "k") @ f.tanh(v.V("k", "l") @ v.X("l", "j")) - v.Y("i", "j")
    ),
}
"""Edges are named instead of rows and columns; an inverse has its edges the other way round."""
