"""Referrals, people and moves as these tests need them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.book import Book
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import Event, Opening, Referral, ReferralRecord, Terms, Who
from cds_service.referrals.states import PATH, State
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from cds_service.storage.workflow_tables import outbox

NOW = datetime.fromisoformat("2026-03-03T09:00:00+00:00")
TRIAL = "NCT06920433"
BASE = "https://ehr.example/fhir"
TERMS = {"ehr": Terms(("ServiceRequest", "Task"), BASE), "plain": Terms()}
COORDINATOR = Who("https://login.example|c7", "Rosa Feld", "coordinator")
INVESTIGATOR = Who("https://login.example|i2", "Jo Ahn", "investigator")
CLINICIAN = Who("Practitioner/7", "Dr Wu", "clinician")
TRACES = (
    CriterionTrace("age", "met", "value", "k1.aa"),
    CriterionTrace("sledai-2k", "unknown", "score_undecided", ""),
)
Told = list[ReferralRecord]


def subject(patient: str = "p1", client: str = "ehr") -> Subject:
    return Subject(client, "north", BASE, patient)


def opening(patient: str = "p1", **members: Any) -> Opening:
    """A referral from a worksheet, unless said otherwise."""
    usual: dict[str, Any] = {
        "subject": subject(patient),
        "trial": TRIAL,
        "who": CLINICIAN,
        "source": "worksheet",
        "at": NOW,
        "traces": TRACES,
        "gate": "met",
        "outcome": "possible-candidate",
    }
    return Opening(**{**usual, **members})


def later(days: float = 1) -> datetime:
    return NOW + timedelta(days=days)


def moved(book: Book, referral: Referral, *states: State, at: datetime | None = None) -> Referral:
    """The same in the last of these states, by way of the others, each for the first reason there is."""
    for state in states:
        reasons = reasons_for(referral.state, state)
        reason = reasons[0].code if reasons else ""
        referral = book.move(
            referral.id, referral.version, state, COORDINATOR, at or later(), reason=reason, why="so it is"
        )
    return referral


def on_the_path(book: Book, referral: Referral, state: State) -> Referral:
    """The same, moved along the path step by step."""
    return moved(book, referral, *PATH[PATH.index(referral.state) + 1 : PATH.index(state) + 1])


class Queued(NamedTuple):
    kind: str
    referral: str


def queued(database: Database) -> list[Queued]:
    """What is to be written, in the order in which it was decided."""
    with database.autocommit() as connection:
        found = connection.execute(select(outbox).order_by(outbox.c.id)).all()
    return [Queued(row.kind, row.referral_id) for row in found]


def steps(events: tuple[Event, ...]) -> list[tuple[str, str, str]]:
    return [(event.kind, event.from_state, event.to_state) for event in events]
