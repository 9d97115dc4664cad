"""What the engine's results are held against: NumPy bodies, differences, autograd, einsum.

Trees are evaluated here by the ops' bodies and index terms by one einsum; nothing of `verify` and
none of the engine's derivatives take part.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import autograd.numpy as autograd_numpy
import numpy as np
from autograd import jacobian as autograd_jacobian
from autograd.tracer import isbox
from layer_cases import LAYERS
from lookup_cases import LOOKUPS
from matrix_cases import MATRICES
from numpy.typing import NDArray
from pasted_cases import PASTED
from shorthand_cases import SHORTHANDS
from structural_cases import STRUCTURAL
from window_cases import WINDOWS

import shapecalc.ops
from shapecalc import layout
from shapecalc.backprop import Jacobian, contribution, jacobian
from shapecalc.conditions import Condition, Label, Mask
from shapecalc.dims import Dim, Shape, matrix_turned
from shapecalc.expression import Name
from shapecalc.graph import Equations, Node, Use
from shapecalc.index import Labels, Term
from shapecalc.matrix.printing import numpy_text
from shapecalc.ops import OPS
from shapecalc.ops.build import expression_of
from shapecalc.ops.indices import indices_in
from shapecalc.ops.notation import read_signatures
from shapecalc.ops.registry import Op
from shapecalc.parsing.dims import parse_dim
from shapecalc.span import Span
from shapecalc.spec.network import Equation
from shapecalc.sweep.kinds import Question
from shapecalc.sweep.nested import shortest
from shapecalc.tree import Attribute, Call, Leaf, Number, Tree, leaf, leaves, with_marker
from shapecalc.verify.checks import Case

Array = NDArray[np.float64]
SIZES = {"b": 2, "m": 3, "n": 5, "k": 7, "h": 11}
NOWHERE = Span("", 1, 1, 1)
OTHER_SIZES = {"b": 7, "m": 5, "n": 2, "k": 3, "h": 13}


class Step(NamedTuple):
    """One equation `R = text`, with the shapes of its names: `A=m,n b=n s=`."""

    text: str
    shapes: str

    def __str__(self) -> str:
        return f"{self.text}  {self.shapes}"


class Derived(NamedTuple):
    """What the engine says of one use of a name in a step."""

    step: Step
    equation: Tree
    use: int
    jacobian: Jacobian

    @property
    def upstream(self) -> Leaf:
        return leaf("dR", self.jacobian.output.shape)

    @property
    def formula(self) -> Tree:
        return self.read(self.jacobian)

    @property
    def of_loss(self) -> Tree:
        """Read the gradient where the output is the loss itself, without an upstream gradient."""
        terms = contribution(self.jacobian, None, {}, transposed=False)
        return self._shortest(terms, self.jacobian, None, numerator=False)

    def terms(self, jac: Jacobian, *, numerator: bool = False) -> tuple[Term, ...]:
        turned = leaf("dR", matrix_turned(self.upstream.shape))
        return contribution(jac, turned if numerator else self.upstream, {}, transposed=numerator)

    def read(self, jac: Jacobian, *, numerator: bool = False) -> Tree:
        terms = self.terms(jac, numerator=numerator)
        shape = self.upstream.shape
        held = leaf("dR", matrix_turned(shape) if numerator else shape)
        return self._shortest(terms, jac, held, numerator=numerator)

    def _shortest(
        self, terms: tuple[Term, ...], jac: Jacobian, held: Leaf | None, *, numerator: bool
    ) -> Tree:
        """Read terms as a report does; those of a Jacobian that a test corrupted, as they stand."""
        if jac is not self.jacobian:
            held_too = [each for each in (held,) if each is not None]
            return layout.formula(
                terms, jac.wrt_labels, jac.wrt.shape, held_too, numerator=numerator
            )
        source = Equation("R", Name(NOWHERE, "R"), self.step.text, NOWHERE, NOWHERE)
        template = Equations().template(jac.output, self.equation, ())
        use = Use(Node(jac.output, source, template, template.kind), self.use, 0)
        question = Question(jac.wrt, (use,), (held,), None, is_total=False)
        return shortest(terms, jac.wrt_labels, question, numerator=numerator)

    def case(self, formula: Tree) -> Case:
        marker = leaf("<wrt>", self.jacobian.wrt.shape)
        output = self.jacobian.output
        moved = with_marker(self.equation, self.use, marker)
        upstream = ((output, self.upstream),)
        return Case(((output, moved),), upstream, marker, self.jacobian.wrt, formula)


# --- shapes and trees ------------------------------------------------------------------------


def shape(text: str) -> Shape:
    """Read `m,1` or `m,n*k-1` as a shape, the empty text as a scalar's."""
    return tuple(_dim(part) for part in text.split(",") if part)


