"""Names mean nothing: a spec with other names has the same report, but for the names."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import ascii_letters

import pytest
from checking import SPECS, json_of

from shapecalc import api
from shapecalc.matrix.latex import latex_name
from shapecalc.records import Report
from shapecalc.render import terminal
from shapecalc.render.output import Look

TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
SUBSCRIPT = re.compile(r"([A-Za-z]+)_\{?(\d+)\}?")
INDICES = set("ijpqrs")  # an index has another letter where a value has it: these stay
KEPT = set("dijpqrstIVOe")  # letters that reports use for other things


def pages_of(report: Report) -> str:
    """Print all that there is to see of a spec: the report, with all steps, each by itself."""
    pages = [terminal.report_page(report, Look()), terminal.report_page(report, Look(), full=True)]
    pages += [terminal.one_step_page(report, step, Look()) for step in report.steps[:30]]
    lines = json.dumps(json_of(report), ensure_ascii=False, indent=1).splitlines()
    if any("_" in value.name for value in report.values):  # LaTeX makes a subscript of the rest
        lines = [line for line in lines if '"latex":' not in line]
    names = {name for value in report.values for name in (f"d{value.name}", value.name)}
    words = {escaped(latex_name(name)): in_words(name) for name in names}  # a letter for `gamma`
    written = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    lines = [written.sub(lambda found: words[found[0]], line) for line in lines]
    return "\n".join([*pages, *lines])


def escaped(latex: str) -> str:
    return latex.replace("\\", "\\\\") if "\\" in latex else "no such name"


def in_words(name: str) -> str:
    return escaped(rf"\operatorname{{{name}}}")


def parts(name: str) -> tuple[str, str]:
    prefix = name.rstrip("0123456789")
    return prefix, name[len(prefix) :]


def renamed(names: Iterable[str], taken: set[str]) -> dict[str, str]:
    """Give each name another of the same length and case, that sorts the other way round."""
    every = [name for name in names if name not in INDICES]
    used = {parts(token)[0] for token in taken} | {token.removeprefix("d") for token in taken}
    new: dict[str, str] = {}
    for prefix in sorted({parts(name)[0] for name in every}, reverse=True):
        new[prefix] = next(
            each for each in _candidates(prefix) if each not in used and each not in new.values()
        )
    return {name: new[parts(name)[0]] + _number(parts(name)[1]) for name in every}


def _candidates(prefix: str) -> Iterator[str]:
    for letter in ascii_letters:
        if letter not in KEPT and letter.islower() == prefix[0].islower():
            yield letter + "".join(reversed(prefix[1:]))
            yield letter + "z" * len(prefix[1:])


def _number(digits: str) -> str:
    """Turn 0, …, 9 round, and 10, …, 99."""
    if not digits:
        return ""
    return str(9 - int(digits)) if len(digits) == 1 else str(109 - int(digits))


def with_gradients(names: Mapping[str, str], dims: Iterable[str]) -> dict[str, str]:
    """Add gradients, and products of dims as the vec layout prints them."""
    sizes = list(dims)
    known = {size: names.get(size, size) for size in sizes}
    products = {f"{a}{b}": f"{known[a]}{known[b]}" for a in sizes for b in sizes}
    gradients = {f"d{old}": f"d{new}" for old, new in names.items() if old not in sizes}
    made = {  # by a function that is not spelled out: its derivative, its constant part
        **{f"d{u}_d{x}": f"d{names[u]}_d{names[x]}" for u in names for x in names},
        **{f"{u}_0": f"{names[u]}_0" for u in names},
    }
    whole = products | gradients | dict(names) | {old: made[old] for old in names if old in made}
    shown = {old: new for old, new in made.items() if old in names}
    whole |= {f"d{old}": f"d{new}" for old, new in shown.items()}
    return whole | {
        SUBSCRIPT.sub(r"\1\2", old): SUBSCRIPT.sub(r"\1\2", shown[old]) for old in shown
    }


def replaced(text: str, names: Mapping[str, str]) -> str:
    return TOKEN.sub(lambda found: names.get(found[0], found[0]), text)


def rewritten(spec: str, names: Mapping[str, str]) -> str:
    """Rename in a spec: all but its comments and its title."""
    lines = []
    for line in spec.splitlines(keepends=True):
        code, mark, comment = line.partition("#")
        is_title = code.startswith("name:")
        lines.append(line if is_title else replaced(code, names) + mark + comment)
    return "".join(lines)


def with_other_names(spec: str) -> tuple[str, dict[str, str], list[str]]:
    """Return what there is to see of a spec, new names that are not in it, and the dims."""
    report = api.check(spec, "spec.yaml")
    page = SUBSCRIPT.sub(r"\1\2", pages_of(report))
    dims = [name for name, _ in report.dims]
    fresh = renamed([*(value.name for value in report.values), *dims], set(TOKEN.findall(page)))
    assert not set(fresh.values()) & set(TOKEN.findall(page))
    return page, fresh, dims


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_renaming_changes_every_page_by_the_names_only(path: Path) -> None:
    spec = path.read_text(encoding="utf-8")
    spec = api.equations(spec, "spec.yaml") if "layers:" in spec else spec  # layers choose names
    page, fresh, dims = with_other_names(spec)
    names = with_gradients(fresh, dims)
    names |= {f"{dim}2": f"{fresh.get(dim, dim)}2" for dim in dims}  # a help proposes such a dim
    other = SUBSCRIPT.sub(r"\1\2", pages_of(api.check(rewritten(spec, names), "spec.yaml")))
    back = {new: old for old, new in names.items()}
    assert replaced(other, back).splitlines() == page.splitlines()
