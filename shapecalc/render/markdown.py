"""One derivative → a page of Markdown, formulas in LaTeX between dollars: for notes of a course."""

from collections.abc import Iterator

from shapecalc.matrix.latex import latex_dim, latex_name
from shapecalc.records import Derived, Dims, Formula
from shapecalc.render.checked import ways_of
from shapecalc.render.derived import wanted_of


def markdown(found: Derived, *, layout: str, stacked: str) -> str:
    """Print a page: the expression, the layouts with shapes, entry by entry, how it was checked."""
    sections = [
        _head(found),
        _layouts(found, layout),
        _entries(found),
        _differential(found, stacked),
    ]
    checked = f"Checked: {'; '.join(ways_of(found.checked))}."
    lines = [line for section in sections for line in section]
    return "".join(f"{line}\n" for line in (*lines, checked))


def _head(found: Derived) -> Iterator[str]:
    output, by = latex_name(found.output), latex_name(found.wrt)
    whole = f"`{found.expression}`"
    if found.gradient_of:
        yield from (f"## The Hessian of `{found.gradient_of}` by `{found.wrt}`", "")
        yield from ("Its gradient is", "")
    else:
        yield from (f"## The derivative of {whole} by `{found.wrt}`", "")
    yield from ("$$", f"{output} = {found.elsewhere().latex}", "$$", "")
    of, kind = found.kinds
    shapes = f"${output}$ is {_shape(found.output_shape)}, ${by}$ is {_shape(found.wrt_shape)}"
    yield from (f"A {of} by a {kind}: {shapes}.", "")


def _layouts(found: Derived, layout: str) -> Iterator[str]:
    quotient = _quotient(found)
    rows = []
    for name in wanted_of(found, layout):
        laid = getattr(found, name)
        if laid.formula is not None:
            rows.append(f"| {name} | {_math(laid.formula)} | {_shape(laid.shape)} |")
    if found.structured is not None:
        rows.append(f"| structured | {_math(found.structured[0])} | {_shape(found.wrt_shape)} |")
    if rows:
        yield from (f"| layout | ${quotient}$ | shape |", "| --- | --- | --- |", *rows, "")
    else:
        (name, *_) = wanted_of(found, layout)
        yield from (f"No layout has it: {getattr(found, name).why}.", "")
    if found.structured is not None:
        yield from (f"{found.structured[1]}.", "")
    for name, part in found.where:
        yield from (f"Where ${latex_name(name)} = {part.latex}$.", "")
    for kink in found.kinks:
        yield from (f"{kink[0].upper()}{kink[1:]}.", "")


def _entries(found: Derived) -> Iterator[str]:
    yield from ("Entry by entry:", "")
    yield from ("```text", f"{found.left} = {found.index_form}", "```", "")
    if found.diagonal:
        dims = ", ".join(f"${latex_dim(dim)}$" for dim in found.diagonal)
        left = ""
        if found.effective is not None:
            text, shape = found.effective
            left = f"; without that, `{text}` is left, {_shape(shape)}"
        yield from (
            f"It has the axes {_shape(found.full_shape)} and is diagonal in {dims}{left}.",
            "",
        )


def _differential(found: Derived, stacked: str) -> Iterator[str]:
    if found.differential is not None:
        line = f"d{latex_name(found.output)} = {found.differential.latex}"
        yield from ("The differential:", "", "$$", line, "$$", "")
    if found.vec is not None:
        yield from (f"With {stacked} stacked:", "", "```text", found.vec, "```", "")
        if found.swap is not None:
            swap = found.swap
            yield from (f"Here `{swap}` is the matrix with `{swap} vec(X) = vec(X.T)`.", "")


def _quotient(found: Derived) -> str:
    above, below = latex_name(found.output), latex_name(found.wrt)
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def _math(formula: Formula) -> str:
    return f"${formula.latex}$"


def _shape(dims: Dims) -> str:
    written = r" \times ".join(map(latex_dim, dims))
    return f"${written or '1'}$"
