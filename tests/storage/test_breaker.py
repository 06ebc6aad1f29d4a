"""While the database is away nobody waits for it, but for one probe at a time."""

from __future__ import annotations

import pytest

from cds_service.storage.engines.breaker import Breaker
from cds_service.storage.records import StorageAwayError


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(2.0, clock)


def test_as_long_as_nothing_fails_everybody_enters_and_nobody_probes(breaker: Breaker) -> None:
    assert [breaker.enter() for _ in range(3)] == [False] * 3
    assert not breaker.open


def test_after_a_failure_nobody_enters_for_a_while(breaker: Breaker, clock: Clock) -> None:
    breaker.failed()
    assert breaker.open
    for elapsed in (0, 1.9):
        clock.now = 100 + elapsed
        with pytest.raises(StorageAwayError):
            breaker.enter()


def test_then_one_enters_as_the_probe_and_no_second(breaker: Breaker, clock: Clock) -> None:
    breaker.failed()
    clock.now = 102.0
    assert breaker.enter()
    with pytest.raises(StorageAwayError):
        breaker.enter()


def test_a_probe_that_succeeds_lets_everybody_in(breaker: Breaker, clock: Clock) -> None:
    breaker.failed()
    clock.now = 102.0
    breaker.enter()
    breaker.succeeded()
    assert breaker.enter() is False
    assert not breaker.open


def test_a_probe_that_fails_keeps_the_others_out_for_another_while(breaker: Breaker, clock: Clock) -> None:
    breaker.failed()
    clock.now = 102.0
    breaker.enter()
    breaker.failed()
    clock.now = 103.9
    with pytest.raises(StorageAwayError):
        breaker.enter()
    clock.now = 104.0
    assert breaker.enter()


def test_only_the_first_failure_and_the_first_success_are_news(breaker: Breaker) -> None:
    assert [breaker.failed(), breaker.failed(), breaker.succeeded(), breaker.succeeded()] == [
        True,
        False,
        True,
        False,
    ]
