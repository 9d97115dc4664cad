"""How ops are called in expressions: by operators, by NumPy's names, as methods."""

INFIX_OPS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "@": "matmul",
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
    "power": "pow",
    "negative": "neg",
    "absolute": "abs",
    "greater": "gt",
    "less": "lt",
}
ELSEWHERE = {
    "crossentropyloss": "softmax_cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "nll_loss": "cross_entropy",
    "bceloss": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "bcewithlogitsloss": "binary_cross_entropy_with_logits",
    "mseloss": "mse",
    "mse_loss": "mse",
    "mean_squared_error": "mse",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    "sigma": "sigmoid",
    "σ": "sigmoid",
    "ln": "log",
    "avg": "mean",
    "average": "mean",
    "mm": "matmul",
    "bmm": "matmul",
    "mv": "matmul",
    "hadamard": "mul",
    "swish": "silu",
}
"""Names that other libraries, and people, have for an op; without regard to case."""
FORMULAS = {
    "silu": "{x} * sigmoid({x})",
    "mish": "{x} * tanh(softplus({x}))",
    "softsign": "{x} / (1 + abs({x}))",
    "tan": "sin({x}) / cos({x})",
    "sinh": "(exp({x}) - exp(-{x})) / 2",
    "cosh": "(exp({x}) + exp(-{x})) / 2",
    "norm": "sqrt(sum({x}**2))",
    "var": "mean(({x} - mean({x}))**2)",
    "std": "sqrt(mean(({x} - mean({x}))**2))",
    "logsumexp": "log(sum(exp({x})))",
}
"""What to write for an op that a later version reads, of one operand."""
PREFIXES = ("np", "numpy", "jnp")
METHODS = ("sum", "mean", "dot")
NOT_BUILT = frozenset(
    """gelu silu reshape concatenate concat stack split flip roll pad tile max min prod var std norm
    logsumexp cumsum elu selu hardtanh mish softsign sinh cosh tan arctan erf floor clip hinge huber
    kl_divergence nll cosine_similarity trace diag diagonal triu tril kron det logdet inv solve
    cross eye layer_norm batch_norm rms_norm group_norm dropout embedding conv1d conv2d
    conv_transpose2d max_pool2d avg_pool2d scaled_dot_product_attention pinv expm sqrtm cholesky
    matrix_power vec astype one_hot argmax arange""".split()  # noqa: SIM905 (read as a text)
)
"""Names of ops that a later version reads: refused by name, rather than called unknown."""
