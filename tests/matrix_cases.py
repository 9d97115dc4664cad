"""Arguments and shapes for linear algebra: matrices, stacks of them, and 1 x 1."""

MATRICES: dict[str, list[tuple[str, str]]] = {
    "inv": [("A", f"A={dims}") for dims in ("n,n", "1,1", "b,m,m", "k,b,m,m", "b,1,1")],
    "det": [("A", f"A={dims}") for dims in ("n,n", "1,1", "b,m,m", "k,b,m,m", "b,1,1", "1,m,m")],
    "logdet": [
        ("A @ A.T", "A=m,n"),
        ("A.T @ A + s**2 * eye(m)", "A=n,m s="),
        ("A @ A.mT", "A=b,m,n"),
        ("A", "A=1,1"),
    ],
    "matrix_power": [
        *((f"A, {power}", "A=n,n") for power in (1, 2, 3, -1, -2)),
        ("A, n=3", "A=b,m,m"),
    ],
    "solve": [
        ("A, B", "A=n,n B=n,k"),
        ("A, B", "A=n,n B=n"),
        ("A, B", "A=n,n B=n,1"),
        ("A, B", "A=1,1 B=1,k"),
        ("A, B", "A=1,1 B=1,1"),
        ("A, B", "A=b,m,m B=b,m,k"),
        ("A, B", "A=m,m B=b,m,k"),
        ("A, B", "A=b,m,m B=m,k"),
        ("A, B", "A=b,m,m B=m"),
        ("A, B", "A=b,1,m,m B=k,m,n"),
        ("A @ A.T + eye(m), A @ v", "A=m,n v=n"),
    ],
    "kron": [
        ("A, B", "A=m,n B=k,b"),
        ("A, B", "A=m,n B=k,1"),
        ("A, B", "A=1,n B=k,b"),
        ("A, B", "A=1,1 B=1,k"),
        ("A, B", "A=m B=n"),
        ("A, B", "A=1 B=n"),
        ("A, eye(b)", "A=m,n"),
    ],
    "arange": [("m", ""), ("1", ""), ("3", ""), ("m + n", "")],
    "inner": [
        ("A, B", "A=n B=n"),
        ("A, B", "A=m,n B=k,n"),
        ("A, B", "A=m,n B=n"),
        ("A, B", "A=n B=k,n"),
        ("A, B", "A=b,m,n B=k,n"),
        ("A, B", "A=m,1 B=k,1"),
    ],
    "tensordot": [
        ("A, B, 1", "A=m,n B=n,k"),
        ("A, B, axes=1", "A=b,m,n B=n,k"),
        ("A, B", "A=b,m,n B=m,n,k"),
        ("A, B, 0", "A=m B=n"),
        ("A, B, axes=([1], [1])", "A=m,n B=k,n"),
        ("A, B, axes=((0, 2), (1, 0))", "A=b,m,n B=n,b,k"),
        ("A, B, axes=(-1, 0)", "A=m,n B=n"),
        ("A, B, 2", "A=m,1 B=m,1"),
    ],
    "cross": [
        ("A, B", "A=3 B=3"),
        ("A, B", "A=m,3 B=m,3"),
        ("A, B", "A=m,3 B=3"),
        ("A, B", "A=3 B=b,1,3"),
        ("A, B", "A=b,1,3 B=m,3"),
    ],
    "pinv": [("A", f"A={dims}") for dims in ("m,n", "n,m", "n,n", "1,1", "m,1", "1,n")],
    **{
        name: [("A", "A=n,n"), ("A", "A=1,1"), ("s * A + A.T", "A=m,m s=")]
        for name in ("expm", "sinm", "cosm")
    },
    **{
        f"{name}_frechet": [
            ("A, E", "A=n,n E=n,n"),
            ("A, E", "A=1,1 E=1,1"),
            ("A.T, B @ C", "A=m,m B=m,n C=n,m"),
        ]
        for name in ("expm", "sinm", "cosm")
    },
    "sqrtm": [("A + 9 * eye(m)", "A=m,m"), ("A @ A.T", "A=m,n"), ("A**2", "A=1,1")],
    "solve_sylvester": [
        ("A + 4 * eye(m), B, C", "A=m,m B=n,n C=m,n"),
        ("A, B, C", "A=1,1 B=n,n C=1,n"),
        ("A, B, C", "A=m,m B=1,1 C=m,1"),
        ("A + 4 * eye(m), A.T, C @ C.T", "A=m,m C=m,n"),
    ],
    "kron_sum_inverse": [("A, B", "A=m,m B=n,n")],
    "cholesky": [
        ("A + A.T + 9 * eye(m)", "A=m,m"),
        ("A @ A.T", "A=m,n"),
        ("A**2", "A=1,1"),
        ("A @ A.mT + eye(m)", "A=b,m,n"),
    ],
    **{  # whose own derivatives are not known
        f"{name}_jacobian": [("eye(m) + ones(m, m)", "")] for name in ("expm", "sinm", "cosm")
    },
    "leading_outer": [("tril(ones(m, n))", ""), ("ones(n, 1)", "")],
}
