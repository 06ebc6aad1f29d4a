"""Looks for changes that were made to our resources at a FHIR server.

The server's own time decides from when on it is asked again, never ours; and a little of what is known
already is always asked for once more. Once a day everything is looked at, so that what was missed for any
reason is found then, and what was deleted is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from cds_service.clients.registered import Client
from cds_service.referrals.book import Book
from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.referrals.records import Referral
from cds_service.smart.resources import FhirWriteError, FhirWriter, Found
from cds_service.synchronising.cursors import BEGINNING, Cursor
from cds_service.synchronising.exchange.learning import Learner, identifiers_of
from cds_service.synchronising.exchange.remotes import Remotes

Resource = dict[str, Any]

OVERLAP = timedelta(minutes=2)
"""What is asked for again. Ours: a server stamps a change before others can see it."""

WHOLE_EVERY = timedelta(hours=24)
_PAGE = 100
_IDS_AT_ONCE = 50
_REFUSES_THE_QUESTION = frozenset({"invalid", "refused", "not_found"})
GONE = "gone-in-ehr"


@dataclass(frozen=True, slots=True)
class Spot:
    """One FHIR server of a client, to be asked."""

    client: Client
    base: str
    fhir: FhirWriter

    def __repr__(self) -> str:
        return f"Spot({self.client.id})"


class Lookout:
    """Asks and takes in. Raises FhirWriteError; then the cursor stays where it was."""

    def __init__(self, book: Book, remotes: Remotes, learner: Learner) -> None:
        self._book, self._remotes, self._learner = book, remotes, learner

    def look(self, spot: Spot, cursor: Cursor, now: datetime) -> Cursor:
        """Takes in all changes of a kind; the cursor behind them."""
        since = cursor.since - OVERLAP if cursor.since > BEGINNING else None
        answers = self._asked(spot, cursor.place.kind, since)
        for answer in answers:
            for resource in answer.resources:
                self._take(spot, resource, now)
        swept = _time(cursor.note.get("swept"))
        if swept is not None and now - swept >= WHOLE_EVERY:
            self._sweep(spot, cursor.place.kind, now)
            swept = None
        note = {**cursor.note, "swept": (swept or now).isoformat()}
        until = min((_until(answer, cursor.since) for answer in answers), default=cursor.since)
        return replace(cursor, since=max(cursor.since, until), note=note)

    def _asked(self, spot: Spot, kind: str, since: datetime | None) -> list[Found]:
        """By our identifiers; where the server does not take that question, by the ids that we know."""
        system = quote(f"{REFERRAL_SYSTEM}|", safe="")
        try:
            return [spot.fhir.search(f"{kind}?identifier={system}{_rest(since)}")]
        except FhirWriteError as error:
            if error.word not in _REFUSES_THE_QUESTION:
                raise
        return [_by_ids(spot, kind, list(some), since) for some in self._known(spot, kind)]

    def _sweep(self, spot: Spot, kind: str, now: datetime) -> None:
        """Looks at everything that we know; what is missing is read by itself, and then noted as gone."""
        for some in self._known(spot, kind):
            there = {str(row.get("id")): row for row in _by_ids(spot, kind, list(some), None).resources}
            for ident, referral in some.items():
                try:
                    resource = there.get(ident) or spot.fhir.read(f"{kind}/{ident}")
                    self._learner.take(referral, resource, now)
                except FhirWriteError as error:
                    if error.word not in ("gone", "not_found"):
                        raise
                    self._book.attend(referral.id, GONE, True, "gone", now)

    def _take(self, spot: Spot, resource: Resource, now: datetime) -> None:
        referral = self._whose(spot, resource)
        if referral is not None:
            self._learner.take(referral, resource, now)

    def _whose(self, spot: Spot, resource: Mapping[str, Any]) -> Referral | None:
        """The referral of which this says to be; None unless it is one of this very server."""
        for value in identifiers_of(resource):
            referral = self._book.by_identifier(value)
            if referral is not None and _is_at(spot, referral):
                return referral
        return None

    def _known(self, spot: Spot, kind: str) -> Iterator[dict[str, Referral]]:
        """The referrals of a server that are not over, by the id of their resource of a kind."""
        after = ""
        while page := self._book.open_of(spot.client.id, after_id=after, limit=_IDS_AT_ONCE):
            after = page[-1].id
            here = [one for one in page if _is_at(spot, one)]
            known = self._remotes.of(kind, [one.id for one in here])
            ids = {known[one.id].id: one for one in here if one.id in known and known[one.id].id}
            if ids:
                yield ids


def _by_ids(spot: Spot, kind: str, ids: Sequence[str], since: datetime | None) -> Found:
    query = f"{kind}?_id={','.join(quote(one, safe='') for one in ids)}"
    try:
        return spot.fhir.search(f"{query}{_rest(since)}")
    except FhirWriteError as error:
        if error.word not in _REFUSES_THE_QUESTION:
            raise
    return spot.fhir.search(f"{query}&_count={_PAGE}")


def _is_at(spot: Spot, referral: Referral) -> bool:
    subject = referral.subject
    return referral.client == spot.client.id and subject is not None and subject.fhir_base == spot.base


def _rest(since: datetime | None) -> str:
    when = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else ""
    return (f"&_lastUpdated=ge{when}" if when else "") + f"&_sort=_lastUpdated&_count={_PAGE}"


def _until(found: Found, before: datetime) -> datetime:
    """Up to when all is known now, by the server's time."""
    rows = [when for row in found.resources if (when := _updated(row)) is not None]
    if not found.complete:  # sorted by time: what is left out comes later
        return max(rows, default=before) if rows == sorted(rows) else before
    return found.at or max(rows, default=before)


def _updated(resource: Mapping[str, Any]) -> datetime | None:
    meta = resource.get("meta")
    return _time(meta.get("lastUpdated")) if isinstance(meta, dict) else None


def _time(text: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
