"""Claims as judged → what is to be said of them: the fact, and the formula that is right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapecalc.claims.catalogue import CATALOGUE, first_of
from shapecalc.claims.judge import Judged
from shapecalc.claims.reading import Claim
from shapecalc.claims.scale import ONE
from shapecalc.diagnostics import Finding, Related
from shapecalc.dims import shape_text
from shapecalc.expression import Literal
from shapecalc.matrix import make
from shapecalc.matrix.printing import text
from shapecalc.parsing import every_part
from shapecalc.span import Span
from shapecalc.spec.network import Network
from shapecalc.tree import leaves


def claim_findings(judged: Iterable[Judged], network: Network) -> Iterator[Finding]:
    """Describe what is to be said of each claim that is not right, at its place."""
    places = _places(network)
    every = tuple(judged)
    for each in every:
        finding = _mixed(each, every) or _finding(each, network, places)
        if finding is not None:
            yield finding


def _mixed(judged: Judged, every: Sequence[Judged]) -> Finding | None:
    """Describe a claim that goes by another convention than one that is built on the same gradient.

    `dZ2` carries m, `dW2` divides by it, and this claim does not.
    """
    found = judged.diagnosis
    if found is None or judged.mistakes != ("factor",) or judged.claim.tree is None:
        return None
    used = set(leaves(judged.claim.tree))
    for carrier in every:
        if carrier.verdict != "convention" or carrier.claim.gradient not in used:
            continue
        other = next((each for each in every if _accounts_for(each, carrier)), None)
        if other is None or carrier.outcome.scale != found.times:
            continue
        name, factor = judged.claim.gradient.name, text(found.times.tree)
        source, counterpart = carrier.claim.source, other.claim.source
        message = (
            f"`{source.name}` carries {factor}, `{counterpart.name}` divides by it,"
            f" and `{name}` does not"
        )
        related = (
            Related(source.expression_span, f"{factor} times the gradient"),
            Related(counterpart.expression_span, "divides"),
        )
        right = text(found.right)
        label, advice = f"{factor} times {name}", f"write `{right}`"
        place = judged.claim.place
        return Finding("SC416", place, message, advice, _with_right(label, right), related)
    return None


def _accounts_for(judged: Judged, carrier: Judged) -> bool:
    """Say whether a claim uses a gradient that carries a factor, and is right itself."""
    tree = judged.claim.tree
    uses = tree is not None and carrier.claim.gradient in set(leaves(tree))
    return judged.verdict == "right" and uses


def _vacuous(judged: Judged) -> Finding:
    """Point at a claim that holds only since both sides are 0."""
    source, name = judged.claim.source, judged.claim.gradient.name
    message = f"`{source.text}` is {name} only because both are 0"
    zero = text(make.zeros(judged.claim.gradient.shape))
    advice = f"write `{zero}`, or find what is 0 on the way from {judged.claim.value.name} on"
    return Finding("SC417", source.expression_span, message, advice)


def _finding(judged: Judged, network: Network, places: Mapping[str, Span]) -> Finding | None:
    if judged.outcome.literal is not None:
        return _literal(judged, network, *judged.outcome.literal)
    if judged.verdict == "undecided":
        return _undecided(judged)
    if judged.is_vacuous:
        return _vacuous(judged)
    if judged.verdict != "wrong":
        return None
    if judged.mistakes:
        return _diagnosed(judged, places)
    if judged.claim.reason:
        return _shape(judged, places)
    return _other_values(judged)


def _diagnosed(judged: Judged, places: Mapping[str, Span]) -> Finding:
    """Say which mistake a claim has, and why it is one."""
    claim, found = judged.claim, judged.diagnosis
    entry = first_of(judged.mistakes)
    assert found is not None
    assert entry is not None
    right = text(found.right)
    written, meant = found.names
    facts = [
        each.said.format(
            gradient=claim.gradient.name,
            value=claim.value.name,
            times=text(found.times.tree),
            found=written,
            meant=meant,
        )
        for name, each in CATALOGUE.items()
        if name in judged.mistakes
    ]
    if judged.mistakes == ("sign",) and found.times != ONE:
        facts = [f"is minus {claim.gradient.name}"]
    *most, last = facts
    message = f"`{claim.source.text}` {' and '.join([', '.join(most), last] if most else [last])}"
    label = claim.label
    if not claim.reason:
        label = "the shape is right, the values are not"
    shapes = places.get(claim.value.name) if claim.reason else None
    value = f"{claim.value.name} is {shape_text(claim.value.shape)}"
    related = (Related(shapes, value),) if shapes and claim.tree is not None else ()
    advice, notes = f"write `{right}`", (("why", entry.why), *_step(claim))
    marked = _with_right(label, right)
    return Finding(entry.code, claim.place, message, advice, marked, related, notes)


def _step(claim: Claim) -> Iterator[tuple[str, str]]:
    """Name the command that opens the steps to a gradient, where there is a file to open."""
    from shlex import quote

    path = claim.place.path
    if path[:1] not in ("<", "-"):
        yield "step", f"shapecalc explain {quote(path)} --wrt {claim.value.name}"


def _literal(judged: Judged, network: Network, number: str, dim: str) -> Finding:
    """Point at a number that stands for a dim, and at the dim."""
    source = judged.claim.source
    numbers = [each for each in every_part(source.expression) if isinstance(each, Literal)]
    place = next((each.span for each in numbers if str(each.value) == number), source.span)
    entry = next(entry for entry in network.dims if entry.name == dim)
    message = (
        f"{number} stands for `{dim}` (line {entry.span.line}), and is right at this size only"
    )
    named = f"name it, `dims: {{{dim}: {number}}}`, and " if entry.is_inferred else ""
    return Finding("SC503", place, message, f"{named}write `{dim}`")


def _undecided(judged: Judged) -> Finding:
    from shapecalc.claims.worlds import NO_POINT

    source, reason = judged.claim.source, judged.outcome.reason
    message = f"no proof of `{source.name} = {source.text}` either way: {reason}"
    advice = f"write it as derived, `{text(judged.right)}`"
    if reason == NO_POINT:
        advice = "look for a logarithm, a root or a quotient that has no value anywhere"
    return Finding("SC415", source.expression_span, message, advice)


def _shape(judged: Judged, places: Mapping[str, Span]) -> Finding:
    """Describe a claim whose operands do not go together, or that has another shape."""
    claim, right = judged.claim, text(judged.right)
    related: tuple[Related, ...] = ()
    message = f"{claim.gradient.name} {claim.reason}"
    if claim.tree is not None and (place := places.get(claim.value.name)):
        related = (Related(place, f"{claim.value.name} is {shape_text(claim.value.shape)}"),)
        message += f", line {place.line}"
    label = _with_right(claim.label, right)
    return Finding("SC413", claim.place, message, f"write `{right}`", label, related)


def _places(network: Network) -> dict[str, Span]:
    """Return where each value has its shape from."""
    places = {each.name: each.span for each in reversed(network.forward)}
    declared = (*network.inputs, *network.params)
    return places | {entry.name: entry.shape_span for entry in reversed(declared)}


def _other_values(judged: Judged) -> Finding:
    claim, right = judged.claim, text(judged.right)
    message = f"`{claim.source.text}` is not {claim.gradient.name}"
    if judged.needs is None:
        label = _with_right("the shape is right, the values are not", right)
        return Finding("SC414", claim.place, message, f"write `{right}`", label)
    value, axis, scale = judged.needs
    holds = "right" if scale == ONE else f"{text(scale.tree)} times the gradient"
    label = f"{holds} only where {value.name} sums to 1 over {value.shape[axis]}"
    assumed = f"`{value.name}: probabilities axis={axis}`"
    advice = f"say so, {assumed} under `assume`, or write `{right}`"
    return Finding("SC414", claim.place, message, advice, label)


def _with_right(label: str, right: str) -> str:
    """Put the right formula below the words beside the caret."""
    return f"{label}\n{right}   right"
