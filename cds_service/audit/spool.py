"""Audit events that wait for the database: files of JSON lines, on disk when ``append`` returns.

Each process appends to a file of its own and holds a lock (flock) on it for as long as it lives. A file whose
lock is free belonged to a process that is gone: whoever comes first takes it over. A line that was torn by a
crash was never acknowledged; it is skipped and counted. Only the service's account may read the files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from uuid import UUID, uuid4

import orjson

from cds_service.audit.events import AuditEvent
from cds_service.audit.tally import Tally

SPOOL_FOLDER = "audit-spool"
"""Its folder, within the state folder."""
PATTERN = "audit-*.jsonl"
SPOOL_LIMIT = 256 * 1024 * 1024
LONGEST_LINE = 4 * 1024 * 1024
AT_ONCE = 100
"""Events imported in one transaction: few, so that even a slow disk is done within any wait."""
LOOK_SECONDS = 5.0


class SpoolError(Exception):
    """The events could not be put on disk: ``cause`` is "full" or the class of what happened."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"audit events could not be spooled: {cause}")


class Spool:
    """The spool of one process, in a folder that all share; ``limit`` bytes for all files together.

    ``append`` may be called by any thread, everything else by one.
    """

    def __init__(self, folder: Path, limit: int = SPOOL_LIMIT) -> None:
        self.folder, self._limit = folder, limit
        self._lock = Lock()
        self._file: int | None = None
        self._path = folder
        self._ended: list[SpooledFile] = []

    def append(self, events: Sequence[AuditEvent]) -> None:
        """Puts events on disk, durably, or raises ``SpoolError`` with none of them there."""
        lines = b"".join(_line(event) for event in events)
        try:
            with self._lock:
                if self.size() + len(lines) > self._limit:
                    raise SpoolError("full")
                if self._file is None:
                    self._path, self._file = _new_file(self.folder)
                _write_all(self._file, lines)
        except OSError as error:
            raise SpoolError(type(error).__name__) from None

    def size(self) -> int:
        """Bytes in all files of the folder, of whatever process."""
        total = 0
        with suppress(FileNotFoundError):
            for path in self.folder.glob(PATTERN):
                with suppress(FileNotFoundError):
                    total += path.stat().st_size
        return total

    @property
    def has_own(self) -> bool:
        """Whether this process has put events on disk that nobody has taken yet."""
        return self._file is not None or bool(self._ended)

    def take(self) -> SpooledFile | None:
        """A file to import, with its lock: the process's own (later events go to a new one), or an orphan."""
        self._end()
        if self._ended:
            return self._ended.pop()
        return next(filter(None, map(_orphan, sorted(self.folder.glob(PATTERN)))), None)

    def close(self) -> None:
        """Frees the locks, so that another process may import what is left. The files stay."""
        self._end()
        while self._ended:
            self._ended.pop().close()

    def after_fork(self) -> None:
        """In a child: the files are its parent's."""
        self._lock = Lock()
        self.close()

    def _end(self) -> None:
        """Ends the file that is being appended to."""
        with self._lock:
            if self._file is not None:
                self._ended.append(SpooledFile(self._path, self._file))
                self._file = None


class SpoolImport:
    """Takes events out of the spool, batch by batch. The batch that failed is tried again, not skipped."""

    def __init__(self, spool: Spool, tally: Tally) -> None:
        self._spool, self._tally = spool, tally
        self._file: SpooledFile | None = None
        self._batches: Iterator[Sequence[AuditEvent]] = iter(())
        self._batch: Sequence[AuditEvent] = ()
        self._look_at = 0.0

    def step(self, add: Callable[[Sequence[AuditEvent]], None], now: float) -> bool:
        """Adds one batch, if there is any; whether there may be more. Raises what ``add`` raises."""
        if self._file is None and not self._open(now):
            return False
        self._batch = self._batch or next(self._batches, ())
        if self._batch:
            add(self._batch)
            self._tally("imported", len(self._batch))
            self._batch = ()
        elif self._file is not None:
            self._tally("torn", self._file.torn)
            self._file.remove()
            self._file = None
        return True

    def _open(self, now: float) -> bool:
        """What this process has put aside itself, at once; every few seconds what others left behind."""
        if not self._spool.has_own and now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        self._file = self._spool.take()
        if self._file is not None:
            self._batches, self._batch = self._file.batches(AT_ONCE), ()
        return self._file is not None

    def close(self) -> None:
        """Leaves what is not imported yet to others, or to later: what is imported twice is there once."""
        if self._file is not None:
            self._file.close()
        self._file, self._batches, self._batch = None, iter(()), ()


class SpooledFile:
    """A file that nobody appends to any more, and whose lock is ours."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor
        self.torn = 0

    def batches(self, size: int) -> Iterator[Sequence[AuditEvent]]:
        """Its events in order, ``size`` at a time; lines that are none are counted in ``torn``."""
        self.torn = 0
        with self.path.open("rb") as lines:
            while chunk := list(islice(iter(lambda: lines.readline(LONGEST_LINE), b""), size)):
                events = [event for line in chunk if (event := _event(line))]
                self.torn += len(chunk) - len(events)
                if events:
                    yield events

    def remove(self) -> None:
        """Everything in it is elsewhere now."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Frees the lock."""
        os.close(self._descriptor)


def _new_file(folder: Path) -> tuple[Path, int]:
    """A file of our own. It gets the name under which others look for orphans once it is locked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"audit-{os.getpid()}-{uuid4().hex}.jsonl"
    unlocked = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(unlocked, flags, 0o600)
    try:
        with suppress(OSError):  # a file system without locks: nobody else can take it for an orphan either
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlocked.rename(path)
        _sync_folder(folder)
    except OSError:
        os.close(descriptor)
        raise
    return path, descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, lines: bytes) -> None:
    """All or nothing: what was written of lines that did not fit is cut off again."""
    before = os.fstat(descriptor).st_size
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _orphan(path: Path) -> SpooledFile | None:
    """The file with its lock, if no process has it and it is still there."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return SpooledFile(path, descriptor)
    except OSError:
        pass
    os.close(descriptor)
    return None


def _line(event: AuditEvent) -> bytes:
    return orjson.dumps(event._asdict(), option=orjson.OPT_APPEND_NEWLINE)


def _event(line: bytes) -> AuditEvent | None:
    """The event of a line; None if it was torn or is none."""
    try:
        facts = orjson.loads(line)
        event = AuditEvent(facts["id"], datetime.fromisoformat(facts["at"]), facts["kind"], facts["body"])
        UUID(event.id)
        return event if event.at.tzinfo and isinstance(orjson.loads(event.body), dict) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
