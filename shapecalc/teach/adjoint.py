"""Level 6: the same without indices. A gradient step is the adjoint of the derivative."""

from collections.abc import Iterator
from operator import mul

from shapecalc import layout
from shapecalc.index import Factor, contracted, merged_powers, merged_terms
from shapecalc.matrix import make
from shapecalc.matrix.joining import Unreadable
from shapecalc.matrix.printing import text
from shapecalc.matrix.spelling import unicode_text
from shapecalc.records.explained import Block, Level, Lines, Prose
from shapecalc.teach.instance import CheckFailed, Instance, NoNumbers, are_close, places_of
from shapecalc.teach.study import Study, require
from shapecalc.tree import Leaf, Tree, leaf
from shapecalc.verify.evaluate import Evaluation, Point
from shapecalc.verify.field import NoValue

TITLE = "WITHOUT INDICES"
DIRECTIONS = ("H", "K", "U", "E", "V", "D")
ALONG = (1, -2, 3, 2, -1, 4, -3)


def adjoint(study: Study) -> Level:
    """Write the level. Raises NoNumbers where the derivative is no formula."""
    if study.sweep.numerator:
        raise NoNumbers("it is written for gradients in the shape of their value")
    if study.link.gradient is None and study.step.relation != "elementwise":
        raise NoNumbers(f"{study.Y} is one number, and its derivative is the gradient itself")
    taken = {*study.sweep.graph.values, *(dim for dim, _ in study.report.dims)}
    name = next((each for each in DIRECTIONS if each not in taken), None)
    if name is None:
        raise NoNumbers("no letter is left for a direction")
    H = leaf(name, study.link.value.shape)
    moved = _derivative(study, H)
    for instance in study.instances:
        _require_adjoint(study, instance, H, moved)
    return Level(6, TITLE, "", tuple(_told(study, H, moved)), "each inner product")


def _derivative(study: Study, H: Leaf) -> Tree:
    """Contract the Jacobian with a direction instead of the upstream, and read a formula."""
    writer = study.writer
    labels = tuple(label for label in writer.jacobian.wrt_labels if label is not None)
    own = leaf(H.name, study.writer.derivation.value.shape)
    terms = [
        merged_powers(
            contracted(
                term._replace(
                    factors=(*term.factors, Factor(own, writer.jacobian.wrt_labels)),
                    summed=(*term.summed, *labels),
                )
            )
        )
        for term in writer.jacobian.terms
    ]
    free, shape = writer.jacobian.output_labels, writer.jacobian.output.shape
    try:
        found = layout.formula(merged_terms(terms, free), free, shape, [own], numerator=False)
    except Unreadable:
        raise NoNumbers("the derivative along a direction has no formula by matrices") from None
    return writer.spell(found)


def _require_adjoint(study: Study, instance: Instance, H: Leaf, moved: Tree) -> None:
    """Hold both sides to differences along one direction, in numbers."""
    sizes = instance.wrt_sizes
    places = list(places_of(sizes))
    direction = [float(ALONG[at % len(ALONG)]) for at in range(len(places))]
    instance.world.values[H] = Point(sizes, direction)
    try:
        along = instance.entries(moved)
    except (KeyError, ValueError) as error:
        raise CheckFailed(f"`{text(moved)}` cannot be evaluated: {error}") from None
    columns = zip(*(instance.differences[place] for place in places), strict=True)
    expected = [sum(map(mul, direction, each)) for each in columns]
    require(len(along) == len(expected), f"`{text(moved)}` has another shape than {study.Y}")
    for one, other in zip(along, expected, strict=True):
        require(are_close(one, other), f"{study.Y} does not move by `{text(moved)}`")
    seen = sum(map(mul, instance.upstreams, along))
    formula = instance.entries(study.writer.formula)
    back = sum(a * b for a, b in zip(formula, direction, strict=True))
    require(are_close(seen, back), "the two inner products differ")


