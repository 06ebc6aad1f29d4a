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
from cds_service.synchronising.learning import Learner, identifiers_of
from cds_service.synchronising.remotes import Remotes

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
        swept = _time(cursor.note.get("swept"))
        whole = cursor.since <= BEGINNING or swept is None or now - swept >= WHOLE_EVERY
        since = None if whole else cursor.since - OVERLAP
        found = self._asked(spot, cursor.place.kind, since)
        for resource in found.resources:
            self._take(spot, resource, now)
        if whole and found.complete:
            self._miss(spot, cursor.place.kind, {str(one.get("id")) for one in found.resources}, now)
        note = {**cursor.note, **({"swept": now.isoformat()} if whole and found.complete else {})}
        return replace(cursor, since=max(cursor.since, _until(found, cursor.since)), note=note)

    def _asked(self, spot: Spot, kind: str, since: datetime | None) -> Found:
        """By our identifiers; where the server does not take that question, by the ids that we know."""
        system = quote(f"{REFERRAL_SYSTEM}|", safe="")
        try:
            return spot.fhir.search(f"{kind}?identifier={system}{_rest(since)}")
        except FhirWriteError as error:
            if error.word not in _REFUSES_THE_QUESTION:
                raise
        ids = [remote for _, remote in self._known(spot, kind)]
        parts = [ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE)]
        answers = [self._by_ids(spot, kind, part, since) for part in parts]
        rows = tuple(row for answer in answers for row in answer.resources)
        times = [answer.at for answer in answers if answer.at]
        return Found(rows, all(answer.complete for answer in answers), min(times, default=None))

    @staticmethod
    def _by_ids(spot: Spot, kind: str, ids: Sequence[str], since: datetime | None) -> Found:
        query = f"{kind}?_id={','.join(quote(one, safe='') for one in ids)}"
        try:
            return spot.fhir.search(f"{query}{_rest(since)}")
        except FhirWriteError as error:
            if error.word not in _REFUSES_THE_QUESTION:
                raise
        return spot.fhir.search(f"{query}&_count={_PAGE}")

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

    def _miss(self, spot: Spot, kind: str, there: set[str], now: datetime) -> None:
        """Notes what is not there any more: looked up one by one, for a search may leave things out."""
        for referral, ident in self._known(spot, kind):
            if ident in there:
                continue
            try:
                self._learner.take(referral, spot.fhir.read(f"{kind}/{ident}"), now)
            except FhirWriteError as error:
                if error.word not in ("gone", "not_found"):
                    raise
                self._book.set_attention(referral.id, GONE, True, now)

    def _known(self, spot: Spot, kind: str) -> Iterator[tuple[Referral, str]]:
        """The referrals of a server that are not over, with the id of their resource of a kind."""
        after = ""
        while page := self._book.open_of(spot.client.id, after_id=after, limit=_PAGE):
            after = page[-1].id
            here = [one for one in page if _is_at(spot, one)]
            known = self._remotes.of(kind, [one.id for one in here])
            yield from ((one, known[one.id].id) for one in here if one.id in known and known[one.id].id)


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
