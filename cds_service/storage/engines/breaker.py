"""A circuit breaker: while the database is away nobody waits for it, but for one probe at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

from cds_service.storage.records import StorageAwayError

PAUSE = 2.0
"""Seconds after a failure in which nothing is tried."""


BUSY_PAUSE = 0.1
"""The same, after a failure because others were using the database."""


class Breaker:
    """Opened by a failure, closed by a probe that succeeds. Safe for threads, not over a fork."""

    def __init__(self, pause: float = PAUSE, clock: Callable[[], float] = monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = Lock()
        self._open = False
        self._probing = False
        self._retry_at = 0.0

    @property
    def open(self) -> bool:
        """Whether the last that was heard of the database is a failure."""
        return self._open

    def enter(self) -> bool:
        """Before each use. Whether this use is the probe; ``StorageAwayError`` if it is not to be tried."""
        if not self._open:
            return False
        with self._lock:
            if not self.open:  # another probe was quicker
                return False
            if self._probing or self._clock() < self._retry_at:
                raise StorageAwayError
            self._probing = True
            return True

    def failed(self, *, busy: bool = False) -> bool:
        """After a use that failed, probe or not. Whether this is news.

        ``busy``: others were using it, which is soon over.
        """
        with self._lock:
            news = not self._open
            self._open = True
            self._probing = False
            self._retry_at = self._clock() + (min(self._pause, BUSY_PAUSE) if busy else self._pause)
            return news

    def succeeded(self) -> bool:
        """After a probe that succeeded. Whether this is news."""
        with self._lock:
            news = self._open
            self._open = False
            self._probing = False
            return news
