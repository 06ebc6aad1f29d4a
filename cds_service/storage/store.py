"""What the service keeps. Everything raises ``StorageAwayError`` while the database is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import Connection

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import History, Referred
from cds_service.fatigue.policy import Policy
from cds_service.referrals.changing import Desk
from cds_service.referrals.identity import spellings
from cds_service.referrals.reassessing import reassess_calls
from cds_service.referrals.records import Terms
from cds_service.storage import answers, past, purging, shown
from cds_service.storage.answers import FeedbackCounts, Sender
from cds_service.storage.database import Database
from cds_service.storage.engines.inserts import insert_new
from cds_service.storage.past import KnownPatients, Question, Rates
from cds_service.storage.people import written_again
from cds_service.storage.purging import ForgetCounts, PurgeCounts
from cds_service.storage.records import CallRecord, FeedbackItem, Subject
from cds_service.storage.tables import seen_token, storable

_ITEMS_AT_ONCE = 100
_CLEANED_EVERY = 64
_TOKENS_KEPT = timedelta(hours=1)


class Store:
    """The tables behind one ring of keys. Safe for threads and over a fork.

    ``terms`` by client: what its FHIR server keeps of the referrals that feedback on cards opens.
    """

    def __init__(self, database: Database, ring: KeyRing, terms: Mapping[str, Terms] | None = None) -> None:
        self.database = database
        self._terms = terms or {}
        self._ring = ring
        self._rates = Rates()
        self._recorded = count(1)

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        """Whether no process has seen this token before. ``expires_at`` is in seconds since 1970."""
        row = {
            "issuer": storable(issuer),
            "jti": sha256(f"{issuer}\0{jti}".encode("utf-8", "surrogatepass")).hexdigest(),
            "expires": _instant(expires_at),
        }
        with self.database.autocommit() as connection:
            return connection.execute(_insert_token(connection.dialect.name), row).scalar() is not None

    def record_shown(self, records: Sequence[CallRecord]) -> None:
        """Writes calls in one transaction. Records that were written before are left as they are."""
        if not records:
            return
        written_again(self.database.relaxed, lambda connection: self._record(connection, records))
        if next(self._recorded) % _CLEANED_EVERY == 0:
            with self.database.relaxed() as connection:
                purging.delete_expired_tokens(connection, records[-1].at - _TOKENS_KEPT)

    def _base(self, client: str) -> str:
        return self._terms.get(client, Terms()).base

    def _desk(self, connection: Connection, client: str) -> Desk:
        return Desk(connection, self._ring, self._terms.get(client, Terms()))

    def _record(self, connection: Connection, records: Sequence[CallRecord]) -> None:
        shown.record(connection, self._ring, records)
        answers.attach_early(connection, self._ring, records, self._terms)
        reassess_calls(connection, self._ring, records, self._terms)

    def history(
        self, subject: Subject, user: str, policies: Mapping[str, Policy], now: datetime, since: datetime
    ) -> History:
        """About this patient, this user since ``since`` (when the client's day began), and these trials."""
        question = Question(subject, user, policies, now, since)
        with self.database.autocommit() as connection:
            return past.history(connection, self._ring, self._rates, question, self._base(subject.client))

    def referred(self, subject: Subject) -> Mapping[str, Referred]:
        """This patient's referrals by trial: all that counts where the policy is off."""
        with self.database.autocommit() as connection:
            return past.referred(connection, self._ring, subject, self._base(subject.client))

    def add_feedback(
        self, client: str, tenant: str, items: Sequence[FeedbackItem], user: str, now: datetime
    ) -> FeedbackCounts:
        """Keeps feedback on cards that this client and tenant got. On the disk when it returns.

        Many items are kept in parts: after a ``StorageAwayError`` some may be there, and count as repeated
        when all are sent again. ``user`` "": whoever was shown the card.
        """
        sender, counts = Sender(client, tenant, user), FeedbackCounts()
        for start in range(0, len(items), _ITEMS_AT_ONCE):
            part = items[start : start + _ITEMS_AT_ONCE]
            counts = counts.plus(self._feedback(sender, part, now))
        self._rates.forget()
        return counts

    def silent_candidates(self, client: str | None = None, trial: str | None = None) -> KnownPatients:
        """Whom nobody was shown, for study staff: of one client and trial, or of all."""
        with self.database.autocommit() as connection:
            return past.silent_candidates(connection, self._ring, client, trial)

    def referrals(self, client: str | None = None, trial: str | None = None) -> KnownPatients:
        """Whose referral was accepted on a card, for study staff: of one client and trial, or of all."""
        with self.database.autocommit() as connection:
            return past.referrals(connection, self._ring, client, trial)

    def forget(self, subject: Subject) -> ForgetCounts:
        """Deletes all that is held on a patient, but for the audit trail."""
        return purging.forget(self.database, self._ring, spellings(subject, self._base(subject.client)))

    def purge(self, before: datetime, now: datetime) -> PurgeCounts:
        """Deletes what was recorded before ``before``, and tokens that expired before ``now``."""
        return purging.purge(self.database, before, now)

    def _feedback(self, sender: Sender, items: Sequence[FeedbackItem], now: datetime) -> FeedbackCounts:
        return written_again(
            self.database.durable,
            lambda connection: answers.add(self._desk(connection, sender.client), sender, items, now),
        )


@cache
def _insert_token(dialect: str) -> Any:
    return insert_new(dialect, seen_token).returning(seen_token.c.jti)


def _instant(seconds: float) -> datetime:
    """Later than the year 9999 is never, too."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)
