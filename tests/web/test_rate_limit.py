"""How often a client may call, over all workers together, and how often a stranger may try."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.clients.registered import Client, Clients
from cds_service.settings import Settings
from cds_service.web.problems import operation_outcome
from cds_service.web.rate_limit import (
    FAILURES_PER_MINUTE,
    MINUTE,
    MOST_ADDRESSES,
    TOO_MANY_CALLS,
    TOO_MANY_FAILURES,
    TRUSTED_SECONDS,
    RateLimits,
    SharedCounts,
    Strangers,
    too_many,
)
from tests.outbound.places import Clock

A, B, FEW = Client("a"), Client("b"), Client("few", calls_per_minute=2)


def limits(clock: Clock, calls_per_minute: int = 5) -> RateLimits:
    return RateLimits((A, B, FEW), calls_per_minute, clock)


def test_calls_up_to_the_limit_are_served_and_the_next_is_told_when_to_come_back() -> None:
    clock = Clock()
    limited = limits(clock)
    assert [limited.check(A) for _ in range(5)] == [None] * 5
    assert limited.check(A) == MINUTE + 1
    clock.now += 30
    assert limited.check(A) == 31
    clock.now += 31
    assert limited.check(A) is None


def test_a_call_that_is_refused_does_not_count() -> None:
    clock = Clock()
    limited = limits(clock)
    for _ in range(100):
        limited.check(A)
    clock.now += MINUTE + 1
    assert [limited.check(A) for _ in range(6)] == [None] * 5 + [MINUTE + 1]


def test_each_client_has_its_own_calls_and_its_own_limit() -> None:
    limited = limits(Clock())
    assert [limited.check(FEW) for _ in range(3)] == [None, None, MINUTE + 1]
    assert [limited.check(A) for _ in range(5)] == [None] * 5
    assert limited.check(A) is not None
    assert limited.check(B) is None


def test_the_window_moves_on_with_the_calls_in_it() -> None:
    clock = Clock()
    limited = limits(clock)
    for _ in range(5):
        assert limited.check(A) is None
        clock.now += 10
    assert limited.check(A) == 11  # the first of them leaves the minute
    clock.now += 11
    assert limited.check(A) is None
    assert limited.check(A) == 10


@given(st.lists(st.floats(0, 25, allow_nan=False), min_size=1, max_size=200), st.integers(1, 8))
def test_no_minute_holds_more_than_the_limit_and_waiting_as_told_is_enough(
    pauses: list[float], limit: int
) -> None:
    counts, now = SharedCounts(1), 100.0
    served: deque[float] = deque()
    for pause in pauses:
        now += pause
        wait = counts.count(0, limit, now)
        while served and served[0] <= now - MINUTE:
            served.popleft()
        if wait is None:
            served.append(now)
            assert len(served) <= limit
        else:
            assert 1 <= wait <= MINUTE + 1
            assert len([at for at in served if at > now - MINUTE]) >= limit or wait <= 1
            now += wait
            assert counts.count(0, limit, now) is None
            served.append(now)


def test_threads_of_a_process_count_together() -> None:
    counts = SharedCounts(1)
    served: list[bool] = []

    def call() -> None:
        served.extend(counts.count(0, 1000, 100.0) is None for _ in range(400))

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert served.count(True) == 1000


FORKING = """
import os, sys
from cds_service.web.rate_limit import SharedCounts
counts = SharedCounts(2)
served = 0
for worker in range(4):  # one after the other: what a worker counted stays when it is gone
    pid = os.fork()
    if not pid:
        os._exit(sum(counts.count(1, 100, 50.0) is None for _ in range(40)))
    served += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(served, counts.count(1, 100, 50.0), counts.count(0, 1, 50.0))
