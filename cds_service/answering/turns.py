"""One call at a time is computed in a process; while it waits for a FHIR server, the next has its turn.

Threads are for waiting on networks. Two computations at once only take turns at one interpreter, every few
milliseconds, and push each other's document out of the caches: one after the other, both are done sooner
(bench, "Hook call with prefetch"). The database is asked inside a turn: it answers in a fraction of a
millisecond, or is left alone for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """Whose turn it is. Not over a fork: a child makes its calls wait for nobody of its parent's."""

    def __init__(self) -> None:
        self._turn = Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Computes inside; waits for its turn before."""
        with self._turn:
            yield

    @contextmanager
    def given_away(self) -> Iterator[None]:
        """Inside a turn: lets others compute while the block waits for something else."""
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()
