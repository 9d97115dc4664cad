"""SC4xx: formulas that the author claims, held against the gradients that follow."""

from shapecalc.diagnostics.rule import Rule


class ClaimShape(Rule, code="SC413"):
    """A claim has not the shape of its gradient.

    By default a gradient has the shape of its variable: `dW` has one entry for each entry of W,
    and `W - lr * dW` needs just that (`layout: numerator` makes it the transpose). Here the
    claim has another shape, or a product in it does not conform at all.

    A wrong shape is a hint that factors are swapped, or that a `.T` or a sum is missing. The
    right shape alone proves nothing: see SC501.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: X
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

    Fix: Write the formula that the help shows. `shapecalc explain FILE --wrt W` says why it has
    this order and these transposes.
    """


class ClaimWrong(Rule, code="SC414"):
    """A claim has other values than the gradient.

    The shape is right and the numbers are not: with such a formula a network trains, only badly.
    The claim and the derived gradient were compared by exact arithmetic at random points, or by
    floats where functions such as exp are involved; they differ.

    In a claim the other gradients count as you claimed them, where those claims are right. So one
    mistake does not make all that follows look wrong.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: dZ @ exp(X).T
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

    Fix: Write the formula that the help shows, or find the difference: a factor, a sign, another
    operand, the derivative of another function, a term that is left out.
    """


class ClaimUndecided(Rule, code="SC415", is_warning=True):
    """A claim is neither proved nor refuted.

    A claim is compared with the derived gradient by algebra and at points. Here neither gave an
    answer: the algebra was too large, or there was no point at which all values exist, such as
    the root of a negative number. The claim may be right. With `--strict` this makes the exit
    code 3.

    Bad:
    ```yaml
    params: {w: [n]}
    forward:
      J: sum(sqrt(-w * w))
    gradients:
      dw: w / sqrt(-w * w)
    ```

    Good:
    ```yaml
    params: {w: [n]}
    forward:
      J: sum(sqrt(1 + w * w))
    gradients:
      dw: w / sqrt(1 + w * w)
    ```

    Fix: Simplify the claim, or split its equation in two; say what is known of an operand, for
    example `assume: {w: positive}`.
    """


class ConventionsMixed(Rule, code="SC416"):
    """Two claims go by different conventions.

    The loss is a mean, so its gradients have `1/m` in them. Many courses write `dZ = A - Y`, which
    is m times the gradient, and divide by m in each param: a convention. It has to be kept in all
    of them. Here one claim that is built on such a gradient divides, and another one does not.

    Bad:
    ```yaml
    inputs: {X: [n, m], Y: [h, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
      J: sum((Z - Y)**2) / m
    gradients:
      dZ: 2 * (Z - Y)
      dW: dZ @ X.T / m
      db: sum(dZ, axis=1, keepdims=True)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m], Y: [h, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      Z: W @ X + b
      J: sum((Z - Y)**2) / m
    gradients:
      dZ: 2 * (Z - Y)
      dW: dZ @ X.T / m
      db: sum(dZ, axis=1, keepdims=True) / m
    ```

    Fix: Divide once on each way from the loss to a param: in all params, or before them.
    """


class ClaimVacuous(Rule, code="SC417", is_warning=True):
    """A claim holds only because both sides are 0.

    The gradient is 0 at every point, since nothing comes through from the loss: a relu that is
    never above 0, a factor that is 0, a value that does not reach the loss. Then any formula with
    that factor agrees, and the agreement proves nothing of the formula.

    Bad:
    ```yaml
    params: {w: [n]}
    forward:
      A: relu(-w * w)
      J: sum(A)
    gradients:
      dw: dA * (A > 0) * w
    ```

    Good:
    ```yaml
    params: {w: [n]}
    forward:
      A: relu(w * w)
      J: sum(A)
    gradients:
      dw: 2 * dA * (A > 0) * w
    ```

    Fix: Look for what is 0 on the way, or write that the gradient is 0: `zeros(n)`.
    """
