"""A token is good for one call: its ``jti`` is remembered until the token has expired."""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import blake2b
from time import time
from typing import Protocol

from cds_service.authentication.refusal import UnauthenticatedError
from cds_service.storage.records import StorageAwayError

AGE_WHILE_AWAY = 60.0
"""Seconds after ``iat`` for which tokens are accepted while the database is away."""

MOST_REMEMBERED = 100_000
"""Tokens of one issuer that a process remembers."""

_FIRST_SWEEP = 1024


class ReplayGuard(Protocol):
    """Remembers tokens. ``issued_at`` and ``expires_at`` are in seconds since 1970."""

    def first_use(self, issuer: str, jti: str, expires_at: float, issued_at: float) -> bool:
        """Whether the token is seen for the first time, which it is then no more."""
        ...


class SharedMemory(Protocol):
    """What all processes remember together: the database."""

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        """The same. Raises StorageAwayError."""
        ...


class ProcessReplay:
    """Remembers within this process, as long as tokens live. Keeps digests, not the tokens' ids.

    Each issuer has its own room, so that none can push out another's. When it is full, what is new cannot be
    told from a replay later, and is refused.
    """

    def __init__(self, clock: Callable[[], float] = time, most: int = MOST_REMEMBERED) -> None:
        self._clock, self._most = clock, most
        self._rooms: dict[str, _Room] = {}
        self._lock = threading.Lock()

    def first_use(self, issuer: str, jti: str, expires_at: float, issued_at: float = 0.0) -> bool:  # noqa: ARG002
        digest = _digest(jti)
        with self._lock:
            room = self._rooms.setdefault(issuer, _Room())
            return room.add(digest, expires_at, self._clock(), self._most)

    def seen(self, issuer: str, jti: str) -> bool:
        """Whether the token was used in this process. Remembers nothing."""
        with self._lock:
            room = self._rooms.get(issuer)
            return room is not None and room.until.get(_digest(jti), 0.0) > self._clock()

    def __len__(self) -> int:
        return sum(len(room.until) for room in self._rooms.values())


class _Room:
    """Digests with the time until which each counts."""

    __slots__ = ("sweep_at", "until")

    def __init__(self) -> None:
        self.until: dict[bytes, float] = {}
        self.sweep_at = _FIRST_SWEEP

    def add(self, digest: bytes, expires_at: float, now: float, most: int) -> bool:
        if self.until.get(digest, 0.0) > now:
            return False
        if len(self.until) >= min(self.sweep_at, most):
            self.until = {known: until for known, until in self.until.items() if until > now}
            self.sweep_at = max(_FIRST_SWEEP, 2 * len(self.until))
        if len(self.until) >= most:
            return False
        self.until[digest] = expires_at
        return True


class SharedReplay:
    """Remembers in the database, and in this process for when the database is away.

    Away, and not ``strict``: tokens are checked within this process alone, and are refused when they are
    older than AGE_WHILE_AWAY seconds. The age counts afterwards too, for tokens issued before the database
    was back: what another process saw meanwhile is not in it. ``strict`` lets StorageAwayError through.
    """

    def __init__(
        self,
        storage: SharedMemory,
        process: ProcessReplay,
        strict: bool,
        clock: Callable[[], float] = time,
    ) -> None:
        self._storage, self._process, self._strict, self._clock = storage, process, strict, clock
        self._away_until = float("-inf")

    def first_use(self, issuer: str, jti: str, expires_at: float, issued_at: float) -> bool:
        """Raises UnauthenticatedError("lifetime") for a token too old to be checked without the database."""
        if self._process.seen(issuer, jti):
            return False
        first = self._in_storage(issuer, jti, expires_at)
        now = self._clock()
        if first is None:
            self._away_until = now
        if issued_at <= self._away_until and now - issued_at > AGE_WHILE_AWAY:
            raise UnauthenticatedError("lifetime")
        in_process = self._process.first_use(issuer, jti, expires_at)
        return in_process if first is None else first

    def _in_storage(self, issuer: str, jti: str, expires_at: float) -> bool | None:
        """What the database says; None if it is away."""
        try:
            return self._storage.first_use(issuer, jti, expires_at)
        except StorageAwayError:
            if self._strict:
                raise
            return None


def _digest(jti: str) -> bytes:
    return blake2b(jti.encode("utf-8", "surrogatepass"), digest_size=16).digest()
