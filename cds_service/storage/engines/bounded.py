"""A psycopg connection that gives up by itself: for a server that is there and does not answer.

The server's own timeouts do not help when it is stopped, and TCP's not when it is only stuck.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")

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


def connect_within(seconds: float, make: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    """What ``make`` makes, in a thread of its own, for name resolution cannot be interrupted.

    Raises what ``make`` raises, or ``TooSlowError`` after ``seconds``; what comes later is closed.
    """
    made: SimpleQueue[psycopg.Connection[Any] | BaseException] = SimpleQueue()
    lock, given_up = Lock(), False

    def run() -> None:
        result: psycopg.Connection[Any] | BaseException
        try:
            result = make()
        except BaseException as error:  # noqa: BLE001 -- raised again in the thread that waits
            result = error
        with lock:
            made.put(result)
            late = given_up
        if late and isinstance(result, psycopg.Connection):
            with suppress(psycopg.Error):
                result.close()

    Thread(target=run, name="trialhook-connect", daemon=True).start()
    try:
        result = made.get(timeout=seconds)
    except Empty:
        with lock:
            given_up = True
            result = TooSlowError("no connection in time") if made.empty() else made.get()
    if isinstance(result, BaseException):
        raise result
    return result
