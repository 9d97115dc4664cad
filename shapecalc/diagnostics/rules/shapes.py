"""SC3xx: shapes that do not go together, or go together in a way that was hardly meant."""

from shapecalc.diagnostics.rule import Rule


class InnerDimsDiffer(Rule, code="SC301"):
    """The inner dims of a matrix product differ.

    Each entry of `A @ B` takes a row of A and a column of B, multiplies them entry by entry and
    adds up: so A must have as many columns as B has rows. (p, q) @ (q, r) gives (p, r).

    Two names are two dims, even where their sizes agree: a product that runs only because h and
    n are both 64 is as wrong as any other. Often one factor lacks a `.T`, or the two are in the
    wrong order. Look at what each axis means, though, before you make it fit: more than one
    product can conform, and only one is right.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, h]}
    forward:
      Z: W @ X
      J: sum(Z)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, h]}
    forward:
      Z: W.T @ X
      J: sum(Z)
    ```

    Fix: Transpose a factor, swap the two, or correct a declared shape. "fits" in the finding
    shows a product that conforms at every size.
    """


class NotBroadcastable(Rule, code="SC302"):
    """The operands have shapes that do not broadcast.

    Elementwise ops need operands of one shape, or NumPy's broadcasting: shapes are lined up from
    the last axis, and an axis of size 1, or a missing one in front, is repeated. Any other two
    dims must be the same.

    So a bias `[h]` beside `[h, m]` lines h up with m and fails. As a column, `[h, 1]`, it is
    repeated along m, once for each example; its gradient is then the sum over m.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h]}
    forward:
      J: sum(W @ X + b)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n], b: [h, 1]}
    forward:
      J: sum(W @ X + b)
    ```

    Fix: Give both operands one shape, or a unit axis where one is to be repeated.
    """


class WrongRank(Rule, code="SC303"):
    """A value has too many or too few axes for an op.

    The rank is the number of axes. `.T` swaps the two axes of a matrix; with three it would
    reverse them all, the examples included, which is hardly ever meant. Matrix products and
    einsum also say how many axes they take.

    Bad:
    ```yaml
    params: {w: [a, b, c]}
    forward:
      J: sum(w.T)
    ```

    Good:
    ```yaml
    params: {w: [a, b]}
    forward:
      J: sum(w.T)
    ```

    Fix: Give the op a value of the rank that it takes; check the shape that is declared for it.
    """


class AxisOutOfRange(Rule, code="SC304"):
    """An op names an axis that its operand lacks.

    Axes count from 0: a matrix (n, m) has axis 0, the n rows, and axis 1, the m columns. To sum
    "over axis 1" means that axis 1 disappears and n numbers are left. Negative numbers count
    from the end, so -1 is the last axis.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, m]}
    forward:
      s: sum(W * X, axis=2)
      J: mean(s)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, m]}
    forward:
      s: sum(W * X, axis=1)
      J: mean(s)
    ```

    Fix: Name an axis that is there; the help lists them.
    """


class ShapeNotAsStated(Rule, code="SC305"):
    """A value has another shape than `shapes` states.

    The section `shapes` holds what the author believes. The shape that follows from the equation
    is another one: either the belief is wrong, or the equation is. Find out
    which: a table of numbers looks much like its transpose.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      J: sum(Z)
    shapes: {Z: [m, h]}
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [h, n]}
    forward:
      Z: W @ X
      J: sum(Z)
    shapes: {Z: [h, m]}
    ```

    Fix: Correct the stated shape, or the equation. Where the two differ by a transpose, the
    examples may be rows in your notes and columns in the equation.
    """


class SizeConflict(Rule, code="SC306"):
    """Axes that must be one dim have two sizes.

    Where shapes are written as numbers, or as `_`, equations say which axes are one dim: `W @ X`
    makes the columns of W and the rows of X one. So an axis can be tied to another that is many
    equations away. If one is written as 64 and the other as 32, no size is right for both. The
    finding names both places, and the chain of equations that ties them.

    Bad:
    ```yaml
    inputs: {X: [784, 64], Y: [10, 32]}
    params: {W: [10, 784]}
    forward:
      Z: W @ X
      A: tanh(Z)
      J: mse(A, Y)
    ```

    Good:
    ```yaml
    inputs: {X: [784, 64], Y: [10, 64]}
    params: {W: [10, 784]}
    forward:
      Z: W @ X
      A: tanh(Z)
      J: mse(A, Y)
    ```

    Fix: Correct the number that is wrong. If both are right, the equation is not: a product is
    turned around, or an axis was lost on the way.
    """


class InexactQuotient(Rule, code="SC307"):
    """A quotient of dims is no whole number.

    `d/heads` is the size of one of several equal parts: each head of an attention gets d/heads of
    the d features. It is a size only where heads divides d. Without sizes that is assumed, and the
    report says so.

    Bad:
    ```yaml
    dims: {d: 96, heads: 7, m: 64}
    inputs: {X: [d, m]}
    params: {W: [d/heads, d]}
    forward:
      J: sum(tanh(W @ X))
    ```

    Good:
    ```yaml
    dims: {d: 96, heads: 8, m: 64}
    inputs: {X: [d, m]}
    params: {W: [d/heads, d]}
    forward:
      J: sum(tanh(W @ X))
    ```

    Fix: Choose sizes that divide, or write a product: `heads*q` for `d`.
    """


class BadSize(Rule, code="SC308"):
    """A size is not a whole number of at least 1.

    A dim counts something: features, units, examples. With 0 of them there is nothing to compute,
    and a fraction or a negative number counts nothing.

    Bad:
    ```yaml
    dims: {n: 0}
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Good:
    ```yaml
    dims: {n: 128}
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Fix: Write the size, or leave it open: `dims: [n]`. Formulas are checked for all sizes anyway.
    """


class UnintendedBroadcast(Rule, code="SC309", is_warning=True):
    """Both operands are repeated, along each other.

    (m,) counts as a row, so beside a column (m, 1) each is repeated along the other: the result
    is (m, m), every entry of one with every entry of the other. Nothing fails. A mean over it is
    a number too, just not the one that was meant, and training goes on with wrong gradients.

    It happens where predictions are (m,) and targets are (m, 1), or the other way round.

    Bad:
    ```yaml
    inputs: {y: [m, 1]}
    params: {p: [m]}
    forward:
      J: mean((p - y) ** 2)
    ```

    Good:
    ```yaml
    inputs: {y: [m, 1]}
    params: {p: [m, 1]}
    forward:
      J: mean((p - y) ** 2)
    ```

    Fix: Give both the same shape. If a table of all pairs is meant, silence the warning.
    """


class OpenAxis(Rule, code="SC310"):
    """Nothing says what an axis or shape `_` is.

    `_` leaves a dim to be found: from the other operand of a product, from a loss, from a shape
    that `shapes` states. What no equation ties to a dim or a number could be anything, and is not
    made up. A whole shape `_` can stay open for its number of axes too: a bias fits as `[h, 1]`
    and as a scalar.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [_, n]}
    forward:
      J: sum(tanh(W @ X))
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [_, n]}
    forward:
      Z: W @ X
      J: sum(tanh(Z))
    shapes: {Z: [h, m]}
    ```

    Fix: Write the dim, or state the shape of a result that it is part of. For a whole shape, write
    one `_` for each axis.
    """
