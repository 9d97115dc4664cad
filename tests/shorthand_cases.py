"""Arguments and shapes for names that are read as a use of another op."""

SHORTHANDS: dict[str, list[tuple[str, str]]] = {
    "vstack": [
        ("[A, B]", "A=m,n B=k,n"),
        ("[A, B]", "A=n B=n"),
        ("[A, B, A]", "A=b,m,n B=k,m,n"),
    ],
    "hstack": [
        ("[A, B]", "A=m,n B=m,k"),
        ("[A, B]", "A=m B=n"),
        ("[A, B]", "A=b,m,n B=b,1,n"),
    ],
    "column_stack": [
        ("[A, B]", "A=m B=m"),
        ("[A, B]", "A=m,n B=m"),
        ("[A, B]", "A=m,n B=m,1"),
    ],
    "ones_like": [("X", f"X={dims}") for dims in ("m,n", "1,n", "b,m,n", "")],
    "zeros_like": [("X", f"X={dims}") for dims in ("m,n", "1,n", "b,m,n", "")],
    "full_like": [("X, fill_value=3", "X=m,n"), ("X, 0.5", "X=m"), ("X, 2", "X=")],
    "full": [("[m, n], 3", ""), ("n, fill_value=0.5", ""), ("(b, 1), -2", "")],
    "vdot": [("A, B", "A=n B=n"), ("A, B", "A=m,n B=m,n"), ("A, B", "A= B=")],
    "addmm": [("C, A, B", "C=k A=m,n B=n,k"), ("C, A, B", "C=m,k A=m,n B=n,k")],
    "fliplr": [("X", "X=m,n"), ("X", "X=m,n,k")],
    "flipud": [("X", "X=m,n"), ("X", "X=n")],
    "flatten": [
        ("X", "X=m,n"),
        ("X, 1", "X=b,m,n"),
        ("X, start_dim=0, end_dim=1", "X=b,m,n"),
        ("X, 1, -2", "X=b,m,n,k"),
        ("X, 1", "X=m,n"),
    ],
    "diagflat": [("X", f"X={dims}") for dims in ("n", "m,1", "1,n", "m,n")],
    "vec": [("X", f"X={dims}") for dims in ("m,n", "1,n", "m,1", "1,1")],
}
