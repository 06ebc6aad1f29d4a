"""How often a client may call, and how often a stranger may try.

Calls are counted in memory that the master process makes before it forks its workers (``preload_app``): the
limit of a client holds for all workers together. Nothing is locked between processes, so a worker that is
killed leaves nothing locked; two that count in the same microsecond may count one call instead of two. Where
each process loads the application for itself, each counts for itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from math import ceil
from mmap import mmap
from threading import Lock
from time import monotonic

from cds_service.clients.registered import Client, Clients
from cds_service.outbound.addresses import may_connect
from cds_service.settings import Settings
from cds_service.web.problems import Problem, RefusalError

TOO_MANY_CALLS = Problem(
    429,
    "throttled",
    "This client has called too often in the last minute. Call again after the seconds in Retry-After.",
)
TOO_MANY_FAILURES = Problem(
    429,
    "throttled",
    "Too many calls without a valid token came from this address. Call again after the seconds in "
    "Retry-After, with a token that is valid for this service.",
)

MINUTE = 60
FAILURES_PER_MINUTE = 60
"""Tokens that one address may get wrong in a minute before its calls are refused unread, in each worker."""

MOST_ADDRESSES = 4096
"""Addresses remembered of either kind; beyond, those that were not seen for longest are forgotten."""

TRUSTED_SECONDS = 24 * 3600.0
"""How long an address from which a valid token came is not held back, whatever else comes from there."""


def too_many(problem: Problem, seconds: int) -> RefusalError:
    """A refusal that says when to come back."""
    return RefusalError(problem, headers={"Retry-After": str(seconds)})


class RateLimits:
    """Both limits, for all clients. ``clock`` must be one for all processes, as ``time.monotonic`` is."""

    def __init__(
        self, clients: Sequence[Client], calls_per_minute: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._clock, self._calls_per_minute = clock, calls_per_minute
        self._rows = {client.id: number for number, client in enumerate(clients)}
        self._calls = SharedCounts(len(clients))
        self._strangers = Strangers()

    @classmethod
    def of(cls, settings: Settings, clients: Clients) -> RateLimits | None:
        """The limits of a deployment. None in demo mode, unless the policy is on there."""
        if clients.demo and not settings.policy:
            return None
        return cls(clients.registered, settings.calls_per_minute)

    def check(self, client: Client) -> int | None:
        """Counts a call of a client. Seconds to wait if it is one too many; then it is not counted."""
        limit = client.calls_per_minute or self._calls_per_minute
        return self._calls.count(self._rows[client.id], limit, self._clock())

    def held_back(self, peer: object) -> int | None:
        """Seconds that calls from an address are to be refused for, before their token is looked at.

        Public addresses only: a private one is a proxy's before us, and all callers come from there.
        """
        network = _network_of(peer)
        return self._strangers.held_back(network, self._clock()) if network else None

    def failed(self, peer: object) -> None:
        """Counts a call without a valid token."""
        if network := _network_of(peer):
            self._strangers.failed(network, self._clock())

    def succeeded(self, peer: object) -> None:
        """Notes that a valid token came from an address."""
        if network := _network_of(peer):
            self._strangers.succeeded(network, self._clock())


class SharedCounts:
    """Calls in each second of the last minute, a row for each client, in memory shared with forked workers.

    A second has a cell for its number and one for its count. One cell more than a minute has seconds, so
    that no sixty seconds, wherever they begin, hold more calls than the limit.
    """

    _CELLS = MINUTE + 1

    def __init__(self, rows: int) -> None:
        self._cells = memoryview(mmap(-1, max(rows, 1) * 2 * self._CELLS * 4)).cast("I")
        self._lock = Lock()

    def count(self, row: int, limit: int, now: float) -> int | None:
        """Counts one, or says in how many seconds the next will be counted."""
        start, second = row * 2 * self._CELLS, int(now)
        seconds = self._cells[start : start + self._CELLS]
        counts = self._cells[start + self._CELLS : start + 2 * self._CELLS]
        with self._lock:
            recent = [
                (at, many) for at, many in zip(seconds, counts, strict=True) if at > second - self._CELLS
            ]
            total = sum(many for _, many in recent)
            if total >= limit:
                return self._wait(recent, total - limit, second)
            cell = second % self._CELLS
            if seconds[cell] != second:
                seconds[cell], counts[cell] = second, 0
            counts[cell] += 1
        return None

    def _wait(self, recent: Sequence[tuple[int, int]], too_many: int, second: int) -> int:
        for at, many in sorted(recent):
            too_many -= many
            if too_many < 0:
                return at + self._CELLS - second
        return MINUTE


class Strangers:
    """Addresses from which tokens came that are not valid. Bounded, whatever comes from wherever."""

    def __init__(self, failures_per_minute: int = FAILURES_PER_MINUTE, most: int = MOST_ADDRESSES) -> None:
        self._limit, self._most = failures_per_minute, most
        self._lock = Lock()
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._trusted: OrderedDict[str, float] = OrderedDict()

    def held_back(self, network: str, now: float) -> int | None:
        """Seconds until the minute in which there were too many is over.

        Not where valid tokens come from: a hospital's calls may all have the address of its gateway, and
        nobody there shall be able to shut out the others.
        """
        with self._lock:
            if self._trusted.get(network, now) > now:
                return None
            since, count = self._failures.get(network, (now, 0))
            left = since + MINUTE - now
            return ceil(left) if count >= self._limit and left > 0 else None

    def failed(self, network: str, now: float) -> None:
        """Counts a token that is not valid."""
        with self._lock:
            since, count = self._failures.pop(network, (now, 0))
            self._failures[network] = (since, count + 1) if now < since + MINUTE else (now, 1)
            if len(self._failures) > self._most:
                self._failures.popitem(last=False)

    def succeeded(self, network: str, now: float) -> None:
        """Trusts an address for a while."""
        with self._lock:
            self._trusted[network] = now + TRUSTED_SECONDS
            self._trusted.move_to_end(network)
            if len(self._trusted) > self._most:
                self._trusted.popitem(last=False)


def _network_of(peer: object) -> str:
    """The address, or the /64 of an IPv6 one: that many belong to anybody who has one. "" if not public."""
    try:
        address = ip_address(str(peer))
    except ValueError:
        return ""
    if not may_connect(address):
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or int(address) >> 64)
