"""Conditions and procedures: any one of them may hold; absence is unknown unless the author says more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.concept import Concept
from mappings.dates import BEGINNING, LAST_DAY, SOME_DAY, When, complete_years
from mappings.evaluation.context import (
    OUTCOME,
    Context,
    Evaluator,
    Outcome,
    counts_until,
    on_record,
    placement,
    window_words,
)
from mappings.evaluation.events import ended_by, happened
from mappings.evaluation.hints import with_hints
from mappings.evaluation.plan import Planner
from mappings.evaluation.results import Absence, nothing_of
from mappings.facts import Diagnosis, Performed
from mappings.results import EVIDENCE, Evidence
from mappings.rules import ConditionRule, ProcedureRule
from mappings.verdicts import (
    IMPRECISE,
    MET,
    NEEDS_JUDGEMENT,
    NOT_MET,
    TOO_OLD,
    UNKNOWN,
    VALUE,
    Reason,
    Verdict,
    first_unknown_reason,
)

_PAST = frozenset({"inactive", "resolved"})
_AGAIN = frozenset({"relapse", "recurrence"})
_QUIET = _PAST | {"remission"}
Judged = tuple[Verdict, Reason, tuple[Evidence, ...]]
"""The evidence is the record itself, then whatever else its verdict rests on."""


def prepare_condition(rule: ConditionRule, planner: Planner) -> Evaluator:
    """A confirmed Condition of one of the concepts, by its status, onset and what followed it."""
    concepts = [planner.concepts[concept] for concept in rule.of]
    absences = [Absence(concept, rule.absent_means_not_met) for concept in concepts]
    asked_status = bool(rule.clinical_status)  # of which a hint says nothing
    window = rule.within or rule.recorded_within
    words = window_words(window)

    def judged(diagnosis: Diagnosis, concept: Concept, context: Context) -> Judged:
        verdict, reason, further = _verdict(diagnosis, rule, context)
        concept_id, reference, text, status, _, onset, _, recorded, note, begun = diagnosis
        when = onset or recorded
        until = counts_until(begun or when, window) if window is not None and when is not None else None
        day, note, look_back = "" if when is None else when.text, note or status, words or context.look_back
        label, value = concept.display, text or None
        parts = (concept_id, label, reason, text, value, "", day, reference, until, note, look_back)
        return verdict, reason, (EVIDENCE(parts), *further)

    def evaluate(context: Context) -> Outcome:
        diagnoses = context.record.diagnoses
        found = [
            judged(diagnosis, concept, context)
            for concept in concepts
            if concept.id in diagnoses
            for diagnosis in diagnoses[concept.id]
            if not _is_future(diagnosis, context.day)
        ]
        outcome = any_of(found, absences, context)
        if outcome.reason is Reason.NOT_FOUND and any(reason is TOO_OLD for _, reason, _ in found):
            outcome = OUTCOME((NOT_MET, VALUE, outcome.evidence))  # only older ones, and they mean no
        return (
            with_hints(outcome, concepts, context) if context.record.hints and not asked_status else outcome
        )

    return evaluate


def _is_future(diagnosis: Diagnosis, today: int) -> bool:
    known = diagnosis.onset or diagnosis.recorded
    return known is not None and known.first > today


def _verdict(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Judged:
    """The verdict on one diagnosis, and what it rests on beside it."""
    if not _status_counts(diagnosis, rule, context):
        return NOT_MET, VALUE, ()
    if diagnosis.confirmed is None:
        return UNKNOWN, Reason.NOT_CONFIRMED, ()
    misplaced = _onset_misplaced(diagnosis, rule, context)
    if misplaced is None and rule.onset_age_at_least is not None:
        misplaced = _onset_age(diagnosis, rule.onset_age_at_least, context)
    if misplaced is not None:
        return _of_other_days(diagnosis, misplaced, rule, context)
    if rule.clinical_status and diagnosis.clinical_status in _AGAIN:
        calmed = _calmed(diagnosis, context)
        if calmed is not None:
            return UNKNOWN, NEEDS_JUDGEMENT, calmed
    if rule.unless_followed_by:
        ended, by = _ended(diagnosis, rule, context)
        if ended is not None:
            return (NOT_MET if ended is VALUE else UNKNOWN), ended, by
    if rule.followed_by:
        return _followed(diagnosis, rule, context)
    return MET, VALUE, ()


def _of_other_days(diagnosis: Diagnosis, misplaced: Reason, rule: ConditionRule, context: Context) -> Judged:
    """What is not surely of the days asked for is over for sure only by its end or by the author's word."""
    if rule.unless_followed_by:
        ended, by = _ended(diagnosis, rule, context)
        if ended is VALUE:
            return NOT_MET, VALUE, by
    over = misplaced is TOO_OLD and rule.older_means_not_met
    return (NOT_MET if over else UNKNOWN), misplaced, ()


