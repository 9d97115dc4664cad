"""How ops are called in expressions: by operators, by the libraries' names, as methods."""

from typing import NamedTuple

INFIX_OPS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "@": "matmul",
    "//": "div",
    "**": "pow",
    ">": "gt",
    ">=": "ge",
    "<": "lt",
    "<=": "le",
    "==": "eq",
    "!=": "ne",
}
ALIASES = {
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "true_divide": "div",
    "power": "pow",
    "negative": "neg",
    "absolute": "abs",
    "fabs": "abs",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "equal": "eq",
    "not_equal": "ne",
    "amax": "max",
    "amin": "min",
    "swish": "silu",
    "log_sigmoid": "logsigmoid",
    "hard_tanh": "hardtanh",
    "hard_sigmoid": "hardsigmoid",
    "soft_sign": "softsign",
    "clamp": "clip",
    "atan": "arctan",
    "expit": "sigmoid",
    "mse_loss": "mse",
    "l1_loss": "l1",
    "mae": "l1",
    "smooth_l1_loss": "smooth_l1",
    "huber_loss": "huber",
    "hinge_loss": "hinge",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "permute_dims": "permute",
    "movedim": "moveaxis",
    "swapdims": "swapaxes",
    "concat": "concatenate",
    "cat": "concatenate",
    "repeat_interleave": "repeat",
    "view": "reshape",
    "t": "transpose",
    "σ": "sigmoid",
    "inverse": "inv",
    "matrix_exp": "expm",
    "pinverse": "pinv",
    "tr": "trace",
    "identity": "eye",
    "average": "mean",
    "float_power": "pow",
    "expand": "broadcast_to",
    "ger": "outer",
}
"""Other names of an op that mean just the same, whoever writes them."""
WITH_MORE = {"transpose": "permute"}
"""The op that is meant where a call gives more than the operands of the one that it names."""

OF_CLASSES = {
    "cross_entropy": "class_cross_entropy",
    "softmax_cross_entropy": "class_softmax_cross_entropy",
    "nll": "class_nll",
}
"""The loss that is meant where targets lack the class axis: they are numbers of classes."""

NUMPY, SCIPY, TORCH, JAX = "NumPy", "SciPy", "PyTorch", "JAX"
SCIPY_LINALG = "SciPy's linalg"
TORCH_LINALG = "PyTorch's linalg"
PREFIXES = {
    "np": NUMPY,
    "numpy": NUMPY,
    "np.linalg": NUMPY,
    "numpy.linalg": NUMPY,
    "math": NUMPY,
    "jnp": NUMPY,
    "jnp.linalg": NUMPY,
    "jax.numpy": NUMPY,
    "jax.numpy.linalg": NUMPY,
    "scipy.special": SCIPY,
    "jax.scipy.special": SCIPY,
    "scipy.linalg": SCIPY_LINALG,
    "jax.scipy.linalg": SCIPY_LINALG,
    "linalg": SCIPY_LINALG,
    "jax.nn": JAX,
    "torch": TORCH,
    "torch.linalg": TORCH_LINALG,
    "torch.special": TORCH,
    "torch.nn.functional": TORCH,
    "nn.functional": TORCH,
    "F": TORCH,
}
"""What stands before a name, and whose names they are. NumPy's are also those without a prefix."""


class Meaning(NamedTuple):
    """The op that a name stands for, and what is taken for an attribute that is not given."""

    op: str
    defaults: tuple[tuple[str, int | str], ...] = ()


def _same(names: str) -> dict[str, Meaning]:
    return {name: Meaning(ALIASES.get(name, name)) for name in names.split()}