"""


def test_workers_forked_from_one_process_count_together() -> None:
    command = [sys.executable, "-c", FORKING]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout.split(), run.stderr) == (["100", "61", "None"], "")


def test_demo_mode_has_no_limits_unless_the_policy_is_on() -> None:
    demo, registered = Clients((Client("demo"),), demo=True), Clients((A,))
    assert RateLimits.of(Settings(policy=False), demo) is None
    assert RateLimits.of(Settings(policy=True), demo) is not None
    assert RateLimits.of(Settings(policy=False), registered) is not None
    limited = RateLimits.of(Settings(calls_per_minute=1), registered)
    assert limited is not None
    assert limited.check(A) is None
    assert limited.check(A) is not None


@pytest.mark.parametrize("problem", [TOO_MANY_CALLS, TOO_MANY_FAILURES])
def test_a_refusal_has_the_one_shape_of_all_and_says_when_to_come_back(problem: object) -> None:
    assert problem in (TOO_MANY_CALLS, TOO_MANY_FAILURES)
    refusal = too_many(TOO_MANY_CALLS if problem is TOO_MANY_CALLS else TOO_MANY_FAILURES, 17)
    assert refusal.status == 429
    assert refusal.headers == {"Retry-After": "17"}
    [issue] = operation_outcome(refusal.problems)["issue"]
    assert issue["code"] == "throttled"
    assert "Retry-After" in issue["details"]["text"]


# --- strangers


def fail(limited: RateLimits, peer: str, times: int = FAILURES_PER_MINUTE) -> None:
    for _ in range(times):
        limited.failed(peer)


def test_an_address_with_too_many_bad_tokens_is_held_back_for_the_rest_of_the_minute() -> None:
    clock = Clock()
    limited = limits(clock)
    fail(limited, "93.184.215.14", FAILURES_PER_MINUTE - 1)
    assert limited.held_back("93.184.215.14") is None
    clock.now += 20.5
    limited.failed("93.184.215.14")
    assert limited.held_back("93.184.215.14") == 40
    assert limited.held_back("93.184.215.15") is None
    clock.now += 40
    assert limited.held_back("93.184.215.14") is None
    limited.failed("93.184.215.14")
    assert limited.held_back("93.184.215.14") is None


def test_nobody_shuts_out_an_address_from_which_good_tokens_come() -> None:
    """Behind a hospital's gateway all callers have one address."""
    clock = Clock()
    limited = limits(clock)
    limited.succeeded("93.184.215.14")
    fail(limited, "93.184.215.14", 10 * FAILURES_PER_MINUTE)
    assert limited.held_back("93.184.215.14") is None
    clock.now += TRUSTED_SECONDS
    fail(limited, "93.184.215.14")
    assert limited.held_back("93.184.215.14") is not None
    limited.succeeded("93.184.215.14")
    assert limited.held_back("93.184.215.14") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("93.184.215.14", "93.184.215.15", False),
        ("93.184.215.14", "::ffff:93.184.215.14", True),
        ("2a00:1450:1:2::1", "2a00:1450:1:2:ffff::9", True),
        ("2a00:1450:1:2::1", "2a00:1450:1:3::1", False),
    ],
)
def test_who_has_one_ipv6_address_has_its_whole_network(one: str, other: str, same: bool) -> None:
    limited = limits(Clock())
    fail(limited, one)
    assert (limited.held_back(other) is not None) is same


@pytest.mark.parametrize(
    "peer",
    ["127.0.0.1", "::1", "10.0.0.1", "172.18.0.2", "::ffff:192.168.1.1", "fd00::1", "fe80::1", "", None],
)
def test_a_proxy_before_us_is_never_held_back(peer: str | None) -> None:
    """It has a private address, and all callers come from there: to hold it back would shut out everybody."""
    limited = limits(Clock())
    for _ in range(2 * FAILURES_PER_MINUTE):
        limited.failed(peer)
    assert limited.held_back(peer) is None


def test_what_is_remembered_is_bounded_however_many_addresses_there_are() -> None:
    strangers = Strangers(failures_per_minute=1, most=10)
    for number in range(1000):
        strangers.failed(f"bad {number}", 0.0)
        strangers.succeeded(f"good {number}", 0.0)
    assert [n for n in range(1000) if strangers.held_back(f"bad {n}", 1.0)] == list(range(990, 1000))
    for number in range(1000):
        strangers.failed(f"good {number}", 2.0)
        if number >= 990:
            assert strangers.held_back(f"good {number}", 2.0) is None
    assert MOST_ADDRESSES == 4096


def test_an_address_that_keeps_failing_is_not_forgotten_for_others() -> None:
    strangers = Strangers(failures_per_minute=2, most=3)
    for number in range(50):
        strangers.failed("constant", 0.0)
        strangers.failed(f"once {number}", 0.0)
    assert strangers.held_back("constant", 1.0) is not None


def test_an_address_from_which_good_tokens_keep_coming_stays_trusted() -> None:
    strangers = Strangers(failures_per_minute=1, most=3)
    for number in range(50):
        strangers.succeeded("hospital", 0.0)
        strangers.succeeded(f"once {number}", 0.0)
        strangers.failed("hospital", 0.0)
        assert strangers.held_back("hospital", 1.0) is None
