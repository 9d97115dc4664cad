"""Dims whose sizes agree by chance, and square weights: where a wrong order or transpose would run.

A shape check cannot tell such a product from the right one; only values can.
"""

from collections.abc import Iterator

from shapecalc.diagnostics import Finding, Related, fresh
from shapecalc.dims import Dim
from shapecalc.report.matrices import inverted_names, symmetric_names
from shapecalc.spec.network import DimEntry
from shapecalc.sweep import Link, Sweep

MOST_NAMED = 12  # dims in one finding; with axes written as numbers, each layer may have its own
MOST_STEPS = 6


def coincidence_findings(sweep: Sweep) -> Iterator[Finding]:
    """Say where sizes agree by chance (SC501) and which params are square (SC502)."""
    yield from _sizes_that_coincide(sweep)
    yield from _square_weights(sweep)


def _groups(sweep: Sweep) -> list[list[DimEntry]]:
    """Return the dims that share a size, by size."""
    by_size: dict[int, list[DimEntry]] = {}
    for entry in sweep.graph.network.dims:
        if entry.size is not None and entry.size_span is not None:
            by_size.setdefault(entry.size, []).append(entry)
    return [group for group in by_size.values() if len(group) > 1]


def _sizes_that_coincide(sweep: Sweep) -> Iterator[Finding]:
    groups = _groups(sweep)
    if not groups and not _has_products(sweep):
        return
    wrong, steps, used = 0, [], set()
    for link in sweep.links:
        count, names = _counted(link, sweep)
        if count:
            wrong += count
            steps.append(f"{link.use.node.output.name}:{link.value.name}")
            used |= {name for group in names for name in group}
    if not wrong:
        return
    here = [group for group in groups if len([e for e in group if e.name in used]) > 1]
    entries = [e for e in (here[0] if here else sweep.graph.network.dims) if e.name in used or here]
    places = [e.span.to(e.size_span) for e in entries if e.size_span is not None]
    products = f"{wrong} wrong product{'s' * (wrong != 1)}"
    products += f" in {len(steps)} step{'s' * (len(steps) != 1)}"
    message = (
        f"At these sizes {products} run{'s' * (wrong == 1)} without an error, so a shape check of"
        " this backward pass proves nothing about order or transposes."
    )
    proposed = _proposed(sweep, used)
    label = f"all {entries[0].size}" if len(entries) > 2 else f"both {entries[0].size}"
    yield Finding(
        "SC501",
        places[0],
        message,
        f"test with sizes that differ{f', for example {proposed}' if proposed else ''}",
        label,
        tuple(Related(place, "") for place in places[1:MOST_NAMED]),
        (("in", f"{', '.join(steps[:MOST_STEPS])}{', …' if steps[MOST_STEPS:] else ''}"),),
    )


def _has_products(sweep: Sweep) -> bool:
    """Say whether an axis is a sum or product of dims, which may coincide with another."""
    shapes = (value.shape for value in sweep.graph.values.values())
    return any(len(dim.names) > 1 or len(dim.terms) > 1 for shape in shapes for dim in shape)


def _counted(link: Link, sweep: Sweep) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Count the arrangements of a step that run only here; once for steps alike in sizes too."""
    if not _may_coincide(link, sweep):
        return 0, ()
    from shapecalc.orderings import coincidences

    return coincidences(link.derived.formula, sweep.graph.sizes)


def _may_coincide(link: Link, sweep: Sweep) -> bool:
    dims = {dim for shape in (link.use.node.output.shape, link.value.shape) for dim in shape}
    sizes = [sweep.graph.size(dim) for dim in dims if not dim.is_one]
    known = [size for size in sizes if size is not None]
    return len(set(known)) < len(known)


def _proposed(sweep: Sweep, used: set[str]) -> str:
    """Propose primes near the sizes that coincide, all different from the others in use."""
    from shapecalc.report.distinct import distinct_sizes

    sizes = distinct_sizes(sweep, used)
    names = [entry.name for entry in sweep.graph.network.dims if entry.name in used]
    proposals = [f"{name} = {sizes[name]}" for name in names if name in sizes]
    more = ", and so on" if len(proposals) > MOST_NAMED else ""
    return f"{', '.join(proposals[:MOST_NAMED])}{more}"


def _square_weights(sweep: Sweep) -> Iterator[Finding]:
    """Name the params with two equal dims whose steps have impostors at every size."""
    known: dict[tuple[int, Dim], bool] = {}
    by_value: dict[str, list[Link]] = {}
    for link in sweep.links:
        by_value.setdefault(link.value.name, []).append(link)
    symmetric, has_to_be = symmetric_names(sweep), inverted_names(sweep)
    for entry in sweep.graph.network.params:
        if len(entry.shape) != 2 or entry.shape[0] != entry.shape[1] or entry.name in symmetric:
            continue
        links = by_value.get(entry.name, [])
        for link in links:
            key = (link.derived.derivation.number, entry.shape[0])
            if key not in known:
                from shapecalc.orderings import has_impostors

                known[key] = has_impostors(link.derived.formula)
        if any(known[link.derived.derivation.number, entry.shape[0]] for link in links):
            dims = ", ".join(map(str, entry.shape))
            message = f"{entry.name} ({dims}) hides a transpose at every size"
            advice = "compare numbers, not shapes"
            if entry.name not in has_to_be:
                other = fresh(str(entry.shape[0]), sweep.graph.sizes)
                advice += f"; or give it two dims, `{entry.name}: [{other}, {entry.shape[0]}]`"
            yield Finding("SC502", entry.shape_span, message, advice)
