"""When something is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.synchronising.back_off import (
    FIRST,
    LONGEST,
    LONGEST_ASKED_FOR,
    MOST_REFUSALS,
    NEVER,
    next_try,
    pause,
)
from tests.storage.samples import NOW

CHANCES = st.floats(0, 1)


@given(st.integers(0, 10**6), CHANCES)
def test_a_pause_is_never_shorter_than_half_of_ours_nor_longer_than_the_longest(
    attempts: int, chance: float
) -> None:
    assert FIRST / 2 <= pause(attempts, chance) <= LONGEST


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 15), (2, 30), (3, 60), (8, 1920), (9, 3600), (50, 3600)]
)
def test_it_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert pause(attempts, 1.0) == timedelta(seconds=seconds)
    assert pause(attempts, 0.0) == timedelta(seconds=seconds / 2)


@pytest.mark.parametrize(
    ("asked_for", "waited"),
    [
        (0.0, timedelta(seconds=15)),
        (-5.0, timedelta(seconds=15)),
        (120.0, timedelta(minutes=2)),
        (1e12, LONGEST_ASKED_FOR),
    ],
)
def test_what_the_server_asks_for_is_waited_at_least(asked_for: float, waited: timedelta) -> None:
    assert pause(1, 1.0, asked_for) == waited


def test_a_refusal_is_given_up_after_some_tries_and_trouble_never() -> None:
    wait = timedelta(minutes=1)
    tries = range(1, MOST_REFUSALS + 1)
    refused = [next_try(NOW, attempts, for_good=True, wait=wait) for attempts in tries]
    assert refused == [NOW + wait] * (MOST_REFUSALS - 1) + [NEVER]
    assert next_try(NOW, 1000, for_good=False, wait=wait) == NOW + wait
