"""Short words for candidates, answers and offers, so that a case fits on a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cds_service.clients.registered import TrialOffer
from cds_service.fatigue.candidates import Candidate
from cds_service.fatigue.deciding import Decision, decide
from cds_service.fatigue.history import Answer, CriterionTrace, History, Rate
from cds_service.fatigue.policy import Policy
from mappings.results import Assessment, CriterionResult, Evidence, TrialFacts
from mappings.verdicts import Reason, Verdict

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
TRIAL = "NCT06920433"
Traces = tuple[CriterionTrace, ...]
VERDICTS = {"+": ("met", "value"), "?": ("unknown", "not_found"), "n": ("met", "not_applicable")}


def traces(**criteria: str) -> tuple[CriterionTrace, ...]:
    """``proteinuria="+a"``: met, resting on evidence a. ``?``: unknown; ``n``: not applicable."""
    return tuple(
        CriterionTrace(name.replace("_", "-"), *VERDICTS[text[0]], text[1:])
        for name, text in criteria.items()
    )


SAME = traces(age="+a", proteinuria="+b", biopsy="?")


def candidate(trial: str = TRIAL, seen: tuple[CriterionTrace, ...] = SAME, **members: Any) -> Candidate:
    return Candidate(trial, seen, **members)


def answer(reason: str = "", days_ago: float = 1, **members: Any) -> Answer:
    """An override by this user, unless said otherwise."""
    at = NOW - timedelta(days=days_ago)
    usual: dict[str, Any] = {
        "trial": TRIAL,
        "outcome": "overridden",
        "reason": reason,
        "at": at,
        "by_this_user": True,
        "referred": False,
        "traces": SAME,
    }
    return Answer(**{**usual, **members})


def accepted(days_ago: float = 1, *, referred: bool = False, **members: Any) -> Answer:
    """A suggestion taken: a referral, or the order of a test."""
    return answer("", days_ago, outcome="accepted", referred=referred, **members)


def by_a_colleague(given: Answer) -> Answer:
    return given._replace(by_this_user=False)


def offers(*trials: str, policy: Policy | None = None, **members: Any) -> dict[str, TrialOffer]:
    return {trial: TrialOffer(trial, policy=policy or Policy(), **members) for trial in trials or (TRIAL,)}


def history(*answers: Answer, today: dict[str, int] | None = None, rate: Rate | None = None) -> History:
    newest_first = sorted(answers, key=lambda one: one.at, reverse=True)
    return History(tuple(newest_first), today or {}, {TRIAL: rate} if rate else {})


def decided(
    candidates: Candidate | Sequence[Candidate],
    past: History,
    *,
    policy: Policy | None = None,
    now: datetime = NOW,
    **members: Any,
) -> tuple[Decision, ...]:
    """What is decided with this policy for every trial among the candidates."""
    several = [candidates] if isinstance(candidates, Candidate) else list(candidates)
    offered = offers(*(one.trial for one in several), policy=policy, **members)
    return decide(several, past, offered, now, now.date())


def one_decision(past: History, seen: tuple[CriterionTrace, ...] = SAME, **members: Any) -> Decision:
    """What is decided for the one candidate there is."""
    (decision,) = decided(candidate(seen=seen), past, **members)
    return decision


FACTS = TrialFacts(TRIAL, "A trial", "A trial", "draft", "1", "sha256:0", "", date(2025, 11, 14))


def fact(value: float | str | None = 1.4, **members: Any) -> Evidence:
    """A urine protein/creatinine ratio of 1 June."""
    usual: dict[str, Any] = {
        "concept": "upcr",
        "label": "UPCR",
        "reason": Reason.VALUE,
        "value": value,
        "unit": "g/g",
        "date": "2026-06-01",
        "reference": "Observation/1",
    }
    return Evidence(**{**usual, **members})


def criterion(
    name: str, *evidence: Evidence, verdict: Verdict = Verdict.MET, reason: Reason = Reason.VALUE
) -> CriterionResult:
    return CriterionResult(name, name, verdict, reason, evidence)


def assessed(*criteria: CriterionResult, **members: Any) -> Assessment:
    """A possible candidate, unless said otherwise."""
    usual = {"outcome": "possible-candidate", "criteria": criteria}
    return Assessment(FACTS, "Patient/p", NOW.date(), **{**usual, **members})
