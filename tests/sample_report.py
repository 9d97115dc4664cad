"""Reports made by hand for the renderers' tests: two layers, sizes that coincide, many layers.

What the engine would say of these networks, written down; checked against target_look.txt.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations, product
from typing import TypeVar

from shapecalc.diagnostics import Finding, Related
from shapecalc.records import (
    Checked,
    Claim,
    Contraction,
    Dims,
    Exact,
    Formula,
    Gradient,
    Jacobian,
    Late,
    Opened,
    OrderingItem,
    Orderings,
    Report,
    Spelled,
    Spellings,
    Step,
    Value,
    View,
    WalkEdge,
)
from shapecalc.span import Span

CHECKED = Checked(True, 3.1e-10, Exact("2^61-1", 2, 3, "2^-160"), "")
SURE = CHECKED._replace(exact=Exact("2^61-1", 2, 3, "2^-180"))
SIZES = {"n": 784, "h": 128, "k": 10, "m": 64}
SQUARE = {"n": 784, "h": 64, "k": 64, "m": 64}
Factor = tuple[str, Dims]
T = TypeVar("T")


def formula(text: str) -> Formula:
    unicode = text.replace(".T", "ᵀ").replace(" @ ", " ")
    spelt = Spellings(text.replace("sum(", "np.sum("), unicode, text.replace(".T", r"^\top"))
    return Formula(text, Late(lambda: spelt))


def flipped(factor: Factor) -> Factor:
    name, dims = factor
    return (name.removesuffix(".T") if name.endswith(".T") else f"{name}.T", dims[::-1])


def view(factors: Sequence[Factor], sizes: dict[str, int]) -> View:
    text = " @ ".join(name for name, _ in factors)
    shapes = tuple(dims for _, dims in factors)
    for left, right in pairwise(shapes):
        if left[-1] != right[0]:
            fits = sizes[left[-1]] == sizes[right[0]]
            sign = f"= {right[0]} = {sizes[right[0]]}" if fits else f"≠ {right[0]}"
            return View(text, shapes, None, f"{left[-1]} {sign}", fits)
    return View(text, shapes, (shapes[0][0], shapes[-1][-1]), "", False)


def arrangements(factors: Sequence[Factor]) -> Iterator[tuple[Factor, ...]]:
    for order in permutations(factors):
        for turns in product((False, True), repeat=len(order)):
            pairs = zip(order, turns, strict=True)
            yield tuple(flipped(factor) if turn else factor for factor, turn in pairs)


def orderings(chain: Sequence[Factor], right: Sequence[Factor], sizes: dict[str, int]) -> Orderings:
    transposed = [flipped(factor) for factor in reversed(right)]
    items = []
    for factors in arrangements(chain):
        seen = view(factors, sizes)
        conforms = "always" if seen.shape else "here" if seen.fits_here else "never"
        value, layout = None if conforms == "never" else "wrong", None
        if list(factors) == list(right):
            value, layout = "right", "denominator"
        elif list(factors) == transposed:
            value, layout = "transposed", "numerator"
        items.append(
            OrderingItem(seen.formula, seen.factors, conforms, seen.shape, value, layout, seen.why)
        )
    always = sum(item.conforms == "always" for item in items)
    here = sum(item.conforms != "never" for item in items)
    return Orderings(True, "", len(items), always, here, 1, 1, tuple(items))


def step(
    names: str,
    kind: int,
    relation: str,
    note: str,
    equation: str,
    line: int,
    jacobian: Jacobian,
    text: str,
    shape: Dims,
) -> Step:
    output, wrt = names.split(":")
    single = View(text, (shape,), shape, "", False)
    is_loss = output == "J"
    return Step(
        loss="J",
        output=output,
        wrt=wrt,
        use=0,
        equation=equation,
        line=line,
        kind=kind,
        relation=relation,
        upstream=None if is_loss else f"d{output}",
        checked=SURE,
        opened=written(
            Opened(
                note=note,
                upstream_shape=jacobian.shape[: len(jacobian.shape) - len(shape)],
                wrt_shape=shape,
                jacobian=jacobian,
                denominator=single,
                numerator=single._replace(shape=shape[::-1], formula=f"({text}).T"),
                mixed=None,
                mixed_why="the two are multiplied entry by entry",
                vec=None,
                orderings=Orderings(
                    False, "numbers commute, so an elementwise product has no order"
                ),
                contraction=Contraction(f"d{wrt}", ()),
                walk=(),
                formula=formula(text),
            )
        ),
    )


def written(part: T) -> Late[T]:
    """Put a part that is there into a record."""
    return Late(lambda: part)


def opened_with(step: Step, **changes: object) -> Step:
    """Change what a step shows when it is opened."""
    opened = step.opened()._replace(**changes)  # type: ignore[arg-type]  # whatever a test wants
    return step._replace(opened=written(opened))


def spelled_with(gradient: Gradient, **changes: object) -> Gradient:
    """Change what a gradient shows."""
    spelled = gradient.spelled()._replace(**changes)  # type: ignore[arg-type]  # as above
    return gradient._replace(spelled=written(spelled))


def product_step(
    plain: Step, chain: Sequence[Factor], right: Sequence[Factor], sizes: dict[str, int]
) -> Step:
    """Make a product of a plain step: views and orderings, by enumeration."""
    return opened_with(
        plain,
        denominator=view(right, sizes),
        numerator=view([flipped(factor) for factor in reversed(right)], sizes),
        mixed=view(chain, sizes),
        orderings=orderings(chain, right, sizes),
    )


def value(
    name: str,
    dims: str,
    sizes: dict[str, int],
    *,
    kind: str = "value",
    equation: str | None = None,
    line: int = 0,
    note: str = "",
    pattern: int = 0,
) -> Value:
    shape = tuple(dims.split())
    size = tuple(sizes.get(dim, 1) for dim in shape)
    return Value(name, kind, shape, size, equation, line, note, pattern)


def gradient(
    wrt: str, dims: str, text: str, *, kind: str = "value", note: str = "", pattern: int = 0
) -> Gradient:
    shape = tuple(dims.split())
    steps = (("", 0, formula(text).numpy),)
    spelled = written(Spelled(formula(text), steps, note))
    return Gradient(wrt, f"d{wrt}", kind, shape, "denominator", CHECKED, pattern, spelled)


def full_jacobian(dims: str, left: str, index: str, diagonal: str) -> Jacobian:
    return Jacobian(tuple(dims.split()), index, left, tuple(diagonal.split()), None, None, None)


def two_layer_values(sizes: dict[str, int]) -> tuple[Value, ...]:
    def made(name: str, dims: str, line: int, equation: str, note: str = "") -> Value:
        return value(name, dims, sizes, equation=equation, line=line, note=note, pattern=line)

    return (
        value("X", "n m", sizes, kind="input", line=6),
        value("Y", "k m", sizes, kind="input", line=7, note="sum over k is 1"),
        value("W1", "h n", sizes, kind="param", line=9),
        value("b1", "h 1", sizes, kind="param", line=10),
        value("W2", "k h", sizes, kind="param", line=11),
        value("b2", "k 1", sizes, kind="param", line=12),
        made("Z1", "h m", 16, "W1 @ X + b1", "b1 repeated along m"),
        made("A1", "h m", 17, "relu(Z1)"),
        made("Z2", "k m", 18, "W2 @ A1 + b2", "b2 repeated along m"),
        made("A2", "k m", 19, "softmax(Z2, axis=0)", "over k, for each example"),
        made("J", "", 20, "cross_entropy(A2, Y, axis=0)", "mean over m"),
    )


def two_layer_gradients() -> tuple[Gradient, ...]:
    return (
        gradient("A2", "k m", "-Y / (m * A2)"),
        gradient("Z2", "k m", "(A2 - Y) / m", note="softmax with cross_entropy"),
        gradient("W2", "k h", "dZ2 @ A1.T", kind="param"),
        gradient("b2", "k 1", "sum(dZ2, axis=1, keepdims=True)", kind="param"),
        gradient("A1", "h m", "W2.T @ dZ2"),
        gradient("Z1", "h m", "dA1 * (Z1 > 0)", note="at Z1 = 0: 0 by convention"),
        gradient("W1", "h n", "dZ1 @ X.T", kind="param"),
        gradient("b1", "h 1", "sum(dZ1, axis=1, keepdims=True)", kind="param"),
    )


def hidden_step(sizes: dict[str, int]) -> Step:
    """Make the step Z2:A1 with all that screen 2 shows."""
    jacobian = Jacobian(
        ("k", "m", "h", "m"),
        "W2[i,p] δ[j,q]",
        "∂Z2[i,j]/∂A1[p,q]",
        ("m",),
        "W2",
        ("k", "h"),
        (5_242_880, 81_920, 1_280),
    )
    plain = step("Z2:A1", 4, "product", "", "W2 @ A1 + b2", 18, jacobian, "W2.T @ dZ2", ("h", "m"))
    W2, dZ2 = ("W2", ("k", "h")), ("dZ2", ("k", "m"))
    lines = (
        ("Σij dZ2[i,j] W2[i,p] δ[j,q]", "the chain rule, entry by entry"),
        ("Σi dZ2[i,q] W2[i,p]", "δ puts q for j"),
        ("Σi W2[i,p] dZ2[i,q]", "numbers commute; matrices do not"),
    )
    vec = View("(I ⊗ W2)ᵀ vec(dZ2)", (("hm", "km"), ("km", "1")), ("hm", "1"), "", False)
    return opened_with(
        product_step(plain, (dZ2, W2), (flipped(W2), dZ2), sizes),
        vec=vec,
        contraction=Contraction("dA1[p,q]", lines),
        walk=(WalkEdge("W2", "i", "p", False), WalkEdge("dZ2", "i", "q", True)),
        orderings=_as_pictured(orderings((W2, dZ2), (flipped(W2), dZ2), sizes)),
    )


def _as_pictured(found: Orderings) -> Orderings:
    """Put the arrangements in the order of screen 2."""
    order = ("W2 @ dZ2", "W2 @ dZ2.T", "dZ2 @ W2", "dZ2 @ W2.T", "dZ2.T @ W2.T", "W2.T @ dZ2.T")
    rest = [item for item in found.items if item.formula not in order]
    return found._replace(
        items=(*rest, *(item for name in order for item in found.items if item.formula == name))
    )


def weight_step(
    names: str, kind: int, dims: tuple[str, str, str], A: str, line: int, sizes: dict[str, int]
) -> Step:
    """Make the step of a product by its weight, the effective Jacobian being the activation."""
    output, wrt = names.split(":")
    rows, columns, examples = dims
    jacobian = Jacobian(
        (rows, examples, rows, columns),
        f"δ[i,p] {A}[q,j]",
        f"∂{output}[i,j]/∂{wrt}[p,q]",
        (rows,),
        A,
        (columns, examples),
        None,
    )
    equation = f"{wrt} @ {A} + b{wrt[1:]}"
    text = f"d{output} @ {A}.T"
    plain = step(names, kind, "product", "", equation, line, jacobian, text, (rows, columns))
    upstream, factor = (f"d{output}", (rows, examples)), (A, (columns, examples))
    return product_step(plain, (upstream, factor), (upstream, flipped(factor)), sizes)


def two_layer_steps(sizes: dict[str, int]) -> tuple[Step, ...]:
    loss, softmax = "cross_entropy(A2, Y, axis=0)", "softmax(Z2, axis=0)"
    last, first = "W2 @ A1 + b2", "W1 @ X + b1"
    repeated = "{0} was repeated along m, so sum over m"
    entrywise = "each entry by itself: so *, not @"

    def plain(names: str, kind: int, relation: str, note: str, *rest: str, line: int) -> Step:
        equation, dims, left, index, diagonal, text, shape = rest
        jacobian = full_jacobian(dims, left, index, diagonal)
        return step(
            names, kind, relation, note, equation, line, jacobian, text, tuple(shape.split())
        )

    return (
        plain(
            "J:A2", 0, "elementwise", "",
            loss, "k m", "∂J/∂A2[p,q]", "-Y[p,q] / (m A2[p,q])", "", "-Y / (m * A2)", "k m",
            line=20,
        ),
        plain(
            "A2:Z2", 1, "softmax", "a k × k block for each example",
            softmax, "k m k m", "∂A2[i,j]/∂Z2[p,q]", "(A2[i,j] δ[i,p] - A2[i,j] A2[p,j]) δ[j,q]",
            "m", "(A2 - Y) / m", "k m",
            line=19,
        ),
        weight_step("Z2:W2", 2, ("k", "h", "m"), "A1", 18, sizes),
        hidden_step(sizes),
        plain(
            "Z2:b2", 3, "sum", repeated.format("b2"),
            last, "k m k 1", "∂Z2[i,j]/∂b2[p]", "δ[i,p]", "k",
            "sum(dZ2, axis=1, keepdims=True)", "k 1",
            line=18,
        ),
        plain(
            "A1:Z1", 5, "elementwise", entrywise,
            "relu(Z1)", "h m h m", "∂A1[i,j]/∂Z1[p,q]", "(Z1[i,j] > 0) δ[i,p] δ[j,q]", "h m",
            "dA1 * (Z1 > 0)", "h m",
            line=17,
        ),
        weight_step("Z1:W1", 2, ("h", "n", "m"), "X", 16, sizes),
        plain(
            "Z1:b1", 3, "sum", repeated.format("b1"),
            first, "h m h 1", "∂Z1[i,j]/∂b1[p]", "δ[i,p]", "h",
            "sum(dZ1, axis=1, keepdims=True)", "h 1",
            line=16,
        ),
    )  # fmt: skip


def claim(
    wrt: str, text: str, line: int, verdict: str = "right", times: str | None = None
) -> Claim:
    return Claim(
        wrt, f"d{wrt}", text, verdict, None, (), times, text, "algebra, for all sizes", line
    )


def two_layer(sizes: dict[str, int] | None = None, path: str = "specs/two_layer.yaml") -> Report:
    """Make the report of screen 1."""
    sizes = sizes or SIZES
    steps = two_layer_steps(sizes)
    texts = ("(A2 - Y) / m", "dZ2 @ A1.T", "sum(dZ2, axis=1, keepdims=True)", "W2.T @ dZ2")
    claims = zip(("Z2", "W2", "b2", "A1"), texts, range(25, 29), strict=True)
    dims = ", ".join(f"{name}: {number}" for name, number in sizes.items())
    return Report(
        path=path,
        name="Two-layer classifier",
        ok=True,
        loss="J",
        dims=tuple(sizes.items()),
        batch="m",
        layout="denominator",
        values=two_layer_values(sizes),
        steps=steps,
        gradients=two_layer_gradients(),
        claims=tuple(claim(*one) for one in claims),
        findings=(),
        assumptions=("each column of Y sums to 1 over k (cross_entropy implies it)",),
        not_checked=(),
        step_count=len(steps),
        source=("name: Two-layer classifier", "", f"dims: {{{dims}}}"),
    )


def coinciding() -> Report:
    """Make the report of screen 8: sizes that coincide."""
    path = "specs/two_layer_square.yaml"
    places = [Span(path, 3, column, 5) for column in (16, 23, 30)]
    finding = Finding(
        "SC501",
        places[0],
        "At these sizes 14 wrong products in 3 steps run without an error, so a shape check of "
        "this backward pass proves nothing about order or transposes.",
        help="test with sizes that differ, for example h = 67, k = 61, m = 71",
        label="all 64",
        related=tuple(Related(place, "") for place in places[1:]),
    )
    return two_layer(SQUARE, path)._replace(findings=(finding,))


def failing() -> Report:
    """Make the report of screen 3: an error, and no steps."""
    path = "specs/bad/inner_dims.yaml"
    source = [""] * 20
    source[6], source[9], source[15] = "  X: [n, m]", "  W1: [h, n]", "  Z1: W1 @ X + b1"
    finding = Finding(
        "SC301",
        Span(path, 16, 7, 6),
        "`W1 @ X` does not conform, h ≠ n",
        help="write `W1.T @ X`, or declare `W1: [h, n]`",
        label="(n, h) @ (n, m): h is 128, n is 784",
        related=(
            Related(Span(path, 7, 7), "X has n = 784 rows"),
            Related(Span(path, 10, 11), "W1 has h = 128 columns"),
        ),
        notes=(("fits", "`W1.T @ X`, (h, n) @ (n, m) → (h, m); then b1 (h, 1) fits too"),),
    )
    return two_layer(path=path)._replace(
        ok=False,
        steps=(),
        gradients=(),
        claims=(),
        assumptions=(),
        findings=(finding,),
        not_checked=("A1", "Z2", "A2", "J"),
        step_count=0,
        source=tuple(source),
    )


def deep(layers: int = 40) -> Report:
    """Make the report of screen 9: many dense layers."""
    sizes = {"n": 784, "h": 512, "k": 10, "m": 64}
    path = f"specs/mlp_{layers}.yaml"
    steps = tuple(_deep_steps(layers, sizes))
    return two_layer(sizes, path)._replace(
        name="Deep MLP",
        values=tuple(_deep_values(layers, sizes)),
        gradients=tuple(_deep_gradients(layers)),
        steps=steps,
        claims=(),
        findings=tuple(_square_weights(layers, path)),
        step_count=len(steps),
        source=tuple(f"  W{layer}: [h, h]" for layer in range(1, layers + 1)),
    )


def _square_weights(layers: int, path: str) -> Iterator[Finding]:
    for layer in range(2, layers):
        place = Span(path, layer, 3 + len(f"W{layer}: "), 6)
        message = f"W{layer} (h, h) hides a transpose at every size"
        yield Finding("SC502", place, message, help="test it by value")


def _widths(layer: int, layers: int) -> tuple[str, str]:
    return ("k" if layer == layers else "h", "n" if layer == 1 else "h")


def _deep_values(layers: int, sizes: dict[str, int]) -> Iterator[Value]:
    yield value("X", "n m", sizes, kind="input")
    yield value("Y", "k m", sizes, kind="input")
    for layer in range(1, layers + 1):
        rows, columns = _widths(layer, layers)
        yield value(f"W{layer}", f"{rows} {columns}", sizes, kind="param")
        yield value(f"b{layer}", f"{rows} 1", sizes, kind="param")
    for layer in range(1, layers + 1):
        rows, _ = _widths(layer, layers)
        below = "X" if layer == 1 else f"A{layer - 1}"
        dense = f"W{layer} @ {below} + b{layer}"
        active = f"softmax(Z{layer}, axis=0)" if layer == layers else f"relu(Z{layer})"
        kind = 3 if layer == layers else 2
        yield value(f"Z{layer}", f"{rows} m", sizes, equation=dense, pattern=1)
        yield value(f"A{layer}", f"{rows} m", sizes, equation=active, pattern=kind)
    yield value("J", "", sizes, equation=f"cross_entropy(A{layers}, Y, axis=0)", pattern=4)


def _deep_gradients(layers: int) -> Iterator[Gradient]:
    for layer in range(layers, 0, -1):
        rows, columns = _widths(layer, layers)
        dZ, below = f"dZ{layer}", "X" if layer == 1 else f"A{layer - 1}"
        if layer == layers:
            note = "softmax with cross_entropy"
            yield gradient(f"Z{layer}", "k m", f"(A{layer} - Y) / m", note=note, pattern=0)
        else:
            yield gradient(f"Z{layer}", "h m", f"dA{layer} * (Z{layer} > 0)", pattern=1)
        text, place = f"{dZ} @ {below}.T", 10 * ((layer == layers) - (layer == 1))
        yield gradient(f"W{layer}", f"{rows} {columns}", text, kind="param", pattern=22 + place)
        text, is_last = f"sum({dZ}, axis=1, keepdims=True)", layer == layers
        yield gradient(f"b{layer}", f"{rows} 1", text, kind="param", pattern=3 + 10 * is_last)
        if layer > 1:
            yield gradient(f"A{layer - 1}", "h m", f"W{layer}.T @ {dZ}", pattern=4 + 10 * is_last)


def _deep_steps(layers: int, sizes: dict[str, int]) -> Iterator[Step]:
    top = two_layer_steps(sizes)
    yield top[0]._replace(wrt=f"A{layers}")
    yield top[1]._replace(output=f"A{layers}", wrt=f"Z{layers}")
    for layer in range(layers, 0, -1):
        rows, columns = _widths(layer, layers)
        Z, below = f"Z{layer}", "X" if layer == 1 else f"A{layer - 1}"
        kind = 10 if layer in (1, layers) else 11
        yield weight_step(f"{Z}:W{layer}", kind, (rows, columns, "m"), below, layer, sizes)
        bias = top[4]._replace(output=Z, wrt=f"b{layer}")
        yield opened_with(bias, note=top[4].note.replace("b2", f"b{layer}"))
        if layer > 1:
            W, dZ = (f"W{layer}", (rows, "h")), (f"d{Z}", (rows, "m"))
            plain = top[3]._replace(
                output=Z,
                wrt=below,
                kind=20 if layer == layers else 21,
            )
            plain = opened_with(plain, formula=formula(f"W{layer}.T @ d{Z}"))
            yield product_step(plain, (dZ, W), (flipped(W), dZ), sizes)
            yield top[5]._replace(output=below, wrt=f"Z{layer - 1}")
