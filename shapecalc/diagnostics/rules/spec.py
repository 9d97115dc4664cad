"""SC201 to SC204 and SC209 to SC212: what is written is not the spec language."""

from shapecalc.diagnostics.rule import Rule


class ExpressionSyntax(Rule, code="SC201"):
    """An expression is not complete or well formed.

    Expressions are NumPy's: operands with an operator between each two, and parentheses in pairs.
    `2W` and `W X` are products on paper only; in code the sign is written, `2 * W` or `W @ X`.
    The caret is where reading could not go on; the slip itself is there or just before it.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      J: sum(W @)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      J: sum(W @ X)
    ```

    Fix: Complete the expression at the caret: an operand, an operator or a parenthesis is missing
    there, or one is too many.
    """


class UnsupportedSyntax(Rule, code="SC202"):
    """A notation is not part of the language.

    It belongs to Python, MATLAB or mathematics, and there is another way to write it here. In
    NumPy `^` is no power; `and`, `or` and `not` do not work entry by entry. The help names what
    to write instead.

    Bad:
    ```yaml
    params: {w: [n]}
    forward:
      J: sum(w ^ 2)
    ```

    Good:
    ```yaml
    params: {w: [n]}
    forward:
      J: sum(w ** 2)
    ```

    Fix: Write what the help says: `**` for a power, `.T` for a transpose, `*` between masks.
    """


class UnknownKey(Rule, code="SC203"):
    """A key is none that a spec or a layer has.

    A misspelt section would otherwise be passed over: with `gradient` for `gradients` no claim
    would be checked, and all would look well. Where a key is near, it is taken for that one, so
    that the rest is checked too. So it is with the kinds of `layers`, and with their options.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    foward:
      J: sum(w * x)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(w * x)
    ```

    Fix: Correct the spelling, or remove the key. Notes go into comments, `# like this`.
    """


class WrongType(Rule, code="SC204"):
    """An entry has not the form that its place takes.

    Each place in a spec takes one kind of thing: a dim name for `batch`, a number for a size, a
    list of dims for a shape, an expression for a value. What stands here is valid YAML, but of
    another kind, so it would have to be guessed what it means.

    Bad:
    ```yaml
    batch: [m]
    inputs: {x: [m]}
    params: {w: [m]}
    forward:
      J: sum(w * x)
    ```

    Good:
    ```yaml
    batch: m
    inputs: {x: [m]}
    params: {w: [m]}
    forward:
      J: sum(w * x)
    ```

    Fix: Write it as the help shows. The message names what is there and what is expected.
    """


class UnknownOp(Rule, code="SC209"):
    """There is no op of this name.

    A call, `softmax(Z, axis=0)`, needs an op that shapecalc knows: its shape rule and its
    derivative. Without them neither the equation nor what depends on it can be checked.

    Bad:
    ```yaml
    params: {Z: [k, m]}
    forward:
      J: mean(sofmax(Z, axis=0))
    ```

    Good:
    ```yaml
    params: {Z: [k, m]}
    forward:
      J: mean(softmax(Z, axis=0))
    ```

    Fix: Correct the spelling, or write the op out with known ones, such as `x * sigmoid(x)` for a
    swish.
    """


class WrongArguments(Rule, code="SC210"):
    """A call has arguments that its op does not take.

    There are too many or too few, one has a name that the op does not know, or a value that it
    cannot have. An op takes its operands by place and its options by name: `softmax(Z, axis=0)`
    has one operand and one option. The axis is asked for on purpose: without it one would have
    to guess whether rows or columns are the examples.

    Bad:
    ```yaml
    params: {z: [n]}
    forward:
      J: mean(softmax(z, axis=0, keepdims=True))
    ```

    Good:
    ```yaml
    params: {z: [n]}
    forward:
      J: mean(softmax(z, axis=0))
    ```

    Fix: Give the op what it takes; the help names it.
    """


class LossNotScalar(Rule, code="SC211"):
    """The loss is not a single number.

    A gradient says how one number, the loss, changes with each entry of a param; so it has the
    shape of that param. A loss with many entries has a Jacobian instead, with more axes, and
    `dW` would have no meaning.

    Bad:
    ```yaml
    inputs: {x: [m]}
    params: {w: [m]}
    forward:
      E: (w - x) ** 2
    ```

    Good:
    ```yaml
    inputs: {x: [m]}
    params: {w: [m]}
    forward:
      E: (w - x) ** 2
      J: mean(E)
    ```

    Fix: Add up or average all entries. To check one piece of a network without a loss, write
    `upstream: E`: then `dE` is any given gradient.
    """


class NotBuiltYet(Rule, code="SC212"):
    """This is not supported in this version.

    It is part of the language, but this version of shapecalc does not read it yet, or has no
    derivative for it yet. Nothing is wrong with the spec. What depends on the place is not
    checked, rather than guessed.

    Bad:
    ```yaml
    inputs: {z: [m, n], y: [m, 1]}
    params: {w: [m, 1]}
    forward:
      a: norm(z, ord=3) * (y - w)
      J: mean(a**2)
    ```

    Good:
    ```yaml
    inputs: {z: [m, n], y: [m, 1]}
    params: {w: [m, 1]}
    forward:
      a: norm(z) * (y - w)
      J: mean(a**2)
    ```

    Fix: Write it in terms of what is supported; the example's is least squares. A newer version may
    read it as it was.
    """
