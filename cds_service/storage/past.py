"""Reading what was recorded: the history that the fatigue policy decides by, candidates and referrals.

``history`` is in the path of every hook call: four queries, each answered by one index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Table, bindparam, cast, desc, func, or_, select
from sqlalchemy.sql import Select

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import Answer, History, Rate, Referred
from cds_service.fatigue.policy import Policy
from cds_service.referrals.identity import resolved
from cds_service.storage import sealing
from cds_service.storage.people import digests, patient, user_of
from cds_service.storage.records import Subject
from cds_service.storage.shown import read_traces
from cds_service.storage.tables import (
    answer,
    feedback,
    pseudonym,
    referral,
    shown,
    silent_candidate,
    storable,
)
from cds_service.storage.workflow_tables import trial_referral


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """A silent candidate or a referral, for study staff who are entitled to open it."""

    trial: str
    subject: Subject = field(repr=False)
    first_seen: datetime
    last_seen: datetime


class KnownPatients(NamedTuple):
    """``unreadable`` counts those whose key is no longer in the ring."""

    patients: tuple[KnownPatient, ...]
    unreadable: int


_FRESH = timedelta(seconds=30)

_OF_PATIENT = select(pseudonym.c.id).where(pseudonym.c.digest.in_(bindparam("patient", expanding=True)))
_OF_USER = select(pseudonym.c.id).where(pseudonym.c.digest.in_(bindparam("user", expanding=True)))
_giver = pseudonym.alias("giver")

_ANSWERS = (
    select(
        shown.c.trial,
        feedback.c.outcome,
        feedback.c.reason,
        feedback.c.received,
        feedback.c.referred,
        _giver.c.digest,
        shown.c.traces,
        shown.c.card,
        shown.c.at.label("shown_at"),
    )
    # From the answers, of which a patient has few, and not from what was shown: that may be each day's cards.
    # What decides for its card; and a referral, which nothing that is done with the card later takes back.
    .select_from(answer)
    .join(
        feedback,
        (feedback.c.shown_id == answer.c.shown_id)
        & or_(feedback.c.id == answer.c.feedback_id, feedback.c.referred),
    )
    .join(shown, shown.c.id == answer.c.shown_id)
    .join(_giver, _giver.c.id == feedback.c.user_id, isouter=True)
    .where(answer.c.patient_id.in_(_OF_PATIENT))
    .order_by(desc(feedback.c.received), desc(feedback.c.id))
)
_PATIENTS_TODAY = (
    select(shown.c.trial, func.count(shown.c.patient_id.distinct()))
    .where(
        shown.c.user_id.in_(_OF_USER),
        shown.c.at >= bindparam("since"),
        shown.c.card.is_not(None),
        shown.c.patient_id.not_in(_OF_PATIENT),
    )
    .group_by(shown.c.trial)
)
_RATES = (
    select(answer.c.trial, func.count(), func.sum(cast(answer.c.outcome == "overridden", Integer)))
    .where(
        answer.c.client == bindparam("client"),
        answer.c.trial.in_(bindparam("trials", expanding=True)),
        answer.c.shown_at >= bindparam("since"),
    )
    .group_by(answer.c.trial)
)


_REFERRED = select(
    trial_referral.c.trial,
    trial_referral.c.state,
    trial_referral.c.entered,
    trial_referral.c.left_from,
).where(trial_referral.c.patient_id.in_(_OF_PATIENT))
_CANDIDATES = select(
    silent_candidate.c.trial,
    silent_candidate.c.secret,
    silent_candidate.c.first_seen,
    silent_candidate.c.last_seen,
).order_by(desc(silent_candidate.c.last_seen), silent_candidate.c.patient_id)
_REFERRALS = (
    select(shown.c.trial, referral.c.secret, referral.c.at, referral.c.at.label("last_seen"))
    .join(shown, shown.c.id == referral.c.shown_id)
    .order_by(desc(referral.c.at), referral.c.shown_id)
)


class Question(NamedTuple):
    """About whom, for whom and as of when. ``since`` is when the day began where the client is."""

    subject: Subject
    user: str
    policies: Mapping[str, Policy]
    now: datetime
    since: datetime

    def __repr__(self) -> str:
        return f"Question({self.subject!r})"


class Rates:
    """How cards were answered, kept for a little while: it changes slowly, and asks for the most rows.

    What another process keeps may be ``_FRESH`` old, what this one was told itself never is.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, tuple[str, ...]], tuple[datetime, dict[str, Rate]]] = {}

    def forget(self) -> None:
        """After new feedback."""
        self._kept.clear()

    def of(self, connection: Connection, asked: Question) -> dict[str, Rate]:
        """One query for all trials with the same number of days: nearly always one in all."""
        trials: dict[int, list[str]] = {}
        for trial, policy in asked.policies.items():
            trials.setdefault(policy.back_off_days, []).append(trial)
        rates: dict[str, Rate] = {}
        for days, some in trials.items():
            key = (storable(asked.subject.client), days, tuple(some))
            kept = self._kept.get(key)
            if kept is None or not timedelta(0) <= asked.now - kept[0] < _FRESH:
                kept = (asked.now, _rates(connection, *key, asked.now))
                self._kept[key] = kept
            rates |= kept[1]
        return rates


