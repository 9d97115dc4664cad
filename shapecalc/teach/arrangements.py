"""Level 7: all arrangements of the factors, counted, and what becomes of them at equal sizes."""

from collections.abc import Iterator
from math import prod

from shapecalc.matrix.printing import text
from shapecalc.orderings import factors_of
from shapecalc.records import OrderingItem
from shapecalc.records.explained import Block, Level, Prose
from shapecalc.teach.instance import Instance, NoNumbers, are_close, places_of
from shapecalc.teach.study import Study, key_of, require, total
from shapecalc.tree import Leaf, Tree

TITLE = "ALL ARRANGEMENTS"
Rows = list[list[float]]


def arrangements(study: Study) -> Level:
    """Write the level. Raises NoNumbers where there is no order."""
    found = study.opened.orderings
    if not found.defined:
        raise NoNumbers(found.why)
    if study.here.special:
        names = " and ".join(study.here.special)
        raise NoNumbers(f"{names} is assumed to be special: some arrangements have equal values")
    _require_no_symmetry(study)
    checked = _require_items(study)
    blocks = tuple(_counted(study))
    check = "each arrangement multiplied out" if checked else "by which axes meet, for all sizes"
    return Level(7, TITLE, "", blocks, check)


def _counted(study: Study) -> Iterator[Block]:
    found, view = study.opened.orderings, study.view
    good = found.right + found.transposed
    names = [item.formula for item in found.items if item.value in ("right", "transposed")]
    has_transpose = any(item.value == "transposed" for item in found.items)
    told = (" and its transpose " if has_transpose else " and ").join(dict.fromkeys(names[:2]))
    wrong = found.conformable - good
    text = (
        f"The {len(view.factors)} factors, in any order and each transposed or not, have "
        f"{found.total} arrangements. For all sizes {found.conformable} conform"
    )
    if wrong:
        text += f": {good} right ({told}), and {wrong} wrong although they fit at every size."
        impostors = [
            item.formula
            for item in found.items
            if item.conforms == "always" and item.value == "wrong"
        ]
        if impostors:
            text += f" One that fits and is wrong: {impostors[0]}."
    else:
        text += f", {told}."
    here = found.at_these_sizes
    if here is not None and here > found.conformable:
        text += f" At the sizes of this spec {here} run, by coincidence: {here - good} are wrong."
    equal = _where_equal(study)
    if equal:
        text += f" {equal}"
    yield Prose(f"{text} `check --step {key_of(study.step)}` lists them.")


def _where_equal(study: Study) -> str:
    """Say what happens where all dims of the factors are equal, once it is seen in numbers."""
    found = study.opened.orderings
    used = {dim for factor in study.view.factors for dim in factor[-2:]}
    dims = [dim for dim, _ in study.report.dims if dim in used]
    good = found.right + found.transposed
    is_known = good == 2 == found.conformable and len(found.items) == found.total
    if not is_known or not 2 <= len(dims) == len(used):
        return ""
    for size in (2, 3):
        try:
            instance = Instance(study.writer, sizes=dict.fromkeys(dims, size))
        except NoNumbers:
            continue
        products = _products(study, instance)
        if products is not None and _wrong(instance, products) == found.total - good:
            conform = f"Where {' = '.join(dims)} all {found.total} do"
            return f"{conform}, and the other {found.total - good} are wrong."
    return ""


def _wrong(instance: Instance, products: list[tuple[OrderingItem, Rows | None]]) -> int:
    """Count the products that are neither the gradient nor its transpose."""
    right = _right(instance, products)
    if right is None:
        return -1
    turned = [list(row) for row in zip(*right, strict=True)]
    return sum(
        rows is not None and not (_equal(rows, right) or _equal(rows, turned))
        for _, rows in products
    )


def _right(instance: Instance, products: list[tuple[OrderingItem, Rows | None]]) -> Rows | None:
    """Return the product that is the gradient, or it without a number in front."""
    gradient = _gradient(instance)
    for item, rows in products:
        if item.value not in ("right", "transposed") or rows is None:
            continue
        for own in (rows, [list(row) for row in zip(*rows, strict=True)]):
            if len(own) == len(gradient) and len(own[0]) == len(gradient[0]):
                pairs = [
                    pair
                    for one, other in zip(own, gradient, strict=True)
                    for pair in zip(one, other, strict=True)
                ]
                top, below = max(pairs, key=lambda pair: abs(pair[0]))
                if top and all(are_close(a * below / top, b) for a, b in pairs):
                    return own
    return None


