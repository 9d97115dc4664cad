"""Words and numbers as reports print them: shapes, sizes, counts, names. No styling, no layout."""

from collections.abc import Iterable, Mapping, Sequence
from re import compile as pattern

from shapecalc.records import Dims, Report, Step, View

_NAME = pattern(r"[^\W\d]\w*")


def shape(dims: Dims) -> str:
    """Print a shape as a tuple of names: `(k, m)`, `(m,)`, `()`."""
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def size(numbers: tuple[int, ...] | None) -> str:
    """Print the size of a shape, `10 × 64`; of a scalar, `1`; nothing where it is unknown."""
    if numbers is None:
        return ""
    return " × ".join(str(number) for number in numbers) or "1"


def key(step: Step) -> str:
    """Name a step as `--step` takes it: `Z2:A1`, and `Z2:A1:1` for the second use of A1."""
    name = f"{step.output}:{step.wrt}"
    return f"{name}:{step.use}" if step.use else name


def product(view: View) -> str:
    """Print the shapes of a view: `(h, k) @ (k, m) → (h, m)`."""
    if view.shape is not None and view.factors == (view.shape,):
        return shape(view.shape)
    sign = " @ " if "@" in view.formula else ", "
    factors = sign.join(shape(factor) for factor in view.factors)
    return factors if view.shape is None else f"{factors} → {shape(view.shape)}"


def counted(count: int, noun: str) -> str:
    """Put a count before its noun: `1 error`, `2 errors`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Sequence[str]) -> str:
    """List names as prose does: `A1, Z2 and J`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def decimal(number: float) -> str:
    """Print a relative error by its order of magnitude: `3e-10`."""
    return f"{number:.0e}" if number else "0"


def with_sizes(why: str, sizes: Mapping[str, int | None]) -> str:
    """Put the sizes of the dims beside their names: `m (64) ≠ k (10)`."""

    def sized(name: str) -> str:
        number = sizes.get(name)
        return name if number is None else f"{name} ({number})"

    return _NAME.sub(lambda found: sized(found[0]), why)


def names_in(formula: str) -> list[str]:
    """List the names in a formula, in order of appearance."""
    return _NAME.findall(formula)


def gradient_name(report: Report, wrt: str) -> str:
    """Name the gradient of a value: `dA1`, unless the spec calls it something else."""
    names = (gradient.gradient for gradient in report.gradients if gradient.wrt == wrt)
    return next(names, f"d{wrt}")


def unique(names: Iterable[str]) -> list[str]:
    """List each name once, in order of first appearance."""
    return list(dict.fromkeys(names))
