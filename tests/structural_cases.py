"""Arguments and shapes for the ops that put entries elsewhere, over ranks 1 to 4."""

Cases = list[tuple[str, str]]


def _along(arguments: str, *more: tuple[str, str]) -> Cases:
    """State an op along every axis of ranks 1 to 4, counted from either end."""
    shapes = ("m", "m,n", "b,m,n", "b,m,n,k")
    cases = [
        (arguments.format(axis=axis), f"X={dims}")
        for dims in shapes
        for axis in (0, dims.count(","), -1, -len(dims.split(",")))
    ]
    return [*dict.fromkeys(cases), (arguments.format(axis=1), "X=m,1"), *more]


STRUCTURAL: dict[str, Cases] = {
    "slice": [
        ("X, ((1, 0),)", "X=m"),
        ("X, ((0, 2),), (0,)", "X=3"),
        ("X, ((1, 1), (0, 2))", "X=m,n"),
        ("X, ((2, 0), (0, n - 1)), (1,)", "X=m,n"),
        ("X, ((0, 0), (1, m + n - 2), (0, 0)), (1,)", "X=b,m+n,k"),
        ("X, ((0, 0), (0, h - 1), (2, 0), (0, 0))", "X=b,h,n,m"),
        ("X, ((0, 0), (0, 1))", "X=1,n"),
        ("X, ((0, 0), (1, 0))", "X=1,n"),
        ("X, ((0, h - 1), (0, n - 1)), (0, 1)", "X=h,n"),
    ],
    "pad": [
        ("X, 1", "X=m"),
        ("X, (h, 0)", "X=m"),
        ("X, ((1, 0), (0, 2))", "X=m,n"),
        ("X, ((0, 0), (1, 2))", "X=m,1"),
        ("X, ((1, 0), (0, 0), (0, n))", "X=b,m,k"),
        ("X, ((1, 1), (0, 0), (0, 0), (0, 1))", "X=b,m,1,k"),
        ("X, 0", "X=m,n"),
    ],
    "concatenate": [
        ("[A, B]", "A=m B=n"),
        ("[A, B], axis=0", "A=m,k B=n,k"),
        ("[A, B], axis=-1", "A=m,n B=m,k"),
        ("[A, B, A], axis=1", "A=m,n B=m,1"),
        ("[A], axis=1", "A=m,n"),
        ("[A, B], axis=1", "A=b,m,1 B=b,n,1"),
        ("[A, B], axis=-2", "A=b,k,m,n B=b,k,h,n"),
    ],
    "stack": [
        ("[A, B]", "A=m B=m"),
        ("[A, B, A], axis=-1", "A=m B=m"),
        ("[A, B], axis=1", "A=m,n B=m,n"),
        ("[A, B], axis=0", "A= B="),
        ("[A], axis=0", "A=m,1"),
        ("[A, B], axis=2", "A=b,m,n B=b,m,n"),
    ],
    "reshape": [
        ("X, [m, n]", "X=m*n"),
        ("X, [n, m]", "X=m,n"),
        ("X, [n * h, k]", "X=n,h,k"),
        ("X, [n, h, -1]", "X=n,h*k"),
        ("X, [n * h, k]", "X=n,h*k"),
        ("X, [b, m, n * k]", "X=b*m,n,k"),
        ("X, [n, 1, m]", "X=n,m"),
        ("X, [n, m]", "X=1,n,1,m"),
        ("X, [b, m, n, k]", "X=b*m*n,k"),
        ("X, -1", "X=m,n"),
        ("X, [1, 1]", "X="),
        ("X, [2, 6]", "X=3,4"),
    ],
    "ravel": [("X", f"X={dims}") for dims in ("m", "m,n", "b,m,n", "m,1", "")],
    "flip": _along("X, axis={axis}", ("X", "X=m,n"), ("X, axis=(0, -1)", "X=b,m,n")),
    "roll": _along("X, 2, axis={axis}", ("X, -1, axis=1", "X=m,n"), ("X, h, axis=0", "X=m,n")),
    "tile": [
        ("X, 2", "X=m"),
        ("X, h", "X=m,n"),
        ("X, (2, 3)", "X=m,n"),
        ("X, (h, 1)", "X=1,n"),
        ("X, (1, 2, 1)", "X=b,m,n"),
        ("X, (2, 1, 3, 1)", "X=b,m,1,n"),
    ],
    "repeat": _along("X, 3, axis={axis}", ("X, h, axis=0", "X=m,n"), ("X, 1, axis=0", "X=m,n")),
    "cumsum": _along("X, axis={axis}"),
    "triu": [
        (f"X{k}", f"X={dims}")
        for dims in ("m,n", "n,m", "m,1", "b,m,n", "h,b,m,n")
        for k in ("", ", 1", ", k=-1")
    ],
    "tril": [
        (f"X{k}", f"X={dims}")
        for dims in ("m,n", "n,m", "1,n", "b,m,n", "h,b,m,n")
        for k in ("", ", 1", ", k=-1")
    ],
    "trace": [("X", "X=m,m"), ("X", "X=1,1")],
    "diagonal": [("X", "X=m,m"), ("X", "X=1,1")],
    "diag": [("X", "X=m,m"), ("X", "X=m"), ("X", "X=1")],
    "eye": [("m", ""), ("1", "")],
}
