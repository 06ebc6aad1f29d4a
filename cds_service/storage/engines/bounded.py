"""A psycopg connection that gives up by itself: for a server that is there and does not answer.

The server's own timeouts do not help when it is stopped, and TCP's not when it is only stuck.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")
Made = psycopg.Connection[Any]

_WAKE_UP = 0.02  # seconds between two looks at the clock


class TooSlowError(psycopg.OperationalError):
    """The server did not answer by the deadline. The connection is of no more use."""


class BoundedConnection(psycopg.Connection[Any]):
    """``deadline`` is by ``time.monotonic``; any statement that goes past it raises ``TooSlowError``."""

    deadline = float("inf")

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **more: Any) -> T:
        """Psycopg's loop around every exchange with the server, with a shorter interval and our deadline."""
        args = args[1:]
        more["interval"] = _WAKE_UP
        return super().wait(_until(gen, self.deadline), *args, **more)


def _until(gen: Generator[Any, Any, T], deadline: float) -> Generator[Any, Any, T]:
    try:
        state = next(gen)
        while True:
            ready = yield state
            if not ready and monotonic() >= deadline:
                raise TooSlowError("no answer by the deadline")
            state = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


class Connector:
    """Makes connections, each in a thread of its own: name resolution cannot be interrupted.

    A connection that comes too late is kept for the next who asks. So a server that always takes longer to
    connect than a call may wait is still used.
    """

    def __init__(self) -> None:
        self._late: SimpleQueue[Made] = SimpleQueue()
        self._closed = False

    def connect(self, make: Callable[[], Made], seconds: float) -> Made:
        """A connection. Raises what ``make`` raises, or ``TooSlowError`` after ``seconds``."""
        while not self._late.empty():
            with suppress(Empty):
                kept = self._late.get_nowait()
                if is_alive(kept):
                    return kept
                kept.close()
        attempt = _Attempt(make, self._keep)
        Thread(target=attempt.run, name="trialhook-connect", daemon=True).start()
        return attempt.result(seconds)

    def close(self) -> None:
        """Closes what came too late, and what is still to come."""
        self._closed = True
        with suppress(Empty):
            while True:
                self._late.get_nowait().close()

    def _keep(self, late: Made) -> None:
        self._late.put(late)
        if self._closed:
            self.close()


class _Attempt:
    def __init__(self, make: Callable[[], Made], keep: Callable[[Made], None]) -> None:
        self._make = make
        self._keep = keep
        self._made: SimpleQueue[Made | BaseException] = SimpleQueue()
        self._lock = Lock()
        self._given_up = False

    def run(self) -> None:
        made: Made | BaseException
        try:
            made = self._make()
        except BaseException as error:  # noqa: BLE001 -- raised again in the thread that waits
            made = error
        with self._lock:
            if not self._given_up:
                self._made.put(made)
            elif not isinstance(made, BaseException):
                self._keep(made)

    def result(self, seconds: float) -> Made:
        try:
            made = self._made.get(timeout=seconds)
        except Empty:
            with self._lock:
                self._given_up = self._made.empty()
                made = TooSlowError("no connection in time") if self._given_up else self._made.get()
        if isinstance(made, BaseException):
            raise made
        return made


def is_alive(connection: Made) -> bool:
    """Whether an idle connection can be used, for all that this side knows: nothing is sent.

    One that has something to say while it is idle was closed by the server.
    """
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    except psycopg.Error:
        return False
    return not poll.poll(0)
