"""Host names to addresses, within a deadline: ``getaddrinfo`` itself may block for half a minute."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from time import monotonic
from typing import Any, NamedTuple

from cds_service.outbound import addresses
from cds_service.outbound.deadlines import seconds_left

KEPT_SECONDS = 30.0
"""How long an answer is used again. Shorter than a usual change of a name takes to arrive anyway."""

MOST_LOOKUPS = 16
"""Most names looked up at once. Only registered hosts are ever asked for, each by one thread at a time."""

Lookup = Callable[[str, int], Sequence[tuple[Any, ...]]]


class Target(NamedTuple):
    """A socket address as ``socket.connect`` takes it: numbers only, so that nothing is looked up again."""

    family: int
    socket_address: tuple[Any, ...]

    @property
    def address(self) -> addresses.Address:
        """The network address; ValueError if the system's answer is not one."""
        return ip_address(self.socket_address[0])


class Resolver:
    """One per process. Remembers good answers for a short while, and shares a lookup that is under way."""

    def __init__(self, lookup: Lookup | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._lookup, self._clock = lookup or _ask_the_system, clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], tuple[float, tuple[Target, ...]]] = {}
        self._running: dict[tuple[str, int], Future[tuple[Target, ...]]] = {}

    def targets(self, host: str, port: int, until: float) -> tuple[Target, ...]:
        """Where the host is, in the system's order. OSError if nobody knows, TimeoutError if too late."""
        literal = _literal(host, port)
        if literal is not None:
            return (literal,)
        with self._lock:
            expires, known = self._known.get((host, port), (0.0, ()))
            if known and self._clock() < expires:
                return known
            future = self._running.get((host, port)) or self._start(host, port)
        return future.result(timeout=seconds_left(until))

    def forget(self, host: str, port: int) -> None:
        """Looks the host up anew next time: none of its addresses answered."""
        with self._lock:
            self._known.pop((host, port), None)

    def _start(self, host: str, port: int) -> Future[tuple[Target, ...]]:
        if len(self._running) >= MOST_LOOKUPS:
            raise OSError("too many names are being looked up")
        future = self._running[host, port] = Future()
        # A daemon: a process that stops does not wait for a name server that never answers.
        threading.Thread(target=self._run, args=(host, port, future), daemon=True, name="resolver").start()
        return future

    def _run(self, host: str, port: int, future: Future[tuple[Target, ...]]) -> None:
        found: tuple[Target, ...] = ()
        failure: Exception | None = None
        try:
            found = tuple(Target(row[0], row[4]) for row in self._lookup(host, port))
        except Exception as error:  # noqa: BLE001 -- handed to those who wait for it
            failure = error
        with self._lock:
            if found:
                self._known[host, port] = (self._clock() + KEPT_SECONDS, found)
            del self._running[host, port]
        if isinstance(failure, OSError):
            future.set_exception(failure)
        elif not found:  # no address, or not a name at all (UnicodeError from its conversion)
            future.set_exception(OSError("the host name has no address"))
        else:
            future.set_result(found)


def _ask_the_system(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _literal(host: str, port: int) -> Target | None:
    """The host if it is an address already; a zone in it is left to the system, and refused after."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    if address.version == 4:
        return Target(socket.AF_INET, (str(address), port))
    return Target(socket.AF_INET6, (str(address), port, 0, 0))
