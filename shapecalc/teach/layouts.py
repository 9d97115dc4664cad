"""Level 5: numerator and denominator layout side by side, of the step and of the whole chain."""

from collections.abc import Iterator, Sequence
from math import prod
from operator import mul

from shapecalc.dims import ONE, Dim, Shape, dims_text, matrix_turned
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.records import View
from shapecalc.records.explained import Block, Level, Lines, Prose, Sides
from shapecalc.report.steps import StepWriter
from shapecalc.report.views import stacked
from shapecalc.sweep import Link
from shapecalc.teach.elsewhere import elsewhere
from shapecalc.teach.instance import Instance, NoNumbers, are_close, places_of
from shapecalc.teach.study import Study, require, total
from shapecalc.tree import Leaf, Tree

TITLE = "THE TWO LAYOUTS"
MOST_LINKS = 3
LONGEST_SIZE = 12  # a longer one, such as b*floor((n-1)/2), makes shapes nobody reads


def layouts(study: Study) -> Level:
    """Write the level."""
    writer = study.writer
    _require_both(study, writer.denominator, writer.numerator)
    chain = [*_in_a_chain(study)]
    blocks = [*_side_by_side(study), *elsewhere(study), *chain, *_always(study)]
    stacked_too = ", each stacked link" if any(isinstance(each, Lines) for each in chain) else ""
    return Level(5, TITLE, "", tuple(blocks), f"both formulas{stacked_too}")


def _require_both(study: Study, denominator: Tree, numerator: Tree) -> None:
    """Hold the denominator formula to the gradient, the numerator formula to its transpose."""
    study.require_formula(denominator)
    if study.opened.numerator.shape is not None:
        study.require_formula(numerator, turned=True)


def _side_by_side(study: Study) -> Iterator[Block]:
    numerator, denominator = study.opened.numerator, study.opened.denominator
    if numerator.shape is None:
        yield Prose(
            f"The gradient has the shape of {study.X}, {dims_text(denominator.shape or ())}: "
            f"{numerator.why}."
        )
        return
    if len(denominator.shape or ()) > 2 and not study.is_product:
        shape = dims_text(denominator.shape or ())
        yield Prose(
            f"The gradient has the shape of {study.X}, {shape}, so that a step can be subtracted "
            f"from it. It is no matrix, so the two layouts of matrices have no say."
        )
        return
    left = ["numerator layout", *_laid(study, numerator, is_numerator=True)]
    right = ["denominator layout", *_laid(study, denominator, is_numerator=False)]
    if len(denominator.shape or ()) < 2:
        yield Sides(tuple(left), tuple(right))
        yield Prose("A value with fewer than two axes has no transpose: both are the same.")
        return
    yield Prose(_convention(study, numerator, denominator))
    yield Sides(tuple(left), tuple(right))
    if study.is_product:
        turn = ".mT" if len(denominator.shape or ()) > 2 else ".T"
        chain = f"({numerator.formula}){turn} = {denominator.formula}"
        yield Prose(f"One is the other transposed: {chain}, by (AB)ᵀ = BᵀAᵀ.")
    else:
        yield Prose("One is the other transposed.")
    yield Prose(_told_apart(study, denominator))


def _convention(study: Study, numerator: View, denominator: View) -> str:
    J = study.loss if " " not in study.loss else "J"
    turned, own = (dims_text(view.shape or ()) for view in (numerator, denominator))
    labels, letters = study.writer.jacobian.wrt_labels, study.writer.letters
    at, other = letters.indices(labels), letters.indices(matrix_turned(labels))
    return (
        f"Where the numbers of ∂{J}/∂{study.X} are written is a convention. The numerator layout "
        f"has that of {study.X}{at} at {other}, so its shape is {turned}; the denominator layout "
        f"has it at {at}, in the shape of {study.X}, {own}, so that a step can be subtracted from "
        f"{study.X}."
    )


def _told_apart(study: Study, denominator: View) -> str:
    """Say who uses which layout, and how to tell."""
    J = study.loss if " " not in study.loss else "J"
    sizes = dict(study.report.dims)
    is_square = len({sizes.get(dim) or dim for dim in (denominator.shape or ())[-2:]}) == 1
    look = (
        "Here both have the same size, so only its formulas tell which of them a text uses"
        if is_square
        else f"The shape that a text gives ∂{J}/∂{study.X} tells which of them it uses"
    )
    return (
        f"{look}. PyTorch, TensorFlow, JAX and most courses use the denominator layout, many books "
        f"on matrix calculus the numerator layout. Both are right; to mix them is not."
    )


