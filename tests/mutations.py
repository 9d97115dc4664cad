"""Choices → hostile specs, and what must hold whatever a spec holds: for the fuzz tests.

Whoever makes the choices (Hypothesis, Atheris, `random`) gives them as a `Choose`.
"""

import re
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple, TypeVar

from shapecalc import api
from shapecalc.diagnostics import Finding
from shapecalc.diagnostics.rules import every_rule
from shapecalc.ops.registry import OPS
from shapecalc.records import Report
from shapecalc.render import concise, json, terminal
from shapecalc.render.output import Look
from shapecalc.render.tally import tally

Choose = Callable[[int], int]
"""From a number n to a choice among 0, 1, …, n - 1."""
Mutate = Callable[[Choose, str], str]
Chosen = TypeVar("Chosen")

CODES = frozenset(rule.code for rule in every_rule())
PATH = "spec.yaml"
DRAWN = 4  # one input in so many is printed in every format
SECONDS = 10  # of processor time: an input that takes longer hangs, as far as a user can tell
LONG = 900  # characters; of longer specs, one in SELDOM is taken as a seed
SELDOM = 40

_SPECS = Path(__file__).resolve().parent.parent / "specs"
_SMALL = """\
dims: [n, m]
params: {W: [n, m], s: []}
forward:
  J: s * sum(W**2)
---
dims: {n: 3, m: 5}
constants: {eps: 1.0e-5}
inputs: {X: [n, m]}
forward: |
  Z = log(X**2 + eps)  # a note
  A = Z.T @ X
upstream: {A: G}
assume: {X: positive}
gradients: |
  dX = 2 * X / (X**2 + eps) * (X @ G.T) + Z @ G
---
dims: {n: 4, m: 4}
layout: numerator
inputs: {X: [n, m], y: [m]}
params: {w: [n], b: []}
forward: {z: "X.T @ w + b", J: "mean((sigmoid(z) - y)**2)"}
loss: J
shapes: {z: [m]}
gradients: {db: "sum(dz)", dw: dz @ X.T}
---
inputs: {A: [n, n, m], B: [n, m, n]}
forward:
  C: A @ B
  D: einsum('bij->bji', C)
  J: sum(relu(D), axis=(0, 1)).sum()
gradients: {dA: dC @ B.mT}
---
dims: {n: 3, h: 5, k: 7}
convention: torch
layers:
  - input: {name: X, features: n}
  - repeat:
      times: 3
      layers: [{dense: {units: h, activation: relu}}, layer_norm, {dropout: 0.5}]
  - dense: {units: k, bias: false}
  - softmax_cross_entropy: {targets: Y}
gradients: {dW4: dZ4.T @ D3}
---
layers: [{input: {features: 4}}, batch_norm, {repeat: {times: 2, layers: [{dense: 2*h}, tanh]}}]
inputs: {Y: [k, m]}
forward: {J: mean(A2)}
"""
SMALL = tuple(_SMALL.split("---\n"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class _Seeds(NamedTuple):
    short: tuple[str, ...]
    long: tuple[str, ...]


def _seeds() -> _Seeds:
    files = [*sorted(_SPECS.glob("*.yaml")), *sorted(_SPECS.glob("bad/*.yaml"))]
    texts = [path.read_bytes().decode(errors="replace") for path in files]
    short = tuple(text for text in texts if len(text) <= LONG)
    return _Seeds((*SMALL, *SMALL, *short), tuple(text for text in texts if len(text) > LONG))


SEEDS = _seeds()
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ODD = "\x00\t\r\x0b\x85\xa0\u200b\u2028\u202e\ufeff\ud800é́А²ᵀ⊙·′😀"
_YAML = _words(
    ": | > |- >+ - ? # & &a * *a ! !!str !t %YAML @ ` ' \" '' \\ [ ] { } , <<: --- ... ~ null "
    "true yes 0 -1 1e3 1e400 0x10 1_000 12:30 .inf 2.5 1000000000000000000 "
    "name: dims: constants: assume: batch: inputs: params: forward: loss: upstream: shapes: "
    "gradients: layout: layers: numerator positive one-hot axis=0 probabilities binary "
    "convention: rows torch input dense units: activation: bias: repeat: times: dropout targets: "
    "layer_norm batch_norm softmax_cross_entropy"
)
_EXPRESSION = _words(
    "( ) [ ] , . : = == != < <= > >= + - * / ** @ // % ^ .T .mT ᵀ ⊙ · axis=0 axis=-1 axis=(0,1) "
    "keepdims=True reduction='sum' None True False 0 1 2 0.5 1e-3 'ij->ji' np. torch. F. "
    "X Y W b s J Z dX dW dZ n m k [:,:h] [0] lambda if for"
)
TOKENS: tuple[str, ...] = (
    *_YAML,
    *_EXPRESSION,
    *_ODD,
    "\n",
    "\n  ",
    "\r\n",
    " ",
    "  ",
    " #",
    "# shapecalc: ignore[SC412]",
    "# shapecalc: ignore",
    *OPS,
)


def one_of(choose: Choose, options: Sequence[Chosen]) -> Chosen:
    """Choose one of several."""
    return options[choose(len(options))]


def hostile_input(choose: Choose) -> str:
    """Make a spec: a mutated one, or one with any expressions."""
    return mutated_spec(choose) if choose(2) else expression_spec(choose)


def mutated_spec(choose: Choose) -> str:
    """Take a spec and change some of its characters, tokens and lines."""
    text = _seed(choose)
    for _ in range(1 + choose(4)):
        mutate: Mutate = one_of(choose, MUTATIONS)
        text = mutate(choose, text)
    return text


def _seed(choose: Choose) -> str:
    return one_of(choose, SEEDS.long if choose(SELDOM) == SELDOM - 1 else SEEDS.short)


def _at_character(choose: Choose, text: str) -> str:
    """Put a token for a few characters at any place."""
    start = choose(len(text) + 1)
    return text[:start] + one_of(choose, TOKENS) + text[start + choose(4) :]


def _without_a_stretch(choose: Choose, text: str) -> str:
    start = choose(len(text) + 1)
    return text[:start] + text[start + choose(30) :]


def _at_token(choose: Choose, text: str) -> str:
    """Put another token for one, one of the list or of the text itself."""
    tokens: list[str] = _TOKEN.findall(text) or [""]
    tokens[choose(len(tokens))] = one_of(choose, (TOKENS, tokens)[choose(2)])
    return "".join(tokens)


def _with_tokens_swapped(choose: Choose, text: str) -> str:
    tokens: list[str] = _TOKEN.findall(text) or [""]
    left, right = choose(len(tokens)), choose(len(tokens))
    tokens[left], tokens[right] = tokens[right], tokens[left]
    return "".join(tokens)


def _at_line(choose: Choose, text: str) -> str:
    """Drop, repeat, move or indent a line."""
    lines = text.split("\n")
    line = lines.pop(choose(len(lines)))
    place = choose(len(lines) + 1)
    indented = " " * choose(5) + line.lstrip()
    put = one_of(choose, ((), (line, line), (line,), (indented,)))
    return "\n".join([*lines[:place], *put, *lines[place:]])


def _spliced(choose: Choose, text: str) -> str:
    """Go on with the lines of another spec."""
    lines, others = text.split("\n"), _seed(choose).split("\n")
    return "\n".join([*lines[: choose(len(lines) + 1)], *others[choose(len(others)) :]])


def _with_an_expression(choose: Choose, text: str) -> str:
    """Put any expression for the value of a line."""
    lines = text.split("\n")
    place = choose(len(lines))
    head, sep, _ = lines[place].partition(": ")
    lines[place] = f"{head}{sep}{expression(choose, 3)}"
    return "\n".join(lines)


MUTATIONS: tuple[Mutate, ...] = (
    _at_character,
    _without_a_stretch,
    _at_token,
    _at_token,
    _with_tokens_swapped,
    _at_line,
    _spliced,
    _with_an_expression,
    _with_an_expression,
)

_HEAD = """\
dims: {n: 3, m: 5, k: 7}
constants: [eps]
inputs: {X: [n, m], Y: [k, m], t: [n]}
params: {W: [k, n], b: [k, 1], w: [n], s: [], Q: [n, n], T3: [m, n, k]}
"""
_NAMES = _words("X Y t W b w s Q T3 n m eps dZ dW Z")
_ATTRIBUTES = _words(
    "axis=0 axis=1 axis=-1 axis=2 axis=(0,1) axis=None keepdims=True reduction='sum' "
    "subscripts='ij,jk->ik' shape=(n,m) axes=(1,0) slope=0.1 correction=1"
)
_SUFFIXES = (".T", ".mT", "ᵀ", "**2", "**-1", "**0.5", "[:, 0]", ".sum(axis=0)", ".dot(X)", ".T.T")
_OPERATORS = (*"+-*/@", "**", " > ", " == ", " * ", " @ ", " + ")


def expression_spec(choose: Choose) -> str:
    """Make a spec whose equation and claim are any expressions."""
    lines = [f"  Z = {expression(choose, 4)}", "  J = sum(Z**2)"]
    if choose(3) == 0:
        lines[1] = f"  J = {one_of(choose, tuple(OPS))}(Z, Y)"
    text = f"{_HEAD}forward: |\n" + "\n".join(lines) + "\n"
    if choose(2):
        claim = f"d{one_of(choose, _NAMES)} = {expression(choose, 3)}"
        text += f"gradients: |\n  {claim}\n"
    return text


def expression(choose: Choose, depth: int) -> str:
    """Make an expression of ops, names, numbers, slices, strings and keyword arguments."""
    kind = choose(10) if depth else choose(2)
    match kind:
        case 0 | 1 | 2:
            return one_of(choose, _NAMES) if choose(8) else one_of(choose, TOKENS)
        case 3 | 4 | 5:
            left, right = expression(choose, depth - 1), expression(choose, depth - 1)
            return f"{left}{one_of(choose, _OPERATORS)}{right}"
        case 6:
            return f"({expression(choose, depth - 1)}){one_of(choose, _SUFFIXES)}"
        case 7:
            return f"{one_of(choose, '-+')}{expression(choose, depth - 1)}"
        case _:
            return _called(choose, depth)


def _called(choose: Choose, depth: int) -> str:
    """Call an op, mostly with as many operands as it takes."""
    name = one_of(choose, tuple(OPS))
    count = len(OPS[name].operands) if choose(6) else choose(4)
    given = [expression(choose, depth - 1) for _ in range(count)]
    given += [one_of(choose, _ATTRIBUTES) for _ in range(choose(3))]
    return f"{one_of(choose, ('', '', '', 'np.', 'torch.'))}{name}({', '.join(given)})"


MEMORY = api.Memory()  # as in a run over many specs: most mutants have kinds that are known


class Hang(BaseException):
    """An input takes longer than anybody waits. No Exception: nobody else may catch it."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise Hang after some seconds of processor time, however busy the machine is."""

    def stop(_: int, __: FrameType | None) -> None:
        raise Hang(f"over {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def assert_sound(text: str, *, drawn: bool = True) -> None:
    """Check a spec: nothing is raised, and what is said is well-formed; drawn, in every format."""
    with limited():
        report = api.check(text, PATH, detail=drawn, memory=None if drawn else MEMORY)
        lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
        for finding in report.findings:
            _assert_finding(finding, lines)
        if drawn:
            _assert_drawn(report)


def _assert_finding(finding: Finding, lines: Sequence[str]) -> None:
    assert finding.name, finding  # raises KeyError for a code without a class
    assert finding.code != "SC902", finding
    assert finding.message.strip(), finding
    path, line, column, length = finding.span
    assert path == PATH, finding
    assert 1 <= line <= len(lines) + 1, finding
    here = lines[line - 1] if line <= len(lines) else ""
    assert 1 <= column <= len(here) + 1, finding
    assert length >= 1, finding


def _assert_drawn(report: Report) -> None:
    """Print in all formats; in the concise one, a finding is a line."""
    counted = tally([report])
    said = concise.lines([report])
    assert said.count("\n") == len(said.splitlines()) == len(report.findings), said
    json.document([report], counted)
    page = terminal.report_page(report, Look())
    terminal.report_page(report, Look(color=True, ascii=True, encoding="ascii"), full=True)
    assert page.endswith("\n"), page


def failure_of(text: str, *, drawn: bool) -> str | None:
    """Return what is wrong with the answer to an input, None where nothing is."""
    try:
        assert_sound(text, drawn=drawn)
    except (Exception, Hang):  # noqa: BLE001 (whatever it is, it is what we look for)
        return traceback.format_exc()
    return None
