"""Arguments and shapes for ops that stand for a whole layer: attention, channels in groups."""

_ATTENTION = (
    ("m,n", "k,n", "k,h"),
    ("b,m,n", "b,k,n", "b,k,h"),
    ("b,m,n", "k,n", "k,h"),
    ("m,1", "k,1", "k,h"),
    ("1,n", "k,n", "k,1"),
    ("b,2,m,n", "b,2,k,n", "b,2,k,3"),
)


def _attended(more: str, also: str = "") -> list[tuple[str, str]]:
    return [
        (f"Q, K, V{more}", f"Q={queries} K={keys} V={values}{also}")
        for queries, keys, values in _ATTENTION
    ]


LAYERS: dict[str, list[tuple[str, str]]] = {
    "masked_softmax": [
        ("X, tril(ones(m, n)), axis=1", "X=m,n"),
        ("X, tril(ones(m, n)), axis=-1", "X=b,m,n"),
        ("X, M**2, axis=0", "X=m,n M=m,n"),
        ("X, M**2, axis=-1", "X=b,m,n M=n"),
        ("X, M**2, axis=-1", "X=b,m,n M=b,1,n"),
        ("X, M**2, axis=0", "X=n M=n"),
    ],
    "scaled_dot_product_attention": [
        *_attended(""),
        *_attended(", is_causal=True"),
        *_attended(", scale=0.5"),
        *_attended(", mask", " mask=m,k")[:3],
        *_attended(", mask=mask", " mask=1,k")[:2],
        ("Q, K, V, mask", "Q=b,m,n K=b,k,n V=b,k,h mask=b,1,k"),
        ("Q, K, V, mask", "Q=m,n K=k,n V=k,h mask=k"),
    ],
    "group_norm": [
        ("X, gamma, beta, groups=2", "X=m,2*n gamma=2*n beta=2*n"),
        ("X, gamma, beta, groups=2, eps=0.1", "X=m,2*n,k gamma=2*n beta=2*n"),
        ("X, groups=k", "X=m,k*n"),
        ("X, gamma, groups=3", "X=b,6,n,k gamma=6"),
        ("X, groups=1", "X=m,n"),
    ],
    "instance_norm": [
        ("X, gamma, beta", "X=m,n,k gamma=n beta=n"),
        ("X, gamma, eps=0.1", "X=b,m,n,k gamma=m"),
        ("X", "X=m,1,k"),
    ],
}
