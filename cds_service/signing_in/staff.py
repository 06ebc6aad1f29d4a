"""Who works with the pages, and what they may do. Nothing here knows of files, HTTP or databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cds_service.clients.registered import Network


class Right(StrEnum):
    """What may be done on the pages."""

    SEE = "see"
    NOTE = "note"
    MOVE = "move"
    EXPORT = "export"
    REFER = "refer"
    ANSWER = "answer"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What somebody is to the study."""

    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    INVESTIGATOR = "investigator"
    READ_ONLY = "read-only"
    ADMINISTRATOR = "administrator"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.CLINICIAN: frozenset({Right.ANSWER, Right.REFER}),
    Role.COORDINATOR: frozenset({Right.SEE, Right.NOTE, Right.MOVE, Right.EXPORT, Right.REFER}),
    Role.INVESTIGATOR: frozenset({Right.SEE, Right.NOTE, Right.MOVE, Right.REFER}),
    Role.READ_ONLY: frozenset({Right.SEE}),
    Role.ADMINISTRATOR: frozenset({Right.ADMINISTER}),
}
"""The rights of each role. A clinician's hold on a worksheet that was opened by a launch or a link; an
administrator sees how the service does, and no patient."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for some trials and some registered clients; None stands for all."""

    role: Role
    trials: frozenset[str] | None = None
    clients: frozenset[str] | None = None

    def covers(self, trial: str = "", client: str = "") -> bool:
        """Whether it is for this trial and this client; "" asks for none in particular."""
        of_trial = self.trials is None or not trial or trial in self.trials
        return of_trial and (self.clients is None or not client or client in self.clients)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signed in. ``id`` is ``issuer|subject``, or ``local|name`` in demo mode."""

    id: str = field(repr=False)
    name: str = field(repr=False)
    grants: tuple[Grant, ...]

    def may(self, right: Right, trial: str = "", client: str = "") -> bool:
        """Whether some one grant gives the right for this trial and client; "" asks whether for any."""
        return any(grant.covers(trial, client) for grant in self.grants_with(right))

    def grants_with(self, right: Right) -> Iterator[Grant]:
        """The grants that give a right: what a list is filtered by."""
        return (grant for grant in self.grants if right in RIGHTS[grant.role])

    def role_for(self, right: Right, trial: str = "", client: str = "") -> Role | None:
        """The role by which this may be done: what stands beside a name in a history."""
        return next((one.role for one in self.grants_with(right) if one.covers(trial, client)), None)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Each role once, in the order of ``Role``."""
        own = {grant.role for grant in self.grants}
        return tuple(role for role in Role if role in own)

    @property
    def is_local(self) -> bool:
        """Whether it is one of demo mode."""
        return self.id.startswith(f"{LOCAL}|")


LOCAL = "local"
"""Stands for the issuer of demo mode's accounts."""


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Whom an OpenID provider says somebody is. ``email``: only one that it says is verified."""

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()

    @property
    def account_id(self) -> str:
        """By which the person is known here."""
        return f"{self.issuer}|{self.subject}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in the staff file, by the provider's subject or by e-mail."""

    grants: tuple[Grant, ...]
    subject: str = field(default="", repr=False)
    email: str = field(default="", repr=False)

    def is_(self, identity: Identity) -> bool:
        """Whether an identity is this person. Small and capital letters of an e-mail are one."""
        if self.subject:
            return self.subject == identity.subject
        return bool(self.email) and self.email.casefold() == identity.email.casefold()


DEFAULT_SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True, slots=True)
class Provider:
    """The OpenID provider by which staff sign in, and how this service is registered there.

    With neither a secret nor ``private_key_jwt`` (the service's signing keys) it is a public client: PKCE
    alone. ``networks``, ``ca_file`` and ``insecure_http`` are as those of a FHIR server.
    """

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    private_key_jwt: bool = False
    networks: tuple[Network, ...] = ()
    ca_file: Path | None = None
    insecure_http: bool = False
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    name_claim: str = "name"
    groups_claim: str = "groups"


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who may do anything: people by name, and groups of the provider.

    ``provider`` None: the accounts of demo mode, which need no password.
    """

    provider: Provider | None = None
    people: tuple[Person, ...] = ()
    groups: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Whose identities count. Those of another provider are strangers, whatever their subject."""
        return self.provider.issuer if self.provider else LOCAL

    def account_of(self, identity: Identity) -> Account | None:
        """The account of somebody, with all that is granted now; None if nothing is."""
        if identity.issuer != self.issuer:
            return None
        grants = [grant for person in self.people if person.is_(identity) for grant in person.grants]
        for group in identity.groups:
            grants += self.groups.get(group, ())
        if not grants:
            return None
        return Account(identity.account_id, identity.name, tuple(dict.fromkeys(grants)))
