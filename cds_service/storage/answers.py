"""Feedback: every item is kept as it came, and the newest for a card decides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, delete, select, tuple_

from cards import wording
from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.referrals.changing import Desk, open_at
from cds_service.referrals.records import CLINICIAN_ROLE, Opening, Terms, Who
from cds_service.storage import sealing
from cds_service.storage.engines.inserts import InsertOr, insert_new, insert_or
from cds_service.storage.people import rows_for, user_of
from cds_service.storage.records import CallRecord, FeedbackItem, Subject
from cds_service.storage.shown import REFER, card_key, read_traces
from cds_service.storage.tables import answer, early_feedback, feedback, referral, shown, storable, suggestion
from mappings.verdicts import Verdict

OTHER = "other"
"""Stands for a reason that is not one of ours: what a client wrote there may name the patient."""

_OURS = frozenset(code for code, _ in wording.OVERRIDE_REASONS)


class FeedbackCounts(NamedTuple):
    """Items kept, items that were there already, and cards or suggestions that this client never got."""

    kept: int = 0
    repeated: int = 0
    unknown: int = 0

    def plus(self, other: FeedbackCounts) -> FeedbackCounts:
        """Both together."""
        return FeedbackCounts(*(one + two for one, two in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends feedback. ``user`` "": whoever was shown the card."""

    client: str
    tenant: str
    user: str = field(default="", repr=False)


class _Accepted(NamedTuple):
    digests: list[str]
    referred: bool
    secret: bytes | None
    unknown: int
    subject: Subject | None


_Row = Any  # SQLAlchemy's, whose type differs between 2.0 and 2.1
_Offered = Mapping[str, _Row]

