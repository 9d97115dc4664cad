"""Printed gradients beside the textbooks': at most twice as long, and the textbook's is right.

Length is counted in tokens: names, numbers, operators and brackets. For the table, run
`python tests/test_lengths.py`.
"""

import re
from typing import NamedTuple

import pytest
from checking import json_of, length, report_on

CS231N = "cs231n notes"
TORCH = "PyTorch, derivatives.yaml"
FLASH = "Dao et al. 2022, FlashAttention, appendix B"
GREFF = "Greff et al. 2017, LSTM: A Search Space Odyssey"
COOKBOOK = "Petersen and Pedersen, The Matrix Cookbook"
BOOK = "Goodfellow, Bengio, Courville, Deep Learning, 6.5"
GILES = "Giles 2008, Collected matrix derivative results"
VAE = "Kingma and Welling 2014, appendix B"


class Network(NamedTuple):
    """A piece of a network: shapes of params | of inputs, equations, what is handed a gradient."""

    shapes: str
    forward: str
    upstream: str = ""

    @property
    def spec(self) -> str:
        """Return it as a spec that leaves all sizes open."""
        dims = dict.fromkeys(re.findall("[=,]([a-z])", self.shapes))
        params, _, inputs = self.shapes.partition("|")
        given = f"params:{_listed(params)}\ninputs:{_listed(inputs) or ' {}'}\n"
        lines = "".join(f"\n  {line}" for line in self.forward.split("; "))
        upstream = f"upstream: [{self.upstream}]\n" if self.upstream else ""
        head = f"dims: [{', '.join(dims)}]\nconstants: {{eps: 1.0e-5}}\n"
        return f"{head}{given}{upstream}forward: |{lines}\n"


def _listed(shapes: str) -> str:
    pairs = (pair.partition("=")[::2] for pair in shapes.split())
    return "".join(f"\n  {name}: [{shape}]" for name, shape in pairs)


class Row(NamedTuple):
    """A gradient as a source has it: what of, where, and the formula in the names of a network."""

    name: str
    source: str
    network: Network
    gradient: str
    textbook: str


SOFTMAX = Network("Z=m,k", "P = softmax(Z, axis=1)", "P")
BY_HAND = Network("Z=m,k", "P = exp(Z) / sum(exp(Z), axis=1, keepdims=True)", "P")
LOG_SOFTMAX = Network("Z=m,k", "L = log_softmax(Z, axis=1)", "L")
CLASSIFIER = Network(
    "X=m,n W=n,k b=k | Y=m,k",
    "Z = X @ W + b; P = softmax(Z, axis=1); J = cross_entropy(P, Y, axis=1)",
)
TWO_LAYERS = Network(
    "X=m,n W1=n,h b1=h W2=h,k | y=m,k",
    "U1 = X @ W1 + b1; H = relu(U1); U2 = H @ W2; L = softmax_cross_entropy(U2, y, axis=1);"
    " J = L + eps * (sum(W1**2) + sum(W2**2))",
)
BATCH_NORM = Network("X=m,n g=n b=n", "Y = batch_norm(X, g, b, axis=0, eps=eps)", "Y")
SPELLED = Network("X=m,n", "N = (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + eps)", "N")
LAYER_NORM = Network("X=b,t,n g=n c=n", "Y = layer_norm(X, g, c, eps=eps)", "Y")
RESIDUAL = Network("X=m,n g=n W=n,n", "N = layer_norm(X, g, eps=eps); Y = X + N @ W", "Y")
RMS_NORM = Network("X=m,n g=n", "Y = rms_norm(X, g, eps=eps)", "Y")
NORMALIZE = Network("X=m,n", "Y = normalize(X, axis=1)", "Y")
ATTENTION = Network(
    "Q=b,t,e K=b,s,e V=b,s,d",
    "S = Q @ K.mT / sqrt(e); P = softmax(S, axis=-1); O = P @ V",
    "O",
)
WHOLE_ATTENTION = Network("Q=t,e K=s,e V=s,d", "O = softmax(Q @ K.T / sqrt(e), axis=1) @ V", "O")
LSTM = Network(
    "zi=h,m zf=h,m zo=h,m zg=h,m C0=h,m",
    "i = sigmoid(zi); f = sigmoid(zf); o = sigmoid(zo); g = tanh(zg); C = f * C0 + i * g;"
    " H = o * tanh(C)",
    "H",
)
GRU = Network("z=h,m H0=h,m c=h,m", "H = (1 - z) * c + z * H0", "H")
RNN = Network(
    "X1=m,n X2=m,n S=m,h Wx=n,h Wh=h,h",
    "H1 = tanh(X1 @ Wx + S @ Wh); H2 = tanh(X2 @ Wx + H1 @ Wh)",
    "H1, H2",
)
TIED = Network("X=m,n W=n,h", "H = tanh(X @ W); R = H @ W.T; J = mse(R, X)")
LINEAR_REGRESSION = Network("X=m,n w=n y=m", "J = mean((X @ w - y)**2)")
LOGISTIC = Network("X=m,n w=n y=m", "z = X @ w; a = sigmoid(z); J = binary_cross_entropy(a, y)")
QUADRATIC = Network("x=n,1 A=n,n", "J = sum(x.T @ A @ x)")
INVERSE = Network("A=n,n", "C = inv(A)", "C")
LOGDET = Network("A=n,n", "J = logdet(A)")
DIVERGENCE = Network("mu=m,d logvar=m,d", "J = -0.5 * sum(1 + logvar - mu**2 - exp(logvar))")
SILU = Network("X=m,n", "Y = silu(X)", "Y")
GATED = Network("X=m,n W=n,h V=n,h", "A = X @ W; B = X @ V; Y = silu(A) * B", "Y")
EXPERTS = Network("g=m,1 A=m,k B=m,k", "Y = g * A + (1 - g) * B", "Y")
CONVOLUTION = Network("X=n,c,h,w K=o,c,r,r b=o", "Y = conv2d(X, K, b, padding=1)", "Y")
EMBEDDING = Network("E=v,d X=m,v", "H = X @ E", "H")

