"""Calls of the ops that pasted code has: arguments and shapes, as tests/oracles.py takes them."""

PASTED: dict[str, list[tuple[str, str]]] = {
    "linear": [
        ("X, W, c", "X=m,n W=k,n c=k"),
        ("X, W", "X=m,n W=k,n"),
        ("X, W, c", "X=b,m,n W=k,n c=k"),
        ("X, W, c", "X=n W=k,n c=k"),
        ("X, W, c", "X=m,n W=k,n c="),
        ("X, W", "X=h,b,m,n W=n,n"),
    ],
    "masked_fill": [
        ("X, M, -3", "X=m,n M=m,n"),
        ("X, M, value=0.5", "X=b,m,n M=m,n"),
        ("X, M, -3", "X=m,n M=n"),
        ("X, M, -3", "X= M="),
    ],
}
