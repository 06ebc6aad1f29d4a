"""The thread that synchronises, one in each worker process; of all of them one works at a time.

It shares no lock and no connection with the calls that the process answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from cds_service.failures import describe
from cds_service.storage.records import StorageAwayError
from cds_service.synchronising.lease import Lease

_LOG = logging.getLogger("trialhook.synchronising")

TICK_SECONDS = 2.0
"""Between two looks at what is due in the database. Ours."""

LAST_SECONDS = 5.0
"""How long a stop waits for what is under way; the thread is a daemon, and may be cut off anywhere."""


class Loop:
    """Runs ``cycle`` again and again while the lease is ours.

    ``cycle`` is given what to ask before each step: whether to go on. It never raises but
    ``StorageAwayError``; anything else is a fault of ours, and is logged by its class.
    """

    def __init__(
        self,
        cycle: Callable[[Callable[[], bool]], None],
        lease: Lease,
        *,
        tick: float = TICK_SECONDS,
    ) -> None:
        self._cycle, self._lease, self._tick = cycle, lease, tick
        self._stop = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Starts the thread. Call it in the process that is to do the work, after any fork."""
        self._stop.clear()
        self._thread = Thread(target=self.run, name="synchronising", daemon=True)
        self._thread.start()

    def close(self, patience: float = LAST_SECONDS) -> None:
        """Ends the thread after the step that it is in, or leaves it behind."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(patience)
            self._thread = None

    def stop(self) -> None:
        """Lets ``run`` return; also from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Works until it is stopped."""
        while not self._stop.is_set():
            self._stop.wait(self._turn())
        self._give_back()

    def _turn(self) -> float:
        """One turn; how long to wait for the next."""
        try:
            if not self._lease.still_ours():
                return self._lease.seconds / 3
            self._cycle(self._may_go_on)
        except StorageAwayError:
            return 5 * self._tick
        except Exception as error:  # noqa: BLE001 -- the thread does not die
            _LOG.error("synchronising failed: %s", describe(error))
            return 5 * self._tick
        return self._tick

    def _may_go_on(self) -> bool:
        return not self._stop.is_set() and self._lease.still_ours()

    def _give_back(self) -> None:
        try:
            self._lease.give_back()
        except StorageAwayError:
            return