def _laid(study: Study, view: View, *, is_numerator: bool) -> list[str]:
    """Write one layout: the chain rule where it has its order, the formula, the shapes."""
    J, X, Y = study.loss, study.X, study.Y
    name = f"∂{J}/∂{X}" if is_numerator else study.dX
    if study.sweep.numerator and not is_numerator:
        name = f"{study.dX}.T"
    lines = []
    if study.is_product and _has_upstream_at(study, view, 0 if is_numerator else -1):
        above = f"{study.dY}.T" if study.sweep.numerator else study.dY
        rule = f"∂{J}/∂{Y} · ∂{Y}/∂{X}" if is_numerator else f"(∂{Y}/∂{X})ᵀ · {above}"
        lines.append(f"{name} = {rule}")
        lines.append(f"{' ' * len(name)} = {view.formula}")
    else:
        lines.append(f"{name} = {view.formula}")
    shape = dims_text(view.shape or ())
    if study.is_product:
        factors = " @ ".join(map(dims_text, view.factors))
        return [*lines, f"{shape} = {factors}"]
    return [*lines, shape]


def _has_upstream_at(study: Study, view: View, end: int) -> bool:
    factor = view.formula.split(" @ ")[end]
    return factor.removesuffix(".T").removesuffix(".mT") == study.dY


# --- the chain from the loss --------------------------------------------------------------------


def _in_a_chain(study: Study) -> Iterator[Block]:
    """Write the chain with the entries of each value stacked to one column."""
    links = _links(study)
    if study.link.gradient is None or not study.writer.output.shape or not links:
        return
    try:
        for link in links:
            is_own = link is study.link
            _require_stacked(study.here if is_own else Instance(StepWriter(link, study.sweep)))
    except NoNumbers:
        return
    J = study.loss
    top = links[-1].use.node.output
    shape_of = _sizes([top, *(link.value for link in reversed(links))])
    pairs = [(link.use.node.output, link.value) for link in reversed(links)]
    jacobians = [f"∂{one.name}/∂{other.name}" for one, other in pairs]
    sizes = [f"({shape_of[one]}, {shape_of[other]})" for one, other in pairs]
    first, last = shape_of[top], shape_of[study.link.value]
    yield Prose(
        f"Stack all entries of each value to one column, vec( ). From {_from(study, links)} "
        f"on, each Jacobian is a matrix then, and the chain rule is a product as it stands:"
    )
    above = _above(links)
    forward = " · ".join([f"∂{J}/∂{top.name}", *jacobians])
    backward = " ".join([*(f"({each})ᵀ" for each in jacobians[::-1]), f"vec({above})"])
    turned = [f"({shape_of[other]}, {shape_of[one]})" for one, other in reversed(pairs)]
    is_short = max(map(len, shape_of.values())) <= LONGEST_SIZE
    rows = (
        (forward, f"(1, {first}){''.join(sizes)} → (1, {last})" if is_short else ""),
        (backward, f"{''.join(turned)}({first}, 1) → ({last}, 1)" if is_short else ""),
    )
    yield Lines(f"∂{J}/∂{study.X}", rows[:1])
    if not study.sweep.numerator:
        yield Lines(f"vec({study.dX})", rows[1:])
    if study.opened.vec is not None and study.instances:
        _require_kronecker(study)
        yield Prose(
            f"Here, with columns stacked, vec({study.dX}) = {study.opened.vec.formula}. ⊗ is the "
            f"Kronecker product: each number of its left side times all of the right side."
        )


def _sizes(values: Sequence[Leaf]) -> dict[Leaf, str]:
    """Print the size of each stacked value; equal ones alike, so that a product is seen to fit."""
    known: dict[Dim, str] = {}
    found = {}
    for value in values:
        size = prod(value.shape, start=ONE)
        found[value] = known.setdefault(size, _multiplied(value.shape, size))
    return found


def _multiplied(shape: Shape, size: Dim) -> str:
    """Multiply dims out where that is one product, `4*m*c*h*w`; its names in their order."""
    names = list(dict.fromkeys(name for dim in shape for name in dim.names))
    if len(size.terms) != 1 or not names:
        return stacked(shape)
    ((monomial, count),) = size.terms
    powers = dict(monomial)
    if any(powers.get(name, 0) < 1 for name in names) or powers.keys() != {*names}:
        return stacked(shape)
    parts = [name for name in names for _ in range(int(powers[name]))]
    are_letters = count == 1 and all(len(part) == 1 for part in parts)
    return ("" if are_letters else "*").join([*([str(count)] if count != 1 else []), *parts])


