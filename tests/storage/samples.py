"""Calls, cards and feedback as tests of the storage need them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import func, select

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import CriterionTrace
from cds_service.fatigue.policy import Policy
from cds_service.storage import tables
from cds_service.storage.database import Database
from cds_service.storage.records import AssessedTrial, CallRecord, FeedbackItem, Subject

NOW = datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
DAY_BEGAN = datetime(2026, 6, 14, 22, 0, tzinfo=UTC)  # midnight in Berlin
TRIAL, OTHER_TRIAL = "NCT1", "NCT2"
POLICIES = {TRIAL: Policy(), OTHER_TRIAL: Policy()}
USER = "Practitioner/7"
TRACES = (
    CriterionTrace("age", "MET", "value", "k1.aa"),
    CriterionTrace("proteinuria", "UNKNOWN", "not_found", "k1.bb"),
)

# The same in every process of a test, and fit for nothing else.
_FIRST, _SECOND = (f"k{number}:{b64encode(sha256(bytes([number])).digest()).decode()}" for number in (1, 2))
OLD_RING = KeyRing.parse(_FIRST)
ROTATED_RING = KeyRing.parse(f"{_SECOND},{_FIRST}")
NEW_RING = KeyRing.parse(_SECOND)


def subject(patient: str = "p1", *, client: str = "ehr", tenant: str = "north") -> Subject:
    """A patient of one FHIR server."""
    return Subject(client, tenant, "https://ehr.example/fhir", patient)


def assessed(trial: str = TRIAL, *, card: bool = True, silenced: str = "") -> AssessedTrial:
    """A trial with a card that offers to refer and to order, or without one."""
    return AssessedTrial(
        trial,
        "2",
        "d" * 16,
        "possible-candidate" if card or silenced else "ruled-out",
        TRACES,
        str(uuid4()) if card else "",
        ((str(uuid4()), "refer"), (str(uuid4()), "order")) if card else (),
        silenced,
    )


def call(
    *trials: AssessedTrial,
    about: Subject | None = None,
    user: str = USER,
    at: datetime = NOW,
    candidates: Sequence[str] = (),
) -> CallRecord:
    """A call about a patient for a user."""
    about = about or subject()
    instance = str(uuid4())
    return CallRecord(
        at,
        about.client,
        about.tenant,
        "patient-view",
        instance,
        "trial-match-patient-view",
        200,
        12.5,
        about,
        user,
        trials,
        candidates,
    )


def accepted(card: AssessedTrial, *kinds: str, at: datetime = NOW) -> FeedbackItem:
    """The suggestions of these kinds were accepted."""
    return FeedbackItem(card.card, "accepted", at, tuple(u for u, kind in card.suggestions if kind in kinds))


def overridden(
    card: AssessedTrial, code: str = "not-now", *, at: datetime = NOW, comment: str = ""
) -> FeedbackItem:
    """The card was set aside for one of our reasons."""
    return FeedbackItem(card.card, "overridden", at, reason_code=code, comment=comment)


def days(number: float) -> timedelta:
    """For reading."""
    return timedelta(days=number)


def left(database: Database) -> dict[str, int]:
    """Rows by table, where there are any."""
    with database.autocommit() as connection:
        counts = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.metadata.tables.items()
        }
    return {name: count for name, count in counts.items() if count}
