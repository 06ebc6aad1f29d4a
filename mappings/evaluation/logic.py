"""How rules combine, and the rules about the person alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain
from operator import attrgetter

from mappings.amounts import Amount, compare
from mappings.dates import When, Window, complete_years, parse_when
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome
from mappings.evaluation.plan import Planner
from mappings.results import Evidence
from mappings.rules import Age, All, AnyOf, AtLeast, CriterionRef, Judgement, Not, Sex
from mappings.verdicts import (
    CONFLICTING,
    IMPRECISE,
    MET,
    NEEDS_JUDGEMENT,
    NOT_FOUND,
    NOT_MET,
    NOT_RETRIEVED,
    TOO_OLD,
    UNKNOWN,
    VALUE,
    Reason,
    Verdict,
    at_least,
    conjunction,
    first_unknown_reason,
    negation,
)

_CONCEPT = attrgetter("concept")
_NOTHING_THERE = frozenset({NOT_FOUND, TOO_OLD})
_NO_NEWER_RESULT = frozenset({NOT_FOUND, TOO_OLD, NOT_RETRIEVED})


def prepare_all(rule: All, planner: Planner) -> Evaluator:
    """AND: one NOT_MET decides; otherwise one UNKNOWN leaves it unknown."""
    parts = planner.each(rule.of)

    def evaluate(context: Context) -> Outcome:
        outcomes, not_met, unknown = [], [], []
        for part in parts:
            outcome = part(context)
            outcomes.append(outcome)
            verdict = outcome.verdict
            if verdict is UNKNOWN:
                unknown.append(outcome)
            elif verdict is NOT_MET:
                not_met.append(outcome)
        if not_met:
            return _combined(NOT_MET, not_met, outcomes)
        return _combined(UNKNOWN if unknown else MET, unknown or outcomes, outcomes)

    return evaluate


def prepare_any(rule: AnyOf, planner: Planner) -> Evaluator:
    """OR: one MET decides; otherwise one UNKNOWN leaves it unknown."""
    parts = planner.each(rule.of)
    for_a_person = any(isinstance(part, Judgement) for part in rule.of)
    may_conflict, passing_over = rule.conflicting_when_older_by is not None, rule.passing_over_absent

    def evaluate(context: Context) -> Outcome:
        outcomes, met, unknown = [], [], []
        for part in parts:
            outcome = part(context)
            outcomes.append(outcome)
            verdict = outcome.verdict
            if verdict is MET:
                met.append(outcome)
            elif verdict is UNKNOWN:
                unknown.append(outcome)
        if met:
            conflict = _conflict(rule, outcomes, context.day) if may_conflict else None
            return conflict or _combined(MET, met, outcomes)
        if passing_over and unknown:
            outcomes = [outcome for outcome in outcomes if not _says_nothing(outcome)] or outcomes
            unknown = [outcome for outcome in outcomes if outcome.verdict is UNKNOWN]
        if for_a_person and unknown and any(o.reason is NEEDS_JUDGEMENT for o in outcomes):
            return _for_a_person(outcomes)
        return _combined(UNKNOWN if unknown else NOT_MET, unknown or outcomes, outcomes)

    return evaluate


def _says_nothing(outcome: Outcome) -> bool:
    return outcome.verdict is UNKNOWN and outcome.reason in _NOTHING_THERE


def _for_a_person(parts: Sequence[Outcome]) -> Outcome:
    """With a judgement among the parts, what is not met for sure is for a person, if all was read."""
    unread = any(part.reason is NOT_RETRIEVED for part in parts)
    in_order = sorted(parts, key=lambda part: part.reason is not NEEDS_JUDGEMENT)
    reason = NOT_RETRIEVED if unread else NEEDS_JUDGEMENT
    return OUTCOME((UNKNOWN, reason, _merged(in_order)))


def prepare_not(rule: Not, planner: Planner) -> Evaluator:
    """The verdict turned round; unknown stays unknown."""
    inner = planner.prepare(rule.of)

    def evaluate(context: Context) -> Outcome:
        verdict, reason, evidence = inner(context)
        return OUTCOME((negation(verdict), reason, evidence))

    return evaluate


def prepare_at_least(rule: AtLeast, planner: Planner) -> Evaluator:
    """k of n."""
    parts = planner.each(rule.of)

    def evaluate(context: Context) -> Outcome:
        outcomes = [part(context) for part in parts]
        verdict = at_least(rule.count, [outcome.verdict for outcome in outcomes])
        deciding = [outcome for outcome in outcomes if outcome.verdict is verdict]
        return _combined(verdict, deciding or list(outcomes), outcomes)

    return evaluate


def prepare_criterion_ref(rule: CriterionRef, _planner: Planner) -> Evaluator:
    """What another criterion says."""

    def evaluate(context: Context) -> Outcome:
        result = context.criterion(rule.id)
        return OUTCOME((result.verdict, result.reason, result.evidence))

    return evaluate


def _combined(verdict: Verdict, deciding: list[Outcome], parts: Sequence[Outcome]) -> Outcome:
    """The parts that decided come first; if unknown, the rest is shown too."""
    first = deciding[0]
    if len(deciding) == 1 and first.verdict is verdict and (len(parts) == 1 or verdict is not UNKNOWN):
        return first
    if verdict is not UNKNOWN:
        return OUTCOME((verdict, first.reason, _merged(deciding)))
    reason, reasons = first.reason, [part.reason for part in deciding]
    if reasons.count(reason) < len(reasons):
        reason = first_unknown_reason(reasons)
        deciding.sort(key=lambda part: part.reason is not reason)
    if len(deciding) < len(parts):
        deciding += [part for part in parts if part.verdict is not verdict]
    return OUTCOME((verdict, reason, _merged(deciding)))


def _merged(parts: Sequence[Outcome]) -> tuple[Evidence, ...]:
    if len(parts) == 1:
        return parts[0].evidence
    return without_repeats(tuple(chain.from_iterable([part.evidence for part in parts])))


def without_repeats(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Each fact once for each reason, however many parts of a rule looked at it."""
    if len(set(map(_CONCEPT, evidence))) == len(evidence):
        return evidence
    seen: dict[tuple[str, str, Reason, str], Evidence] = {}
    for each in evidence:
        seen.setdefault((each.concept, each.reference, each.reason, each.text), each)
    return tuple(seen.values())


