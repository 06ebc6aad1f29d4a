"""How many places of a trial are taken, and what that means for referrals to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock

from cds_service.recruitment.states import TrialState
from cds_service.referrals.changing import enrolled_by_trial
from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError

KEPT_SECONDS = 1.0
"""How old a count may be, in each process: ours."""

_BY_WHY: Mapping[str, str] = {
    "full": "trial-full",
    "closed": "trial-closed",
    "ended": "trial-closed",
    "paused": "trial-paused",
}


class Enrolled:
    """Who is enrolled in each trial, over all clients, counted at most once a second. Thread-safe.

    While the database is away the last count holds: it costs a card too many or too few, not an answer.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._counting = Lock()
        self._counted: Mapping[str, int] = {}
        self._at: float | None = None

    def of(self, trial: str) -> int:
        """The count of a trial. One thread counts; the others go on with what is known."""
        now = self._clock()
        due = self._at is None or now - self._at >= KEPT_SECONDS
        if due and self._counting.acquire(blocking=self._at is None):
            try:
                self._count(now)
            finally:
                self._counting.release()
        return self._counted.get(trial, 0)

    def forget(self) -> None:
        """After somebody was enrolled here, or left: the next who asks counts."""
        self._at = None

    def _count(self, now: float) -> None:
        with suppress(StorageAwayError), self._database.autocommit() as connection:
            self._counted = enrolled_by_trial(connection)
        self._at = now


def word_of(state: TrialState | None) -> str:
    """What the state of a trial adds to what asks for a look at its open referrals, "" for nothing."""
    return "trial-closed" if state is None else _BY_WHY.get(state.why, "")