def _from(study: Study, links: Sequence[Link]) -> str:
    top = links[-1].use.node.output
    gradient = study.sweep.gradients.get(top)
    if top in study.sweep.graph.upstream or gradient is None:
        return _above(links)
    return _above(links) if any(link.gradient for link in gradient.links) else "the loss"


def _above(links: Sequence[Link]) -> str:
    """Name the gradient that the chain begins with."""
    gradient = links[-1].gradient
    return "1" if gradient is None else gradient.name


def _links(study: Study) -> list[Link]:
    """Return the links from this one up to the loss, as long as there is one way, and few."""
    links = [study.link]
    while len(links) < MOST_LINKS:
        gradient = study.sweep.gradients.get(links[-1].use.node.output)
        if gradient is None or len(gradient.links) != 1 or gradient.links[0].gradient is None:
            break
        links.append(gradient.links[0])
    return links


def _require_stacked(instance: Instance) -> None:
    """Hold Jᵀ vec(dY) to the gradient, J being the index form with its entries stacked."""
    for wrt, slopes in instance.slopes.items():
        found = sum(map(mul, slopes, instance.upstreams))
        require(are_close(found, total(instance, wrt)), "the chain does not hold with vec")


def _require_kronecker(study: Study) -> None:
    """Hold (R ⊗ Lᵀ)ᵀ = Rᵀ ⊗ L to the Jacobian's transpose, with columns stacked."""
    upstream, here = study.link.gradient, study.here
    chain = make.chain(study.writer.denominator)
    if upstream is None or upstream not in chain:
        raise NoNumbers("its vec form is not one product")
    place = chain.index(upstream)
    left = _block(here, chain[:place], here.wrt_sizes[0], turned=False)
    right = _block(here, chain[place + 1 :], here.wrt_sizes[1], turned=True)
    for p, q in places_of(here.wrt_sizes):
        for i, j in places_of(here.out_sizes):
            found = left[p][i] * right[q][j]
            require(are_close(found, here.slope((i, j), (p, q))), "the vec form is wrong")


def _block(here: Instance, trees: Sequence[Tree], count: int, *, turned: bool) -> list[list[float]]:
    """Return L, or Rᵀ; the identity where there is none."""
    if not trees:
        return [[float(i == j) for j in range(count)] for i in range(count)]
    tree = make.product(list(trees))
    rows, columns = here.size(tree.shape)
    entries = here.entries(tree)
    matrix = [entries[row * columns : (row + 1) * columns] for row in range(rows)]
    return [list(each) for each in zip(*matrix, strict=True)] if turned else matrix


def _always(study: Study) -> Iterator[Block]:
    """Answer whether the order is always reversed, by the other factor of the same equation."""
    if not study.is_product or study.link.gradient is None or study.sweep.numerator:
        return
    own = _way(study.opened.denominator, study.dY)
    others = [
        link
        for link in study.sweep.links
        if link.use.node is study.link.use.node and link.value is not study.link.value
    ]
    texts = [f"Does the order always reverse? Stacked, yes. As matrices the walk decides: {own}"]
    for link in others:
        writer = StepWriter(link, study.sweep)
        if writer.relation != "product":
            continue
        gradient = study.sweep.gradients.get(link.value)
        name = f"d{link.value.name}" if gradient is None else gradient.name.name
        formula = text(writer.denominator)
        where = _place(formula, study.dY)
        if where and where != _place(study.opened.denominator.formula, study.dY):
            texts.append(
                f", but {name} = {formula} has it {where} (--wrt {link.value.name} says why)"
            )
            break
    yield Prose(f"{''.join(texts)}.")


def _way(view: View, upstream: str) -> str:
    where = _place(view.formula, upstream)
    return f"{view.formula} has {upstream} {where}" if where else f"here it is {view.formula}"


def _place(formula: str, upstream: str) -> str:
    factors = [each.removesuffix(".T").removesuffix(".mT") for each in formula.split(" @ ")]
    if factors[0] == upstream:
        return "in front"
    return "last" if factors[-1] == upstream else ""
