"""A long run of hostile inputs: `python tests/fuzz_long.py --inputs 1000000 --seed 1`.

Where Atheris is installed, its bytes choose the inputs, and what is new in the program's coverage
is followed; elsewhere `random` chooses. Pytest does not collect this.
"""

import argparse
import os
import random
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parent.parent
PROGRESS = 10_000  # inputs between two lines
MOST_KINDS = 40  # of crashes; with more, a run ends


class FailureOf(Protocol):
    """What tries an input, and says what is wrong with the answer; drawn, in every format."""

    def __call__(self, text: str, *, drawn: bool) -> str | None: ...


def say(text: str) -> None:
    """Print a line at once: a long run is watched."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Run:
    """What a run has seen so far. Crashes that end at the same place are one kind."""

    def __init__(self, inputs: int, failure_of: FailureOf, one_in: int) -> None:
        self.inputs = inputs
        self.failure_of = failure_of
        self.one_in = one_in
        self.done = 0
        self.started = time.monotonic()
        self.crashes: dict[str, tuple[str, str]] = {}

    def take(self, text: str) -> None:
        """Try one input."""
        self.done += 1
        failure = self.failure_of(text, drawn=self.done % self.one_in == 0)
        if failure is not None:
            self._keep(failure, text)
        if self.done % PROGRESS == 0:
            say(self.summary())

    @property
    def is_over(self) -> bool:
        """Say whether there is nothing more to do."""
        return self.done >= self.inputs or len(self.crashes) >= MOST_KINDS

    def summary(self) -> str:
        """Count inputs, seconds and crashes."""
        seconds = time.monotonic() - self.started
        return f"{self.done:,} inputs, {seconds:,.0f} s, {len(self.crashes)} kinds of crashes"

    def _keep(self, failure: str, text: str) -> None:
        lines = failure.rstrip().split("\n")
        places = [line for line in lines if line.startswith("  File")]
        kind = "\n".join([*places[-2:], lines[-1][:60]])
        known = self.crashes.get(kind)
        if known is None:
            say(f"{failure}\ninput: {text!r}\n")
        if known is None or len(text) < len(known[1]):
            self.crashes[kind] = failure, text

    def finish(self) -> int:
        """Print what was found; return the exit code."""
        for failure, text in self.crashes.values():
            say(f"\n{failure}\ninput: {text!r}")
        say(self.summary())
        return 1 if self.crashes else 0


def by_random(run: Run, seed: int) -> None:
    """Let a generator choose."""
    from mutations import hostile_input

    chosen = random.Random(seed)
    while not run.is_over:
        run.take(hostile_input(chosen.randrange))


def by_atheris(run: Run, seed: int) -> None:
    """Let coverage choose. Atheris ends the process itself, so this does not return."""
    from mutations import hostile_input

    atheris: Any = import_module("atheris")

    def one_input(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)

        def choose(count: int) -> int:
            number: int = provider.ConsumeIntInRange(0, count - 1) if count > 1 else 0
            return number

        run.take(hostile_input(choose))
        if run.is_over:
            os._exit(run.finish())  # libFuzzer takes any other way out for a crash

    flags = f"-seed={seed} -max_len=400 -len_control=0 -timeout=3600 -rss_limit_mb=0 -verbosity=0"
    atheris.Setup([sys.argv[0], *flags.split()], one_input)  # hangs are found by ourselves
    atheris.Fuzz()


def main() -> None:
    """Run, and exit with 1 where anything crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by", choices=("atheris", "random"), help="who chooses the inputs")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    by = options.by or ("atheris" if find_spec("atheris") else "random")
    if by == "atheris":
        _instrument()
    from mutations import DRAWN, failure_of

    run = Run(options.inputs, failure_of, DRAWN)
    (by_atheris if by == "atheris" else by_random)(run, options.seed)
    sys.exit(run.finish())


def _instrument() -> None:
    """Load the program such that Atheris sees which branches an input takes."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["shapecalc"], enable_loader_override=False):
        import_module("mutations")


if __name__ == "__main__":
    main()
