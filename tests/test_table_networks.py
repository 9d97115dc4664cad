"""Random networks over the whole op table: each printed gradient is run, and compared."""

from random import Random

import pytest
from table_networks import REACHED, judged, network

NETWORKS = 60  # `python tests/table_networks.py` tries as many as one likes
DRAWN = 6_000
AT_ONCE = 20


@pytest.mark.parametrize("first", range(0, NETWORKS, AT_ONCE))
def test_printed_gradients_of_any_ops_are_the_gradients(first: int) -> None:
    found = [judged(network(Random(seed)), seed) for seed in range(first, first + AT_ONCE)]
    compared = [each for each in found if not each.skipped]
    assert len(compared) > 0.8 * AT_ONCE, [each.skipped for each in found]
    forms = [form for each in compared for form in each.forms]
    assert forms.count("an einsum") < 0.1 * len(forms)


def test_random_networks_reach_the_whole_table() -> None:
    used = {op for seed in range(DRAWN) for op in network(Random(seed)).ops}
    assert used == set(REACHED)
