"""The clients' public keys, kept fresh in the background. A call waits only if it cannot do without.

A key set is fetched by its registered URL alone: nothing in a token decides where we connect to.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from cds_service.authentication.public_keys import PublicKey, read_key_set
from cds_service.authentication.refusal import UnauthenticatedError
from cds_service.clients.registered import Client, KeySource
from cds_service.failures import describe
from cds_service.fhir.json_text import read_json

REFRESHED_AFTER = 3600.0
"""Seconds after which keys are fetched again, while the known ones are used."""

USED_FOR = 24 * 3600.0
"""Seconds for which keys are used when they cannot be fetched again."""

AT_MOST_EVERY = 60.0
"""Seconds between two fetches for one client, whatever its tokens say."""

FIRST_TRIED_EVERY = 10.0
"""The same while there are no keys at all."""

WAIT = 2.0
"""Seconds from the beginning of a fetch for which calls wait for it at most."""

MOST_WAITING = 4
"""Calls of a client that wait for the fetch of a key that they name and we do not know, at once."""

LARGEST_KEY_SET = 256 * 1024

_LOG = logging.getLogger("trialhook.authentication")


def in_a_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="key-set", daemon=True).start()


@dataclass(slots=True)
class _Kept:
    """A client's keys. Times are those of the clock; ``under_way`` is set as soon as that fetch has ended."""

    keys: Mapping[str, PublicKey] | None = None
    fetched_at: float = 0.0
    tried_at: float | None = None
    under_way: threading.Event | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_WAITING))

    def usable(self, now: float) -> Mapping[str, PublicKey] | None:
        return self.keys if now - self.fetched_at <= USED_FOR else None


class KeySets:
    """The keys of all clients. ``fetch`` gets a JWKS by its source and may raise anything.

    ``clock`` counts seconds; ``start`` runs a fetch beside the call.
    """

    def __init__(
        self,
        fetch: Callable[[KeySource], bytes],
        *,
        clock: Callable[[], float] = monotonic,
        start: Callable[[Callable[[], None]], None] = in_a_thread,
    ) -> None:
        self._fetch, self._clock, self._start = fetch, clock, start
        self._given: dict[str, Mapping[str, PublicKey]] = {}
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def find(self, client: Client, kid: str) -> PublicKey:
        """The client's key with this id. Raises UnauthenticatedError ("keys", "key") within WAIT seconds."""
        if client.keys.inline is not None:
            return _named(self._inline(client), kid, client)
        kept = self._kept_of(client)
        now = self._clock()
        keys = kept.usable(now)
        if keys is not None and kid in keys:
            if now - kept.fetched_at > REFRESHED_AFTER:
                self._begin(client, kept)
            return keys[kid]
        self._wait(kept, self._begin(client, kept), keys)
        return _named(kept.usable(self._clock()), kid, client)

    def begin(self, client: Client) -> None:
        """Fetches the client's keys in the background, before its first call."""
        if client.keys.inline is None:
            self._begin(client, self._kept_of(client))

    def _inline(self, client: Client) -> Mapping[str, PublicKey]:
        keys = self._given.get(client.id)
        if keys is None:
            keys = self._given[client.id] = read_key_set(client.keys.inline).keys
        return keys

    def _kept_of(self, client: Client) -> _Kept:
        with self._lock:
            return self._kept.setdefault(client.id, _Kept())

    def _begin(self, client: Client, kept: _Kept) -> threading.Event | None:
        """Starts a fetch if one is due. The event of the fetch under way, None if there is none."""
        now = self._clock()
        with kept.lock:
            pause = FIRST_TRIED_EVERY if kept.usable(now) is None else AT_MOST_EVERY
            if kept.tried_at is not None and now - kept.tried_at < pause:
                return kept.under_way
            kept.tried_at = now
            event = kept.under_way = threading.Event()
        self._start(lambda: self._renew(client, kept, event))
        return event

    def _wait(self, kept: _Kept, event: threading.Event | None, keys: Mapping[str, PublicKey] | None) -> None:
        """Waits for a fetch: all while there are no keys, else a few, so that garbage holds up nobody."""
        if event is None:
            return
        left = max(0.0, WAIT - (self._clock() - (kept.tried_at or 0.0)))
        if keys is None:
            event.wait(left)
        elif kept.places.acquire(blocking=False):
            try:
                event.wait(left)
            finally:
                kept.places.release()

    def _renew(self, client: Client, kept: _Kept, event: threading.Event) -> None:
        try:
            keys = self._read(client)
        except Exception as error:  # noqa: BLE001 -- whatever a network and a stranger's document bring
            _LOG.warning("the keys of client %s could not be fetched: %s", client.id, describe(error))
            keys = None
        with kept.lock:
            if kept.under_way is event:  # else a later fetch was begun: what this one got is older
                kept.under_way = None
                if keys is not None:
                    kept.keys, kept.fetched_at = keys, self._clock()
        event.set()

    def _read(self, client: Client) -> Mapping[str, PublicKey]:
        content = self._fetch(client.keys)
        if len(content) > LARGEST_KEY_SET:
            raise ValueError("a key set that is too large")
        read = read_key_set(read_json(content))
        for fault in read.faults:
            _LOG.warning("in the fetched keys of client %s: %s", client.id, fault.message)
        return read.keys


def _named(keys: Mapping[str, PublicKey] | None, kid: str, client: Client) -> PublicKey:
    if keys is None:
        raise UnauthenticatedError("keys", client.id)
    key = keys.get(kid)
    if key is None:
        raise UnauthenticatedError("key", client.id)
    return key
