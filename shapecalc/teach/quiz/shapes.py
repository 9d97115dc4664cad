"""Questions about shapes: of a value, of a product, of a Jacobian."""

from collections.abc import Iterator
from random import Random

from shapecalc.dims import shape_text
from shapecalc.matrix.printing import text
from shapecalc.records import OrderingItem, Step, Value
from shapecalc.teach.quiz.network import Asked
from shapecalc.teach.quiz.records import ProductKey, Question, ShapeKey
from shapecalc.tree import Call, Tree

SHAPE_ANSWER = "a shape, as (a, b)"
PRODUCT_ANSWER = "the shape of the result, or no"
MOST_PARTS = 6


def shape_questions(asked: Asked) -> Iterator[Question]:
    """Ask for the shape of each value that an equation makes."""
    for value in asked.report.values:
        if value.equation is not None:
            yield Question(
                "shape",
                f"What is the shape of {value.name}?",
                asked.given(value.equation),
                (f"{value.name} = {value.equation}",),
                ShapeKey(value.shape, asked.size(value.shape)),
                shown(value.shape),
                tuple(_parts(asked, value)),
                SHAPE_ANSWER,
            )


def shown(shape: tuple[str, ...]) -> str:
    """Print a shape as Python does: `(k, m)`, `(k,)`, `()`."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(shape)})"


def _parts(asked: Asked, value: Value) -> Iterator[str]:
    """Say what each operation in an equation makes of shapes."""
    node = next(each for each in asked.sweep.graph.nodes if each.output.name == value.name)
    calls = list(dict.fromkeys(_inside_out(node.tree)))
    for call in calls[-MOST_PARTS:]:
        operands = [shape_text(each.shape) for each in call.operands]
        yield f"{text(call)}: {' and '.join(operands)} → {shape_text(call.shape)}"
    if value.note:
        yield value.note


def _inside_out(tree: Tree) -> Iterator[Call]:
    if isinstance(tree, Call):
        for operand in tree.operands:
            yield from _inside_out(operand)
        yield tree


def product_questions(asked: Asked, random: Random) -> Iterator[Question]:
    """Ask of an arrangement of the factors of each step whether it conforms.

    As many that do are asked about as others, or nobody would need to look.
    """
    for step in asked.steps:
        items = [each for each in step.orderings.items if _is_plain(each)]
        fits = random.random() < 0.5
        chosen = [each for each in items if (each.conforms == "always") == fits] or items
        if chosen and "@" in chosen[0].formula:
            yield _product(asked, step, random.choice(chosen))


def _is_plain(item: OrderingItem) -> bool:
    """Say whether an arrangement is of matrices, and conforms at every size or at none."""
    are_matrices = all(len(factor) == 2 for factor in item.factors)
    return are_matrices and item.conforms != "here" and "sum(" not in item.formula


def _product(asked: Asked, step: Step, item: OrderingItem) -> Question:
    factors = " @ ".join(map(shown, item.factors))
    if item.shape is None:
        why = f"{factors}: {item.why}, so no sum can run over both"
    else:
        why = f"{factors} → {shown(item.shape)}: inner dims are summed, outer ones stay"
    verdicts = {
        "right": f"and it is the gradient of {step.wrt}",
        "transposed": f"and it is the gradient of {step.wrt}, transposed",
        "wrong": f"but it is not the gradient of {step.wrt}: to conform proves nothing",
    }
    said = [verdicts[item.value]] if item.value in verdicts and item.shape is not None else []
    size = None if item.shape is None else asked.size(item.shape)
    return Question(
        "product",
        f"Does {item.formula} conform, and if so, to which shape?",
        asked.given(item.formula),
        (f"{step.output} = {step.equation}",),
        ProductKey(item.shape, factors, size),
        "no" if item.shape is None else shown(item.shape),
        (why, *said),
        PRODUCT_ANSWER,
    )


def jacobian_questions(asked: Asked) -> Iterator[Question]:
    """Ask for the full shape of each Jacobian, and for that of what its diagonal leaves."""
    for step in asked.report.steps:
        jacobian = step.jacobian
        fact = f"{jacobian.left} = {jacobian.index_form}"
        axes = f"the axes of {step.output}, then those of {step.wrt}"
        equation = (f"{step.output} = {step.equation}",)
        given = asked.given(f"{step.equation} {step.output}")
        derivative = f"∂{step.output}/∂{step.wrt}"
        if not jacobian.shape:
            continue
        yield Question(
            "jacobian",
            f"What is the full shape of {derivative}, with {axes}?",
            given,
            equation,
            ShapeKey(jacobian.shape, asked.size(jacobian.shape)),
            shown(jacobian.shape),
            (f"one axis for each axis of either: {axes}", fact),
            "a shape, as (a, b, …)",
        )
        every = [(each.output, each.wrt) for each in asked.report.steps]
        is_all = every.count((step.output, step.wrt)) == 1
        if is_all and jacobian.effective and jacobian.effective_shape and jacobian.diagonal:
            shape = jacobian.effective_shape
            along = " and ".join(dict.fromkeys(jacobian.diagonal))
            yield Question(
                "jacobian",
                f"{derivative} is diagonal in {along}. What is the shape of the factor that is"
                " left without the deltas, as it is stored?",
                given,
                equation,
                ShapeKey(shape, asked.size(shape)),
                shown(shape),
                (fact, f"without the deltas, {jacobian.effective} is left"),
                SHAPE_ANSWER,
            )