def _dim(text: str) -> Dim:
    if "floor(" in text:
        return parse_dim(text, lambda offset, length: Span("<test>", 1, offset + 1, length))
    total = Dim.number(0)
    for part in text.replace("-", "+-").split("+"):
        product = Dim.number(-1 if part[:1] == "-" else 1)
        for name in part.removeprefix("-").split("*"):
            product *= Dim.number(int(name)) if name.isdigit() else Dim.named(name)
        total += product
    return total


def names_of(shapes: str) -> dict[str, Leaf]:
    """Read `A=m,n b=n s=`."""
    pairs = (entry.split("=") for entry in shapes.split())
    return {name: leaf(name, shape(text)) for name, text in pairs}


def tree_of(text: str, shapes: str) -> Tree:
    """Build the tree of an expression; dims stand for themselves."""
    values = names_of(shapes)
    used = [name for value in values.values() for dim in value.shape for name in dim.names]
    dims: dict[str, Tree | Attribute] = {name: Dim.named(name) for name in (*SIZES, *used)}
    return expression_of(text, {**dims, **values})


@cache
def derived(step: Step) -> tuple[Derived, ...]:
    """Differentiate a step by every use of a name with a shape in it."""
    equation = tree_of(*step)
    output = leaf("R", equation.shape)
    names = names_of(step.shapes)
    found = []
    for use, each in enumerate(leaves(equation)):
        if names.get(each.name) is each:
            found.append(Derived(step, equation, use, jacobian(output, equation, use)))
    return tuple(found)


def derivatives(step: Step, name: str) -> tuple[Derived, ...]:
    """Return those of one name."""
    return tuple(each for each in derived(step) if each.jacobian.wrt.name == name)


# --- evaluation by the bodies of the ops -----------------------------------------------------


class World(NamedTuple):
    """Sizes and values at which trees are evaluated."""

    sizes: Mapping[str, int]
    values: Mapping[str, Array]

    def shape(self, dims: Iterable[Dim]) -> tuple[int, ...]:
        return tuple(dim.size(self.sizes) for dim in dims)

    def at(self, tree: Tree) -> Array:
        """Evaluate a tree by the ops' NumPy bodies."""
        if isinstance(tree, Number):
            return np.asarray(float(tree.value))
        if isinstance(tree, Leaf):
            known = tree.name in self.values
            return self.values[tree.name] if known else np.asarray(float(self.sizes[tree.name]))
        operands = (self.at(operand) for operand in tree.operands)
        return np.asarray(OPS[tree.op].body(*operands, **arguments(tree, self.sizes)), dtype=float)


