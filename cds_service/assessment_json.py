"""Assessments as JSON: a contract (docs/assessment-json.md). Members may be added, never renamed.

A member that has no value is ``null``, a list that has none is empty; no member is ever left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from mappings.results import (
    Assessment,
    CriterionResult,
    Evidence,
    MissingFact,
    NearMiss,
    NextStep,
    NextSteps,
    ScoreResult,
    SiteFacts,
    WorksheetAnswer,
)

NOT_REVIEWED = "criteria not yet reviewed by a physician"


def patient_document(patient: str, as_of: date, assessments: Sequence[Assessment]) -> dict[str, Any]:
    """The document of one patient (``Patient/x``) on one day."""
    return {
        "patient": patient,
        "as_of": as_of.isoformat(),
        "assessments": [assessment_json(assessment) for assessment in assessments],
    }


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    """One trial's part of a document."""
    met, unknown, not_met = assessment.counts()
    return {
        "trial": assessment.trial.id,
        "definition": _definition(assessment),
        "outcome": assessment.outcome,
        "record_reason": assessment.record_reason or None,
        "gate": assessment.gate.value,
        "counts": {"met": met, "unknown": unknown, "not_met": not_met},
        "criteria": [_criterion(criterion) for criterion in assessment.criteria],
        "scores": {score.id: _score(score) for score in assessment.scores},
        "answers": [_answer(answer) for answer in assessment.answers],
        "next_steps": _next_steps(assessment.next_steps),
        "near_misses": [_near_miss(miss) for miss in assessment.near_misses],
        "enrolment": assessment.enrolment or None,
        "other_studies": list(assessment.other_studies),
        "not_encoded": list(assessment.not_encoded),
        "not_retrieved": list(assessment.not_retrieved),
        "unreadable": [{"reference": one.reference, "what": one.what} for one in assessment.unreadable],
    }


def _definition(assessment: Assessment) -> dict[str, Any]:
    trial = assessment.trial
    return {
        "version": trial.version,
        "digest": trial.digest,
        "status": trial.status,
        "reviewed_by": trial.reviewed_by or None,
        "note": None if trial.reviewed_by else NOT_REVIEWED,
        "site": _site(assessment.site),
    }


def _site(site: SiteFacts | None) -> dict[str, Any] | None:
    return {"name": site.name, "digest": site.digest} if site else None


def _criterion(criterion: CriterionResult) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "label": criterion.label,
        "kind": criterion.kind,
        "verdict": criterion.verdict.value,
        "reason": criterion.reason.value,
        "evidence": [_evidence(evidence) for evidence in criterion.evidence],
        "to_settle": list(criterion.to_settle),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    until = evidence.counts_until
    return {
        "reference": evidence.reference or None,
        "concept": evidence.concept,
        "label": evidence.label,
        "value": evidence.value,
        "unit": evidence.unit or None,
        "text": evidence.text or None,
        "date": evidence.date or None,
        "reason": evidence.reason.value,
        "note": evidence.note or None,
        "counts_until": until.isoformat() if until else None,
    }


def _answer(answer: WorksheetAnswer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "text": answer.text,
        "settles": answer.settles or None,
        "state": answer.state,
        "evidence": [_evidence(evidence) for evidence in answer.evidence],
    }


def _next_steps(steps: NextSteps) -> dict[str, Any]:
    return {
        "sets": [{"effort": one.effort, "steps": [_step(step) for step in one.steps]} for one in steps.sets],
        "more": steps.more,
        "could_rule_out": [_missing_fact(fact) for fact in steps.could_rule_out],
        "needs_a_person": list(steps.needs_a_person),
        "not_yet": list(steps.not_yet),
    }


def _step(step: NextStep) -> dict[str, Any]:
    return {
        "how": step.how,
        "label": step.label or None,
        "effort": step.effort,
        "facts": [_missing_fact(fact) for fact in step.facts],
        "orders": [
            {"concept": one.concept, "system": one.system, "code": one.code, "display": one.display or None}
            for one in step.orders
        ],
    }


def _missing_fact(fact: MissingFact) -> dict[str, Any]:
    return {
        "concept": fact.concept,
        "label": fact.label,
        "how": fact.how,
        "wanted": [
            {"kind": want.kind, "limit": want.limit or None, "answers": list(want.answers)}
            for want in fact.wanted
        ],
        "criteria": list(fact.criteria),
    }


def _near_miss(miss: NearMiss) -> dict[str, Any]:
    return {
        "criterion": miss.criterion,
        "kind": miss.kind,
        "concept": miss.concept,
        "label": miss.label,
        "text": miss.text or None,
        "limit": miss.limit or None,
        "amount": miss.amount,
        "unit": miss.unit or None,
        "date": miss.date.isoformat() if miss.date else None,
    }


def _score(score: ScoreResult) -> dict[str, Any]:
    members = {
        "at_least": score.at_least,
        "at_most": score.at_most,
        "undecided": list(score.undecided),
        "basis": score.basis,
        "struck": [{"item": item.id, **_evidence(item.struck)} for item in score.items if item.struck],
    }
    return {**members, "entry": score.entry.value} if score.entry is not None else members
