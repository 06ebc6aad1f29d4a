"""What one call leaves behind. No names or tokens; ids and values only where they are to be encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.changes import Reading


class Subject(NamedTuple):
    """A patient as a client names it. Never written as it is: only as keyed hash, or encrypted."""

    client: str
    tenant: str
    fhir_base: str
    patient_id: str

    def __repr__(self) -> str:
        return f"Subject({self.client})"


class Pseudonym(NamedTuple):
    """A keyed hash, and the id of the key that made it."""

    key_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class AssessedTrial:
    """What a call found for one trial. ``silenced`` says why a card was held back ("" if none was).

    ``suggestions`` maps the uuid of each suggestion of the card to "refer" or "order". ``site`` and
    ``site_digest`` are those of the site's overlay ("" without one). ``reading`` is for the patient's
    referral to the trial, if there is one: of anybody else it is not kept.
    """

    trial: str
    version: str
    digest: str
    outcome: str
    traces: tuple[CriterionTrace, ...] = ()
    card: str = ""
    suggestions: tuple[tuple[str, str], ...] = ()
    silenced: str = ""
    site: str = ""
    site_digest: str = ""
    reading: Reading | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One answered hook call, for what was shown and for the audit trail.

    ``candidates``: trials whose silent candidate is to be kept for study staff, encrypted.
    """

    at: datetime
    client: str
    tenant: str
    hook: str
    hook_instance: str
    service: str
    status: int
    milliseconds: float
    subject: Subject = field(repr=False)
    user: str = field(repr=False)
    trials: Sequence[AssessedTrial] = ()
    candidates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """One entry of a feedback body, read. ``comment`` may hold patient data: encrypted, never echoed."""

    card: str
    outcome: str  # "accepted" or "overridden"
    at: datetime
    suggestions: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    comment: str = field(default="", repr=False)


class StorageAwayError(Exception):
    """The database cannot be used now. ``retry_after`` seconds are a good time to wait."""

    retry_after = 30