_CARDS = select(
    *(shown.c.id, shown.c.card, shown.c.trial, shown.c.at, shown.c.client, shown.c.patient_id),
    *(shown.c.user_id, shown.c.outcome, shown.c.traces),
).where(
    shown.c.card.in_(bindparam("cards", expanding=True)),
    shown.c.client == bindparam("client"),
    shown.c.tenant == bindparam("tenant"),
)
_EARLY = select(early_feedback).where(early_feedback.c.card.in_(bindparam("cards", expanding=True)))
_KEPT_BEFORE = select(feedback.c.id).where(
    feedback.c.shown_id == bindparam("shown"),
    feedback.c.fingerprint.in_(bindparam("fingerprints", expanding=True)),
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUGGESTIONS = select(suggestion.c.card, suggestion.c.digest, suggestion.c.kind, suggestion.c.sealed).where(
    suggestion.c.card.in_(bindparam("cards", expanding=True))
)


def add(desk: Desk, sender: Sender, items: Sequence[FeedbackItem], now: datetime) -> FeedbackCounts:
    """Keeps items in the transaction under way: those about cards that this client and tenant got.

    A referral that was accepted is opened in the same transaction: there is never one without the other.
    """
    connection, ring, _ = desk
    cards = _cards(connection, sender, items)
    offered = _offered(connection, list(cards))
    given_by = None
    if sender.user and cards:
        who = user_of(sender.client, sender.tenant, sender.user)
        given_by = rows_for(connection, ring, [who])[who]
    counts = FeedbackCounts()
    for item in items:
        card = cards.get(card_key(item.card))
        if card is None:
            _keep_early(connection, ring, sender, item, now)
            counts = counts.plus(FeedbackCounts(unknown=1))
            continue
        accepted = _accepted(ring, item, offered[card.card])
        row = _feedback_row(ring, item, accepted, now)
        row |= {"shown_id": card.id, "user_id": given_by or card.user_id}
        new = not _kept_before(connection, ring, card, item) and _keep(connection, card, row, accepted.secret)
        if new and accepted.subject is not None:
            open_at(desk, _opening(accepted.subject, card, row, sender), row["user_id"])
        counts = counts.plus(FeedbackCounts(int(new), int(not new), accepted.unknown))
    return counts


def _opening(subject: Subject, card: _Row, row: Mapping[str, Any], sender: Sender) -> Opening:
    """The referral that a card's suggestion makes: it rests on what the card said."""
    who = Who(sender.user, role=CLINICIAN_ROLE)
    return Opening(
        subject=subject,
        trial=card.trial,
        who=who,
        source="card",
        at=row["received"],
        traces=read_traces(card.traces),
        gate=Verdict.MET.value,  # else there would have been no card
        outcome=card.outcome,
        assessed=card.at,
    )


def attach_early(
    connection: Connection, ring: KeyRing, calls: Sequence[CallRecord], terms: Mapping[str, Terms]
) -> None:
    """Counts feedback that came before the records of these calls, from the client that got their cards."""
    calls_by_card = {card_key(trial.card): call for call in calls for trial in call.trials if trial.card}
    if not calls_by_card:
        return
    for row in connection.execute(_EARLY, {"cards": list(calls_by_card)}).all():
        call = calls_by_card[row.card]
        if (row.client, row.tenant) != (storable(call.client), storable(call.tenant)):
            continue
        connection.execute(delete(early_feedback).where(early_feedback.c.id == row.id))
        with suppress(UndecryptableError):  # its key was taken out of the ring meanwhile
            user, item = _early_item(ring.decrypt(row.secret))
            desk = Desk(connection, ring, terms.get(call.client, Terms()))
            add(desk, Sender(call.client, call.tenant, user), [item], row.received)


def _keep_early(
    connection: Connection, ring: KeyRing, sender: Sender, item: FeedbackItem, now: datetime
) -> None:
    """Nobody knows the card now, but what was acknowledged is not lost: its record may be on its way.

    Only what can be a card of ours: any other text may name a patient.
    """
    if not _UUID.fullmatch(card_key(item.card)):
        return
    row = {
        "client": storable(sender.client),
        "tenant": storable(sender.tenant),
        "card": card_key(item.card),
        "fingerprint": _fingerprints(ring, item)[0],
        "received": now,
        "secret": ring.encrypt(_written(sender.user, item)),
    }
    connection.execute(insert_new(connection.dialect.name, early_feedback), row)


def _written(user: str, item: FeedbackItem) -> bytes:
    """Not by orjson, which refuses half characters: a client may send any."""
    return json.dumps([user, asdict(item) | {"at": item.at.isoformat()}]).encode()


def _early_item(written: bytes) -> tuple[str, FeedbackItem]:
    user, members = json.loads(written)
    members |= {"at": datetime.fromisoformat(members["at"]), "suggestions": tuple(members["suggestions"])}
    return user, FeedbackItem(**members)


def _cards(connection: Connection, sender: Sender, items: Sequence[FeedbackItem]) -> dict[str, _Row]:
    wanted = sorted({card_key(item.card) for item in items})
    asked = {"cards": wanted, "client": storable(sender.client), "tenant": storable(sender.tenant)}
    return {row.card: row for row in connection.execute(_CARDS, asked)}


def _offered(connection: Connection, cards: list[str]) -> dict[str, dict[str, _Row]]:
    """The suggestions of each card by digest."""
    offered: dict[str, dict[str, _Row]] = {card: {} for card in cards}
    if cards:
        for row in connection.execute(_SUGGESTIONS, {"cards": cards}):
            offered[row.card][row.digest] = row
    return offered


def _accepted(ring: KeyRing, item: FeedbackItem, offered: _Offered) -> _Accepted:
    """What of the card was accepted. An overridden card has nothing accepted, whatever is sent with it."""
    uuids = {sealing.suggestion_digest(uuid): uuid for uuid in item.suggestions}
    known = sorted(uuids.keys() & offered.keys()) if item.outcome == "accepted" else []
    refer = next((digest for digest in known if offered[digest].kind == REFER), None)
    secret = subject = None
    if refer is not None and offered[refer].sealed is not None:
        subject = sealing.opened(ring, offered[refer].sealed, uuids[refer])
        secret = sealing.encrypted(ring, subject) if subject else None
    return _Accepted(known, refer is not None, secret, len(uuids.keys() - offered.keys()), subject)


def _feedback_row(ring: KeyRing, item: FeedbackItem, accepted: _Accepted, now: datetime) -> dict[str, Any]:
    ours = item.reason_code in _OURS and item.reason_system in {wording.OVERRIDE_SYSTEM, ""}
    private = {"comment": item.comment}
    if not ours:
        private |= {"system": item.reason_system, "code": item.reason_code}
    written = {name: text.encode("utf-8", "replace").decode() for name, text in private.items() if text}
    return {
        "fingerprint": _fingerprints(ring, item)[0],
        "outcome": item.outcome,
        "at": _instant(item.at, now),
        "received": now,
        "reason": item.reason_code if ours or not item.reason_code else OTHER,
        "secret": ring.encrypt(orjson.dumps(written)) if written else None,
        "suggestions": orjson.dumps(accepted.digests).decode(),
        "referred": accepted.referred,
    }


def _fingerprints(ring: KeyRing, item: FeedbackItem) -> list[str]:
    """Under each key, the current one first. Two items about one card are the same if outcome, time, reason
    and suggestions are; comments aside. Keyed, for a reason may be any text of the client's.
    """
    at = _instant(item.at, item.at).isoformat()
    uuids = sorted({sealing.suggestion_digest(uuid) for uuid in item.suggestions})
    parts = (card_key(item.card), item.outcome, at, item.reason_system, item.reason_code, *uuids)
    return [one.digest for one in ring.pseudonyms("feedback", *parts)]


def _kept_before(connection: Connection, ring: KeyRing, card: _Row, item: FeedbackItem) -> bool:
    """Whether it is there under an older key; under the current one, adding it again tells."""
    older = _fingerprints(ring, item)[1:]
    if not older:
        return False
    asked = {"shown": card.id, "fingerprints": older}
    return connection.execute(_KEPT_BEFORE, asked).first() is not None


def _instant(at: datetime, otherwise: datetime) -> datetime:
    """In UTC; ``otherwise`` where that is before the year 1 or after 9999."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return otherwise


def _keep(connection: Connection, card: _Row, row: dict[str, Any], secret: bytes | None) -> bool:
    """Whether it is new. A time that a client's clock puts into the future does not outlive later answers."""
    dialect = connection.dialect.name
    number = connection.execute(_insert_feedback(dialect), row).scalar()
    if number is None:
        return False
    deciding = {
        "shown_id": card.id,
        "feedback_id": number,
        "patient_id": card.patient_id,
        "client": card.client,
        "trial": card.trial,
        "shown_at": card.at,
        "decides_at": min(row["at"], row["received"]),
        "outcome": row["outcome"],
    }
    connection.execute(_decide(dialect), deciding)
    if secret is not None:
        refer = {"shown_id": card.id, "at": row["received"], "secret": secret}
        connection.execute(insert_new(dialect, referral), refer)
    return True


@cache
def _insert_feedback(dialect: str) -> Any:
    return insert_new(dialect, feedback).returning(feedback.c.id)


@cache
def _decide(dialect: str) -> InsertOr:
    """The newest decides, in whichever order feedback comes in."""
    made = insert_or(dialect, answer)
    changing = ("feedback_id", "decides_at", "outcome")
    return made.on_conflict_do_update(
        index_elements=["shown_id"],
        set_={name: made.excluded[name] for name in changing},
        where=tuple_(made.excluded.decides_at, made.excluded.feedback_id)
        > tuple_(answer.c.decides_at, answer.c.feedback_id),
    )
