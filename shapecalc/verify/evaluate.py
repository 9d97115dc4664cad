"""Trees evaluated at points, in plain Python: over a prime field with derivatives, and in floats.

An op is evaluated by its formula, by its definition, or as one of the primitives below; never by
its Jacobian, so what comes out is independent of the engine's derivatives.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import eq

from shapecalc.dims import Shape
from shapecalc.matrix import make
from shapecalc.ops.build import definition_of
from shapecalc.ops.registry import OPS
from shapecalc.tree import Call, Leaf, Number, Tree, call, calls
from shapecalc.verify import field
from shapecalc.verify.arrays import Sizes
from shapecalc.verify.duals import as_float, chosen, float_power, plus, powered, spread, summed
from shapecalc.verify.elimination import ELIMINATED
from shapecalc.verify.field import Element, NoValue, P, Tables, Unsupported
from shapecalc.verify.groups import REDUCE, ties_in
from shapecalc.verify.planned import TermPlan
from shapecalc.verify.plans import Plans
from shapecalc.verify.point import Point
from shapecalc.verify.spectral import SPECTRAL, at_point, pseudoinverse

__all__ = ["COMPARE", "FLOATS", "Evaluation", "Point", "branches"]


class Evaluation:
    """Evaluates trees in one environment; `masks` collects which sides of a comparison occurred.

    `has_ties`: whether entries that one is chosen of were equal, in floats.
    Without `shadow` there are no floats beside the field: fit where nothing branches.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        values: dict[Leaf, Point],
        functions: Tables | None,
        *,
        shadow: bool = True,
        plans: Plans | None = None,
    ) -> None:
        self.dims = sizes
        self.plans = plans or Plans(sizes)
        self.shadow = shadow
        self.values = values
        self.functions = functions
        self.masks: dict[Tree, set[bool]] = {}
        self.has_ties = False
        self.equations: dict[Leaf, Tree] = {}
        self._known: dict[Tree, Point] = {}

    def set(self, leaf: Leaf, value: Point) -> None:
        """Give a name its value, and forget what was worked out without it."""
        self.values[leaf] = value
        self._known.clear()

    def give(self, leaf: Leaf, value: Point) -> None:
        """Give a name its value, of which nothing was made yet."""
        self.values[leaf] = value

    def stand_still(self) -> None:
        """Forget how things move, and keep what they are."""
        self.values = {name: point.without_slope() for name, point in self.values.items()}
        self._known = {tree: point.without_slope() for tree, point in self._known.items()}

    def size(self, shape: Shape) -> Sizes:
        """Return the sizes of a shape."""
        return self.plans.size(shape)

    def at(self, tree: Tree) -> Point:
        """Evaluate a tree. Raises NoValue where it has no value, Unsupported for what it cannot."""
        found = self._known.get(tree)
        if found is None:
            found = self._known[tree] = self._evaluated(tree)
        return found

    def _evaluated(self, tree: Tree) -> Point:
        if isinstance(tree, Leaf):
            if tree in self.values:
                return self.values[tree]
            size = self.dims[tree.name]
            return self._constant(as_float(size), size, 1)
        if isinstance(tree, Number):
            value = tree.value
            return self._constant(as_float(value), value.numerator, value.denominator)
        op = OPS[tree.op]
        if op.formula is not None:
            return self._by_formula(tree)
        if op.definition is not None:
            return self.at(self.plans.definition(tree))
        return self._primitive(tree)

    def _constant(self, value: float, above: int, below: int) -> Point:
        exact: list[Element] | None = None
        if self.functions is not None:
            exact = [above * field.inverse_of(below) % P] * self.plans.points
        return Point((), [value] * self.plans.points if self.shadow else [], exact)

    def _by_formula(self, tree: Call) -> Point:
        plan = self.plans.formula(tree)
        operands = [self.at(operand) for operand in tree.operands]
        total = self._term(plan.terms[0], operands, plan.sizes)
        for term in plan.terms[1:]:
            total = plus(total, self._term(term, operands, plan.sizes))
        return total

    def _term(self, plan: TermPlan, operands: list[Point], out: Sizes) -> Point:
        points = [operands[place] for place in plan.operands]
        if plan.is_raised:
            points = [powered(*each) for each in zip(points, plan.powers, strict=True)]
        floats = plan.scaled([point.floats for point in points]) if self.shadow else []
        if self.functions is None:
            return Point(out, floats)
        arrays = [point.exact or [] for point in points]
        slope = None
        for place, point in enumerate(points):
            if point.slope is not None:
                moved = [*arrays[:place], point.slope, *arrays[place + 1 :]]
                part = plan.reduced(moved)
                slope = part if slope is None else summed(slope, part)
        return Point(out, floats, plan.reduced(arrays), slope)

    def _primitive(self, tree: Call) -> Point:
        if tree.op == "exp" and self.functions is not None:
            powers = self._product_of_powers(tree.operands[0])
            if powers is not None:
                return self._exp_by(powers, tree.operands[0])
        if tree.op == "pow" and isinstance(tree.operands[1], Number):
            return self._constant_power(self.at(tree.operands[0]), tree.operands[1])
        if tree.op == "pi":
            exact = None if self.functions is None else self.functions.pis()
            return Point((), [math.pi] * self.plans.points, exact)
        if tree.op in ELIMINATED:
            (matrix,) = tree.operands
            return ELIMINATED[tree.op](self.at(matrix), self.plans.size(matrix.shape))
        if tree.op in SPECTRAL:
            (matrix,) = tree.operands
            sizes = self.plans.size(matrix.shape), self.plans.size(tree.shape)
            return at_point(tree.op, self.at(matrix), *sizes)
        if tree.op == "pinv":
            (matrix,) = tree.operands
            return self.at(pseudoinverse(matrix, self.plans.size(matrix.shape)))
        if tree.op in REDUCE:
            groups = self.plans.reduction(tree)
            entries = spread(self.at(tree.operands[0]), groups.gather)
            self.has_ties |= ties_in(tree.op, entries, groups)
            return REDUCE[tree.op](entries, groups)
        if tree.op == "floor":
            return self._floor(self.at(tree.operands[0]))
        plan = self.plans.spread(tree)
        operands = [
            spread(self.at(operand), pick)
            for operand, pick in zip(tree.operands, plan.gathers, strict=True)
        ]
        if tree.op in COMPARE:
            return self._compared(tree, operands, plan.sizes)
        if tree.op == "where":
            return chosen(operands, plan.sizes)
        return self._function(tree.op, operands, plan.sizes)

    def _exp_by(self, powers: Tree, exponent: Tree) -> Point:
        """Return e to an exponent as a product; that of a name moves as far as the name itself."""
        point = self.at(powers)
        if not isinstance(exponent, Leaf):
            return point
        slope = self.at(exponent).slope
        if slope is None or point.exact is None:
            return point.without_slope()
        moved = [a * b % P for a, b in zip(point.exact, slope, strict=True)]
        return point._replace(slope=moved)

    def _product_of_powers(self, exponent: Tree) -> Tree | None:
        """Write e to a sum as a product, and e to a logarithm as its operand.

        The field's table of exp knows one argument at a time, not that it turns sums to products.
        """
        if isinstance(exponent, Leaf):
            equation = self.equations.get(exponent)
            return None if equation is None else self._product_of_powers(equation)
        if not isinstance(exponent, Call):
            return None
        match exponent.op:
            case "log":
                return exponent.operands[0]
            case "log_softmax":
                return make.tidied(call("exp", (exponent,), (), exponent.shape))
            case "add" | "sub":
                left, right = (call("exp", (x,), (), x.shape) for x in exponent.operands)
                return make.binary("mul" if exponent.op == "add" else "div", left, right)
            case "neg":
                inner = exponent.operands[0]
                return make.divided(make.UNITY, call("exp", (inner,), (), inner.shape))
            case _:
                return None

    def _compared(self, tree: Call, operands: list[Point], out: Sizes) -> Point:
        compare = COMPARE[tree.op]
        left, right = (operand.floats for operand in operands)
        holds = [compare(a, b) for a, b in zip(left, right, strict=True)]
        self.masks.setdefault(tree, set()).update(holds)
        self.has_ties |= tree.op not in ("eq", "ne") and any(map(eq, left, right))
        exact: list[Element] | None = [int(each) for each in holds] if self.functions else None
        return Point(out, [float(each) for each in holds], exact)

    def _constant_power(self, base: Point, exponent: Number) -> Point:
        value = exponent.value
        if value.denominator == 1:
            return powered(base, int(value))
        floats = [float_power(entry, as_float(value)) for entry in base.floats]
        if self.functions is None:
            return Point(base.sizes, floats)
        if value.denominator != 2:
            raise Unsupported(f"the power {value} has no exact arithmetic")
        root = self._function("sqrt", [base], base.sizes)
        return powered(root, value.numerator)._replace(floats=floats)

    def _floor(self, operand: Point) -> Point:
        try:
            whole = [math.floor(entry + ROUNDED) for entry in operand.floats]
        except (ValueError, OverflowError):
            raise NoValue from None
        exact: list[Element] | None = [each % P for each in whole] if self.functions else None
        return Point(operand.sizes, [float(each) for each in whole], exact)

    def _function(self, name: str, operands: list[Point], out: Sizes) -> Point:
        if name == "pow":
            if self.functions is not None:
                raise Unsupported("a power whose exponent is no number has no exact arithmetic")
            pairs = zip(operands[0].floats, operands[1].floats, strict=True)
            return Point(out, [float_power(a, b) for a, b in pairs])
        (operand,) = operands
        try:
            floats = [FLOATS[name](entry) for entry in operand.floats]
        except KeyError:
            raise Unsupported(f"`{name}` has no arithmetic") from None
        except (ValueError, OverflowError):
            raise NoValue from None
        if self.functions is None or operand.exact is None:
            return Point(out, floats)
        values, slopes = self._exact_function(name, operand.exact)
        slope = None
        if operand.slope is not None:
            slope = [a * b % P for a, b in zip(operand.slope, slopes(), strict=True)]
        return Point(out, floats, values, slope)

    def _exact_function(
        self, name: str, entries: list[Element]
    ) -> tuple[list[Element], Callable[[], Sequence[Element]]]:
        """Return the values of a function, and its slopes for whoever needs them."""
        functions = self.functions
        assert functions is not None
        match name:
            case "exp":
                values = functions.exps(entries)
                return values, lambda: values
            case "log":
                slopes = field.inverses(entries)
                return functions.logs(entries, slopes), lambda: slopes
            case "sqrt":
                values = field.square_roots(entries)
                return values, lambda: field.inverses([2 * entry % P for entry in values])
            case "sin":
                both = functions.sines_cosines(entries)
                return [sin for sin, _ in both], lambda: [cos for _, cos in both]
            case "cos":
                both = functions.sines_cosines(entries)
                return [cos for _, cos in both], lambda: [-sin % P for sin, _ in both]
            case "arctan":
                return functions.odds(name, entries), lambda: field.inverses(
                    [(1 + entry * entry) % P for entry in entries]
                )
            case "erf":
                return functions.odds(name, entries), lambda: self._bells(entries)
            case _:
                raise Unsupported(f"`{name}` has no exact arithmetic")

    def _bells(self, entries: list[Element]) -> Sequence[Element]:
        """Return 2 exp(-x²) / √π of each entry x."""
        functions = self.functions
        assert functions is not None
        heights = [2 * field.inverse(field.square_root(pi)) % P for pi in functions.pis()]
        exps = functions.exps([-entry * entry % P for entry in entries])
        count = len(entries) // len(heights)
        return [heights[place // count] * entry % P for place, entry in enumerate(exps)]


def branches(tree: Tree) -> bool:
    """Say whether a tree takes different ways at different values: then floats must decide."""
    return any(map(branches_itself, calls(tree)))


def branches_itself(part: Call) -> bool:
    """Say whether an op, applied to whatever operands, takes different ways at different values."""
    if part.op in COMPARE or part.op in BRANCHING:
        return True
    op = OPS[part.op]
    return op.definition is not None and branches(definition_of(op, part.operands, part.attributes))


ROUNDED = 1e-9
"""What a whole number may be off by in floats: 13 / 3 - 1 / 3 is 4."""
BRANCHING = frozenset({"where", "floor", "max", "min"})
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}
FLOATS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "arctan": math.atan,
    "erf": math.erf,
}
