"""Attention: how much each position takes of each other one, as a product of matrices."""

from collections.abc import Mapping

from shapecalc.dims import Shape
from shapecalc.ops.array import Array, np
from shapecalc.ops.binding import ShapeMismatch
from shapecalc.ops.registry import op
from shapecalc.tree import Attribute

Shapes = tuple[Shape, ...]
Given = Mapping[str, Attribute]


@op(
    "X[..., c], M[...] -> Y[..., c]",
    definition="M * exp(X) / sum(M * exp(X), axis=axis, keepdims=True)",
    jacobian={"X": "Y[..., c] δ[c,p] - Y[..., c] Y[..., p]"},
    axis="c",
    takes_logits="softmax",
)
def masked_softmax(X: Array, M: Array, *, axis: int) -> Array:
    """Turn the scores where M is 1 into probabilities along an axis; put 0 where M is 0.

    That is softmax where all other scores are minus infinity.
    """
    scores = M * np.exp(X - np.max(X, axis=axis, keepdims=True))
    return np.asarray(scores / np.sum(scores, axis=axis, keepdims=True))


def _letters(shapes: Shapes, given: Given) -> str:
    if min(len(shape) for shape in shapes[:3]) < 2:
        fact = "attention takes queries, keys and values with a row for each position"
        raise ShapeMismatch("SC303", fact, help="give each of them two axes or more")
    if given["dropout_p"] != 0:
        advice = "write its equations, with `dropout(P, M, p=…)` for the mask that is given"
        raise ShapeMismatch("SC212", "dropout inside of attention is not read", help=advice)
    if given["is_causal"] is True and shapes[3]:
        fact = "`is_causal=True` and a mask are both given"
        raise ShapeMismatch("SC210", fact, help="keep one of them")
    mask = _mask_letters(shapes[3])
    return f"Q[..., i, e], K[..., j, e], V[..., j, f], mask[{mask}] -> Y[..., i, f]"


def _mask_letters(shape: Shape) -> str:
    """Let a mask repeat along positions too, where its axes are unit axes."""
    own = [
        f"u{place}" if dim.is_one else letter
        for place, (letter, dim) in enumerate(zip("ji", reversed(shape), strict=False))
    ]
    return ", ".join([*["..."] * (len(shape) > 2), *reversed(own)])


def _weighted(shapes: Shapes, given: Given) -> str:
    """Write the product out: scores, their shares, and what these take of the values."""
    scale = "/ sqrt(e)" if given["scale"] is None else "* scale"
    scores = f"Q @ matrix_transpose(K) {scale}"
    if given["is_causal"] is True:
        return f"masked_softmax({scores}, tril(ones(i, j)), axis=-1) @ V"
    return f"softmax({scores}{' + mask' if shapes[3] else ''}, axis=-1) @ V"


@op(_letters, definition=_weighted, sizes=("i", "j", "e"), positional=3)
def scaled_dot_product_attention(
    Q: Array,
    K: Array,
    V: Array,
    mask: Array | float = 0,
    *,
    dropout_p: float = 0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Take of the values V as much as keys K are like queries Q: softmax(Q @ K.mT / sqrt(e)) @ V.

    A mask is added to the scores. With `is_causal` no position takes from a later one.
    """
    if dropout_p:
        raise ValueError("what is dropped is not given")
    factor = 1 / np.sqrt(Q.shape[-1]) if scale is None else scale
    scores = Q @ np.swapaxes(K, -1, -2) * factor + mask
    if is_causal:
        scores = np.where(np.tril(np.ones(scores.shape[-2:])) > 0, scores, -np.inf)
    P = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return np.asarray(P / np.sum(P, axis=-1, keepdims=True) @ V)
