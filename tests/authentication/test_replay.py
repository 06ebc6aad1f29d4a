"""A token is good for one call, across processes and while the database is away."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.authentication.refusal import UnauthenticatedError
from cds_service.authentication.replay import ProcessReplay, SharedReplay
from cds_service.authentication.tokens import Authenticator
from cds_service.clients.registered import Clients
from cds_service.storage.records import StorageAwayError
from tests.authentication.minting import ISSUER, NOW, PUBLIC_URL, SERVICE_URL, Clock, claims, token
from tests.authentication.registrations import HOSPITAL, World


class Storage:
    """A database that all processes share, and that can be away."""

    def __init__(self) -> None:
        self.known: set[tuple[str, str]] = set()
        self.away = False
        self.asked = 0

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        self.asked += 1
        if self.away:
            raise StorageAwayError
        new = (issuer, jti) not in self.known
        self.known.add((issuer, jti))
        return new


class Processes:
    """Two processes before one database, on one clock."""

    def __init__(self, strict: bool = False) -> None:
        self.clock, self.storage = Clock(), Storage()
        self.one, self.two = (
            SharedReplay(self.storage, ProcessReplay(self.clock), strict, self.clock) for _ in range(2)
        )

    def use(self, process: SharedReplay, jti: str, age: float = 0.0) -> str:
        """``yes`` for a first use, ``replayed``, or the cause of a refusal."""
        issued_at = self.clock.now - age
        try:
            return "yes" if process.first_use(ISSUER, jti, issued_at + 360, issued_at) else "replayed"
        except UnauthenticatedError as refusal:
            return refusal.cause


# --- within a process


def test_an_id_is_new_once() -> None:
    replay = ProcessReplay(Clock())
    assert [replay.first_use(ISSUER, "a", NOW + 10) for _ in range(3)] == [True, False, False]
    assert replay.first_use(ISSUER, "b", NOW + 10)
    assert replay.first_use("https://other.example", "a", NOW + 10)


def test_an_id_is_forgotten_when_its_token_has_expired() -> None:
    clock = Clock()
    replay = ProcessReplay(clock)
    replay.first_use(ISSUER, "a", NOW + 10)
    clock.sleep(9.9)
    assert not replay.first_use(ISSUER, "a", NOW + 10)
    assert replay.seen(ISSUER, "a")
    clock.sleep(0.1)
    assert not replay.seen(ISSUER, "a")
    assert replay.first_use(ISSUER, "a", NOW + 20)


def test_looking_does_not_remember() -> None:
    replay = ProcessReplay(Clock())
    assert not replay.seen(ISSUER, "a")
    assert not replay.seen(ISSUER, "a")
    assert replay.first_use(ISSUER, "a", NOW + 10)


def test_memory_stays_bounded_under_steady_load() -> None:
    clock = Clock()
    replay = ProcessReplay(clock)
    most = 0
    for number in range(20_000):  # ten a second, each remembered for six minutes: 3600 are alive
        assert replay.first_use(ISSUER, str(number), clock.now + 360)
        clock.sleep(0.1)
        most = max(most, len(replay))
    assert most <= 2 * 3600 + 1


def test_a_full_memory_refuses_what_it_could_not_remember_and_only_for_that_issuer() -> None:
    clock = Clock()
    replay = ProcessReplay(clock, most=100)
    assert all(replay.first_use(ISSUER, str(number), NOW + 10) for number in range(100))
    assert not replay.first_use(ISSUER, "one more", NOW + 10)
    assert replay.first_use("https://other.example", "a", NOW + 10)
    assert not replay.first_use(ISSUER, "0", NOW + 10)  # and forgot nothing
    clock.sleep(10)
    assert replay.first_use(ISSUER, "one more", NOW + 20)


def test_of_many_threads_one_is_first() -> None:
    replay, outcomes = ProcessReplay(Clock()), list[bool]()
    start = threading.Barrier(16)

    def use() -> None:
        start.wait(30)
        outcomes.append(replay.first_use(ISSUER, "a", NOW + 10))

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [False] * 15 + [True]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "\ud800", "é", "x" * 256]), st.booleans()))
)
def test_what_is_new_is_what_a_set_says(uses: list[tuple[str, str, bool]]) -> None:
    replay, known = ProcessReplay(Clock()), set[tuple[str, str]]()
    for issuer, jti, _ in uses:
        assert replay.first_use(issuer, jti, NOW + 10) == ((issuer, jti) not in known)
        known.add((issuer, jti))


def test_ids_are_not_kept_as_they_are() -> None:
    replay = ProcessReplay(Clock())
    replay.first_use(ISSUER, "the-id", NOW + 10)
    room = replay._rooms[ISSUER]
    assert b"the-id" not in b"".join(room.until)


# --- across processes


def test_a_token_used_in_one_process_is_replayed_in_another() -> None:
    processes = Processes()
    assert processes.use(processes.one, "a") == "yes"
    assert processes.use(processes.two, "a") == "replayed"


def test_a_replay_in_the_same_process_does_not_cost_a_query() -> None:
    processes = Processes()
    processes.use(processes.one, "a")
    asked = processes.storage.asked
    assert processes.use(processes.one, "a") == "replayed"
    assert processes.storage.asked == asked


# --- while the database is away


def test_away_a_token_is_good_once_in_a_process() -> None:
    processes = Processes()
    processes.storage.away = True
    assert processes.use(processes.one, "a") == "yes"
    assert processes.use(processes.one, "a") == "replayed"


def test_away_a_token_that_was_used_before_is_replayed() -> None:
    processes = Processes()
    processes.use(processes.one, "a")
    processes.storage.away = True
    assert processes.use(processes.one, "a", age=30) == "replayed"


AGES = [(0, "yes"), (-60, "yes"), (59, "yes"), (60, "yes"), (60.5, "lifetime"), (300, "lifetime")]


@pytest.mark.parametrize(("age", "result"), AGES)
def test_away_a_token_is_good_for_a_minute(age: float, result: str) -> None:
    processes = Processes()
    processes.storage.away = True
    assert processes.use(processes.one, "a", age) == result


def test_with_the_database_there_a_token_may_be_older() -> None:
    processes = Processes()
    assert processes.use(processes.one, "a", age=299) == "yes"


def test_a_token_used_while_away_is_not_good_in_another_process_afterwards() -> None:
    processes = Processes()
    processes.storage.away = True
    assert processes.use(processes.one, "a") == "yes"
    assert processes.use(processes.two, "b") == "yes"
    processes.clock.sleep(61)
    processes.storage.away = False
    assert processes.use(processes.two, "a", age=61) == "lifetime"
    assert processes.use(processes.two, "new") == "yes"


def test_after_an_absence_new_tokens_live_as_long_as_before_it() -> None:
    processes = Processes()
    processes.storage.away = True
    processes.use(processes.one, "a")
    processes.storage.away = False
    processes.clock.sleep(200)
    assert processes.use(processes.one, "b", age=199) == "yes"
    assert processes.use(processes.one, "c", age=201) == "lifetime"


def test_strict_hands_the_absence_on_and_remembers_nothing() -> None:
    processes = Processes(strict=True)
    processes.storage.away = True
    for _ in range(2):
        with pytest.raises(StorageAwayError):
            processes.use(processes.one, "a")
    processes.storage.away = False
    assert processes.use(processes.one, "a") == "yes"


@pytest.mark.parametrize("strict", [False, True])
def test_the_authenticator_hands_on_what_the_guard_says(strict: bool) -> None:
    world, processes = World(), Processes(strict)
    processes.storage.away = True
    authenticator = Authenticator(
        Clients((HOSPITAL,)), processes.one, world.key_sets, PUBLIC_URL, world.clock
    )
    call: Callable[[], object] = lambda: authenticator.authenticate(  # noqa: E731
        f"Bearer {token(body=claims(iat=NOW - 100, exp=NOW + 100))}", [SERVICE_URL]
    )
    processes.clock.now = NOW
    if strict:
        with pytest.raises(StorageAwayError):
            call()
        return
    with pytest.raises(UnauthenticatedError) as caught:
        call()
    assert (caught.value.cause, caught.value.client) == ("lifetime", "hospital")
