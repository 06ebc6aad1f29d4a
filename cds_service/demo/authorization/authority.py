"""The state of the demo's authorization server: launches, codes and tokens, each for its time."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import time
from typing import Any

from cds_service.demo.authorization.parties import App, Grant, Launch, User
from cds_service.oauth.signing_keys import SigningKeys

CODE_SECONDS = 60.0
LAUNCH_SECONDS = 600.0
TOKEN_SECONDS = 3600.0
BACKEND_SECONDS = 300.0
REFRESH_SECONDS = 12 * 3600.0
_MOST = 10_000

Patients = Callable[[], Sequence[tuple[str, str]]]


class Shelf:
    """Values under random names, each until its time; the oldest go when there are too many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def put(self, value: Any, expires_at: float, name: str = "") -> str:
        """Keeps a value, and says under which name."""
        name = name or secrets.token_urlsafe(32)
        with self._lock:
            self._kept[name] = (expires_at, value)
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return name

    def get(self, name: str) -> Any:
        """The value; None if there is none, or its time is over."""
        with self._lock:
            expires_at, value = self._kept.get(name, (0.0, None))
        return value if self._clock() < expires_at else None

    def take(self, name: str) -> Any:
        """The value, for the first who asks."""
        with self._lock:
            expires_at, value = self._kept.pop(name, (0.0, None))
        return value if self._clock() < expires_at else None

    def first(self, name: str, expires_at: float) -> bool:
        """Whether this name was not there yet; now it is."""
        with self._lock:
            if self._clock() < self._kept.get(name, (0.0, None))[0]:
                return False
            self._kept[name] = (expires_at, True)
            return True


@dataclass
class Authority:
    """One authorization server. ``base_url`` "" takes the address of each request.

    ``patients`` lists those that a standalone launch may choose: id and name.
    """

    apps: Mapping[str, App]
    users: Sequence[User]
    patients: Patients = tuple
    base_url: str = ""
    fhir_path: str = "/fhir"
    clock: Callable[[], float] = time
    keys: SigningKeys = field(default_factory=SigningKeys.new)

    def __post_init__(self) -> None:
        self.codes, self.tokens, self.refreshes = Shelf(self.clock), Shelf(self.clock), Shelf(self.clock)
        self.launches, self.assertions = Shelf(self.clock), Shelf(self.clock)
        self._spent = Shelf(self.clock)

    def launch(self, patient: str, user: str, app_context: str = "", encounter: str = "") -> str:
        """A new launch, as the EHR makes one when an app is opened from a chart: its ``launch`` parameter.

        ``user`` is the id of one of the users. It may be used once.
        """
        until = self.clock() + LAUNCH_SECONDS
        return self.launches.put(Launch(user, patient, encounter, app_context, until), until)

    def user(self, ident: str) -> User | None:
        """The user of this id."""
        return next((user for user in self.users if user.id == ident), None)

    def grant_of(self, authorization: str) -> Grant | None:
        """What the bearer token of an Authorization header stands for; None if it is not a live one."""
        scheme, _, token = authorization.partition(" ")
        found = self.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        return found if isinstance(found, Grant) else None

    def give_code(self, grant: Grant) -> str:
        """A code for a grant."""
        until = self.clock() + CODE_SECONDS
        return self.codes.put(replace(grant, expires_at=until), until)

    def spend_code(self, code: str) -> Grant | None:
        """What a code stands for, once. A second time takes back what the first brought (RFC 6749, 4.1.2)."""
        grant = self.codes.take(code)
        if grant is None:
            for token in self._spent.take(code) or ():
                self.tokens.take(token)
                self.refreshes.take(token)
            return None
        assert isinstance(grant, Grant)  # noqa: S101 -- nothing else is put there
        return grant

    def give_tokens(self, grant: Grant, code: str = "") -> dict[str, Any]:
        """The part of a token response that is the same for every grant."""
        seconds = TOKEN_SECONDS if grant.user else BACKEND_SECONDS
        until = self.clock() + seconds
        access = self.tokens.put(replace(grant, expires_at=until), until)
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(seconds),
            "scope": " ".join(grant.scope),
        }
        if not {"offline_access", "online_access"}.isdisjoint(grant.scope):
            later = self.clock() + REFRESH_SECONDS
            answer["refresh_token"] = self.refreshes.put(replace(grant, expires_at=later), later)
        if code:
            given = tuple(answer[name] for name in ("access_token", "refresh_token") if name in answer)
            self._spent.put(given, until, code)
        return answer