def _gradient(instance: Instance) -> Rows:
    rows, columns = instance.wrt_sizes
    entries = [total(instance, place) for place in places_of(instance.wrt_sizes)]
    return [entries[row * columns : (row + 1) * columns] for row in range(rows)]


def _equal(one: Rows, other: Rows) -> bool:
    if len(one) != len(other) or len(one[0]) != len(other[0]):
        return False
    pairs = (
        (a, b)
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )
    return all(are_close(a, b) for a, b in pairs)


def _require_items(study: Study) -> bool:
    """Multiply out every arrangement that is listed, and hold it to its verdict."""
    held = [_require_items_at(study, instance) for instance in study.instances]
    never = {item.formula for item in study.opened.orderings.items if item.conforms != "always"}
    seen = {formula for each in held for formula in each or ()}
    return None not in held and never <= seen


def _require_items_at(study: Study, instance: Instance) -> set[str] | None:
    """Return the arrangements that are seen not to conform; None where they are not matrices."""
    products = _products(study, instance)
    if products is None:
        return None
    right = _right(instance, products)
    require(right is not None, "no arrangement is the gradient")
    assert right is not None
    turned = [list(row) for row in zip(*right, strict=True)]
    for item, rows in products:
        if item.conforms != "always":
            continue
        require(rows is not None, f"`{item.formula}` does not conform as it is said")
        assert rows is not None
        value = _equal(rows, right) or _equal(rows, turned)
        said = item.value in ("right", "transposed")
        if value and not said:
            raise NoNumbers(f"laws of its factors make {item.formula} right too")
        require(value == said, f"`{item.formula}` is not {item.value}")
    return {item.formula for item, rows in products if rows is None}


def _products(study: Study, instance: Instance) -> list[tuple[OrderingItem, Rows | None]] | None:
    """Multiply arrangements out, None for one that does not conform; of matrices alone."""
    factors = factors_of(study.writer.formula)
    if isinstance(factors, str) or len(instance.wrt_sizes) != 2:
        return None
    known = {text(factor): _rows(instance, factor) for factor in factors}
    known |= {f"({name})": rows for name, rows in known.items()}
    found: list[tuple[OrderingItem, Rows | None]] = []
    for item in study.opened.orderings.items:
        parts = _parts(item.formula)
        if any(part.removesuffix(".T") not in known for part in parts):
            return None
        rows = None
        for number, part in enumerate(parts):
            own = known[part.removesuffix(".T")]
            if own is None:
                return None
            own = [list(row) for row in zip(*own, strict=True)] if part.endswith(".T") else own
            rows = own if number == 0 else _times(rows, own)
        found.append((item, rows))
    return found


def _parts(formula: str) -> list[str]:
    """Split a product at the signs outside of all parentheses."""
    parts = [""]
    for number, piece in enumerate(formula.split(" @ ")):
        is_inside = any(parts[-1].count(a) > parts[-1].count(b) for a, b in ("()", "[]"))
        if number and not is_inside:
            parts.append(piece)
        else:
            parts[-1] += f" @ {piece}" if number else piece
    return parts


def _require_no_symmetry(study: Study) -> None:
    """Leave the level out where a factor that is no name is its own transpose, as A + A.T is."""
    factors = factors_of(study.writer.formula)
    for factor in () if isinstance(factors, str) else factors:
        if isinstance(factor, Leaf) or not study.instances:
            continue
        each = [_rows(instance, factor) for instance in study.instances]
        if all(rows is not None and _is_symmetric(rows) for rows in each):
            raise NoNumbers(
                f"{text(factor)} is symmetric: some wrong arrangements have right values"
            )


def _is_symmetric(rows: Rows) -> bool:
    return _equal(rows, [list(row) for row in zip(*rows, strict=True)])


def _rows(instance: Instance, tree: Tree) -> Rows | None:
    size = instance.size(tree.shape)
    if len(size) != 2 or not prod(size):
        return None
    entries = instance.entries(tree)
    return [entries[row * size[1] : (row + 1) * size[1]] for row in range(size[0])]


def _times(left: Rows | None, right: Rows) -> Rows | None:
    if left is None or len(left[0]) != len(right):
        return None
    columns = list(zip(*right, strict=True))
    return [[sum(a * b for a, b in zip(row, c, strict=True)) for c in columns] for row in left]
