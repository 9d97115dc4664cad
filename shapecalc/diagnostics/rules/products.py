"""SC401 to SC403, SC412: what is wrong with a product in a claim: order, transposes, `*` or `@`."""

from shapecalc.diagnostics.rule import Rule


class ClaimOrder(Rule, code="SC401"):
    """A claim has its factors in the wrong order.

    The chain rule is `∂J/∂X = ∂J/∂Z · ∂Z/∂X`, and as matrices, each gradient in the shape of its
    variable, it does not keep that order: `dX[p,j] = Σi W[i,p] dZ[i,j]` sums over the rows of both
    factors, and a product sums over the columns of its left one. So it is `W.T`, in front.

    Where sizes agree, the wrong order may run, and have the right shape.

    Bad:
    ```yaml
    params: {X: [n, m], W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dX: dZ @ W
    ```

    Good:
    ```yaml
    params: {X: [n, m], W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dX: W.T @ dZ
    ```

    Fix: Swap the factors, and transpose as the help shows. `shapecalc explain FILE --wrt X` says
    why.
    """


class ClaimTranspose(Rule, code="SC402"):
    """A transpose is missing in a claim, or extra.

    In a product the index that is summed is the last of the left factor and the first of the right
    one. `dW[i,p] = Σj dZ[i,j] X[p,j]` sums over the examples, the last index of both: so the right
    factor is turned, `dZ @ X.T`.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: dZ @ X
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

    Fix: Write the transpose that the help shows.
    """


class ClaimProduct(Rule, code="SC403"):
    """A claim has `*` for `@`, or the reverse.

    `*` keeps every axis and sums over none; `@` sums over the axis that its factors share. Which
    one
    it is, the Jacobian tells: through an elementwise op it is diagonal, and `*` is left of it;
    through a matrix product it is not.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: dZ * X
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

    Fix: Write the product that the help shows.
    """


class ClaimInOtherLayout(Rule, code="SC412"):
    """A claim is the gradient, transposed.

    In numerator layout the gradient of a scalar by W of shape (h, n) is (n, h). By default each
    gradient here has the shape of its variable, so that `W - lr * dW` is one expression.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
    upstream: Z
    gradients:
      dW: X @ dZ.T
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

    Fix: Transpose it; if all claims are meant so, write `layout: numerator`.
    """
