"""A derivative → formulas or code alone, to be pasted elsewhere."""

from shapecalc.records import Code, Derived, Formula
from shapecalc.render.derived import wanted_of

LIBRARIES = ("numpy", "pytorch", "jax")


class NothingToPaste(Exception):
    """A derivative that has no formula, or none in a library: why."""


def formulas(found: Derived, layout: str, spelling: str) -> str:
    """Print formulas as text or in LaTeX, one a line: the numerator form first.

    Before them, what stands for a name in them; where no layout is defined, the differential.
    Raises NothingToPaste.
    """
    forms = [getattr(found, name).formula for name in wanted_of(found, layout)]
    lines = [_spelled(formula, spelling) for formula in forms if formula is not None]
    if not lines and found.differential is not None:
        lines = [f"d{found.output} = {_spelled(found.differential, spelling)}"]
    if not lines:
        raise NothingToPaste(_why_none(found, layout))
    where = [f"{name} = {_spelled(whole, spelling)}" for name, whole in found.where]
    return "".join(f"{line}\n" for line in (*where, *lines))


def code(found: Derived, layout: str, library: str) -> str:
    """Print a function for each layout, with imports; without a layout, of the differential.

    Raises NothingToPaste.
    """
    written: Code = getattr(found.elsewhere(), library)
    if written.why:
        raise NothingToPaste(written.why)
    functions = dict(written.functions)
    wanted = [name for name in (*wanted_of(found, layout), "structured") if name in functions]
    if not wanted and "differential" in functions:
        wanted = ["differential"]
    if not wanted:
        raise NothingToPaste(_why_none(found, layout))
    head = "".join(f"{line}\n" for line in written.imports)
    return "\n\n".join([*([head] if head else []), *(functions[name] for name in wanted)])


def _spelled(formula: Formula, spelling: str) -> str:
    return formula.latex if spelling == "latex" else formula.text


def _why_none(found: Derived, layout: str) -> str:
    (name, *_) = wanted_of(found, layout)
    why = getattr(found, name).why
    return f"it has no formula: {why}"
