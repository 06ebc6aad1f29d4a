"""Conditions and procedures: any one of them may hold; absence is unknown unless the author says more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.dates import BEGINNING, When, complete_years
from mappings.evaluation.context import OUTCOME, Context, Outcome, counts_until, placement
from mappings.evaluation.results import absent, ended_by, window_words
from mappings.facts import Diagnosis, Performed
from mappings.results import EVIDENCE, Evidence
from mappings.rules import ConditionRule, ProcedureRule
from mappings.verdicts import Reason, Verdict, first_unknown_reason

_PAST = frozenset({"inactive", "resolved"})
Judged = tuple[Verdict, Reason, Evidence]


def evaluate_condition(rule: ConditionRule, context: Context) -> Outcome:
    """A confirmed Condition of one of the concepts, by its status, onset and what followed it."""
    diagnoses = context.record.diagnoses
    if diagnoses.keys().isdisjoint(rule.of):
        return _nothing_of(rule.of, rule.absent_means_not_met, context)
    judged = [
        judge
        for concept in rule.of
        for diagnosis in diagnoses.get(concept, ())
        if not _is_future(diagnosis, context.day)
        for judge in [_judge_diagnosis(diagnosis, rule, context)]
    ]
    return _any_of(judged, rule.of, rule.absent_means_not_met, context)


def _is_future(diagnosis: Diagnosis, today: int) -> bool:
    known = diagnosis.onset or diagnosis.recorded
    return known is not None and known.first > today


def _judge_diagnosis(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Judged:
    verdict, reason = _verdict(diagnosis, rule, context)
    when = diagnosis.onset or diagnosis.recorded
    window = rule.within or rule.recorded_within
    evidence = EVIDENCE(
        (
            diagnosis.concept,
            context.concept(diagnosis.concept).display,
            reason,
            diagnosis.text,
            diagnosis.text or None,
            "",
            when.text if when else "",
            diagnosis.reference,
            counts_until(when, window) if when else None,
            diagnosis.note or diagnosis.clinical_status,
            window_words(window or context.window),
        )
    )
    return verdict, reason, evidence


def _verdict(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> tuple[Verdict, Reason]:
    if not _status_counts(diagnosis, rule, context):
        return Verdict.NOT_MET, Reason.VALUE
    if diagnosis.confirmed is None:
        return Verdict.UNKNOWN, Reason.NOT_CONFIRMED
    for misplaced in (_onset_misplaced(diagnosis, rule, context), _onset_age(diagnosis, rule, context)):
        if misplaced is Reason.TOO_OLD and rule.older_means_not_met:
            return Verdict.NOT_MET, misplaced
        if misplaced is not None:
            return Verdict.UNKNOWN, misplaced
    if rule.unless_followed_by:
        ended = _ended(diagnosis, rule, context)
        if ended is not None:
            return (Verdict.NOT_MET if ended is Reason.VALUE else Verdict.UNKNOWN), ended
    if rule.followed_by:
        return _followed(diagnosis, rule, context)
    return Verdict.MET, Reason.VALUE


def _status_counts(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> bool:
    if rule.clinical_status:
        return diagnosis.clinical_status in rule.clinical_status
    if rule.ever or context.in_score:
        return True
    over = diagnosis.abatement is not None and diagnosis.abatement.last <= context.day
    return diagnosis.clinical_status not in _PAST and not over


def _onset_misplaced(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Reason | None:
    """Onset or recurrence lies in a window, never recordedDate, unless the rule asks for recording."""
    if rule.recorded_within is not None:
        first = max(rule.recorded_within.start(context.today).toordinal(), context.not_before)
        dates = [when for when in (diagnosis.recorded, diagnosis.onset) if when is not None]
        placed = [placement(when, first, context.day) for when in dates]
        return None if None in placed else (placed[0] if placed else Reason.IMPRECISE)
    first = context.first_day(rule.within)
    if first == BEGINNING:
        return None
    if diagnosis.onset is None:
        return Reason.IMPRECISE
    return placement(diagnosis.onset, first, context.day)


def _onset_age(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Reason | None:
    """None if old enough at onset; an earlier onset is for a person to judge, an unknown one imprecise."""
    if rule.onset_age_at_least is None:
        return None
    birth, onset = context.record.patient.birth, diagnosis.onset
    if birth is None or onset is None or onset.first <= birth.last:
        return Reason.IMPRECISE
    if _age_on(onset.first, birth)[0] >= rule.onset_age_at_least:
        return None
    certainly_younger = _age_on(onset.last, birth)[1] < rule.onset_age_at_least
    return Reason.NEEDS_JUDGEMENT if certainly_younger else Reason.IMPRECISE


def _age_on(day: int, birth: When) -> tuple[int, int]:
    return complete_years(birth, date.fromordinal(min(day, date.max.toordinal())))


def _ended(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Reason | None:
    when = diagnosis.onset or diagnosis.recorded
    first, last = (when.first, when.last) if when else (BEGINNING, context.day)
    return ended_by(first, last, rule.unless_followed_by, context)


def _followed(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> tuple[Verdict, Reason]:
    """MET if one of the named criteria is MET by evidence after the Condition's date."""
    when = diagnosis.abatement or diagnosis.recorded
    if when is None:
        return Verdict.UNKNOWN, Reason.IMPRECISE
    later = context.since(when.last + 1)
    unknown = []
    for criterion in rule.followed_by:
        result = later.criterion(criterion)
        if result.verdict is Verdict.MET:
            return Verdict.MET, Reason.VALUE
        if result.verdict is Verdict.UNKNOWN:
            unknown.append(result.reason)
    return (Verdict.UNKNOWN, first_unknown_reason(unknown)) if unknown else (Verdict.NOT_MET, Reason.VALUE)


