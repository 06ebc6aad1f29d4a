"""The time by which everything that a thread does on the network must be over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

_CALL = threading.local()


@contextmanager
def deadline(until: float) -> Iterator[None]:
    """Everything that this thread sends and reads inside must be over at ``until`` (``time.monotonic``)."""
    _CALL.until = until
    try:
        yield
    finally:
        _CALL.until = None


def deadline_of_this_call() -> float:
    """The deadline that this thread is in. RuntimeError outside of one: nothing here may wait for ever."""
    until: float | None = getattr(_CALL, "until", None)
    if until is None:
        raise RuntimeError("a connection was used outside of a deadline")
    return until


def seconds_left(until: float) -> float:
    """Seconds until then; TimeoutError if there are none."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError("deadline reached")
    return left
