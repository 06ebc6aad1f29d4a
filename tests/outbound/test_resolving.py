"""Host names to addresses: remembered for a short while, asked for once, and never waited for too long."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.outbound.resolving import KEPT_SECONDS, MOST_LOOKUPS, Resolver
from tests.outbound.places import Clock, NameService, soon


def addresses(resolver: Resolver, host: str = "ehr.example", seconds: float = 5.0) -> list[str]:
    return [str(one.address) for one in resolver.targets(host, 443, soon(seconds))]


def test_addresses_come_in_the_order_of_the_system_and_of_both_families() -> None:
    assert addresses(Resolver(NameService(["2a00::1", "8.8.8.8", "10.0.0.1"]))) == [
        "2a00::1",
        "8.8.8.8",
        "10.0.0.1",
    ]


def test_an_answer_is_used_again_for_a_short_while_only() -> None:
    names, clock = NameService(["8.8.8.8"], ["127.0.0.1"]), Clock()
    resolver = Resolver(names, clock)
    assert addresses(resolver) == ["8.8.8.8"]
    clock.now += KEPT_SECONDS - 0.1
    assert addresses(resolver) == ["8.8.8.8"]
    clock.now += 0.1
    assert addresses(resolver) == ["127.0.0.1"]
    assert len(names.asked) == 2


def test_a_host_that_is_forgotten_is_looked_up_anew() -> None:
    resolver = Resolver(NameService(["8.8.8.8"], ["1.1.1.1"]))
    addresses(resolver)
    resolver.forget("ehr.example", 443)
    resolver.forget("never-asked.example", 443)
    assert addresses(resolver) == ["1.1.1.1"]


@pytest.mark.parametrize(
    "failure", [socket.gaierror(-2, "not known"), UnicodeError("label too long"), ValueError("?"), []]
)
def test_a_host_without_an_address_is_an_oserror_and_is_not_remembered(failure: object) -> None:
    resolver = Resolver(NameService(failure, ["8.8.8.8"]))
    with pytest.raises(OSError):
        addresses(resolver)
    assert addresses(resolver) == ["8.8.8.8"]


@pytest.mark.parametrize(
    ("host", "address"), [("10.1.2.3", "10.1.2.3"), ("::1", "::1"), ("[fd00::1]", "fd00::1")]
)
def test_an_address_is_not_looked_up(host: str, address: str) -> None:
    names = NameService(["8.8.8.8"])
    assert addresses(Resolver(names), host) == [address]
    assert names.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_ways_of_writing_an_address_are_resolved_to_what_they_mean(host: str) -> None:
    assert addresses(Resolver(), host) == ["127.0.0.1"]


def test_a_name_service_that_hangs_is_not_waited_for_beyond_the_deadline() -> None:
    answer = threading.Event()
    names = NameService(lambda: answer.wait(10) and ["8.8.8.8"])
    resolver = Resolver(names)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        addresses(resolver, seconds=0.1)
    with pytest.raises(TimeoutError):
        addresses(resolver, seconds=0.1)
    assert time.monotonic() - started < 2
    assert len(names.asked) == 1
    answer.set()
    assert addresses(resolver) == ["8.8.8.8"]


def test_a_deadline_that_has_passed_is_too_late_for_a_lookup() -> None:
    with pytest.raises(TimeoutError):
        addresses(Resolver(NameService(["8.8.8.8"])), seconds=-1)


def test_many_calls_for_one_host_ask_once() -> None:
    answer = threading.Event()
    names = NameService(lambda: answer.wait(10) and ["8.8.8.8"])
    resolver = Resolver(names)
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(addresses, resolver) for _ in range(8)]
        answer.set()
        assert [one.result() for one in waiting] == [["8.8.8.8"]] * 8
    assert len(names.asked) == 1


def test_lookups_that_hang_do_not_pile_up_and_do_not_stop_others() -> None:
    answer = threading.Event()
    resolver = Resolver(NameService(lambda: answer.wait(10) and ["8.8.8.8"]))
    for number in range(MOST_LOOKUPS):
        with pytest.raises(TimeoutError):
            addresses(resolver, f"host{number}.example", seconds=0.01)
    with pytest.raises(OSError, match="too many names"):
        addresses(resolver)
    assert addresses(resolver, "10.0.0.1") == ["10.0.0.1"]
    answer.set()
    for number in range(MOST_LOOKUPS):
        assert addresses(resolver, f"host{number}.example") == ["8.8.8.8"]
    assert addresses(resolver) == ["8.8.8.8"]
