"""Arguments and shapes for ops that pick by number; the picked-by are drawn as whole numbers."""

_CLASSES = [
    (f"{{0}}, {{1}}, axis={axis}{reduction}", f"{{0}}={scores} {{1}}={targets}")
    for reduction in ("", ', reduction="sum"', ', reduction="none"')
    for axis, scores, targets in (
        (1, "m,n", "m"),
        (0, "n,m", "m"),
        (-1, "n", ""),
        (1, "m,n,k", "m,k"),
        (-1, "b,m,n", "b,m"),
        (1, "1,n", "1"),
        (1, "m,1", "m"),
    )
]

LOOKUPS: dict[str, list[tuple[str, str]]] = {
    "one_hot": [
        ("ids, n", "ids=m"),
        ("ids, n", "ids=b,m"),
        ("ids, 4", "ids=m"),
        ("ids, n", "ids="),
        ("ids, n", "ids=m,1"),
        ("ids, 1", "ids=m"),
    ],
    "embedding": [
        ("ids, E", "ids=m E=n,k"),
        ("ids, E", "ids=b,m E=n,k"),
        ("ids, E", "ids=b,m,h E=n,k"),
        ("ids, E", "ids= E=n,k"),
        ("ids, E", "ids=m E=n"),
        ("ids, E", "ids=b,m E=n"),
        ("ids, E", "ids=m,1 E=n,k"),
        ("ids, E", "ids=1 E=n,k"),
        ("ids, E", "ids=m E=n,1"),
        ("ids, E", "ids=m E=1,k"),
        ("ids[:, 0], E", "ids=b,m E=n,k"),
    ],
    "take": [
        ("E, ids, axis=0", "ids=m E=n,k"),
        ("E, ids", "ids=b,m E=n"),
    ],
    "pick": [
        ("X, ids", "X=m,n ids=m"),
        ("X, ids", "X=b,m,n ids=b,m"),
        ("X, ids", "X=n ids="),
        ("X, ids", "X=m,1 ids=m"),
        ("X, ids", "X=1,n ids=1"),
        ("X, ids", "X=m,n ids=b,m"),
    ],
    "class_cross_entropy": _CLASSES,
    "class_softmax_cross_entropy": _CLASSES,
    "class_nll": _CLASSES,
}