def _told(study: Study, H: Leaf, moved: Tree) -> Iterator[Block]:
    formula, dX = study.writer.formula, study.dX
    step, gradient = unicode_text(moved), unicode_text(formula)
    J, X, Y = study.loss, study.X, study.Y
    upstream = study.link.gradient
    in_use = ", in this use alone," if study.is_part else ""
    if upstream is None:
        yield Prose(f"Move {X}{in_use} by any {H.name}: to first order {Y} moves by {step}.")
        yield Lines("", ((f"{step} = ⟨{gradient}, {H.name}⟩", ""),))
        yield Prose(f"for every {H.name}; ⟨ , ⟩ is entry times entry, added up. And so")
        yield Lines(dX, ((gradient, ""),))
        return
    yield Prose(f"Move {X}{in_use} by any {H.name}. To first order, {Y} moves by")
    yield Lines("", ((step, ""),))
    is_matrix = len(moved.shape) == len(upstream.shape) == 2
    is_free = "tr" not in study.sweep.graph.values
    trace = f" For matrices that is a trace, tr({upstream.name}ᵀ …)."
    yield Prose(
        f"and {J} by the inner product ⟨ , ⟩ of {upstream.name} with that: entry times entry, "
        f"added up.{trace if is_matrix and is_free else ''}"
    )
    if "⊙" in step or "⊙" in gradient:
        yield Prose("⊙ is * here: entry times entry.")
    left = f"⟨{upstream.name}, {step}⟩"
    middle = _by_traces(study, H, moved)
    lines = [*middle, f"⟨{gradient}, {H.name}⟩"]
    yield Lines(left, tuple((line, "") for line in lines))
    yield Prose(f"for every {H.name}, and so")
    yield Lines(dX, ((gradient, ""),))
    yield Prose(
        f"What a linear map does to {H.name} on the one side of ⟨ , ⟩, its adjoint does to "
        f"{upstream.name} on the other. Adjoints reverse a chain, (f∘g)* = g*∘f*: so "
        f"backpropagation runs from the loss to the start."
    )
    if not _undoes(study, H, moved):
        yield Prose(
            f"An adjoint is no inverse and takes nothing back to what it was: put {step} in the "
            f"place of {upstream.name}, and what comes out is not {H.name}. It says how much each "
            f"entry of {X} counts, by all the entries of {Y} that it moves."
        )


def _undoes(study: Study, H: Leaf, moved: Tree) -> bool:
    """Say whether the formula takes the derivative along H back to H; so of products alone."""
    upstream = study.link.gradient
    if upstream is None or not study.is_product:
        return True
    for instance in study.instances:
        values = dict(instance.world.values)
        values[upstream] = Point(instance.out_sizes, instance.entries(moved))
        try:
            back = Evaluation(instance.sizes, values, None).at(study.writer.formula).floats
        except NoValue:
            return True  # of a value that has none, nothing is said
        own = instance.entries(H)
        if all(are_close(one, other) for one, other in zip(back, own, strict=True)):
            return True
    return False


def _by_traces(study: Study, H: Leaf, moved: Tree) -> list[str]:
    """Write a product as traces: turn it around until the direction stands last."""
    upstream = study.link.gradient
    chain = make.chain(moved)
    plain = all(len(each.shape) == 2 for each in chain)
    is_free = "tr" not in study.sweep.graph.values
    if not study.is_product or H not in chain or not plain or upstream is None or not is_free:
        return []
    place = chain.index(H)
    before, after = chain[:place], chain[place + 1 :]
    turned = make.transposed(upstream)
    formula = study.writer.formula
    products = [[turned, *chain]]
    if after:
        products.append([*after, turned, *before, H])
    products.append([make.transposed(formula), H])
    for product in products:
        _require_trace(study.here, make.product(product), formula, H)
    lines = [f"tr({_side_by_side(product)})" for product in products[:-1]]
    return [*lines, f"tr(({unicode_text(formula)})ᵀ {H.name})"]


def _require_trace(instance: Instance, product: Tree, formula: Tree, H: Leaf) -> None:
    entries, (size, _) = instance.entries(product), instance.size(product.shape)
    found = sum(entries[i * size + i] for i in range(size))
    pairs = zip(instance.entries(formula), instance.entries(H), strict=True)
    require(are_close(found, sum(a * b for a, b in pairs)), f"tr({text(product)}) differs")


def _side_by_side(trees: list[Tree]) -> str:
    printed = [unicode_text(tree) for tree in trees]
    first, *rest = (f"({each})" if " " in each else each for each in printed)
    return " ".join([first, *(f"({each})" if each.startswith("-") else each for each in rest)])
