"""The metrics of answered calls and of feedback."""

from __future__ import annotations

from cards import wording
from cds_service.answering.flow import Answer
from cds_service.clients.caller import Caller
from cds_service.feedback.reading import ReadFeedback
from cds_service.observing import metrics

_REASONS = frozenset(code for code, _ in wording.OVERRIDE_REASONS)


def count_answer(caller: Caller, answer: Answer) -> None:
    """The metrics of an answered call."""
    if answer.judged is None:
        return
    for assessment in answer.judged.assessments:
        metrics.OUTCOMES.labels(assessment.trial.id, assessment.outcome).inc()
    for decision in answer.judged.decisions.values():
        if decision.silenced:
            metrics.SILENCED.labels(decision.trial, decision.silenced).inc()
    for trial in answer.composed or ():
        metrics.CARDS.labels(trial, caller.client.id).inc()


def count_feedback(caller: Caller, read: ReadFeedback) -> None:
    """The metrics of feedback, as it was received: what is sent again counts again."""
    for item in read.items:
        ours = item.reason_system == wording.OVERRIDE_SYSTEM and item.reason_code in _REASONS
        reason = item.reason_code if ours else "other" if item.reason_code else "none"
        metrics.FEEDBACK.labels(caller.client.id, item.outcome, reason).inc()