def history(connection: Connection, ring: KeyRing, rates: Rates, asked: Question, base: str = "") -> History:
    """What the policy needs to know of a patient, a user and the trials in ``policies``. ``base``: that of
    the client's FHIR server, if it has but one.
    """
    subject, user = asked.subject, asked.user
    patient_names = digests(ring, patient(subject))
    user_names = digests(ring, user_of(subject.client, subject.tenant, user)) if user else []
    return History(
        answers=_answers(connection, patient_names, user_names),
        patients_today=_patients_today(connection, patient_names, user_names, asked) if user else {},
        rates=rates.of(connection, asked),
        referrals=referred(connection, ring, subject, base),
    )


def referred(connection: Connection, ring: KeyRing, subject: Subject, base: str) -> dict[str, Referred]:
    """The patient's referrals by trial: one query, answered by one index."""
    names = digests(ring, patient(resolved(subject, base)))
    found = connection.execute(_REFERRED, {"patient": names})
    return {row.trial: Referred(row.state, row.entered, row.left_from) for row in found}


def _answers(connection: Connection, patient_names: list[str], user_names: list[str]) -> tuple[Answer, ...]:
    rows = connection.execute(_ANSWERS, {"patient": patient_names})
    return tuple(
        Answer(
            row.trial,
            row.outcome,
            row.reason,
            row.received,
            row.digest in user_names,
            row.referred,
            read_traces(row.traces),
            row.card,
            row.shown_at,
        )
        for row in rows
    )


def _patients_today(
    connection: Connection, patient_names: list[str], user_names: list[str], asked: Question
) -> dict[str, int]:
    given = {"patient": patient_names, "user": user_names, "since": asked.since}
    counted = connection.execute(_PATIENTS_TODAY, given)
    return {trial: count for trial, count in counted if trial in asked.policies}


def _rates(
    connection: Connection, client: str, days: int, trials: Sequence[str], now: datetime
) -> dict[str, Rate]:
    given = {"client": client, "trials": trials, "since": now - timedelta(days=days)}
    counted = connection.execute(_RATES, given)
    return {trial: Rate(answered, int(overridden)) for trial, answered, overridden in counted}


def silent_candidates(
    connection: Connection, ring: KeyRing, client: str | None = None, trial: str | None = None
) -> KnownPatients:
    """Whom nobody was shown, those seen last first."""
    return _known_patients(connection, ring, _narrowed(_CANDIDATES, silent_candidate, client, trial))


def referrals(
    connection: Connection, ring: KeyRing, client: str | None = None, trial: str | None = None
) -> KnownPatients:
    """Whose referral was accepted and not taken back by later feedback, newest first, each once a trial."""
    return _known_patients(connection, ring, _narrowed(_REFERRALS, shown, client, trial))


def _narrowed(query: Select[Any], table: Table, client: str | None, trial: str | None) -> Select[Any]:
    if client is not None:
        query = query.where(table.c.client == storable(client))
    if trial is not None:
        query = query.where(table.c.trial == trial)
    return query


def _known_patients(connection: Connection, ring: KeyRing, query: Select[Any]) -> KnownPatients:
    found: dict[tuple[str, Subject], KnownPatient] = {}
    unreadable = 0
    for trial, secret, first_seen, last_seen in connection.execute(query):
        subject = sealing.decrypted(ring, secret)
        if subject is None:
            unreadable += 1
        else:
            found.setdefault((trial, subject), KnownPatient(trial, subject, first_seen, last_seen))
    return KnownPatients(tuple(found.values()), unreadable)
