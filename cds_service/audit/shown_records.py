"""Records of what was shown, until they are in the database.

They say which client got which card: without its record the feedback on a card is unknown, and a budget
counts one patient less. While the database is away they wait here, in memory, since they name patients; what
waits is lost if the process dies, and the oldest if too much waits.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from cds_service.audit.tally import Tally
from cds_service.failures import describe
from cds_service.storage.records import CallRecord, StorageAwayError

_LOG = logging.getLogger("trialhook.audit")
AT_ONCE = 200

Record = Callable[[Sequence[CallRecord]], None]


class ShownRecords:
    """For one thread. ``record`` puts records into the database, all of them or none; again does no harm."""

    def __init__(self, record: Record, limit: int, tally: Tally) -> None:
        self._record, self._limit, self._tally = record, limit, tally
        self._waiting: deque[CallRecord] = deque()

    def write(self, records: Sequence[CallRecord]) -> bool:
        """Writes records, or lets them wait. Whether the database was there."""
        if not records:
            return True
        try:
            self._write(records)
        except StorageAwayError:
            self.wait(records)
            return False
        return True

    def wait(self, records: Iterable[CallRecord]) -> None:
        """Lets records wait; the oldest go if there is no room."""
        self._waiting.extend(records)
        while len(self._waiting) > self._limit:
            self._waiting.popleft()
            self._tally("shown_lost")

    def catch_up(self) -> bool:
        """Writes some of what waits; whether more does. Raises StorageAwayError, and nothing is lost."""
        some = list(islice(self._waiting, AT_ONCE))
        if some:
            self._write(some)
            for _ in some:
                self._waiting.popleft()
        return bool(self._waiting)

    def _write(self, records: Sequence[CallRecord]) -> None:
        try:
            self._record(records)
        except StorageAwayError:
            raise
        except Exception as error:  # noqa: BLE001 -- one record that cannot be written must not stop the others
            if len(records) == 1:
                _LOG.error("what was shown cannot be recorded: %s", describe(error))
                self._tally("shown_lost")
            else:
                for record in records:
                    self._write([record])

    def give_up(self) -> None:
        """Counts what still waits as lost."""
        self._tally("shown_lost", len(self._waiting))
        self._waiting.clear()
