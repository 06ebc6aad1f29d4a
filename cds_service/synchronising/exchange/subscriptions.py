"""The R4 Subscriptions by which FHIR servers tell us of changes: made, watched and renewed by us.

They only make us faster. Where a server takes none, or stops sending, changes are found by looking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.synchronising.cursors import Cursor

Resource = dict[str, Any]

LASTS = timedelta(days=14)
RENEWED_BEFORE = timedelta(days=7)
LOOKED_AT_EVERY = timedelta(hours=1)
"""All three ours."""

PREFIX = "Subscription/"
"""In a cursor's kind, before the kind of resource that the Subscription is about."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a FHIR server shall send its notifications, and with which token."""

    endpoint: str
    token: str

    def __repr__(self) -> str:
        return "Wish()"

    @property
    def mark(self) -> str:
        """Changes whenever the wish does; tells nothing of the token."""
        return sha256(f"{self.endpoint}\0{self.token}".encode()).hexdigest()[:16]

    def resource(self, kind: str, until: datetime) -> Resource:
        """The Subscription. Nothing is sent along: a notification is only a reason to look."""
        return {
            "resourceType": "Subscription",
            "status": "requested",
            "reason": "trialhook: changes of referrals to clinical trials",
            "criteria": f"{kind}?identifier={REFERRAL_SYSTEM}|",
            "end": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "channel": {
                "type": "rest-hook",
                "endpoint": self.endpoint,
                "header": [f"Authorization: Bearer {self.token}"],
            },
        }


def look_after(fhir: FhirWriter, cursor: Cursor, wish: Wish, now: datetime) -> Cursor:
    """Sees that there is a Subscription that works. Raises FhirWriteError where the server takes none."""
    kind = cursor.place.kind.removeprefix(PREFIX)
    there = _there(fhir, cursor, kind, wish)
    if there is not None and _is_good(there, cursor, wish, now):
        return replace(cursor, since=now)
    until = now + LASTS
    if there is None:
        condition = f"criteria={quote(_criteria(kind), safe='')}&url={quote(wish.endpoint, safe='')}"
        ident = fhir.create(wish.resource(kind, until), if_none_exist=condition).id
    else:
        kept: Resource = {name: there[name] for name in ("id", "meta") if name in there}
        version = str(_meta(there).get("versionId", ""))
        ident = fhir.update({**wish.resource(kind, until), **kept}, if_match=version).id
    return replace(cursor, since=now, note={"id": ident, "until": until.isoformat(), "mark": wish.mark})


def _there(fhir: FhirWriter, cursor: Cursor, kind: str, wish: Wish) -> Resource | None:
    """The one we know; else one that we made without hearing of it."""
    ident = cursor.note.get("id")
    if ident:
        try:
            return fhir.read(f"Subscription/{ident}")
        except FhirWriteError as error:
            if error.word not in ("gone", "not_found"):
                raise
    try:
        rows = fhir.search(f"Subscription?url={quote(wish.endpoint, safe='')}").resources
    except FhirWriteError as error:
        if error.retry or error.word == "forbidden":
            raise
        return None  # it takes Subscriptions, perhaps, but no questions about them
    mine = [row for row in rows if row.get("criteria") == _criteria(kind) and row.get("id")]
    return min(mine, key=lambda row: str(row["id"]), default=None)


def _is_good(there: Mapping[str, Any], cursor: Cursor, wish: Wish, now: datetime) -> bool:
    until = cursor.note.get("until")
    lasts = isinstance(until, str) and datetime.fromisoformat(until) - now > RENEWED_BEFORE
    works = there.get("status") in ("requested", "active")
    return works and lasts and cursor.note.get("mark") == wish.mark


def _criteria(kind: str) -> str:
    return f"{kind}?identifier={REFERRAL_SYSTEM}|"


def _meta(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = resource.get("meta")
    return meta if isinstance(meta, dict) else {}
