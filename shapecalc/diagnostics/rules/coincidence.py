"""SC5xx: sizes that agree by chance, so that wrong formulas run."""

from shapecalc.diagnostics.rule import Rule


class SizesCoincide(Rule, code="SC501", is_warning=True):
    """Dims have one size, so wrong products run too.

    Where two dims have one size, their products in the wrong order, or with a `.T` too many, run
    without an error and even have the right shape. A test at these sizes finds none of them. The
    formulas of a report are right all the same: they hold for all sizes. The warning is about
    your own code, which you are going to run and to test at these sizes.

    Bad:
    ```yaml
    dims: {h: 64, n: 64, m: 100}
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      A: tanh(W @ X)
      J: mean(A)
    ```

    Good:
    ```yaml
    dims: {h: 64, n: 67, m: 100}
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      A: tanh(W @ X)
      J: mean(A)
    ```

    Fix: Test with sizes that all differ, such as primes; `check --distinct` proposes some. If the
    sizes cannot change, compare the gradient's values with finite differences, and silence the
    warning.
    """


class SquareWeight(Rule, code="SC502", is_warning=True):
    """A square param hides a transpose at every size.

    A weight (h, h) and its transpose have one shape. So a wrong `.T`, or a wrong order, conforms
    whatever h is, and no choice of sizes can show the mistake; only values can. Recurrent weights
    are the usual case.

    Bad:
    ```yaml
    inputs: {X: [h, m]}
    params: {W: [h, h]}
    forward:
      A: tanh(W @ X)
      J: mean(A)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      A: tanh(W @ X)
      J: mean(A)
    ```

    Fix: Give the two axes different dims where the network allows it. Where it does not, compare
    the numbers of your gradient with finite differences, and silence the warning.
    """


class LiteralForDim(Rule, code="SC503", is_warning=True):
    """A number stands where a dim is meant.

    The claim is right only as long as the dim has this size. With another batch the same code
    is off by a factor, without an error.

    Bad:
    ```yaml
    dims: {n: 3, m: 64}
    inputs: {X: [n, m]}
    params: {w: [n, 1]}
    forward:
      J: sum(w * X) / m
    gradients:
      dw: sum(X, axis=1, keepdims=True) / 64
    ```

    Good:
    ```yaml
    dims: {n: 3, m: 64}
    inputs: {X: [n, m]}
    params: {w: [n, 1]}
    forward:
      J: sum(w * X) / m
    gradients:
      dw: sum(X, axis=1, keepdims=True) / m
    ```

    Fix: Write the name of the dim; in NumPy code, the shape: `X.shape[1]`.
    """
