"""What became of audit events, counted and logged: closed words and numbers only."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from threading import Lock
from time import monotonic

_LOG = logging.getLogger("trialhook.audit")
LOG_SECONDS = 60.0

WORDS = {
    "spooled": (logging.WARNING, "audit events were put on disk: the database is away or slow"),
    "imported": (logging.INFO, "audit events were taken from the spool into the database"),
    "torn": (logging.WARNING, "lines of the spool were broken off by a crash and skipped"),
    "late": (logging.WARNING, "calls were answered before their audit event was on disk"),
    "lost": (logging.ERROR, "AUDIT EVENTS ARE LOST: neither the database nor the spool takes them"),
    "shown_lost": (logging.ERROR, "records of what was shown are lost: answers to these cards are unknown"),
}
"""What is counted; how loudly and in which words the log says so."""


class Tally:
    """Counts by word, and logs each word at once, then at most once a minute with how many more."""

    def __init__(self, report: Callable[[str, int], None] | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._report = report
        self._begin()

    def _begin(self) -> None:
        self._lock = Lock()
        self._unlogged: Counter[str] = Counter()
        self._logged_at: dict[str, float] = {}

    def after_fork(self) -> None:
        """In a child: nothing has been counted yet."""
        self.counts.clear()
        self._begin()

    def __call__(self, word: str, times: int = 1) -> None:
        """Counts a word of ``WORDS``."""
        if times <= 0:
            return
        with self._lock:
            self.counts[word] += times
            self._unlogged[word] += times
            due = monotonic() - self._logged_at.get(word, float("-inf")) >= LOG_SECONDS
            if due:
                self._say(word)
        if self._report is not None:
            self._report(word, times)

    def flush(self) -> None:
        """Logs what was counted since the last lines."""
        with self._lock:
            for word in list(self._unlogged):
                self._say(word)

    def _say(self, word: str) -> None:
        level, text = WORDS[word]
        _LOG.log(level, "%s: %d", text, self._unlogged.pop(word))
        self._logged_at[word] = monotonic()