LIBRARIES = {
    SCIPY: _same("erf expit logsumexp softmax log_softmax exp2 expm1 log1p"),
    SCIPY_LINALG: _same("expm sinm cosm sqrtm expm_frechet solve_sylvester inv det pinv solve"),
    JAX: {
        **_same(
            """relu relu6 sigmoid softplus silu swish log_sigmoid elu selu leaky_relu hard_tanh
            hard_sigmoid soft_sign mish logsumexp one_hot"""
        ),
        "gelu": Meaning("gelu", (("approximate", "tanh"),)),
        "softmax": Meaning("softmax", (("axis", -1),)),
        "log_softmax": Meaning("log_softmax", (("axis", -1),)),
        "standardize": Meaning("standardize", (("axis", -1),)),
    },
    TORCH_LINALG: _same("norm vector_norm inv det solve matmul cross pinv cholesky matrix_exp"),
    TORCH: {
        **_same(
            """abs absolute neg negative exp exp2 expm1 log log1p log2 log10 sqrt rsqrt square
            reciprocal pow sin cos tan sinh cosh tanh arctan atan erf sign floor ceil clip clamp
            sigmoid relu relu6 elu selu silu mish gelu softplus softsign hardtanh hardsigmoid
            logsigmoid leaky_relu softmax log_softmax logsumexp sum mean amax amin prod where
            maximum minimum add sub subtract mul multiply div divide true_divide gt greater ge
            greater_equal lt less le less_equal eq ne not_equal matmul outer einsum zeros ones
            broadcast_to squeeze permute swapaxes swapdims moveaxis movedim reshape ravel
            concat cat concatenate
            stack flip roll cumsum triu tril trace tile repeat_interleave expit binary_cross_entropy
            binary_cross_entropy_with_logits mse_loss l1_loss smooth_l1_loss huber_loss kl_div
            view t masked_fill linear inverse pinverse det logdet kron cross inner arange eye
            one_hot embedding scaled_dot_product_attention
            vstack hstack column_stack ones_like zeros_like full_like vdot addmm flatten diag
            diagonal tensordot expand ger full fliplr flipud logaddexp
            conv1d conv2d conv_transpose1d conv_transpose2d matrix_exp
            max_pool1d max_pool2d avg_pool1d avg_pool2d"""
        ),
        "mm": Meaning("matmul"),
        "bmm": Meaning("matmul"),
        "mv": Meaning("matmul"),
        "dot": Meaning("matmul"),
        "unsqueeze": Meaning("expand_dims"),
        "transpose": Meaning("swapaxes"),
        "norm": Meaning("vector_norm"),
        "var": Meaning("var", (("ddof", 1),)),
        "std": Meaning("std", (("ddof", 1),)),
        "normalize": Meaning("normalize", (("axis", 1),)),
        "cosine_similarity": Meaning("cosine_similarity", (("axis", 1),)),
        "cross_entropy": Meaning("softmax_cross_entropy", (("axis", 1),)),
        "nll_loss": Meaning("nll", (("axis", 1),)),
    },
}
"""The names of each library that are read, with its defaults where they are not the op's own."""

_SPLITS = {"hsplit": "columns", "vsplit": "rows"}
SPLITS = {
    NUMPY: {"split": "parts", "array_split": "parts", "unstack": "unbind", **_SPLITS},
    TORCH: {
        "split": "size",
        "split_with_sizes": "size",
        "chunk": "parts",
        "tensor_split": "parts",
        "unbind": "unbind",
        **_SPLITS,
    },
}
"""What makes several values of one, and what it is told: how many parts, or their size."""

OTHERWISE = {
    (TORCH, "max"): "torch's `max` along an axis is a pair: write `torch.amax`",
    (TORCH, "min"): "torch's `min` along an axis is a pair: write `torch.amin`",
    (TORCH, "layer_norm"): "write `layer_norm(X, gamma, beta, axis=-1)`, the axes of the features",
    (TORCH, "rms_norm"): "write `rms_norm(X, gamma, axis=-1)`, the axes of the features",
    (TORCH, "batch_norm"): "write `batch_norm(X, gamma, beta, axis=0)` for training, else"
    " `batch_norm_inference(X, mean, var, gamma, beta)`",
    (TORCH, "pad"): "write `pad(X, ((0, 0), (1, 2)))`, pairs from the first axis on",
    (JAX, "dot_product_attention"): "write `scaled_dot_product_attention(Q, K, V)`, whose heads are"
    " in front of the positions",
    (TORCH, "group_norm"): "write `group_norm(X, gamma, beta, groups=8)`, say",
    (TORCH, "instance_norm"): "write `instance_norm(X, gamma, beta)`",
    (TORCH, "gather"): "write `pick(X, ids)` for one entry of each row",
    (NUMPY, "take_along_axis"): "write `pick(X, ids)` for one entry of each row",
    (TORCH, "index_select"): "write `embedding(ids, X)` for rows of X",
    (TORCH, "dropout"): "write `dropout(X, mask, p=0.5)`, with the mask as an input",
}
"""Names whose arguments are others than the op's: what to write."""

