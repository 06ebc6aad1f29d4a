"""A second thread, for events whose time is over while the writer is held up: it puts them into the spool.

A disk may stall for as long as it likes, so that no call may write to it itself. Many events share one write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from cds_service.audit.events import AuditEvent
from cds_service.audit.spool import Spool, SpoolError
from cds_service.audit.tally import Tally
from cds_service.storage.records import CallRecord


@dataclass(slots=True, eq=False)
class Item:
    """An event on its way, and the record of what was shown that goes with it.

    ``done``: nobody needs to wait for it any more. ``spooled``: it is in the spool. ``queued``: the writer
    has it too, so that a spool that fails is not the end of it.
    """

    event: AuditEvent
    shown: CallRecord | None = None
    done: Event = field(default_factory=Event)
    spooled: bool = False
    queued: bool = False


class Rescue:
    """Nothing is started before the first event that is late."""

    def __init__(self, spool: Spool, tally: Tally, limit: int) -> None:
        self._spool, self._tally, self._limit = spool, tally, limit
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()

    def put(self, item: Item) -> None:
        """Takes an item, and sets its ``done`` when it is in the spool or cannot be put there."""
        if self._items.qsize() >= self._limit:
            self._failed([item])
        elif self._running():
            self._items.put(item)
        else:
            self._save([item])

    def _running(self) -> bool:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                thread = Thread(target=self._run, name="audit-rescue", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # no more threads, or the interpreter is about to end
                    return False
                self._thread = thread
            return True

    def _run(self) -> None:
        while (first := self._items.get()) is not None:
            items = [first]
            try:
                while (item := self._items.get_nowait()) is not None:
                    items.append(item)
                self._items.put(None)
            except Empty:
                pass
            self._save([item for item in items if not item.done.is_set()])

    def _save(self, items: Sequence[Item]) -> None:
        try:
            self._spool.append([item.event for item in items])
        except SpoolError:
            self._failed(items)
            return
        for item in items:
            item.spooled = True
            item.done.set()
        self._tally("spooled", len(items))

    def _failed(self, items: Sequence[Item]) -> None:
        for item in items:
            item.done.set()
            self._tally("late" if item.queued else "lost")

    def close(self, patience: float) -> None:
        """Saves what waits, and ends the thread; a later item starts another."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._items.put(None)
            thread.join(patience)