def evaluate_procedure(rule: ProcedureRule, context: Context) -> Outcome:
    """A completed Procedure of one of the concepts, ever or within a window."""
    first = context.first_day(rule.within)
    judged = [
        _judge_performed(performed, first, rule, context)
        for concept in rule.of
        for performed in context.record.procedures.get(concept, ())
        if performed.when.first <= context.day
    ]
    return _any_of(judged, rule.of, rule.absent_means_not_met, context)


def _judge_performed(performed: Performed, first: int, rule: ProcedureRule, context: Context) -> Judged:
    reason = Reason.VALUE
    if performed.done is None:
        reason = Reason.NOT_CONFIRMED
    elif first > BEGINNING:
        reason = placement(performed.when, first, context.day) or Reason.VALUE
    evidence = Evidence(
        performed.concept,
        context.concept(performed.concept).display,
        reason,
        performed.text,
        performed.text or None,
        "",
        performed.when.text,
        performed.reference,
        counts_until(performed.when, rule.within),
        performed.note,
        window_words(rule.within),
    )
    return Verdict.MET if reason is Reason.VALUE else Verdict.UNKNOWN, reason, evidence


def _any_of(
    judged: Sequence[Judged], concepts: Sequence[str], absent_means_not_met: bool, context: Context
) -> Outcome:
    """MET if one holds; UNKNOWN if one might; else as if nothing were there, with what is there shown."""
    met = [each for each in judged if each[0] is Verdict.MET]
    if met:
        return OUTCOME((Verdict.MET, Reason.VALUE, tuple(evidence for _, _, evidence in met)))
    shown = tuple(evidence for _, _, evidence in judged)
    unknown = [reason for verdict, reason, _ in judged if verdict is Verdict.UNKNOWN]
    if unknown:
        return OUTCOME((Verdict.UNKNOWN, first_unknown_reason(unknown), shown))
    nothing = _nothing_of(concepts, absent_means_not_met, context)
    return nothing._replace(evidence=shown) if shown else nothing


def _nothing_of(concepts: Sequence[str], absent_means_not_met: bool, context: Context) -> Outcome:
    if context.record.gaps:
        for concept in concepts:
            if context.gap(concept) is not None:
                return absent(concept, context, absent_means_not_met)
    return absent(concepts[0], context, absent_means_not_met)
