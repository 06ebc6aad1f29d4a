"""Of many processes one synchronises; when it is gone another does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from cds_service.synchronising.lease import Lease
from cds_service.synchronising.loop import Loop
from tests.deployment.running import until
from tests.synchronising.fhir_server import Clock


def contender(database: Database, clock: Clock, name: str = "work", seconds: float = 60) -> Lease:
    return Lease(database, name, seconds=seconds, clock=lambda _: clock())


def test_one_holds_it_until_its_time_is_over(database: Database) -> None:
    clock = Clock()
    first, second = contender(database, clock), contender(database, clock)
    assert [first.take(), second.take(), first.take()] == [True, False, True]
    clock.forward(seconds=59)
    assert not second.take()
    clock.forward(seconds=1)
    assert second.take()
    assert not first.take()


def test_renewing_makes_it_last(database: Database) -> None:
    clock = Clock()
    first, second = contender(database, clock), contender(database, clock)
    first.take()
    for _ in range(5):
        clock.forward(seconds=50)
        assert first.take()
        assert not second.take()


def test_what_was_given_back_is_free_at_once(database: Database) -> None:
    clock = Clock()
    first, second = contender(database, clock), contender(database, clock)
    first.take()
    second.give_back()  # not its own: nothing happens
    assert not second.take()
    first.give_back()
    assert second.take()


def test_leases_of_other_names_are_others(database: Database) -> None:
    clock = Clock()
    assert contender(database, clock, "a").take()
    assert contender(database, clock, "b").take()


def test_of_many_that_ask_at_once_one_gets_it(database: Database) -> None:
    contenders = [Lease(database) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(Lease.take, contenders)) == 1


def test_it_is_asked_for_again_only_when_a_third_of_its_time_is_over(database: Database) -> None:
    lease = Lease(database, seconds=3600)
    assert lease.take()
    Lease(database, seconds=3600).give_back()
    database.close()
    assert lease.still_ours()
    hasty = Lease(database, "other", seconds=0)
    assert [hasty.still_ours(), hasty.still_ours()] == [True, True]


def test_two_loops_never_work_at_once_and_a_stop_lets_the_other_go_on(database: Database) -> None:
    working: list[str] = []
    second_worked = Event()
    first = Loop(lambda _: working.append("first"), Lease(database, seconds=1.5), tick=0.01)
    second = Loop(lambda _: second_worked.set(), Lease(database, seconds=1.5), tick=0.01)
    first.begin()
    for _ in until("the first loop works"):
        if working:
            break
    second.begin()
    assert not second_worked.wait(1.7)  # the first renews it
    first.close()
    count = len(working)
    assert second_worked.wait(20)
    assert len(working) == count
    second.close()


def test_a_fault_of_ours_and_a_database_that_is_away_end_no_loop(database: Database) -> None:
    faults = iter([ValueError("not said"), StorageAwayError("away")])
    worked = Event()

    def cycle(_: object) -> None:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        worked.set()

    loop = Loop(cycle, Lease(database), tick=0.01)
    loop.begin()
    assert worked.wait(20)
    loop.close()


def test_a_stop_does_not_wait_for_a_server_that_hangs(database: Database) -> None:
    begun, go_on = Event(), Event()

    def cycle(_: object) -> None:
        begun.set()
        go_on.wait(60)

    loop = Loop(cycle, Lease(database), tick=0.01)
    loop.begin()
    assert begun.wait(20)
    loop.close(patience=0.2)
    go_on.set()