def _status_counts(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> bool:
    if rule.clinical_status:
        return diagnosis.clinical_status in rule.clinical_status
    if rule.ever or context.in_score:
        return True
    over = diagnosis.abatement is not None and diagnosis.abatement.last <= context.day
    return diagnosis.clinical_status not in _PAST and not over


def _calmed(relapse: Diagnosis, context: Context) -> tuple[Evidence, ...] | None:
    """What says that a relapse may be over; None if nothing does, and nothing if it says so itself.

    Another entry of the same diagnosis does that is in remission, inactive or resolved, unless the relapse
    surely came, or was recorded, after the day on which that one abated, or was recorded.
    """
    over = relapse.abatement
    if over is not None and over.first <= context.day:
        return ()
    begun = max((when.first for when in (relapse.onset, relapse.recorded) if when), default=BEGINNING)
    calm = [
        other
        for other in context.record.diagnoses[relapse.concept]
        if other.clinical_status in _QUIET and begun <= _quiet_since(other).last
    ]
    until_today = [other for other in calm if _quiet_since(other).first <= context.day]
    return tuple([_entry(other, context) for other in until_today]) or None


def _quiet_since(diagnosis: Diagnosis) -> When:
    return diagnosis.abatement or diagnosis.recorded or SOME_DAY


def _entry(diagnosis: Diagnosis, context: Context) -> Evidence:
    """Another entry on which the verdict on one rests."""
    concept, reference, text, status, *_ = diagnosis
    label, day = context.concept(concept).display, _quiet_since(diagnosis).text
    return EVIDENCE((concept, label, VALUE, text, text or None, "", day, reference, None, status, ""))


def _onset_misplaced(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Reason | None:
    """Onset or recurrence lies in a window, never recordedDate, unless the rule asks for recording.

    What was recorded or over by a day had begun by then, on whatever day.
    """
    if rule.recorded_within is not None:
        first = context.first_day(rule.recorded_within)
        dates = [when for when in (diagnosis.recorded, diagnosis.onset) if when is not None]
        placed = [placement(when, first, context.day) for when in dates]
        return None if None in placed else (placed[0] if placed else IMPRECISE)
    first = context.first if rule.within is None else context.first_day(rule.within)
    if first == BEGINNING:
        return None
    begun = _begun(diagnosis, context)
    return IMPRECISE if begun is None else placement(begun, first, context.day)


def _begun(diagnosis: Diagnosis, context: Context) -> When | None:
    """When it began. A relapse may be told by an entry of long before it, so only its own end bounds it."""
    if diagnosis.clinical_status in _AGAIN:
        diagnosis = diagnosis._replace(recorded=None)
    return diagnosis.begun or happened(diagnosis, context.day)


def _onset_age(diagnosis: Diagnosis, least: int, context: Context) -> Reason | None:
    """None if old enough at onset; an earlier onset is for a person to judge, an unknown one imprecise."""
    birth, onset = context.record.patient.birth, diagnosis.onset
    if birth is None or onset is None or onset.first <= birth.last:
        return IMPRECISE
    if _age_on(onset.first, birth)[0] >= least:
        return None
    certainly_younger = _age_on(onset.last, birth)[1] < least
    return NEEDS_JUDGEMENT if certainly_younger else IMPRECISE


def _age_on(day: int, birth: When) -> tuple[int, int]:
    return complete_years(birth, date.fromordinal(min(day, LAST_DAY)))


def _ended(
    diagnosis: Diagnosis, rule: ConditionRule, context: Context
) -> tuple[Reason | None, tuple[Evidence, ...]]:
    when = diagnosis.begun or diagnosis.onset or diagnosis.recorded
    first, last = (when.first, when.last) if when else (BEGINNING, context.day)
    return ended_by(first, last, rule.unless_followed_by, context)


def _followed(diagnosis: Diagnosis, rule: ConditionRule, context: Context) -> Judged:
    """MET if one of the named criteria is MET by evidence after the day on which the Condition abated.

    Without that day it is unknown what came after: recordedDate is the day of an entry, perhaps of the first.
    """
    when = diagnosis.abatement
    if when is None:
        return UNKNOWN, IMPRECISE, ()
    later = context.since(when.last + 1)
    results = later.criteria_until_met(rule.followed_by)
    if results and results[-1].verdict is MET:
        return MET, VALUE, on_record(results[-1].evidence)
    evidence = tuple([each for result in results for each in on_record(result.evidence)])
    unknown = [result.reason for result in results if result.verdict is UNKNOWN]
    return (UNKNOWN, first_unknown_reason(unknown), evidence) if unknown else (NOT_MET, VALUE, evidence)


def prepare_procedure(rule: ProcedureRule, planner: Planner) -> Evaluator:
    """A completed Procedure of one of the concepts, ever or within a window."""
    concepts = [planner.concepts[concept] for concept in rule.of]
    absences = [Absence(concept, rule.absent_means_not_met) for concept in concepts]
    words = window_words(rule.within)

    def judged(performed: Performed, concept: Concept, first: int, context: Context) -> Judged:
        reason = VALUE
        if performed.done is None:
            reason = Reason.NOT_CONFIRMED
        elif first > BEGINNING:
            reason = placement(performed.when, first, context.day) or VALUE
        concept_id, reference, text, when, _, note = performed
        until, label, value = counts_until(when, rule.within), concept.display, text or None
        evidence = EVIDENCE(
            (concept_id, label, reason, text, value, "", when.text, reference, until, note, words)
        )
        return MET if reason is VALUE else UNKNOWN, reason, (evidence,)

    def evaluate(context: Context) -> Outcome:
        first, procedures = context.first_day(rule.within), context.record.procedures
        found = [
            judged(performed, concept, first, context)
            for concept in concepts
            if concept.id in procedures
            for performed in procedures[concept.id]
            if performed.when.first <= context.day
        ]
        return any_of(found, absences, context)

    return evaluate


def any_of(judged: Sequence[Judged], absences: Sequence[Absence], context: Context) -> Outcome:
    """MET if one holds; UNKNOWN if one might; else as if nothing were there, with what is there shown."""
    if not judged:
        return nothing_of(absences, context)
    met = [each for verdict, _, evidence in judged if verdict is MET for each in evidence]
    if met:
        return OUTCOME((MET, VALUE, tuple(met)))
    shown = tuple([each for _, _, evidence in judged for each in evidence])
    unknown = [reason for verdict, reason, _ in judged if verdict is UNKNOWN]
    if unknown:
        return OUTCOME((UNKNOWN, first_unknown_reason(unknown), shown))
    verdict, reason, _ = nothing_of(absences, context)
    return OUTCOME((verdict, reason, shown))
