"""What was recorded of a patient, a user and a trial: what the policy decides by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class CriterionTrace(NamedTuple):
    """One criterion as it was shown: closed words and a keyed digest of its evidence, never a value."""

    id: str
    verdict: str
    reason: str
    digest: str


class Answer(NamedTuple):
    """What a clinician did with a card: ``reason`` is a code of the card's override reasons, "" if none.

    ``at`` is when the feedback came in, in UTC. ``traces`` are those of the card that was answered, ``card``
    is its uuid and ``shown_at`` (UTC) when it was shown, where known: an answer may come days later.
    """

    trial: str
    outcome: str  # "accepted" or "overridden"
    reason: str
    at: datetime
    by_this_user: bool
    referred: bool
    traces: tuple[CriterionTrace, ...]
    card: str = ""
    shown_at: datetime | None = None


class Referred(NamedTuple):
    """The patient's referral to a trial: its state, since when, and in which it was left, or ""."""

    state: str
    entered: datetime
    left_from: str = ""


class Rate(NamedTuple):
    """How cards of a trial at a client were answered within the policy's days."""

    answered: int
    overridden: int


@dataclass(frozen=True, slots=True)
class History:
    """Everything about one patient at one tenant, one user today, and trials at one client.

    ``patients_today`` maps a trial to the number of *other* distinct patients for whom this user saw a card
    of it today. ``answers`` are about this patient at this tenant, newest first. ``referrals`` are the
    patient's, by trial.
    """

    answers: tuple[Answer, ...] = ()
    patients_today: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
    referrals: Mapping[str, Referred] = field(default_factory=dict)