KEYWORDS = {
    "dim": "axis",
    "num_classes": "n",
    "query": "Q",
    "key": "K",
    "value": "V",
    "attn_mask": "mask",
    "keepdim": "keepdims",
    "correction": "ddof",
    "unbiased": "ddof",
    "p": "ord",
    "bias": "c",
    "weight": "W",
    "epsilon": "eps",
    "strides": "stride",
    "window_shape": "kernel_size",
    "dims": "axis",
    "shifts": "shift",
    "diagonal": "k",
    "negative_slope": "slope",
    "min_val": "lo",
    "max_val": "hi",
    "min": "lo",
    "max": "hi",
    "a_min": "lo",
    "a_max": "hi",
}
"""Keywords of other libraries, where an op has an attribute or operand of the second name."""

MORE_KEYWORDS = {"dims": "axes", "weight": "E", "bias": "b"}
"""The same, for ops that have not what the keyword means elsewhere."""

WITH_LESS = {"clip": {"lo": "maximum", "hi": "minimum"}}
"""The op that is meant where all but one of the operands behind the first are left out."""

PAIRWISE = {"max": "maximum", "min": "minimum"}
"""The op of two operands that people mean where they give two to the one of an axis."""

ELSEWHERE = {
    "crossentropyloss": "softmax_cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "nll_loss": "nll",
    "nllloss": "nll",
    "l1loss": "l1",
    "mean_absolute_error": "l1",
    "smoothl1loss": "smooth_l1",
    "huberloss": "huber",
    "kldivloss": "kl_div",
    "kl": "kl_divergence",
    "layernorm": "layer_norm",
    "batchnorm": "batch_norm",
    "batchnorm1d": "batch_norm",
    "rmsnorm": "rms_norm",
    "groupnorm": "group_norm",
    "instancenorm2d": "instance_norm",
    "zscore": "standardize",
    "bceloss": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "bcewithlogitsloss": "binary_cross_entropy_with_logits",
    "mseloss": "mse",
    "mean_squared_error": "mse",
    "logistic": "sigmoid",
    "sigma": "sigmoid",
    "ln": "log",
    "avg": "mean",
    "average": "mean",
    "mm": "matmul",
    "bmm": "matmul",
    "mv": "matmul",
    "hadamard": "mul",
    "conv": "conv2d",
    "convolve": "conv1d",
    "correlate": "conv1d",
    "convtranspose2d": "conv_transpose2d",
    "maxpool2d": "max_pool2d",
    "avgpool2d": "avg_pool2d",
    "sliding_window_view": "sliding_windows",
}
"""Names that other libraries, and people, have for an op; without regard to case."""
METHODS = (
    *("sum", "mean", "max", "min", "prod", "var", "std", "dot", "transpose", "permute"),
    *("swapaxes", "reshape", "ravel", "flatten", "squeeze", "repeat", "cumsum", "trace"),
    "diagonal",
    *("matmul", "inverse", "det", "logdet"),
)
METHODS_OF_TORCH = (
    *("view", "unsqueeze", "t", "pow", "exp", "log", "sqrt", "square", "abs", "relu", "sigmoid"),
    *("tanh", "softmax", "log_softmax", "logsumexp", "clamp", "mm", "bmm", "mv", "norm", "add"),
    *("sub", "mul", "div", "masked_fill", "triu", "tril", "flip", "roll", "tile"),
    *("amax", "amin", "expand", "clip", "inner", "outer", "diag", "softplus", "erf", "neg"),
)
"""Methods of PyTorch's that arrays of NumPy's do not have."""
NOT_BUILT = frozenset(
    """astype argmax argmin argsort sort median eig eigh eigvals eigvalsh svd svdvals qr lu schur
    logm matrix_rank""".split()  # noqa: SIM905 (read as a text)
)
"""Names of ops that a later version reads: refused by name, rather than called unknown."""


def meaning(library: str, name: str) -> Meaning | None:
    """Return what a name stands for in a library; None where it is none of its names."""
    if library == NUMPY:
        return Meaning(ALIASES.get(name, name))
    return LIBRARIES[library].get(name)