def _conflict(rule: AnyOf, parts: Sequence[Outcome], today: int) -> Outcome | None:
    """A pass that rests on an older result than a fail: both are shown.

    A result that cannot be used (not confirmed, in a unit that cannot be compared) or whose date is partial
    may be such a fail: then it is unknown for that reason.
    """
    allowed = rule.conflicting_when_older_by
    passing = [(part, when) for part in parts if part.verdict is MET if (when := _newest(part))]
    others = [(part, when) for part in parts if _may_fail(part) if (when := _newest(part))]
    if allowed is None or not passing or not others:
        return None
    last_pass = max(when.last for _, when in passing)
    first_pass = max(when.first for _, when in passing)
    failing = [
        part for part, when in others if part.verdict is NOT_MET and _later(when.first, last_pass, allowed)
    ]
    if failing:
        shown = _merged([passing[0][0], failing[0]])
        evidence = without_repeats(tuple([each._replace(reason=CONFLICTING) for each in shown]))
        return OUTCOME((UNKNOWN, CONFLICTING, evidence))
    doubtful = [part for part, when in others if _later(min(when.last, today), first_pass, allowed)]
    if not doubtful:
        return None
    first = doubtful[0]
    reason = first.reason if first.verdict is UNKNOWN else IMPRECISE
    return OUTCOME((UNKNOWN, reason, _merged([*doubtful, passing[0][0]])))


def _later(day: int, passed: int, allowed: Window) -> bool:
    """Whether a result of a day is newer than the pass by more than is allowed."""
    return passed < allowed.start(date.fromordinal(day)).toordinal()


def _may_fail(part: Outcome) -> bool:
    """Whether a part fails, or rests on a newest result that cannot be used and may say so."""
    if part.verdict is UNKNOWN:
        return part.reason not in _NO_NEWER_RESULT
    return part.verdict is NOT_MET


def _newest(part: Outcome) -> When | None:
    days = [when for evidence in part.evidence if (when := parse_when(evidence.date)) is not None]
    return max(days, key=lambda when: when.last, default=None)


def prepare_age(rule: Age, _planner: Planner) -> Evaluator:
    """Complete years on the day; a partial birth date may leave it open."""

    def evaluate(context: Context) -> Outcome:
        patient = context.record.patient
        birth, reference = patient.birth, patient.reference
        if birth is None:
            reason = Reason.UNREADABLE if patient.birth_unreadable else NOT_FOUND
            return _person(UNKNOWN, Evidence("age", "Age", reason, reference=reference))
        if birth.first > context.day:
            future = "birth date in the future"
            fact = Evidence("age", "Age", Reason.UNREADABLE, reference=reference, note=future)
            return _person(UNKNOWN, fact)
        least, most = complete_years(birth, context.today)
        least = max(least, 0)
        verdict = conjunction([compare(Amount(least, most), bound) for bound in rule.bounds])
        reason = IMPRECISE if verdict is UNKNOWN else VALUE
        text = f"{least} years" if least == most else f"{least} or {most} years"
        value = least if least == most else text
        return _person(verdict, Evidence("age", "Age", reason, text, value, reference=reference))

    return evaluate


def prepare_sex(rule: Sex, _planner: Planner) -> Evaluator:
    """The administrative gender field, which is not always what it is taken for."""
    wanted = rule.is_

    def evaluate(context: Context) -> Outcome:
        patient = context.record.patient
        gender, reason = patient.gender, VALUE
        stated = gender in ("female", "male")
        if wanted == "not_stated":
            verdict = NOT_MET if stated else MET
        elif not stated:
            verdict, reason = UNKNOWN, NEEDS_JUDGEMENT if gender else NOT_FOUND
        else:
            verdict = MET if gender == wanted else NOT_MET
        fact = Evidence("sex", "Sex", reason, gender, gender or None, reference=patient.reference)
        return _person(verdict, fact)

    return evaluate


def _person(verdict: Verdict, fact: Evidence) -> Outcome:
    return OUTCOME((verdict, fact.reason, (fact,)))
