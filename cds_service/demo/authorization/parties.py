"""Who there is: the people who sign in, the apps that are registered, and what was granted to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can sign in. ``fhir_user`` "": not a practitioner of the EHR, such as study staff."""

    id: str
    name: str
    fhir_user: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """A registered app. With neither secret nor keys it is a public one.

    ``redirect_uris`` are compared exactly. ``jwks_url`` or ``jwks``: the keys of its assertions.
    ``backend``: it may have tokens of its own, without a user.
    """

    redirect_uris: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    jwks_url: str = ""
    jwks: Mapping[str, Any] | None = None
    backend: bool = False

    @property
    def has_keys(self) -> bool:
        """Whether it proves itself by a signature."""
        return bool(self.jwks_url or self.jwks)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, an access token or a refresh token stands for. ``patient`` "": no one in particular."""

    client_id: str
    scope: tuple[str, ...]
    expires_at: float
    user: User | None = None
    patient: str = ""
    encounter: str = ""
    app_context: str = ""
    nonce: str = ""
    redirect_uri: str = ""
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Launch:
    """An app opened from a chart: who has it open, and whose chart it is."""

    user: str
    patient: str
    encounter: str = ""
    app_context: str = ""
    expires_at: float = 0.0
