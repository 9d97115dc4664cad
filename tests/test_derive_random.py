"""`derive` of random expressions over the whole op table: all that it prints, against autograd.

`python tests/test_derive_random.py --expressions 5000 --seed 1` tries as many as one likes.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest
from autograd import make_vjp
from oracles import SIZES, World, arguments, shape, tree_of, with_autograd
from printed_forms import Place, change, gradients
from random_expressions import OTHER, REACHED, Array, Grown, Name, expression

from shapecalc import api
from shapecalc.ops import OPS
from shapecalc.records import Derived, Formula, LaidOut, Late
from shapecalc.spec.lines import Expression
from shapecalc.tree import Call, Leaf, Tree, calls

EXPRESSIONS = 200
AT_ONCE = 50
DRAWN = 1_500
MOST_REFUSED = 0.06  # of fifty; of thousands it is 0.01
MOST_SKIPPED = 0.04
PROGRESS = 500
WHOLE = 12  # entries of an output whose every row is compared; of a larger one, three mixtures
LARGEST = 1e6
TOLERANCE = 1e-6


class Judged(NamedTuple):
    """What came of an expression: which forms were compared, or why nothing was."""

    kinds: str
    forms: tuple[str, ...] = ()
    refused: str = ""
    skipped: str = ""


class Truth(NamedTuple):
    """An expression at a point, by the bodies of the ops: what stands in for a derivative."""

    tree: Tree
    wrt: str
    sizes: Mapping[str, int]
    values: Mapping[str, Array]

    def output(self, entries: Any) -> Any:
        """Evaluate it where the variable has other entries, or autograd's boxes for them."""
        known = {**self.values, self.wrt: entries}

        def at(tree: Tree) -> Any:
            if isinstance(tree, Leaf) and tree.name in known:
                return known[tree.name]
            if not isinstance(tree, Call):
                return World(self.sizes, {}).at(tree)
            operands = (at(operand) for operand in tree.operands)
            return with_autograd(OPS[tree.op])(*operands, **arguments(tree, self.sizes))

        return at(self.tree)

    def has_ties(self) -> bool:
        """Say whether values that one is chosen of are equal: there conventions differ."""
        world = World(self.sizes, self.values)
        for part in calls(self.tree):
            if part.op in ("minimum", "maximum"):
                left, right = map(world.at, part.operands)
                if np.any(left == right):
                    return True
        return False

    def by_autograd(self, upstreams: Array) -> Array | None:
        """Pull upstream gradients back; None where autograd has no rule for a body."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                pull, _ = make_vjp(self.output)(self.values[self.wrt])
                found = np.stack([np.asarray(pull(each), dtype=float) for each in upstreams])
        except (NotImplementedError, AssertionError, ValueError, TypeError):
            return None
        own = (len(upstreams), *self.values[self.wrt].shape)
        return found if found.shape == own else None  # it forgets to sum over repeated axes

    def by_differences(self, upstreams: Array, by: float) -> Array:
        """Pull upstream gradients back by differences of the values, entry by entry."""
        point = self.values[self.wrt]
        found = np.zeros((len(upstreams), point.size))
        for place in range(point.size):
            step = np.zeros(point.size)
            step[place] = by
            ahead, behind = (
                np.asarray(self.output(point + sign * step.reshape(point.shape)), dtype=float)
                for sign in (1, -1)
            )
            slope = (ahead - behind) / (2 * by)
            found[:, place] = np.sum(upstreams * slope, axis=tuple(range(1, upstreams.ndim)))
        return found.reshape(len(upstreams), *point.shape)


def judged(grown: Grown, seed: int) -> Judged:
    """Compare all that is printed of a derivative. Raises AssertionError where it is wrong."""
    by_rows = bool(seed % 2)
    asked = Expression(grown.text, grown.wrt, grown.shapes())
    report = api.derive(asked, "<expression>", by_rows=by_rows)
    found = report.derived
    if found is None:
        (first, *_) = report.findings
        assert first.code != "SC902", first
        return Judged("", refused=f"{first.code} {first.message}")
    checked = found.checked
    assert checked.exact or checked.components is not None or checked.canonical, checked
    shapes = " ".join(f"{name}={dims}" for name, dims in grown.shapes())
    tree = tree_of(grown.text, shapes)
    forms: Counter[str] = Counter()
    skipped = ""
    for sizes in (SIZES, OTHER):
        truth = Truth(tree, grown.wrt, sizes, grown.values(sizes, seed))
        skipped = _compared(found, truth, shapes, seed, forms) or skipped
    kinds = f"{found.kinds[0]} by {found.kinds[1]}"
    return Judged(kinds, tuple(forms.elements()), skipped="" if forms else skipped)


def _compared(found: Derived, truth: Truth, shapes: str, seed: int, forms: Counter[str]) -> str:
    """Compare at one assignment of sizes; return why nothing was."""
    with np.errstate(all="ignore"):
        return _compared_at(found, truth, shapes, seed, forms)


def _compared_at(found: Derived, truth: Truth, shapes: str, seed: int, forms: Counter[str]) -> str:
    random = np.random.default_rng(seed)
    point = truth.values[truth.wrt]
    try:
        output = np.asarray(truth.output(point), dtype=float)
    except (np.linalg.LinAlgError, ValueError, IndexError):
        return "no value"
    if not output.size or not np.isfinite(output).all():
        return "no value"
    if np.max(np.abs(output)) > LARGEST:
        return "too large"
    upstreams = _upstreams(output, random)
    wanted, tolerance = _wanted(truth, upstreams)
    if not np.isfinite(wanted).all():
        return "no derivative"
    if np.max(np.abs(wanted), initial=0.0) > LARGEST:
        return "too large"
    place = Place(shapes, truth.sizes, truth.values, output, upstreams, "C" if seed % 2 else "F")
    try:
        for form, pulled in gradients(found, place):
            if not np.isfinite(pulled).all():
                return "a quotient by 0"
            _assert_close(pulled, wanted, tolerance, form)
            forms[form] += 1
        if found.differential is not None:
            direction = random.uniform(-1, 1, point.shape)
            moved = change(found, place, direction)
            axes = tuple(range(1, upstreams.ndim))
            along = np.sum(wanted * direction, axis=tuple(range(1, wanted.ndim)))
            _assert_close(np.sum(upstreams * moved, axis=axes), along, tolerance, "differential")
            forms["differential"] += 1
    except np.linalg.LinAlgError:
        return "a matrix without an inverse"
    except AssertionError as wrong:
        if _is_judge(truth, upstreams, wanted) and not truth.has_ties():
            raise AssertionError(f"{wrong}\nat {dict(truth.sizes)}\n{found}") from None
        return "a kink, or ill-conditioned"
    return ""


def _wanted(truth: Truth, upstreams: Array) -> tuple[Array, float]:
    """Return the derivative, and how far from it a right one may be; NaN without an inverse."""
    try:
        found = truth.by_autograd(upstreams)
        if found is not None:
            return found, TOLERANCE
        return truth.by_differences(upstreams, 1e-5), 1e-4
    except np.linalg.LinAlgError:
        return np.full(1, np.nan), TOLERANCE


def _upstreams(output: Array, random: np.random.Generator) -> Array:
    """Return one gradient for each entry of an output, or of a large one three of all entries."""
    if output.size <= WHOLE:
        return np.eye(output.size).reshape(output.size, *output.shape)
    size = (3, *output.shape)
    return np.asarray(random.uniform(0.3, 1.5, size) * random.choice([1, -1], size))


def _assert_close(result: Array, wanted: Array, tolerance: float, form: str) -> None:
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    assert result.shape == wanted.shape, f"{form}: {result.shape}, not {wanted.shape}"
    worst = float(np.max(np.abs(result - wanted), initial=0.0))
    assert worst <= tolerance * scale, f"{form}: off by {worst} of {scale}"


def _is_judge(truth: Truth, upstreams: Array, wanted: Array) -> bool:
    """Say whether differences agree with what a formula was held against: no kink is near."""
    with np.errstate(all="ignore"):
        tries = [truth.by_differences(upstreams, by) for by in (1e-5, 3e-6)]
    scale = 1e-4 * max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    return all(np.allclose(each, wanted, 1e-4, scale) for each in tries)


@pytest.mark.parametrize("first", range(0, EXPRESSIONS, AT_ONCE))
def test_all_that_is_printed_of_a_random_expression_is_right(first: int) -> None:
    found = [judged(expression(Random(seed)), seed) for seed in range(first, first + AT_ONCE)]
    refused = [each.refused for each in found if each.refused]
    skipped = [each.skipped for each in found if each.skipped]
    assert len(refused) <= MOST_REFUSED * AT_ONCE, refused
    assert len(skipped) <= MOST_SKIPPED * AT_ONCE, skipped


@pytest.mark.parametrize(
    ("text", "form", "wrong"),
    [
        ("tanh(A @ x)", "numerator", "A.T"),
        ("tanh(A @ x)", "numerator", "2 * A"),
        ("x @ A", "denominator", "-A"),
        ("A @ X @ B", "index_form", "A[i,p] B[q,j] + δ[i,p] δ[j,q]"),
        ("A @ X @ B", "index_form", "A[p,i] B[q,j]"),
        ("A @ X @ B", "differential", "A @ dX @ B.T"),
        ("A @ X @ B", "vec", "vec(dY) = (A ⊗ B.T) vec(dX)"),
    ],
)
def test_a_form_that_is_wrong_is_found(text: str, form: str, wrong: str) -> None:
    name = "X" if "X" in text else "x"
    of_matrices = {each: Name(shape("n,n"), -1) for each in "AXB" if each in text}
    grown = Grown(text, name, of_matrices | {"x": Name(shape("n"), -1)}, (), 1)
    found = api.derive(Expression(text, name, grown.shapes()), "<expression>").derived
    assert found is not None
    old = getattr(found, form)
    new: Any = wrong
    if isinstance(old, LaidOut) and old.formula is not None:
        new = old._replace(formula=_spelt(old.formula, wrong))
    if isinstance(old, Formula):
        new = _spelt(old, wrong)
    shapes = " ".join(f"{each}={dims}" for each, dims in grown.shapes())
    truth = Truth(tree_of(text, shapes), name, SIZES, grown.values(SIZES, 0))
    assert not _compared(found, truth, shapes, 0, Counter())
    with pytest.raises(AssertionError, match="off by"):
        _compared(found._replace(**{form: new}), truth, shapes, 0, Counter())


def _spelt(formula: Formula, numpy: str) -> Formula:
    spellings = formula.spelt()._replace(numpy=numpy)
    return formula._replace(spelt=Late(lambda: spellings))


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("tril(A * overlap_add(X, (n,), dilation=2))", "X=n-4,3 A=m,n"),
        ("log1p(vdot(X.T, gelu(A)))", "X=n,m A=m,n"),
        ("group_norm(T, X, groups=3)", "X=6 T=b,6,n,k"),
        ("relu6(sum(A - X, axis=1))", "X=b A=n,b"),
        ("conv1d(reshape(roll(X, 2, axis=0), [b, 1, h]), W)", "X=b,h W=n,1,2"),
        ("softmax(reshape(X, [m, n]), axis=1)", "X=n,m"),
    ],
)
def test_what_random_expressions_have_found_is_right(text: str, shapes: str) -> None:
    pairs = [each.split("=") for each in shapes.split()]
    grown = Grown(text, "X", {name: Name(shape(dims), -1) for name, dims in pairs}, (), 1)
    found = judged(grown, 0)
    assert found.forms, found


def test_random_expressions_reach_the_whole_table_at_every_depth() -> None:
    drawn = [expression(Random(seed)) for seed in range(DRAWN)]
    assert {op for each in drawn for op in each.ops} == set(REACHED)
    assert set(range(1, 7)) <= {each.depth for each in drawn}


def main() -> None:
    """Try many, and print the counts; fail where a formula is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expressions", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    wrong, start = 0, time.monotonic()
    for number in range(options.expressions):
        seed = options.seed * 1_000_003 + number
        grown = expression(Random(seed))
        try:
            found = judged(grown, seed)
        except Exception as error:  # noqa: BLE001 (one more that is wrong; the rest are tried)
            wrong += 1
            given = " ".join(f"--shape {name}={dims}" for name, dims in grown.shapes())
            sys.stdout.write(f"{seed}: derive '{grown.text}' --wrt {grown.wrt} {given}\n")
            sys.stdout.write(f"{type(error).__name__}: {str(error)[:1000]}\n\n")
            continue
        counts.update([f"form: {form}" for form in found.forms])
        refused = f"refused: {found.refused}" if found.refused else ""
        skipped = f"skipped: {found.skipped}" if found.skipped else ""
        counts[refused or skipped or found.kinds] += 1
        if (number + 1) % PROGRESS == 0:
            seconds = time.monotonic() - start
            sys.stdout.write(f"{number + 1:,} expressions, {seconds:.0f} s, {wrong} wrong\n")
            sys.stdout.flush()
    for what, count in counts.most_common():
        sys.stdout.write(f"{count:>8,}  {what}\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
