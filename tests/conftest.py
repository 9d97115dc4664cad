"""One setting for all: the same examples in each run, and no failure because a machine was busy."""

import pytest
from hypothesis import settings

settings.register_profile("shapecalc", derandomize=True, deadline=None)
settings.load_profile("shapecalc")

LONGEST = (
    "program",
    "fuzz",
    "hostile",
    "hook",
    "quiz",
    "quiz_program",
    "fuzz_expressions",
    "ops",
    "api",
    "other_names",
)
"""Files that take long; they come first, so that no process is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))
