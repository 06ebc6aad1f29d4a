"""Calls and feedback as the service would record them, with marked secrets where it may not tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cds_service.audit.events import FeedbackRecord, ViewRecord
from cds_service.fatigue.history import CriterionTrace
from cds_service.storage.records import AssessedTrial, CallRecord, FeedbackItem, Subject

AT = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
SUBJECT = Subject("ehr-one", "clinic", "https://secretbase.example/fhir", "secretpatient-1")
USER = "Practitioner/secretuser"
SECRETS = ("secretpatient", "secretuser", "secretbase", "secretcomment", "secretreason", "secretstaff")
SHOWN = AssessedTrial(
    trial="NCT06920433",
    version="1",
    digest="d" * 16,
    outcome="possible-candidate",
    traces=(CriterionTrace("proteinuria", "met", "value", "k1.00"),),
    card="5a4f0f9a-4f6f-4f2b-8f7c-0b5ffb0a6a5a",
)


def call_record(**changes: Any) -> CallRecord:
    """An answered call in which one card was shown."""
    usual: dict[str, Any] = {
        "at": AT,
        "client": "ehr-one",
        "tenant": "clinic",
        "hook": "patient-view",
        "hook_instance": str(uuid4()),
        "service": "trial-match-patient-view",
        "status": 200,
        "milliseconds": 12.34,
        "subject": SUBJECT,
        "user": USER,
        "trials": (SHOWN,),
    }
    return CallRecord(**{**usual, **changes})


def feedback_record(**changes: Any) -> FeedbackRecord:
    """Feedback of which one item is as it should be, and one holds what no item should."""
    good = FeedbackItem(
        card=SHOWN.card,
        outcome="overridden",
        at=AT,
        reason_system="https://trialhook.example/fhir/CodeSystem/override-reason",
        reason_code="patient-declined",
        comment="secretcomment",
    )
    bad = FeedbackItem(
        card="secretpatient",
        outcome="secretreason",
        at=AT,
        suggestions=("secretpatient", "7A4F0F9A-4F6F-4F2B-8F7C-0B5FFB0A6A5B"),
        reason_system="https://secretbase.example",
        reason_code="secretreason",
    )
    usual: dict[str, Any] = {
        "at": AT,
        "client": "ehr-one",
        "tenant": "clinic",
        "service": "trial-match-patient-view",
        "status": 200,
        "milliseconds": 3.21,
        "items": (good, bad),
        "kept": 1,
        "unknown": 1,
        "user": USER,
    }
    return FeedbackRecord(**{**usual, **changes})


def view_record() -> ViewRecord:
    """Someone of the study staff looks at a patient."""
    return ViewRecord(AT, "ehr-one", "clinic", "NCT06920433", "secretstaff", SUBJECT, "worksheet")
