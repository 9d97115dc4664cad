"""SC6xx: what runs, and is hardly meant."""

from shapecalc.diagnostics.rule import Rule


class Unused(Rule, code="SC601", is_warning=True):
    """A declared name is never used.

    An input, a param, a constant or a dim that no equation has: most often something was left out
    of an equation, such as a bias. A param that nothing uses has the gradient 0, and is never
    trained.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n], b: [k, 1]}
    forward:
      Z: W @ X
      J: mean(Z)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n], b: [k, 1]}
    forward:
      Z: W @ X + b
      J: mean(Z)
    ```

    Fix: Use it where it belongs, or remove its declaration.
    """


class NotInLoss(Rule, code="SC602", is_warning=True):
    """A value does not reach the loss.

    Gradients flow back from the loss along the equations. No way leads from this value to the
    loss: its gradient is 0, and what it was computed from learns nothing by it. Often a later
    equation uses the value of an earlier line where it should use this one.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X
      A: relu(Z)
      J: mean(Z)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X
      A: relu(Z)
      J: mean(A)
    ```

    Fix: Use the value, or remove its equation. If it is an output beside the loss, such as a
    prediction, silence the warning.
    """


class DoubleSoftmax(Rule, code="SC603", is_warning=True):
    """An op that takes logits gets probabilities.

    Logits are scores before a softmax. `softmax_cross_entropy` applies the softmax itself, so
    where its operand is one already, there are two. The second sees only numbers from 0 to 1, and
    gives every class nearly the same probability: the loss cannot get small, and its gradients
    are weak. Nothing fails.

    Bad:
    ```yaml
    inputs: {Y: [k, m], X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X
      A: softmax(Z, axis=0)
      J: softmax_cross_entropy(A, Y, axis=0)
    ```

    Good:
    ```yaml
    inputs: {Y: [k, m], X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X
      J: softmax_cross_entropy(Z, Y, axis=0)
    ```

    Fix: Pass the logits. Or keep the softmax, and take the loss of probabilities,
    `cross_entropy(A, Y, axis=0)`.
    """


class MixedPrecedence(Rule, code="SC604", is_warning=True):
    """`*` or `/` and `@` mix without parentheses.

    `*`, `/` and `@` bind equally strong, and go from left to right: `M * W @ X` is
    `(M * W) @ X`. Many read it as `M * (W @ X)`, since on paper a matrix product binds more
    strongly. Where both conform the values differ, and nothing fails.

    Bad:
    ```yaml
    inputs: {M: [k, n], X: [n, m]}
    params: {W: [k, n]}
    forward:
      J: mean(M * W @ X)
    ```

    Good:
    ```yaml
    inputs: {M: [k, n], X: [n, m]}
    params: {W: [k, n]}
    forward:
      J: mean((M * W) @ X)
    ```

    Fix: Write the parentheses, around what you mean. A plain number in front, `2 * W @ X`, needs
    none: there the order does not matter.
    """


class UnusedIgnore(Rule, code="SC605", is_warning=True):
    """A comment silences nothing.

    `# shapecalc: ignore[SC501]` hides the findings of that code on its line. Here there are none,
    or the comment names no code. Left in place it would hide the next mistake on this line.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(w * x)  # shapecalc: ignore[SC301]
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(w * x)
    ```

    Fix: Remove the comment, or the code in it that has nothing to silence. If the finding is on
    another line, move the comment there.
    """