def arguments(tree: Call, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the attributes of a call as its body takes them."""
    return {name: _argument(value, sizes) for name, value in tree.attributes}


def _argument(value: Attribute, sizes: Mapping[str, int]) -> object:
    if isinstance(value, Dim):
        return value.size(sizes)
    if isinstance(value, tuple):
        return tuple(_argument(item, sizes) for item in value)
    return float(value) if isinstance(value, Fraction) else value


def world_of(step: Step, sizes: Mapping[str, int] = SIZES, seed: int = 17) -> World:
    """Draw values of both signs; within 0..1 where the equation has no value at those."""
    equation = tree_of(*step)
    picked = indices_in([equation])
    for low, sign in ((0.3, -1), (0.1, 1)):
        random = np.random.default_rng(seed)
        values = {}
        for name, each in names_of(step.shapes).items():
            size = tuple(dim.size(sizes) for dim in each.shape)
            entries = random.uniform(low, low + 0.8, size) * random.choice([1, sign], size)
            masks = equation.op == "where" and name == "C" if isinstance(equation, Call) else False
            values[name] = np.asarray((entries > 0.5) * 1.0 if masks else entries)
            if each in picked:
                below = min(dim.size(sizes) for dim in picked[each])
                values[name] = np.asarray(random.integers(0, below, size), dtype=float)
        with np.errstate(all="ignore"):
            output = World(sizes, values).at(equation)
        if np.isfinite(output).all():
            gradient = random.uniform(0.3, 1.5, output.shape) * random.choice([1, -1], output.shape)
            return World(sizes, {**values, "R": output, "dR": np.asarray(gradient)})
    raise AssertionError(f"no values for {step}")


def moved(one: Derived, world: World) -> Callable[[Any], Any]:
    """Return the output as a function of the entries of one use of a name."""
    marker = leaf("<wrt>", one.jacobian.wrt.shape)
    equation = with_marker(one.equation, one.use, marker)
    return lambda entries: World(world.sizes, {**world.values, "<wrt>": entries}).at(equation)


# --- three ways to a Jacobian ----------------------------------------------------------------


def by_differences(one: Derived, world: World, by: float = 1e-5) -> Array:
    """Return ∂R/∂wrt, R's axes first, by central differences of the bodies."""
    output, point = moved(one, world), world.values[one.jacobian.wrt.name]
    columns = []
    for place in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[place] += by
        behind[place] -= by
        columns.append((output(ahead) - output(behind)) / (2 * by))
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(world.values["R"].shape + point.shape)


def by_terms(jac: Jacobian, world: World) -> Array:
    """Return ∂R/∂wrt from its index form, each term by one einsum over labels and deltas."""
    size = world.shape(jac.output.shape) + world.shape(jac.wrt.shape)
    return value_of(jac.terms, jac.free, world).reshape(size)


def value_of(terms: tuple[Term, ...], free: Labels, world: World) -> Array:
    """Return a sum of terms as an array with the axes of `free`, unit axes left out."""
    labels = [label for label in free if label is not None]
    total = np.zeros([label.dim.size(world.sizes) for label in labels])
    for term in terms:
        total += float(term.coefficient) * _product(term, labels, world)
    return total


def _product(term: Term, free: list[Label], world: World) -> Array:
    """Multiply with einsum; an array of ones for every label, so that none is without a size."""
    numbers: dict[Label, int] = {}
    operands: list[Any] = []

    def add(entries: Array, labels: Labels) -> None:
        kept = [label for label in labels if label is not None]
        squeezed = entries.reshape([label.dim.size(world.sizes) for label in kept])
        operands.extend((squeezed, [numbers.setdefault(label, len(numbers)) for label in kept]))

    for factor in term.factors:
        add(world.at(factor.tree) ** float(factor.power), factor.labels)
    for delta in term.deltas:
        add(np.eye(delta.left.dim.size(world.sizes)), delta)
    for condition in term.conditions:
        labels = tuple(dict.fromkeys(condition.labels))
        add(_ones_where(condition, labels, world), labels)
    for label in (*free, *term.summed):
        add(np.ones(label.dim.size(world.sizes)), (label,))
    if not operands:
        return np.asarray(1.0)
    output = [numbers[label] for label in free]
    return np.asarray(np.einsum(*operands, output, optimize=len(numbers) > 6))


def _ones_where(condition: Condition, labels: tuple[Label, ...], world: World) -> Array:
    """Return 1 where a delta or a mask holds, 0 elsewhere, with an axis for each label."""
    counts = dict(zip(labels, np.indices(world.shape([x.dim for x in labels])), strict=True))
    parts, offset = condition.form
    value = offset.size(world.sizes)
    value = value + sum(count.size(world.sizes) * counts[label] for label, count in parts)
    if isinstance(condition, Mask):
        return np.asarray(value >= 0, dtype=float)
    if condition.is_cyclic:
        value = value % condition.left.dim.size(world.sizes)
    return np.asarray(counts[condition.left] == value, dtype=float)


class _AutogradNumpy:
    """Stands in for `np` in a body: autograd's, with an `asarray` that lets its boxes through."""

    def __getattr__(self, name: str) -> Any:
        return getattr(autograd_numpy, name)

    @staticmethod
    def asarray(value: Any, dtype: Any = None) -> Any:
        return value if isbox(value) else np.asarray(value, dtype)


def with_autograd(entry: Op) -> Callable[..., Any]:
    """Return the body of an op, and what it calls in its module, with autograd's NumPy."""
    scope = {**entry.body.__globals__, "np": _AutogradNumpy()}
    for name, found in entry.body.__globals__.items():
        if isinstance(found, FunctionType) and found.__module__ == entry.body.__module__:
            scope[name] = FunctionType(found.__code__, scope, name, found.__defaults__)
    body = FunctionType(entry.body.__code__, scope)
    body.__kwdefaults__ = entry.body.__kwdefaults__
    return body


def by_autograd(one: Derived, world: World) -> Array | None:
    """Return ∂R/∂wrt by autograd; None where it has no rule for a body."""
    marker = leaf("<wrt>", one.jacobian.wrt.shape)
    equation = with_marker(one.equation, one.use, marker)

    def at(tree: Tree, entries: Any) -> Any:
        if tree is marker:
            return entries
        if not isinstance(tree, Call):
            return world.at(tree)
        operands = (at(operand, entries) for operand in tree.operands)
        return with_autograd(OPS[tree.op])(*operands, **arguments(tree, world.sizes))

    function = autograd_jacobian(lambda entries: at(equation, entries))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Output seems independent")  # as comparisons are
            return np.asarray(function(world.values[one.jacobian.wrt.name]), dtype=float)
    except (NotImplementedError, AssertionError, ValueError, TypeError):
        return None


def matrix_transposed(entries: Array) -> Array:
    """Swap the last two axes, as numerator layout stores a gradient."""
    return entries if entries.ndim < 2 else np.swapaxes(entries, -1, -2)


def pulled_back(jac: Array, upstream: Array) -> Array:
    """Contract an upstream gradient with a Jacobian: the vector-Jacobian product."""
    return np.asarray(np.tensordot(upstream, jac, axes=upstream.ndim))


def executed(formula: Tree, world: World) -> Array:
    """Run a formula as the NumPy text that it is printed as."""
    spelt = {name: entry.numpy for name, entry in OPS.items() if entry.numpy is not None}
    scope: dict[str, Any] = {"np": np, **world.sizes, **world.values}
    scope |= {name: getattr(shapecalc.ops, name) for name in OPS if name not in spelt}
    exec(f"result = {numpy_text(formula, spelt)}", scope)  # noqa: S102  # it is ours
    return np.asarray(scope["result"], dtype=float)


# --- cases from the registry -----------------------------------------------------------------

UNARY = ("m,n", "n", "1,n", "m,1", "1,1", "", "b,m,n", "b,m,1,n")
BINARY = (
    ("m,n", "m,n"),
    ("m,n", "n"),
    ("n", "m,n"),
    ("m,n", "1,n"),
    ("m,1", "m,n"),
    ("m,n", ""),
    ("", "m,n"),
    ("m,1", "1,n"),
    ("m,1", "n"),
    ("n", "n"),
    ("n", "1"),
    ("", ""),
    ("b,m,n", "m,1"),
    ("b,m,1,n", "k,1"),
)
TERNARY = (
    ("m,n", "m,n", "m,n"),
    ("m,n", "n", ""),
    ("m,1", "m,n", "1,n"),
    ("n", "", "m,n"),
    ("n", "n", "n"),
    ("", "m,n", "n"),
)
BROADCAST: dict[int, tuple[tuple[str, ...], ...]] = {
    0: ((),),
    1: tuple((each,) for each in UNARY),
    2: BINARY,
    3: TERNARY,
}

AXES = ("", ", axis=0", ", axis=1", ", axis=(0, 1)", ", axis=-1", ", axis=(0, -1)")
REDUCTIONS = [f"X{axis}{kept}" for axis in AXES for kept in ("", ", keepdims=True")]
REDUCED = [(text, "X=m,n") for text in REDUCTIONS] + [
    ("X, axis=0", "X=n"),
    ("X", "X="),
    ("X, axis=1", "X=m,1"),
    ("X, axis=0, keepdims=True", "X=m,1"),
    ("X, axis=(0, 2)", "X=b,m,n"),
    ("X, axis=1, keepdims=True", "X=b,m,n"),
    ("X, axis=(0, -1), keepdims=True", "X=b,m,1,n"),
    ("X, axis=-3", "X=b,m,1,n"),
]
NOT_OF_ONE = [(text, shapes) for text, shapes in REDUCED if shapes not in ("X=", "X=m,1")]
"""For what has no derivative where there is one entry: the deviation from its mean is 0."""
NORMALISED = [
    ("X, axis=0", "X=m,n"),
    ("X, axis=1", "X=m,n"),
    ("X, axis=-1", "X=b,m,n"),
    ("X, axis=0", "X=n"),
    ("X, axis=1", "X=m,1"),
    ("X, axis=0", "X=m,1"),
]
RESULTS = ("", ', reduction="sum"', ', reduction="none"')
LOSSES = [
    (f"{{0}}, {{1}}{reduction}", f"{{0}}={dims} {{1}}={dims}")
    for reduction in RESULTS
    for dims in ("m,n", "n", "1,m", "")
]
CLASS_LOSSES = [
    (f"{{0}}, {{1}}, axis={axis}{reduction}", f"{{0}}={dims} {{1}}={dims}")
    for reduction in RESULTS
    for axis, dims in ((0, "m,n"), (1, "m,n"), (0, "n"), (-1, "b,m,n"), (1, "m,1"))
]
EINSUMS = (
    ("ij,jk->ik", "m,n", "n,k"),
    ("ij,kj->ik", "m,n", "k,n"),
    ("ij,jk->ki", "m,n", "n,k"),
    ("i,j->ij", "m", "n"),
    ("ij,ij->", "m,n", "m,n"),
    ("ij,ij->ij", "m,n", "m,n"),
    ("ij,ji->ij", "m,n", "n,m"),
    ("bij,bjk->bik", "b,m,n", "b,n,k"),
    ("ij,j->i", "m,n", "n"),
    ("ij,jk->i", "m,n", "n,k"),
    ("ij,jk->ik", "1,n", "n,1"),
    ("i,i->", "n", "n"),
    (",ij->ij", "", "m,n"),
    ("ijk,k->ij", "b,m,n", "n"),
    ("i,j", "m", "n"),
    ("...ij,...jk", "b,m,n", "n,k"),
    ("b...,...->b...", "b,m,n", "1,n"),
    ("bij->bji", "b,m,n"),
    ("bij->b", "b,m,n"),
    ("ij,jk,kl->il", "b,m", "m,n", "n,k"),
    ("bij,bjk,k->bi", "b,m,n", "b,n,k", "k"),
    ("bthd,bshd->bhts", "b,m,k,n", "b,h,k,n"),
    ("ij,ik,il->jkl", "b,m", "b,n", "b,k"),
    ("i,i,i->i", "n", "n", "n"),
    ("iij,jk->ik", "m,m,n", "n,k"),
)
PRODUCTS = (
    ("m,n", "n,k"),
    ("m,n", "n"),
    ("n", "n,k"),
    ("n", "n"),
    ("m,1", "1,k"),
    ("1,n", "n,1"),
    ("1,n", "n"),
    ("n", "n,1"),
    ("1", "1"),
    ("b,m,n", "n,k"),
    ("b,m,n", "n"),
    ("b,n,1", "1,k"),
    ("b,1,n", "n,1"),
)
STACKED = (
    ("b,m,n", "b,n,k"),
    ("m,n", "b,n,k"),
    ("n", "b,n,k"),
    ("k,n", "b,n,1"),
    ("1,n", "b,n,1"),
    ("1,n", "b,n,k"),
    ("h,b,m,n", "n,k"),
    ("h,1,m,n", "b,n,k"),
    ("1,m,n", "b,n,k"),
    ("b,m,n", "h,1,n,k"),
    ("h,b,m,n", "n"),
    ("n", "h,b,n,k"),
)
SCALES = [
    ("X, gamma, beta, axis=1", "X=m,n gamma=n beta=n"),
    ("X, gamma, beta, axis=0", "X=m,n gamma=m,1 beta=m,1"),
    ("X, gamma, beta, axis=0, eps=0.1", "X=m,n gamma=n beta=1,n"),
    ("X, gamma, axis=(0, 1)", "X=b,m,n gamma=n"),
    ("X, axis=-1", "X=b,m,n"),
    ("X, gamma, beta, axis=(0, 1, 3)", "X=b,m,1,n gamma= beta=n"),
    ("X, gamma, beta, axis=0", "X=n gamma=n beta="),
]
POWERS = (2, 3, -1, -0.5, 0, 0.3, 2.5)
STATED: dict[str, list[tuple[str, str]]] = {
    "sum": REDUCED,
    "mean": REDUCED,
    "softmax": NORMALISED,
    "log_softmax": NORMALISED,
    "cross_entropy": CLASS_LOSSES,
    "softmax_cross_entropy": CLASS_LOSSES,
    "binary_cross_entropy": LOSSES,
    "binary_cross_entropy_with_logits": LOSSES,
    "mse": LOSSES,
    "leaky_relu": [("X", f"X={dims}") for dims in UNARY] + [("X, slope=0.2", "X=m,n")],
    "max": REDUCED,
    "min": REDUCED,
    "prod": REDUCED,
    "var": REDUCED + [(f"{text}, ddof=1", shapes) for text, shapes in NOT_OF_ONE],
    "std": NOT_OF_ONE + [(f"{text}, ddof=1", shapes) for text, shapes in NOT_OF_ONE],
    "logsumexp": REDUCED,
    "norm": [
        *REDUCED,
        ("X, ord=1, axis=0", "X=m,n"),
        ("X, ord=1", "X=n"),
        ("X, ord=1", "X=m,n"),
        ('X, ord="fro"', "X=m,n"),
        ("X, ord=2", "X=m,n"),
        ("X, ord=2", "X=n,m"),
        ("X, ord=2", "X=1,m"),
        ("X, ord=2, axis=-1, keepdims=True", "X=b,m,n"),
    ],
    "vector_norm": REDUCED + [(f"{text}, ord=1", shapes) for text, shapes in REDUCED],
    "cosine_similarity": [
        ("A, B, axis=0", "A=m,n B=m,n"),
        ("A, B, axis=-1", "A=m,n B=m,n"),
        ("A, B, axis=1", "A=b,m,n B=b,m,n"),
        ("A, B, axis=0", "A=n B=n"),
    ],
    "standardize": [
        *NORMALISED,
        ("X, axis=(0, 2), eps=0.1", "X=b,m,n"),
        ("X, axis=2", "X=b,m,1,n"),
    ],
    "rms_standardize": [*NORMALISED, ("X, axis=(0, 2), eps=0.1", "X=b,m,n")],
    "normalize": [*NORMALISED[:4], ("X, axis=(0, 2)", "X=b,m,n")],
    "layer_norm": SCALES,
    "batch_norm": SCALES,
    "batch_norm_inference": [
        ("X, mu, v**2, gamma, beta", "X=m,n mu=n v=n gamma=n beta=n"),
        ("X, mu, v**2", "X=m,n mu=m,1 v=m,1"),
        ("X, mu, v**2, gamma, eps=0.1", "X=b,m,n mu=n v=m,n gamma=n"),
    ],
    "rms_norm": [
        ("X, gamma", "X=m,n gamma=n"),
        ("X, axis=0", "X=m,n"),
        ("X, gamma, axis=1, eps=0.1", "X=b,m,n gamma=m,1"),
    ],
    "dropout": [("X, M", "X=m,n M=m,n"), ("X, M, p=0.2", "X=b,m,n M=m,1")],
    "gelu": [("X", f"X={dims}") for dims in UNARY]
    + [('X, approximate="tanh"', f"X={dims}") for dims in UNARY],
    "elu": [("X", f"X={dims}") for dims in UNARY] + [("X, alpha=0.3", "X=m,n")],
    "hardtanh": [("X", f"X={dims}") for dims in UNARY] + [("X, lo=-0.5, hi=0.7", "X=m,n")],
    "clip": [("X, -0.5, 0.7", f"X={dims}") for dims in UNARY]
    + [("X, lo, hi", "X=m,n lo=n hi=m,1"), ("X, lo, hi", "X= lo=m,n hi=m,n")],
    "pi": [("", "")],
    "l1": LOSSES,
    "huber": [*LOSSES, ("P, Y, delta=0.4", "P=m,n Y=m,n")],
    "smooth_l1": [*LOSSES, ("P, Y, beta=0.4", "P=m,n Y=m,n")],
    "hinge": LOSSES,
    "kl_divergence": CLASS_LOSSES,
    "kl_div": LOSSES,
    "nll": CLASS_LOSSES,
    "ones": [("m, n", ""), ("n", ""), ("1, n", "")],
    "zeros": [("m, n", ""), ("n", "")],
    "broadcast_to": [
        ("X, [m, n]", "X=n"),
        ("X, [m, n]", "X=1,n"),
        ("X, [m, n]", "X=m,1"),
        ("X, [m, n]", "X=m,n"),
        ("X, [m, n]", "X="),
        ("X, [b, m, n]", "X=m,1"),
    ],
    "expand_dims": [
        ("X, axis=0", "X=n"),
        ("X, axis=1", "X=n"),
        ("X, axis=1", "X=m,n"),
        ("X, axis=0", "X="),
        ("X, axis=-1", "X=n"),
    ],
    "squeeze": [("X, axis=0", "X=1,n"), ("X, axis=1", "X=m,1"), ("X, axis=1", "X=b,1,n")],
    "einsum": [
        (
            f'"{text}", {", ".join("ABC"[: len(given)])}',
            " ".join(f"{name}={dims}" for name, dims in zip("ABC", given, strict=False)),
        )
        for text, *given in EINSUMS
    ],
    "matmul": [("A, B", f"A={left} B={right}") for left, right in (*PRODUCTS, *STACKED)],
    "dot": [("A, B", f"A={left} B={right}") for left, right in PRODUCTS]
    + [("A, B", "A=h,b,m,n B=n,k"), ("A, B", "A=n B=b,n,k")],
    "matrix_transpose": [("X", f"X={dims}") for dims in ("m,n", "b,m,n", "b,m,1", "h,b,m,n")],
    "permute": [
        ("X, (2, 0, 1)", "X=b,m,n"),
        ("X, (0, 2, 1)", "X=b,m,n"),
        ("X, (1, 0, 2)", "X=b,1,n"),
        ("X, (0, 2, 1, 3)", "X=h,b,m,n"),
        ("X, (-1, 0, 1)", "X=b,m,n"),
        ("X, (1, 0)", "X=m,n"),
    ],
    "swapaxes": [("X, 0, 2", "X=b,m,n"), ("X, -1, -2", "X=b,m,n"), ("X, 1, 3", "X=h,b,m,n")],
    "moveaxis": [
        ("X, 0, -1", "X=b,m,n"),
        ("X, (0, 1), (2, 0)", "X=b,m,n"),
        ("X, -1, 1", "X=h,b,m,n"),
    ],
    "pow": [("A, B", f"A={left} B={right}") for left, right in BINARY]
    + [
        (f"A, {power}", f"A={dims}")
        for power in (2, 3, -1, -0.5, 0, 0.3, 2.5)
        for dims in ("m,n", "")
    ],
}
STATED |= STRUCTURAL
STATED |= MATRICES | LOOKUPS | LAYERS | SHORTHANDS | PASTED | WINDOWS
"""Arguments and shapes for the ops that take attributes, or whose signature is worked out."""


def steps_of(entry: Op) -> Iterator[Step]:
    """Make the steps that try an op: from the table, or else from its signature."""
    if entry.name in STATED:
        for arguments_text, shapes in STATED[entry.name]:
            inner = arguments_text.format(*entry.operands)
            yield Step(f"{entry.name}({inner})", shapes.format(*entry.operands))
        return
    assert isinstance(entry.shape, str), f"{entry.name}: state cases in STATED"
    assert not entry.attributes, f"{entry.name}: state cases in STATED"
    for alternative in entry.shape.split(" | "):
        patterns = [pattern.letters for pattern in read_signatures(alternative)[0].operands]
        for given in _shapes(patterns):
            pairs = zip(entry.operands, given, strict=True)
            listed = " ".join(f"{name}={dims}" for name, dims in pairs)
            yield Step(f"{entry.name}({', '.join(entry.operands)})", listed)


def _shapes(patterns: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Give the letters distinct dims; then 1 to each letter in turn, and to all."""
    if ("...",) in patterns:
        yield from BROADCAST[len(patterns)]
        return
    letters = dict.fromkeys(letter for pattern in patterns for letter in pattern)
    dims = dict(zip(letters, "mnkhb", strict=False))
    for units in dict.fromkeys([(), *((letter,) for letter in letters), tuple(letters)]):
        sizes = {**dims, **dict.fromkeys(units, "1")}
        yield tuple(",".join(sizes[letter] for letter in pattern) for pattern in patterns)


def all_steps() -> list[Step]:
    """List the steps of all ops."""
    return [step for entry in list(OPS.values()) for step in steps_of(entry)]
