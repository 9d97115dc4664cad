"""SC205 to SC208 and SC213: what the names of a spec stand for."""

from shapecalc.diagnostics.rule import Rule


class UndefinedName(Rule, code="SC205"):
    """A name stands for nothing.

    Every name in an expression is an input, a param, a dim, a constant, or the result of an
    equation above. This one is none of them, so it has no shape. Upper and lower case differ:
    `w1` is not `W1`.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z1: w * x
      J: sum(z)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z1: w * x
      J: sum(z1)
    ```

    Fix: Correct the spelling, or declare the name under `inputs` or `params`. Gradients, `dz1`,
    may be used in `gradients` only.
    """


class UsedBeforeDefined(Rule, code="SC206"):
    """An equation uses the result of a later one.

    Equations run from top to bottom, as code does: where this one runs, its operand has no value
    yet. The order also matters to the reader, who goes the same way down, and back up for the
    backward pass.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(z)
      z: w * x
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z: w * x
      J: sum(z)
    ```

    Fix: Move the equation that defines the name above this one.
    """


class Cycle(Rule, code="SC207"):
    """A value is computed from itself.

    An equation defines its name by the right side; where the name stands there too, it has no
    value to begin with. Backpropagation needs a network without cycles. A recurrent network has
    none either, once each time step has names of its own.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      h: tanh(h + w * x)
      J: sum(h)
    ```

    Good:
    ```yaml
    inputs: {x: [n], h0: [n]}
    params: {w: [n]}
    forward:
      h: tanh(h0 + w * x)
      J: sum(h)
    ```

    Fix: Give the value from before a name of its own. For steps in time, write them out: `h1`
    from `h0`, `h2` from `h1`.
    """


class NameClash(Rule, code="SC208"):
    """One name means two things.

    Dims, constants, values and gradients share one set of names, since all of them may stand in a
    formula. `dv` is the gradient of `v`, so where there is a value `v`, nothing else can be
    called `dv`: a claim with `dv` in it would have two meanings.

    Bad:
    ```yaml
    inputs: {x: [dv]}
    params: {v: [dv]}
    forward:
      J: sum(v * x)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {v: [n]}
    forward:
      J: sum(v * x)
    ```

    Fix: Rename one of the two, in all places.
    """


class Redefined(Rule, code="SC213"):
    """A name is set a second time.

    In code `x = relu(x)` overwrites x. For the backward pass both values count: the derivative
    of relu needs the x from before, and `dx` must say which of the two it belongs to. So each
    name is set once.

    Bad:
    ```yaml
    params: {w: [n], x: [n]}
    forward: |
      z = w * x
      z = relu(z)
      J = sum(z)
    ```

    Good:
    ```yaml
    params: {w: [n], x: [n]}
    forward: |
      z = w * x
      z2 = relu(z)
      J = sum(z2)
    ```

    Fix: Give the second value a name of its own, and use it in the lines below.
    """
