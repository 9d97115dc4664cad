"""Right gradients in other spellings: none is called wrong."""

import warnings
from collections import Counter

import numpy as np
from respelled import judged

NETWORKS = 3  # `python tests/respelled.py` tries as many as one likes
FIRST = 77


def test_right_gradients_written_otherwise_are_not_called_wrong() -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(FIRST, FIRST + NETWORKS):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = judged(seed)
        assert not found.alarms, found.alarms[0]
        verdicts.update(found.verdicts)
    assert verdicts["right"] > 0.9 * verdicts.total() > 10
