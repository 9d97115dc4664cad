"""One setting for all: the same examples in each run, and no failure because a machine was busy."""

from hypothesis import settings

settings.register_profile("shapecalc", derandomize=True, deadline=None)
settings.load_profile("shapecalc")
