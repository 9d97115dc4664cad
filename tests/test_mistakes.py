"""Every wrong formula is found, no right one is called wrong, and nine in ten are named."""

from mistakes import NAMES, score

EVERY = 19  # of some 1,400 broken formulas; `python tests/mistakes.py` judges all


def test_broken_formulas_are_found_and_named() -> None:
    result = score(NAMES, EVERY)
    wrong, found, named = (sum(count.values()) for count in result[:3])
    assert wrong >= 50
    assert not result.alarms
    assert not result.missed
    assert found == wrong
    assert named >= 0.85 * wrong, result.misnamed
