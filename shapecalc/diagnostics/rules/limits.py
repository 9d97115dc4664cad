"""SC9xx: more than shapecalc can do, and our own mistakes."""

from shapecalc.diagnostics.rule import Rule


class Limit(Rule, code="SC901", can_be_silenced=False):
    """Something is larger than shapecalc reads.

    Files, nesting, expressions and numbers are bounded, far above what people write, so that no
    file can take all memory or time. The message names what was counted, and the limit.

    Where the file as a whole is over a limit, nothing of it was checked, and no comment in it is
    read.

    Bad:
    ```yaml
    dims: {n: 1e999}
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Good:
    ```yaml
    dims: {n: 1000}
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Fix: Write it smaller: split an expression over several equations, or a network over several
    files. A dim without a size, `dims: [n]`, stands for every size.
    """


class Internal(Rule, code="SC902", can_be_silenced=False):
    """shapecalc failed: this is our bug.

    Every derived step is checked by other means before it is shown. Here such a check failed, or
    the program ran into an error of its own. Do not rely on the rest of this report.

    Fix: Please report it, with the spec (or the smallest part of it that still shows this), the
    text of the message, and what `shapecalc --version` and `python --version` print.
    """