ROWS = [
    Row("softmax", TORCH, SOFTMAX, "dZ", "P * (dP - sum(dP * P, axis=1, keepdims=True))"),
    Row("softmax, written out", TORCH, BY_HAND, "dZ",
        "P * (dP - sum(dP * P, axis=1, keepdims=True))"),
    Row("log-softmax", TORCH, LOG_SOFTMAX, "dZ", "dL - exp(L) * sum(dL, axis=1, keepdims=True)"),
    Row("softmax and cross-entropy", CS231N, CLASSIFIER, "dZ", "(P - Y) / m"),
    Row("a layer's weight", CS231N, CLASSIFIER, "dW", "X.T @ dZ"),
    Row("a layer's bias", CS231N, CLASSIFIER, "db", "sum(dZ, axis=0)"),
    Row("weight decay", BOOK, TWO_LAYERS, "dW2", "H.T @ dU2 + 2 * eps * W2"),
    Row("scores before weight decay", BOOK, TWO_LAYERS, "dU2", "(softmax(U2, axis=1) - y) / m"),
    Row("hidden layer", BOOK, TWO_LAYERS, "dU1", "dH * (U1 > 0)"),
    Row("batch norm", f"{CS231N}, and Ioffe and Szegedy 2015", BATCH_NORM, "dX",
        "g / (m * sqrt(var(X, axis=0) + eps)) * (m * dY - sum(dY, axis=0)"
        " - standardize(X, axis=0, eps=eps) * sum(dY * standardize(X, axis=0, eps=eps), axis=0))"),
    Row("batch norm, written out", CS231N, SPELLED, "dX",
        "(dN - mean(dN, axis=0) - N * mean(dN * N, axis=0)) / sqrt(var(X, axis=0) + eps)"),
    Row("layer norm", "llm.c, layernorm_backward", LAYER_NORM, "dX",
        "(dY * g - mean(dY * g, axis=-1, keepdims=True) - standardize(X, axis=-1, eps=eps)"
        " * mean(dY * g * standardize(X, axis=-1, eps=eps), axis=-1, keepdims=True))"
        " / sqrt(var(X, axis=-1, keepdims=True) + eps)"),
    Row("layer norm beside a residual", "llm.c, layernorm_backward", RESIDUAL, "dX",
        "dY + (dN * g - mean(dN * g, axis=-1, keepdims=True) - standardize(X, axis=-1, eps=eps)"
        " * mean(dN * g * standardize(X, axis=-1, eps=eps), axis=-1, keepdims=True))"
        " / sqrt(var(X, axis=-1, keepdims=True) + eps)"),
    Row("RMS norm", "Zhang and Sennrich 2019", RMS_NORM, "dX",
        "(dY * g - rms_standardize(X, axis=1, eps=eps) * mean(dY * g"
        " * rms_standardize(X, axis=1, eps=eps), axis=1, keepdims=True))"
        " / sqrt(mean(X**2, axis=1, keepdims=True) + eps)"),
    Row("normalize", TORCH, NORMALIZE, "dX",
        "(dY - Y * sum(dY * Y, axis=1, keepdims=True)) / norm(X, axis=1, keepdims=True)"),
    Row("attention, values", FLASH, ATTENTION, "dV", "P.mT @ dO"),
    Row("attention, probabilities", FLASH, ATTENTION, "dP", "dO @ V.mT"),
    Row("attention, scores", FLASH, ATTENTION, "dS",
        "P * (dP - sum(dP * P, axis=-1, keepdims=True))"),
    Row("attention, queries", FLASH, ATTENTION, "dQ", "dS @ K / sqrt(e)"),
    Row("attention, keys", FLASH, ATTENTION, "dK", "dS.mT @ Q / sqrt(e)"),
    Row("attention in one equation", FLASH, WHOLE_ATTENTION, "dV",
        "softmax(Q @ K.T / sqrt(e), axis=1).T @ dO"),
    Row("LSTM, cell", GREFF, LSTM, "dC", "dH * o * (1 - tanh(C)**2)"),
    Row("LSTM, output gate", GREFF, LSTM, "dzo", "do * o * (1 - o)"),
    Row("LSTM, forget gate", GREFF, LSTM, "df", "dC * C0"),
    Row("GRU, update gate", "d2l.ai, gated recurrent units", GRU, "dz", "dH * (H0 - c)"),
    Row("RNN, shared weight", BOOK.replace("6.5", "10.2"), RNN, "dWh",
        "S.T @ (dH1_total * (1 - H1**2)) + H1.T @ (dH2 * (1 - H2**2))"),
    Row("tied weight", "Vincent et al. 2010", TIED, "dW",
        "X.T @ (dH * (1 - H**2)) + dR.T @ H"),
    Row("linear regression", "Bishop, Pattern Recognition, 3.1", LINEAR_REGRESSION, "dw",
        "2 / m * X.T @ (X @ w - y)"),
    Row("logistic regression", "Bishop, Pattern Recognition, 4.3", LOGISTIC, "dz", "(a - y) / m"),
    Row("quadratic form", f"{COOKBOOK}, 81", QUADRATIC, "dx", "(A + A.T) @ x"),
    Row("inverse", f"{GILES}, 2.2.3", INVERSE, "dA", "-C.T @ dC @ C.T"),
    Row("log of a determinant", f"{COOKBOOK}, 57", LOGDET, "dA", "inv(A).T"),
    Row("KL of a Gaussian, mean", VAE, DIVERGENCE, "dmu", "mu"),
    Row("KL of a Gaussian, variance", VAE, DIVERGENCE, "dlogvar", "(exp(logvar) - 1) / 2"),
    Row("SiLU", TORCH, SILU, "dX", "dY * sigmoid(X) * (1 + X * (1 - sigmoid(X)))"),
    Row("gated unit", "Shazeer 2020, GLU variants", GATED, "dB", "dY * silu(A)"),
    Row("gate of two experts", "Jacobs et al. 1991", EXPERTS, "dg",
        "sum(dY * (A - B), axis=1, keepdims=True)"),
    Row("convolution, input", "PyTorch, nn/grad.py", CONVOLUTION, "dX",
        "conv_transpose2d(dY, K, padding=1)"),
    Row("convolution, kernel", "PyTorch, nn/grad.py", CONVOLUTION, "dK",
        "conv2d(X.transpose(1, 0, 2, 3), dY.transpose(1, 0, 2, 3), padding=1)"
        ".transpose(1, 0, 2, 3)"),
    Row("convolution, bias", "PyTorch, nn/grad.py", CONVOLUTION, "db",
        "sum(dY, axis=(0, 2, 3))"),
    Row("embedding", TORCH, EMBEDDING, "dE", "X.T @ dH"),
]  # fmt: skip


def printed(row: Row) -> str:
    """Return the gradient as the report prints it."""
    report = json_of(report_on(row.network.spec))
    return str(
        next(
            each["formula"]["text"]
            for each in report["gradients"]
            if f"d{each['wrt']}" == row.gradient
        )
    )


each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))


@each_row
def test_printed_gradient_is_at_most_twice_as_long_as_the_textbooks(row: Row) -> None:
    assert length(printed(row)) <= 2 * length(row.textbook), printed(row)


@each_row
def test_gradient_of_the_textbook_is_judged_right(row: Row) -> None:
    claimed = f"{row.network.spec}gradients: |\n  {row.gradient} = {row.textbook}\n"
    (claim,) = report_on(claimed).claims
    assert claim.verdict == "right", claim


def table() -> str:
    """Write out names, both lengths, and what is printed."""
    lines = []
    for row in ROWS:
        formula = printed(row)
        counts = f"{length(formula):4} {length(row.textbook):4}"
        lines.append(f"{row.name:28} {counts}  {formula}")
    return "\n".join([f"{'gradient':28} ours book", *lines])


if __name__ == "__main__":
    print(table())  # noqa: T201 (a table for a person)
