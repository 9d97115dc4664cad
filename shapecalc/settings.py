"""`[tool.shapecalc]` in pyproject.toml → settings. The nearest file above a spec counts.

TOML's own reader gives no places, so a key is looked up in the text again for its line.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from shapecalc.diagnostics import Finding, Problem
from shapecalc.selection import Selection, UnknownCode, selectors
from shapecalc.span import Span

FILE = "pyproject.toml"
TABLE = "tool.shapecalc"
KEYS = ("select", "ignore", "exclude", "fail-on", "output-format", "strict")
SEVERITIES = ("error", "warning")
FORMATS = ("full", "concise", "json", "github", "sarif")
_HEADER = r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?shapecalc[\"']?[ \t]*\]"
_PLACE = r"\(at (?:line (\d+), column (\d+)|end of document)\)"

_Table = dict[str, object]


class Settings(NamedTuple):
    """What a project has set; `folder` is where it did, and patterns to exclude start there."""

    folder: str = ""
    selection: Selection = Selection()
    exclude: tuple[str, ...] = ()
    fail_on: str = "error"
    output_format: str | None = None
    strict: bool = False

    def excludes(self, path: str) -> bool:
        """Say whether a pattern fits a path, or the last part of it."""
        if not self.exclude:
            return False
        from fnmatch import fnmatch

        below = Path(os.path.relpath(path, self.folder)).as_posix()
        names = (below, below.rpartition("/")[2])
        return any(fnmatch(name, pattern) for name in names for pattern in self.exclude)


class Project:
    """Settings by folder, each file read once. Raises Problem for a file with a mistake."""

    def __init__(self) -> None:
        self._known: dict[str, Settings] = {}

    def settings(self, folder: str) -> Settings:
        """Return what counts in a folder."""
        start = os.path.abspath(folder or ".")  # noqa: PTH100 (it follows no links)
        if start not in self._known:
            here = _settings_in(start)
            above = os.path.dirname(start)  # noqa: PTH120
            if here is None:
                here = self.settings(above) if above != start else Settings()
            self._known[start] = here
        return self._known[start]


def _settings_in(folder: str) -> Settings | None:
    """Read the settings of one folder, None where it has none."""
    path = Path(folder, FILE)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if "shapecalc" not in text:
        return None
    table = _table(text, _shown(path))
    return None if table is None else _Reader(text, _shown(path)).settings(table, folder)


def _shown(path: Path) -> str:
    """Return a path as a person would write it from here."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)


def _table(text: str, path: str) -> _Table | None:
    import tomllib

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if not re.search(_HEADER, text):
            return None
        raise _no_toml(text, path, str(error)) from None
    tool = document.get("tool")
    table = tool.get("shapecalc") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _no_toml(text: str, path: str, message: str) -> Problem:
    found = re.search(_PLACE, message)
    written = text.rstrip()
    line = int(found[1]) if found and found[1] else written.count("\n") + 1
    column = int(found[2]) if found and found[2] else len(written) - written.rfind("\n") - 1
    fact = re.sub(rf"\s*{_PLACE}", "", message)
    advice = "correct it, or leave the settings out"
    return Problem(
        Finding("SC109", Span(path, line, column), f"this is not TOML: {fact.lower()}", advice)
    )


class _Reader:
    """Reads one table; knows the text, to say where a key stands."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    def settings(self, table: _Table, folder: str) -> Settings:
        """Read all keys. Raises Problem."""
        for key in table:
            if key not in KEYS:
                raise self._unknown(key)
        selection = Selection(
            self._codes(table, "select") or Selection().select, self._codes(table, "ignore")
        )
        return Settings(
            folder,
            selection,
            self._texts(table, "exclude"),
            self._choice(table, "fail-on", SEVERITIES) or "error",
            self._choice(table, "output-format", FORMATS),
            strict=self._switch(table, "strict"),
        )

    def _codes(self, table: _Table, key: str) -> tuple[str, ...]:
        try:
            return selectors(self._texts(table, key))
        except UnknownCode as error:
            fact, _, advice = str(error).partition(": ")
            raise self._problem(key, fact, advice) from None

    def _texts(self, table: _Table, key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            example = '["specs/old"]' if key == "exclude" else '["SC501"]'
            fact = f"`{key}` is no list of texts"
            raise self._problem(key, fact, f"write `{key} = {example}`")
        return tuple(value)

    def _choice(self, table: _Table, key: str, allowed: tuple[str, ...]) -> str | None:
        value = table.get(key)
        if value is None or value in allowed:
            return value if isinstance(value, str) else None
        choices = " or ".join(f'"{each}"' for each in allowed)
        raise self._problem(key, f"`{key}` is {value!r}", f"write {choices}")

    def _switch(self, table: _Table, key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self._problem(key, f"`{key}` is {value!r}", f"write `{key} = true`")
        return value

    def _unknown(self, key: str) -> Problem:
        from difflib import get_close_matches

        near = get_close_matches(key.replace("_", "-").lower(), KEYS, 1)
        advice = f"did you mean `{near[0]}`?" if near else f"the keys are {', '.join(KEYS)}"
        return self._problem(key, f"`{key}` is no key of `[{TABLE}]`", advice)

    def _problem(self, key: str, fact: str, advice: str) -> Problem:
        return Problem(Finding("SC109", self._place(key), fact, advice))

    def _place(self, key: str) -> Span:
        """Find a key behind the table's header, or else the first mention of it."""
        header = re.search(_HEADER, self.text)
        written = rf"(?m)^[ \t]*([\"']?{re.escape(key)}[\"']?)[ \t]*="
        start = header.end() if header else 0
        found = re.compile(written).search(self.text, start) or re.search(
            rf"({re.escape(key)})", self.text
        )
        at, end = found.span(1) if found else (start, start + 1)
        line = self.text.count("\n", 0, at) + 1
        return Span(self.path, line, at - self.text.rfind("\n", 0, at), end - at)
