"""What the audit trail says: who asked, about whom, when, and what was answered. Never a value, name or id.

Patients and users stand as pseudonyms, ``keyid.hex``. Of what a client sends only closed words and UUIDs are
taken over; anything else is left out, so that a client's slip does not become ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid4

import orjson

from cards import wording
from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.records import ReferralRecord
from cds_service.storage.records import AssessedTrial, CallRecord, FeedbackItem, Pseudonym, Subject

REASONS = frozenset(code for code, _ in wording.OVERRIDE_REASONS)
OUTCOMES = frozenset({"accepted", "overridden"})
OTHER = "other"
MOST_ANSWERS = 500
"""Of one feedback body so many answers are listed; all are counted."""
_NOT_AUTHENTICATED = 401
_CLOSED_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class AuditEvent(NamedTuple):
    """One row of the trail. ``at`` is in UTC; ``body`` is a JSON object as text, without line breaks."""

    id: str
    at: datetime
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """Feedback that came in, and what became of it. ``user`` is who gave it, "" where the client says not."""

    at: datetime
    client: str
    tenant: str
    service: str
    status: int
    milliseconds: float
    items: Sequence[FeedbackItem] = ()
    kept: int = 0
    repeated: int = 0
    unknown: int = 0
    user: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """Someone looked at a patient. ``staff`` is their account with us, or by whom the EHR says that a
    worksheet was launched ("Practitioner/7"), or "" where it says nobody.
    """

    at: datetime
    client: str
    tenant: str
    trial: str
    staff: str = field(repr=False)
    subject: Subject = field(repr=False)
    page: str = ""


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """Someone of the study staff came in, went out, or was known and granted nothing.

    ``staff`` is the account with us, ``roles`` those that it has.
    """

    at: datetime
    what: Literal["in", "out", "refused"]
    staff: str = field(repr=False)
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ListRecord:
    """Someone of the study staff exported the list of referrals, or searched it: how many rows came of it.

    ``trial`` and ``client``: what it was narrowed to.
    """

    at: datetime
    what: Literal["export", "search"]
    staff: str = field(repr=False)
    rows: int = 0
    trial: str = ""
    client: str = ""


class Refusals(NamedTuple):
    """Calls refused for one cause, all with one status. With a 401 ``client`` is whom they claimed to be."""

    cause: str
    status: int
    client: str
    times: int
    since: datetime


def patient_pseudonyms(ring: KeyRing, subject: Subject) -> tuple[str, ...]:
    """All that may stand for a patient in the trail, under each key of the ring."""
    return tuple(_text(pseudonym) for pseudonym in ring.pseudonyms("patient", *subject))


def user_pseudonyms(ring: KeyRing, client: str, tenant: str, user: str) -> tuple[str, ...]:
    """All that may stand for a user in the trail, under each key of the ring."""
    return tuple(_text(pseudonym) for pseudonym in ring.pseudonyms("user", client, tenant, user))


def staff_pseudonyms(ring: KeyRing, account: str) -> tuple[str, ...]:
    """All that may stand for an account of the study staff in the trail, under each key of the ring."""
    return tuple(_text(pseudonym) for pseudonym in ring.pseudonyms("staff", account))


def call_event(record: CallRecord, ring: KeyRing) -> AuditEvent:
    """An answered hook call."""
    facts = {
        "client": record.client,
        "tenant": record.tenant,
        "service": record.service,
        "hook": record.hook,
        "hookInstance": uuid_or_nothing(record.hook_instance),
        "status": record.status,
        "ms": round(record.milliseconds, 1),
        "patient": _text(ring.pseudonym("patient", *record.subject)),
        "user": _user(ring, record.client, record.tenant, record.user),
        "trials": [_trial(trial) for trial in record.trials],
    }
    return new_event(record.at, "call", facts)


def _trial(trial: AssessedTrial) -> dict[str, Any]:
    facts = {
        "trial": trial.trial,
        "version": trial.version,
        "digest": trial.digest,
        "site": trial.site,
        "site_digest": trial.site_digest,
        "outcome": trial.outcome,
        "silenced": trial.silenced,
        "card": trial.card,
    }
    return {name: fact for name, fact in facts.items() if fact}


def feedback_event(record: FeedbackRecord, ring: KeyRing) -> AuditEvent:
    """Feedback: which cards, and what was done with each; no comment, no reason but our own."""
    facts = {
        "client": record.client,
        "tenant": record.tenant,
        "service": record.service,
        "status": record.status,
        "ms": round(record.milliseconds, 1),
        "kept": record.kept,
        "repeated": record.repeated,
        "unknown": record.unknown,
        "user": _user(ring, record.client, record.tenant, record.user),
        "answers": [_answer(item) for item in record.items[:MOST_ANSWERS]],
    }
    return new_event(record.at, "feedback", facts)


def _answer(item: FeedbackItem) -> dict[str, Any]:
    reason = ""
    if item.reason_code:
        ours = item.reason_system == wording.OVERRIDE_SYSTEM and item.reason_code in REASONS
        reason = item.reason_code if ours else OTHER
    facts = {
        "card": uuid_or_nothing(item.card),
        "outcome": item.outcome if item.outcome in OUTCOMES else OTHER,
        "reason": reason,
        "suggestions": [known for uuid in item.suggestions if (known := uuid_or_nothing(uuid))],
    }
    return {name: fact for name, fact in facts.items() if fact}


def refused_event(at: datetime, refusals: Refusals) -> AuditEvent:
    """One refused call, or how many more there were."""
    facts = {
        "claimed" if refusals.status == _NOT_AUTHENTICATED else "client": refusals.client,
        "cause": closed_word(refusals.cause),
        "status": refusals.status,
        "times": refusals.times,
        "since": _utc(refusals.since).isoformat(timespec="seconds"),
    }
    return new_event(at, "refused", facts)


def view_event(record: ViewRecord, ring: KeyRing) -> AuditEvent:
    """A patient was looked at by study staff."""
    facts = {
        "client": record.client,
        "tenant": record.tenant,
        "trial": record.trial,
        "page": closed_word(record.page) if record.page else "",
        "patient": _text(ring.pseudonym("patient", *record.subject)),
        **_viewer(record, ring),
    }
    return new_event(record.at, "view", facts)


def _viewer(record: ViewRecord, ring: KeyRing) -> dict[str, str]:
    """Under the same pseudonym as in hook calls, if it is a user of the EHR."""
    if "/" in record.staff and "|" not in record.staff:
        return {"user": _user(ring, record.client, record.tenant, record.staff)}
    return {"staff": _text(ring.pseudonym("staff", record.staff))} if record.staff else {}


def sign_in_event(record: SignInRecord, ring: KeyRing) -> AuditEvent:
    """Someone signed in or out, or was refused."""
    refused = record.what == "refused"
    facts = {
        "cause": "no-grant" if refused else "",
        "status": 403 if refused else 200,
        "staff": _text(ring.pseudonym("staff", record.staff)),
        "roles": [closed_word(role) for role in record.roles],
    }
    return new_event(record.at, "sign-out" if record.what == "out" else "sign-in", facts)


def list_event(record: ListRecord, ring: KeyRing) -> AuditEvent:
    """The list was exported, or searched: never for whom."""
    facts = {
        "what": closed_word(record.what),
        "client": record.client,
        "trial": record.trial,
        "rows": record.rows,
        "staff": _text(ring.pseudonym("staff", record.staff)),
    }
    return new_event(record.at, "list", facts)


def referral_event(record: ReferralRecord, ring: KeyRing) -> AuditEvent:
    """A referral was opened or moved, or a note was added to it."""
    subject, person = record.subject, record.who.person(record.client, record.tenant)
    who = {person[0]: _text(ring.pseudonym(*person))} if person else {}
    facts = {
        "client": record.client,
        "tenant": record.tenant,
        "trial": record.trial,
        "referral": record.referral,
        "change": closed_word(record.kind),
        "from": record.from_state,
        "to": record.to_state,
        "roles": [closed_word(record.who.role)],
        "patient": _text(ring.pseudonym("patient", *subject)) if subject else "",
        **who,
    }
    return new_event(record.at, "referral", facts)


def new_event(at: datetime, kind: str, facts: Mapping[str, Any]) -> AuditEvent:
    """An event with a new id. Facts that are empty texts are left out."""
    body = orjson.dumps({name: fact for name, fact in facts.items() if fact != ""}).decode()
    return AuditEvent(str(uuid4()), _utc(at), kind, body)


def closed_word(text: str) -> str:
    """The text if it is a word such as our code uses, else "other": what is not ours is not written."""
    return text if _CLOSED_WORD.fullmatch(text) else OTHER


def uuid_or_nothing(text: str) -> str:
    """The UUID in its usual form, or "" if the text is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _user(ring: KeyRing, client: str, tenant: str, user: str) -> str:
    return _text(ring.pseudonym("user", client, tenant, user)) if user else ""


def _text(pseudonym: Pseudonym) -> str:
    return f"{pseudonym.key_id}.{pseudonym.digest}"


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
