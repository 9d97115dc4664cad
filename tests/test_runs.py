"""Lines that repeat as a block: the block once, and nothing lost."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shapecalc.render.runs import LEAST, Run, runs, told


def found(names: Sequence[str], alike: Sequence[int] | None = None) -> list[Run[str]]:
    return list(runs(names, names, alike or [0] * len(names)))


def test_a_block_of_layers_is_shown_once() -> None:
    names = [f"{letter}{number}" for number in range(1, 6) for letter in "Wb"]
    assert found(names) == [Run(["W1", "b1"], ["W5", "b5"], 5)]


def test_a_block_begins_where_its_numbers_agree() -> None:
    """Were the first line part of it, the block would be `b1, W2`."""
    names = ["b1", *(f"{letter}{n}" for n in range(2, 7) for letter in "Wb")]
    assert found(names) == [Run(["b1"], ["b1"], 1), Run(["W2", "b2"], ["W6", "b6"], 5)]


def test_lines_that_are_not_alike_end_a_block() -> None:
    names = [f"Z{number}" for number in range(8)]
    assert [run.times for run in found(names, [1, 1, 1, 1, 2, 2, 2, 2])] == [4, 4]


def test_other_names_are_never_left_out() -> None:
    assert [run.times for run in found(["a", "b", "c", "d", "e"])] == [1] * 5


def test_what_comes_three_times_is_shown_three_times() -> None:
    names = ["Z1", "A1", "Z2", "A2", "Z3", "A3"]
    assert [run.times for run in found(names)] == [1] * 6


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=40))
def test_every_line_is_shown_or_stands_for_one_that_is_alike(
    lines: list[tuple[str, int]],
) -> None:
    names = [f"{letter}{place}" for place, (letter, _) in enumerate(lines)]
    alike = [each for _, each in lines]
    place = 0
    for run in runs(names, names, alike):
        assert run.times == 1 or run.times >= LEAST
        length = len(run.block)
        for copy in range(run.times):
            start = place + copy * length
            assert lines[start : start + length] == lines[place : place + length]
        assert list(run.block) == names[place : place + length]
        place += length * run.times
        assert list(run.last) == names[place - length : place]
    assert place == len(lines)


def test_long_blocks_are_named_by_their_ends() -> None:
    assert told(Run(["a1", "b1"], ["a3", "b3"], 3), str) == "× 3: a1, b1 to a3, b3"
    assert told(Run("abcde", "vwxyz", 3), str) == "× 3: a … e to v … z"
