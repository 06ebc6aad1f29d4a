"""One thread per process that puts audit events on disk for all others: many calls, one commit.

Where an event goes: into the database; while that is away, into the spool; if that is full too it is lost,
loudly, since cards must go on. Records of what was shown go before the events of their calls, in a
transaction that is not durable by itself: the next one, which is, takes it along onto the disk.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from time import monotonic, sleep

from cds_service.audit.events import AuditEvent
from cds_service.audit.rescue import Item, Rescue
from cds_service.audit.rows import Durable, add_events
from cds_service.audit.shown_records import Record, ShownRecords
from cds_service.audit.spool import LOOK_SECONDS, SPOOL_LIMIT, Spool, SpoolError, SpoolImport
from cds_service.audit.tally import LOG_SECONDS, Tally
from cds_service.failures import describe
from cds_service.storage.records import CallRecord, StorageAwayError

_LOG = logging.getLogger("trialhook.audit")

AT_ONCE = 200
RETRY_SECONDS = 1.0
LAST_SECONDS = 3.0
RESCUE_SECONDS = 0.05
"""How long a call whose time is over waits for the spool."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may wait: events and records of what was shown, in memory; bytes of all processes on disk."""

    waiting: int = 10_000
    shown: int = 10_000
    spool_bytes: int = SPOOL_LIMIT


class AuditWriter:
    """Takes events from any thread. Nothing is started or opened before the first: a fork before it is safe.

    ``also`` gives further events, and is asked whenever the thread wakes.
    """

    def __init__(  # noqa: PLR0913 -- all but four have defaults
        self,
        database: Durable,
        spool_dir: Path,
        wait: float,
        tally: Tally,
        *,
        record_shown: Record = lambda _records: None,
        also: Callable[[], Iterable[AuditEvent]] = tuple,
        limits: Limits | None = None,
    ) -> None:
        self._database, self._wait, self._tally, self._also = database, wait, tally, also
        self._record_shown, self._limits = record_shown, limits or Limits()
        self._spool = Spool(spool_dir, self._limits.spool_bytes)
        self._begin()

    def _begin(self) -> None:
        self._changed = Condition()
        self._inbox: deque[Item] = deque()
        self._shown = ShownRecords(self._record_shown, self._limits.shown, self._tally)
        self._import = SpoolImport(self._spool, self._tally)
        self._rescue = Rescue(self._spool, self._tally, self._limits.waiting)
        self._thread: Thread | None = None
        self._closing = False
        self._busy_since: float | None = None
        self._retry_at = self._complain_at = 0.0

    def after_fork(self) -> None:
        """In a child: what waits, and the files, are its parent's."""
        self._import.close()
        self._spool.after_fork()
        self._begin()

    # --- any thread

    def keep(self, event: AuditEvent, shown: CallRecord | None = None) -> None:
        """Returns when the event and what was shown are on disk, or after ``wait`` seconds and a moment."""
        item = Item(event, shown)
        if not self._put(item):
            self._tally("shown_lost", 1 if shown else 0)
        elif item.done.wait(self._patience()):
            return
        self._rescue.put(item)
        if not item.done.wait(RESCUE_SECONDS):
            self._tally("late")

    def _put(self, item: Item) -> bool:
        with self._changed:
            if len(self._inbox) >= self._limits.waiting or not self._running():
                return False
            self._inbox.append(item)
            item.queued = True
            self._changed.notify()
            return True

    def _running(self) -> bool:
        if self._thread is not None and self._thread.is_alive():
            return True
        thread = Thread(target=self._run, name="audit-writer", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            return False
        self._thread = thread
        return True

    def _patience(self) -> float:
        """Nobody waits behind a transaction that has already taken longer than anyone may."""
        since = self._busy_since
        return 0 if since is not None and monotonic() - since > self._wait else self._wait

    def _spool_or_lose(self, events: Sequence[AuditEvent]) -> None:
        if not events:
            return
        try:
            self._spool.append(events)
        except SpoolError:
            self._tally("lost", len(events))
        else:
            self._tally("spooled", len(events))

    def close(self, last: Sequence[AuditEvent] = (), patience: float = 5.0) -> None:
        """Writes what waits and these last events, and ends the thread. A later event starts another."""
        with self._changed:
            self._inbox.extend(map(Item, last))
            thread, self._closing = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join(patience)
        with self._changed:
            left = list(self._inbox)
            self._inbox.clear()
            self._thread, self._closing = None, False
        for item in left:
            if not item.spooled:
                self._rescue.put(Item(item.event))
        self._rescue.close(patience)
        self._shown.wait(item.shown for item in left if item.shown)
        self._shown.give_up()
        self._import.close()
        self._spool.close()

    # --- the writer's thread

    def _run(self) -> None:
        closing = False
        while not closing:
            items, closing = self._take()
            try:
                self._work([*items, *map(Item, self._also())])
            except Exception as error:  # noqa: BLE001 -- all calls wait for this thread: it does not die
                self._complain(error)
                self._retry_at = monotonic() + RETRY_SECONDS
        self._write_last_records()

    def _write_last_records(self) -> None:
        """What was shown is in memory only: it is worth some seconds of a stop."""
        until = monotonic() + LAST_SECONDS
        more = True
        while more:
            try:
                more = self._shown.catch_up()
            except StorageAwayError:
                more = monotonic() < until
                sleep(LAST_SECONDS / 20 if more else 0)

    def _take(self) -> tuple[list[Item], bool]:
        """What came in, waiting for it till there is something else to do; and whether it is the last."""
        with self._changed:
            if not self._inbox and not self._closing:
                self._changed.wait(max(0.0, self._retry_at - monotonic()))
            items = [self._inbox.popleft() for _ in range(min(AT_ONCE, len(self._inbox)))]
            return items, self._closing and not self._inbox

    def _work(self, items: Sequence[Item]) -> None:
        self._busy_since = monotonic()
        try:
            answered = self._shown.write([item.shown for item in items if item.shown])
            events = [item.event for item in items if not item.spooled]
            answered = self._write(events) and answered
        finally:
            self._busy_since = None
            for item in items:
                item.done.set()
        if not answered:
            self._retry_at = monotonic() + RETRY_SECONDS
        elif items or monotonic() >= self._retry_at:
            self._catch_up()

    def _write(self, events: Sequence[AuditEvent]) -> bool:
        """Puts a batch into the database, or else on disk beside it. Whether the database was there."""
        if not events:
            return True
        try:
            add_events(self._database, events)
        except StorageAwayError:
            self._spool_or_lose(events)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the events have to reach the disk
            self._complain(error)
            self._spool_or_lose(events)
        else:
            return True
        return False

    def _complain(self, error: Exception) -> None:
        """Once a minute: what is not mended is met again with every batch."""
        if monotonic() >= self._complain_at:
            self._complain_at = monotonic() + LOG_SECONDS
            _LOG.error("audit events cannot be put into the database: %s", describe(error))

    def _catch_up(self) -> None:
        """What waited for the database."""
        self._retry_at = monotonic() + RETRY_SECONDS
        try:
            more = self._shown.catch_up()
            more |= self._import.step(lambda events: add_events(self._database, events), monotonic())
        except StorageAwayError:
            return
        self._retry_at = 0.0 if more else monotonic() + LOOK_SECONDS
