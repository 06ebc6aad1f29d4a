"""Diagnoses known only as the reason for a drug: shown beside a condition that is not met, never counted."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.concept import Concept
from mappings.evaluation.context import OUTCOME, Context, Outcome
from mappings.facts import Diagnosis
from mappings.results import EVIDENCE, Evidence
from mappings.verdicts import MET, NOT_FOUND, Reason


def with_hints(outcome: Outcome, concepts: Sequence[Concept], context: Context) -> Outcome:
    """The same verdict, with the hints about these concepts as evidence.

    Where nothing else is on record, the reason is that what there is was not confirmed.
    """
    hints = context.record.hints
    if outcome.verdict is MET or context.in_score:
        return outcome
    shown = [
        _evidence(hint, concept)
        for concept in concepts
        for hint in hints.get(concept.id, ())
        if hint.recorded is None or hint.recorded.first <= context.day
    ]
    if not shown:
        return outcome
    reason = Reason.NOT_CONFIRMED if outcome.reason is NOT_FOUND else outcome.reason
    return OUTCOME((outcome.verdict, reason, (*shown, *outcome.evidence)))


def _evidence(hint: Diagnosis, concept: Concept) -> Evidence:
    day = hint.recorded.text if hint.recorded is not None else ""
    said, reason = hint.text or None, Reason.NOT_CONFIRMED
    return EVIDENCE(
        (concept.id, concept.display, reason, hint.text, said, "", day, hint.reference, None, hint.note, "")
    )
