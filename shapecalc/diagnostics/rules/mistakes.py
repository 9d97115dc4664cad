"""SC404 to SC411: what else is wrong with a claim: a sum, a factor, an operand, a term."""

from shapecalc.diagnostics.rule import Rule


class ClaimMissingSum(Rule, code="SC404"):
    """A claim lacks the sum over repeated axes.

    Where an operand is repeated along an axis on the way forward, as a bias is for every example,
    each copy passes back a part of the gradient, and the parts add up.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: dZ
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: sum(dZ, axis=1, keepdims=True)
    ```

    Fix: Sum over the axis along which the value was repeated.
    """


class ClaimAxis(Rule, code="SC405"):
    """A claim sums along the wrong axis.

    A sum takes away the axis along which a value was repeated: for a bias that is the one of the
    examples. With the other axis the shape is wrong, or, where two sizes agree, only the numbers.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: sum(dZ, axis=0, keepdims=True)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: sum(dZ, axis=1, keepdims=True)
    ```

    Fix: Name the axis that the help shows.
    """


class ClaimKeepdims(Rule, code="SC406"):
    """A claim has not the axes of its variable.

    A sum drops its axis, unless `keepdims=True` keeps it as one of size 1. A gradient of another
    shape than its variable still broadcasts in `b - lr * db`, and turns b into a matrix.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: sum(dZ, axis=1)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
    upstream: Z
    gradients:
      db: sum(dZ, axis=1, keepdims=True)
    ```

    Fix: Add `keepdims=True`, or leave it out, as the help shows.
    """


class ClaimScale(Rule, code="SC407"):
    """A claim is a constant times the gradient.

    A loss that is a mean has `1/m` in it, and that is a factor of every gradient, once: not of
    none,
    and not of each step again. Such a mistake changes the learning rate, and little else shows it.

    A factor that is carried along on purpose, as in `dZ2 = A2 - Y` with `dW2 = dZ2 @ A1.T / m`, is
    a convention and no mistake.

    Bad:
    ```yaml
    dims: {n: 784, m: 64, h: 128}
    inputs: {X: [n, m], Y: [h, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      J: mean((Z - Y)**2)
    gradients:
      dW: 2 * (Z - Y) @ X.T / m
    ```

    Good:
    ```yaml
    dims: {n: 784, m: 64, h: 128}
    inputs: {X: [n, m], Y: [h, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      J: mean((Z - Y)**2)
    gradients:
      dW: 2 * (Z - Y) @ X.T / (h * m)
    ```

    Fix: Multiply or divide as the help shows, once on the way from the loss.
    """


class ClaimSign(Rule, code="SC408"):
    """A claim has the wrong sign.

    `Y - A` for `A - Y` is the step that is added to go downhill, and not the gradient. A set of
    claims that has the minus throughout is a convention.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: -dZ @ X.T
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: dZ @ X.T
    ```

    Fix: Turn the sign that the help shows.
    """


class ClaimOperand(Rule, code="SC409"):
    """A claim has the wrong operand.

    The derivative of a product is the other factor, as it is in that equation: what went into the
    layer, and not what came out of the one before its activation. Shapes do not tell, since an
    activation keeps them.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W1: [h, n], W2: [k, h]}
    forward:
      Z1: W1 @ X
      A1: tanh(Z1)
      Z2: W2 @ A1
    upstream: Z2
    gradients:
      dW2: dZ2 @ Z1.T
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W1: [h, n], W2: [k, h]}
    forward:
      Z1: W1 @ X
      A1: tanh(Z1)
      Z2: W2 @ A1
    upstream: Z2
    gradients:
      dW2: dZ2 @ A1.T
    ```

    Fix: Put the operand that the help shows.
    """


class ClaimDerivative(Rule, code="SC410"):
    """A claim has another derivative.

    Each activation on the way back is a factor: its own derivative, once, taken where it was
    applied.
    Here it is that of another function, or it is missing, or there is one too many; or a softmax,
    in which each output depends on every input, was taken entry by entry.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      A: relu(Z)
    upstream: A
    gradients:
      dZ: dA * (1 - A**2)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      A: relu(Z)
    upstream: A
    gradients:
      dZ: dA * (Z > 0)
    ```

    Fix: Put the derivative that the help shows.
    """


class ClaimDroppedTerm(Rule, code="SC411"):
    """A claim lacks a term of the gradient.

    A value that reaches the loss in two ways has a term for each: a weight that is used twice, a
    residual, a mean that the values depend on too.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W.T @ (W @ X)
    upstream: Z
    gradients:
      dW: W @ dZ @ X.T
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W.T @ (W @ X)
    upstream: Z
    gradients:
      dW: W @ dZ @ X.T + W @ X @ dZ.T
    ```

    Fix: Add the term that the help shows.
    """
