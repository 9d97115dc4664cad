"""The ledger of constant factors as prose: where each enters, and what the claims do with it."""

from collections.abc import Iterator

from shapecalc.records import Entry, Ledger
from shapecalc.render.notation import listed


def ledger_lines(ledger: Ledger) -> Iterator[str]:
    """Say where factors enter, then what each claim does; those that do the same share a line."""
    where: dict[str, list[str]] = {}
    for factor, value in ledger.enters:
        where.setdefault(factor, []).append(value)
    for factor, values in where.items():
        yield f"{factor} enters with {listed(values)}, and every gradient before has it"
    groups: dict[Entry, list[str]] = {}
    for entry in ledger.claims:
        groups.setdefault(entry._replace(gradient=""), []).append(entry.gradient)
    for entry, names in groups.items():
        verb = _VERBS[entry.does][len(names) > 1]
        yield f"{listed(names)} {verb} {_what(entry, set(where))}"


_VERBS = {
    "leaves out": ("is", "are"),
    "passes on": ("passes", "pass"),
    "settles": ("brings", "bring"),
    "changes": ("makes", "make"),
}


def _what(entry: Entry, factors: set[str]) -> str:
    is_sign = entry.times == "-1"
    if entry.does == "passes on":
        return "the minus on" if is_sign else f"{entry.times} on"
    if entry.does == "settles":
        factor = "the minus" if entry.itself == "-1" else str(entry.itself).replace(" ", "")
        return f"{factor} in: the gradient itself"
    if entry.does == "changes":
        return f"{entry.itself} times what is passed on: {entry.times} times the gradient"
    if is_sign:
        return "minus the gradient: the step that is added"
    left = f", with 1/{entry.times} left out" if f"1/{entry.times}" in factors else ""
    return f"{entry.times} times the gradient{left}"
