"""Many who refer or move one patient at once: one referral, one who moves it, and no place given twice."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from sqlalchemy import func, select

from cds_service.referrals.book import Book
from cds_service.referrals.records import ConflictError, NoPlaceError, Referral
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import outbox, referral_event, trial_referral
from tests.referrals.samples import COORDINATOR, TERMS, later, moved, on_the_path, opening, subject
from tests.storage.samples import NEW_RING, OLD_RING, ROTATED_RING

CLICKS, PROCESSES = 24, 4


def rows(database: Database) -> tuple[int, int, int]:
    """Referrals, events, and what is to be written."""
    with database.autocommit() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (trial_referral, referral_event, outbox)
        ]
    return counts[0], counts[1], counts[2]


def test_however_often_threads_click_there_is_one_referral(book: Book, database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: book.open(opening()).id, range(CLICKS)))
    assert len(set(ids)) == 1
    assert rows(database) == (1, 1, 2)


CLICK = """
import json, sys
from cds_service.referrals.book import Book
from cds_service.storage.database import Database
from tests.referrals.samples import TERMS, opening
from tests.storage.samples import NEW_RING
book = Book(Database(sys.argv[1], wait=20), NEW_RING, terms=TERMS)
sys.stdin.readline()
print(json.dumps([book.open(opening(f"p{number}")).id for number in range(20)]))
"""


def test_however_many_processes_click_there_is_one_referral_of_each_patient(
    ready_url: str, database: Database
) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CLICK, ready_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    said = [json.loads(worker.communicate("now\n", timeout=100)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * PROCESSES
    assert all(one == other for one, other in pairwise(said))
    assert rows(database) == (20, 20, 40)


def test_of_many_who_move_it_one_does_and_the_others_are_told(book: Book, database: Database) -> None:
    seen = book.open(opening())

    def move(to: State) -> State | list[int]:
        try:
            return book.move(seen.id, seen.version, to, COORDINATOR, later()).state
        except ConflictError as refused:
            return [event.version for event in refused.since]

    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(move, [State.RECEIVED, State.CONTACTED] * (CLICKS // 2)))
    assert came.count([2]) == CLICKS - 1
    assert rows(database) == (1, 2, 4)
    current = book.get(seen.id)
    assert current is not None
    assert current.state in came


def test_the_last_place_is_given_once(book: Book) -> None:
    ready = [
        on_the_path(book, book.open(opening(subject=subject(client=f"c{number}"))), State.SCREENING)
        for number in range(8)
    ]

    def enrol(referral: Referral) -> bool:
        try:
            moved(book, referral, State.ENROLLED)
        except NoPlaceError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enrol, ready)) == 2


def test_a_new_ring_beside_an_old_one_finds_what_the_old_one_opened(database: Database) -> None:
    old = Book(database, OLD_RING, terms=TERMS).open(opening())
    assert Book(database, ROTATED_RING, terms=TERMS).open(opening()).id == old.id
    assert Book(database, NEW_RING, terms=TERMS).get(old.id) is not None
