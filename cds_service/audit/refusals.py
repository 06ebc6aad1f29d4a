"""How much of refused calls is written: the first few of a minute, then how many more there were.

Whoever is refused may try as often as he likes; the disk is not his to fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cds_service.audit.events import OTHER, Refusals, closed_word

MINUTE = timedelta(minutes=1)
MOST_OF_A_CAUSE = 5
MOST_OF_ALL = 20
MOST_KINDS = 200


@dataclass(slots=True)
class _Minute:
    since: datetime
    written: int = 0
    more: int = 0


class RefusedCalls:
    """Counts refused calls by cause, status and client.

    Of one minute at most ``most_of_a_cause`` of a kind, and ``most_of_all`` together, are written one by one.
    """

    def __init__(self, most_of_a_cause: int = MOST_OF_A_CAUSE, most_of_all: int = MOST_OF_ALL) -> None:
        self._most_of_a_cause, self._most_of_all = most_of_a_cause, most_of_all
        self._minutes: dict[tuple[str, int, str], _Minute] = {}
        self._all: _Minute | None = None
        self._ended: list[Refusals] = []
        self._lock = Lock()

    def is_written(self, cause: str, status: int, client: str, now: datetime) -> bool:
        """Counts a refused call, and says whether it gets its own line."""
        kind = (closed_word(cause), status, client)
        with self._lock:
            if kind not in self._minutes and len(self._minutes) >= MOST_KINDS:
                kind = (OTHER, status, "")
            one = self._minute_of(kind, now)
            if self._all is None or now - self._all.since >= MINUTE:
                self._all = _Minute(now)
            if one.written < self._most_of_a_cause and self._all.written < self._most_of_all:
                one.written += 1
                self._all.written += 1
                return True
            one.more += 1
            return False

    def _minute_of(self, kind: tuple[str, int, str], now: datetime) -> _Minute:
        one = self._minutes.get(kind)
        if one is not None and now - one.since >= MINUTE:
            self._end(kind, one)
            one = None
        if one is None:
            one = self._minutes[kind] = _Minute(now)
        return one

    def _end(self, kind: tuple[str, int, str], minute: _Minute) -> None:
        del self._minutes[kind]
        if minute.more:
            self._ended.append(Refusals(*kind, minute.more, minute.since))

    def more(self, now: datetime | None) -> Sequence[Refusals]:
        """How many more were refused in the minutes that have ended by now (None: in all)."""
        with self._lock:
            for kind, minute in list(self._minutes.items()):
                if now is None or now - minute.since >= MINUTE:
                    self._end(kind, minute)
            ended, self._ended = self._ended, []
            return ended
