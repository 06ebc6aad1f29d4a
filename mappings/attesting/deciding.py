"""How an answer settles a criterion: data first.

A record that decides a criterion keeps its verdict; an answer that says otherwise stands beside it. An answer
decides only where the record leaves the criterion unknown, and not because something was not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mappings.amounts import compare, exactly
from mappings.attesting.standing import StandingAnswer, standing_answer, standing_answers
from mappings.attesting.words import answers_as_evidence
from mappings.concept import Concept
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome
from mappings.facts import Attestation
from mappings.results import Evidence, WorksheetAnswer
from mappings.rules import AnyOf, Judgement, Measurement, Not, Rule
from mappings.trial_definition import UNSURE, YES, Question, TrialDefinition
from mappings.verdicts import (
    CONFLICTING,
    MET,
    NEEDS_JUDGEMENT,
    NOT_MET,
    NOT_RETRIEVED,
    TOO_OLD,
    UNKNOWN,
    Reason,
    Verdict,
    conjunction,
    first_unknown_reason,
    negation,
)

ATTESTED = Reason.ATTESTED


class Asked(NamedTuple):
    """What an answer is about: a judgement or a measurement that makes up a rule, perhaps turned round."""

    of: Judgement | Measurement
    turned_round: bool = False


def asked_in(rule: Rule) -> Asked | None:
    """What a person can be asked to settle a rule. None where one answer would not settle it.

    It is a judgement, alone or among the parts of ``any`` (there, whatever does not hold for sure is a
    question for a person), or a measurement that stands alone; ``not`` turns it round.
    """
    if isinstance(rule, Judgement | Measurement):
        return Asked(rule)
    if isinstance(rule, AnyOf):
        judgements = [part for part in rule.of if isinstance(part, Judgement)]
        return Asked(judgements[0]) if len(judgements) == 1 else None
    if isinstance(rule, Not):
        inner = asked_in(rule.of)
        return Asked(inner.of, not inner.turned_round) if inner is not None else None
    return None


def concept_of(asked: Asked, concepts: Mapping[str, Concept]) -> Concept | None:
    """The concept of which the answer is a result; None for a judgement."""
    return concepts[asked.of.of] if isinstance(asked.of, Measurement) else None


def verdict_of(attestation: Attestation, asked: Asked) -> Verdict:
    """What an answer says of the rule; to be unsure leaves it open, as does one that cannot be used."""
    return UNKNOWN if attestation.problem is not None else said_by(attestation.answer, asked)


def said_by(answer: str, asked: Asked) -> Verdict:
    """What one of a question's choices says of the rule."""
    if answer == UNSURE:
        return UNKNOWN
    if isinstance(asked.of, Measurement):
        said = conjunction([compare(exactly(float(answer)), bound) for bound in asked.of.bounds])
    else:
        said = MET if answer == YES else NOT_MET
    return negation(said) if asked.turned_round else said


def with_answers(
    evaluate: Evaluator, question: Question, trial_id: str, asked: Asked, concept: Concept | None
) -> Evaluator:
    """A criterion's requirement, settled by the answer to a question where the record does not.

    ``concept`` is that of the measurement of which the answer is a result.
    """

    def answered(context: Context) -> Outcome:
        outcome = evaluate(context)
        if not context.record.attestations:
            return outcome
        standing = standing_answer(trial_id, question, context.record, context.today)
        if standing.state == "none" or standing.answers[0].when.first < context.not_before:
            return outcome
        return _settled(outcome, standing, asked, concept)

    return answered


def _settled(outcome: Outcome, standing: StandingAnswer, asked: Asked, concept: Concept | None) -> Outcome:
    verdict, reason, evidence = outcome
    said = {verdict_of(answer, asked) for answer in standing.answers}
    beside = answers_as_evidence(standing, concept)
    if verdict is not UNKNOWN:
        disagrees = standing.state != "too_old" and bool(said - {verdict, UNKNOWN})
        return OUTCOME((verdict, reason, (*evidence, *beside))) if disagrees else outcome
    if standing.state == "unsure" or _not_all_read(outcome):
        return OUTCOME((verdict, reason, (*evidence, *beside)))
    if standing.state == "too_old":
        return _open(outcome, TOO_OLD, answers_as_evidence(standing, concept, TOO_OLD))
    if standing.state == "unreadable":
        return _open(outcome, Reason.UNREADABLE, beside)
    if len(said) > 1:
        return _open(outcome, CONFLICTING, answers_as_evidence(standing, concept, CONFLICTING))
    rest = [each for each in evidence if each.reason is not NEEDS_JUDGEMENT]
    return OUTCOME((said.pop(), ATTESTED, (*beside, *rest)))


def _not_all_read(outcome: Outcome) -> bool:
    """Whether something was not read that could decide; a judgement alone rests on nothing that is read."""
    if outcome.reason is NOT_RETRIEVED:
        return True
    return outcome.reason is not NEEDS_JUDGEMENT and any(e.reason is NOT_RETRIEVED for e in outcome.evidence)


def _open(outcome: Outcome, reason: Reason, answers: Sequence[Evidence]) -> Outcome:
    """Still unknown; of two reasons the first in the documented order."""
    why = first_unknown_reason([reason, outcome.reason])
    return OUTCOME((UNKNOWN, why, (*answers, *outcome.evidence)))


def worksheet_answers(trial: TrialDefinition, context: Context) -> tuple[WorksheetAnswer, ...]:
    """The latest answers to all questions of the worksheet that have one."""
    if not context.record.attestations:
        return ()
    concepts = {question.id: _concept(question, trial, context) for question in trial.worksheet.questions}
    return tuple(
        WorksheetAnswer(
            question.id,
            question.text,
            question.settles,
            standing.state,
            answers_as_evidence(standing, concepts[question.id]),
        )
        for standing in standing_answers(trial, context.record, context.today)
        for question in [standing.question]
        if standing.state != "none"
    )


def _concept(question: Question, trial: TrialDefinition, context: Context) -> Concept | None:
    rule = next((c.require for c in trial.criteria if c.id == question.settles), None)
    asked = asked_in(rule) if rule is not None else None
    return concept_of(asked, context.shared.concepts) if asked is not None else None
