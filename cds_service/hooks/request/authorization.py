"""``fhirAuthorization``: the access token that comes with a call, and what its scopes let it read.

Scopes are those of SMART App Launch, version 1 (``patient/Observation.read``) and 2
(``patient/Observation.rs?category=laboratory``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from cds_service.hooks.ids import fhir_id
from cds_service.hooks.request.faults import Faults
from mappings.needs import Query

Reach = Literal["all", "part", "nothing"]

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")
_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{1,63})"
    r"\.(?P<may>read|write|\*|[cruds]{1,5})(?:\?(?P<only>.+))?"
)
_BETWEEN = re.compile(r"\s+|,(?=\s|$|(?:patient|user|system)/)")
_CLINICAL = re.compile(r"(?:patient|user|system)/(?:(?P<type>[A-Z][A-Za-z]{1,63})\b)?[^?]*(?P<only>\?.*)?")


class _Scope(NamedTuple):
    """What one scope lets read: a resource type or ``*``, by id or by search, and only such rows."""

    resource_type: str
    reads: bool
    searches: bool
    only: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scopes:
    """The clinical scopes of a token. Without any (none sent, or none that SMART knows) all may be tried."""

    scopes: tuple[_Scope, ...] = ()

    @classmethod
    def parse(cls, text: object) -> Scopes:
        """The scopes in a text, between spaces or commas. Never raises.

        What is no clinical scope is passed over. One that is, in a spelling that nobody knows, does not say
        what it leaves out: its type, or where it names none every type, may be tried.
        """
        parts = _BETWEEN.split(text) if isinstance(text, str) else []
        return cls(tuple(filter(None, map(_parsed, parts))))

    def reach(self, query: Query) -> Reach:
        """How much of what the query asks for the token lets us read."""
        if not self.scopes:
            return "all"
        covering = [
            scope
            for scope in self.scopes
            if scope.resource_type in ("*", query.resource_type)
            and (scope.reads if query.is_read else scope.searches)
        ]
        if any(_is_within(query, scope.only) for scope in covering):
            return "all"
        return "part" if covering else "nothing"


ANYTHING = Scopes()
"""All may be tried."""


def _parsed(text: str) -> _Scope | None:
    match = _SCOPE.fullmatch(text)
    if match is None:
        return _unreadable(text)
    may = match["may"]
    everything = may in ("read", "*")
    only = tuple(parse_qsl(match["only"])) if match["only"] else ()
    by_letters = may != "write"
    return _Scope(
        match["type"],
        everything or (by_letters and "r" in may),
        everything or (by_letters and "s" in may),
        only,
    )


def _unreadable(text: str) -> _Scope | None:
    match = _CLINICAL.fullmatch(text)
    if match is None:
        return None
    only = ((match["only"], ""),) if match["only"] else ()  # a limit that no query of ours is within
    return _Scope(match["type"] or "*", True, True, only)


def _is_within(query: Query, only: Sequence[tuple[str, str]]) -> bool:
    """Whether a query asks for nothing that a limited scope leaves out."""
    asked = dict(query.parameters)
    return all(name in asked and _codes(asked[name]) <= _codes(value) for name, value in only)


def _codes(value: str) -> set[str]:
    """The codes of a token parameter, without their systems: scopes name them, our templates do not."""
    return {one.rpartition("|")[2] for one in value.split(",")}


@dataclass(frozen=True, slots=True)
class Authorization:
    """A bearer token with what is known of it. The token never appears in its repr."""

    token: str = field(repr=False)
    expired: bool = False
    scopes: Scopes = ANYTHING


def read_authorization(
    body: Mapping[str, Any], patient_id: str | None, faults: Faults
) -> Authorization | None:
    """``fhirAuthorization`` of a request; None if it is absent or has faults.

    ``expires_in`` and ``scope`` are taken where they can be read: clients send them in many forms.
    """
    sent = body.get("fhirAuthorization")
    if sent is None:
        return None
    if not isinstance(sent, dict):
        faults.wrong_kind("fhirAuthorization", "a JSON object")
        return None
    if body.get("fhirServer") is None:
        faults.add("fhirServer", "Is required where fhirAuthorization is sent.", "required")
    _check_patient(sent, patient_id, faults)
    kind, token = sent.get("token_type", "Bearer"), sent.get("access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        faults.add("fhirAuthorization.token_type", "Must be Bearer.")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        faults.add("fhirAuthorization.access_token", "Must be a bearer token (RFC 6750).")
        return None
    return Authorization(token, _is_expired(sent.get("expires_in")), Scopes.parse(sent.get("scope")))


def _check_patient(sent: Mapping[str, Any], patient_id: str | None, faults: Faults) -> None:
    patient = sent.get("patient")
    if patient is not None and patient_id is not None and fhir_id(patient, "Patient") != patient_id:
        faults.add(
            "fhirAuthorization.patient",
            "The access token is for another patient than context.patientId. Nothing was read with it.",
            "security",
        )


def _is_expired(seconds: object) -> bool:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds <= 0
