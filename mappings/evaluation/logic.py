"""How rules combine, and the rules about the person alone."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.amounts import Amount, compare
from mappings.dates import When, complete_years, parse_when
from mappings.evaluation.context import OUTCOME, Context, Outcome
from mappings.results import Evidence
from mappings.rules import Age, All, AnyOf, AtLeast, CriterionRef, Judgement, Not, Sex
from mappings.verdicts import (
    Reason,
    Verdict,
    at_least,
    conjunction,
    disjunction,
    first_unknown_reason,
    negation,
)

_NOTHING_THERE = frozenset({Reason.NOT_FOUND, Reason.TOO_OLD})


def evaluate_all(rule: All, context: Context) -> Outcome:
    evaluate = context.shared.evaluate
    parts = [evaluate(part, context) for part in rule.of]
    return _combined(conjunction([part.verdict for part in parts]), parts)


def evaluate_any(rule: AnyOf, context: Context) -> Outcome:
    evaluate = context.shared.evaluate
    parts = [evaluate(part, context) for part in rule.of]
    verdict = disjunction([part.verdict for part in parts])
    if verdict is Verdict.UNKNOWN and rule.passing_over_absent:
        kept = [p for p in parts if p.verdict is not Verdict.UNKNOWN or p.reason not in _NOTHING_THERE]
        if kept:
            parts, verdict = kept, disjunction([part.verdict for part in kept])
    if verdict is Verdict.UNKNOWN and _asks_a_person(rule, parts):
        return _for_a_person(parts)
    if verdict is Verdict.MET and rule.conflicting_when_older_by is not None:
        conflict = _conflict(rule, parts)
        if conflict is not None:
            return conflict
    return _combined(verdict, parts)


def _asks_a_person(rule: AnyOf, parts: Sequence[Outcome]) -> bool:
    asked = Reason.NEEDS_JUDGEMENT in [part.reason for part in parts]
    return asked and any(isinstance(part, Judgement) for part in rule.of)


def _for_a_person(parts: Sequence[Outcome]) -> Outcome:
    """With a judgement among the parts, what is not met for sure is for a person, if all was read."""
    unread = any(part.reason is Reason.NOT_RETRIEVED for part in parts)
    in_order = sorted(parts, key=lambda part: part.reason is not Reason.NEEDS_JUDGEMENT)
    reason = Reason.NOT_RETRIEVED if unread else Reason.NEEDS_JUDGEMENT
    return OUTCOME((Verdict.UNKNOWN, reason, _merged(in_order)))


def evaluate_not(rule: Not, context: Context) -> Outcome:
    inner = context.evaluate(rule.of)
    return OUTCOME((negation(inner.verdict), inner.reason, inner.evidence))


def evaluate_at_least(rule: AtLeast, context: Context) -> Outcome:
    evaluate = context.shared.evaluate
    parts = [evaluate(part, context) for part in rule.of]
    return _combined(at_least(rule.count, [part.verdict for part in parts]), parts)


def evaluate_criterion_ref(rule: CriterionRef, context: Context) -> Outcome:
    result = context.criterion(rule.id)
    return OUTCOME((result.verdict, result.reason, result.evidence))


def _combined(verdict: Verdict, parts: Sequence[Outcome]) -> Outcome:
    """The parts that decided come first; if unknown, the rest is shown too."""
    deciding = [part for part in parts if part.verdict is verdict] or list(parts)
    first = deciding[0]
    if (
        len(deciding) == 1
        and first.verdict is verdict
        and (len(parts) == 1 or verdict is not Verdict.UNKNOWN)
    ):
        return first
    if verdict is not Verdict.UNKNOWN:
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
    return without_repeats([evidence for part in parts for evidence in part.evidence])


def without_repeats(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Each fact once for each reason, however many parts of a rule looked at it."""
    if len({each.concept for each in evidence}) == len(evidence):
        return tuple(evidence)
    seen: dict[tuple[str, str, Reason, str], Evidence] = {}
    for each in evidence:
        seen.setdefault((each.concept, each.reference, each.reason, each.text), each)
    return tuple(seen.values())


def _conflict(rule: AnyOf, parts: Sequence[Outcome]) -> Outcome | None:
    """A pass that rests on an older result than a fail: both are shown."""
    allowed = rule.conflicting_when_older_by
    failing = [(part, when) for part in parts if part.verdict is Verdict.NOT_MET if (when := _newest(part))]
    passing = [(part, when) for part in parts if part.verdict is Verdict.MET if (when := _newest(part))]
    if allowed is None or not failing or not passing:
        return None
    latest_pass = max(when.last for _, when in passing)
    fail, fail_when = max(failing, key=lambda pair: pair[1].first)
    day = fail_when.day()
    if day is None or latest_pass >= allowed.start(day).toordinal():
        return None
    shown = [passing[0][0], fail]
    evidence = without_repeats([e._replace(reason=Reason.CONFLICTING) for e in _merged(shown)])
    return OUTCOME((Verdict.UNKNOWN, Reason.CONFLICTING, evidence))


def _newest(part: Outcome) -> When | None:
    days = [when for evidence in part.evidence if (when := parse_when(evidence.date)) is not None]
    return max(days, key=lambda when: when.last, default=None)


def evaluate_age(rule: Age, context: Context) -> Outcome:
    """Complete years on the day; a partial birth date may leave it open."""
    patient = context.record.patient
    if patient.birth is None:
        reason = Reason.UNREADABLE if patient.birth_unreadable else Reason.NOT_FOUND
        return Outcome(Verdict.UNKNOWN, reason, (_about_patient(Evidence("age", "Age", reason), context),))
    if patient.birth.first > context.day:
        future = Evidence("age", "Age", Reason.UNREADABLE, note="birth date in the future")
        return Outcome(Verdict.UNKNOWN, Reason.UNREADABLE, (_about_patient(future, context),))
    least, most = complete_years(patient.birth, context.today)
    least = max(least, 0)
    verdict = conjunction([compare(Amount(least, most), bound) for bound in rule.bounds])
    reason = Reason.IMPRECISE if verdict is Verdict.UNKNOWN else Reason.VALUE
    text = f"{least} years" if least == most else f"{least} or {most} years"
    evidence = Evidence("age", "Age", reason, text, least if least == most else text)
    return Outcome(verdict, reason, (_about_patient(evidence, context),))


def evaluate_sex(rule: Sex, context: Context) -> Outcome:
    """The administrative gender field, which is not always what it is taken for."""
    gender = context.record.patient.gender
    stated = gender in ("female", "male")
    if rule.is_ == "not_stated":
        verdict, reason = (Verdict.NOT_MET if stated else Verdict.MET), Reason.VALUE
    elif not stated:
        verdict, reason = Verdict.UNKNOWN, Reason.NEEDS_JUDGEMENT if gender else Reason.NOT_FOUND
    else:
        verdict, reason = (Verdict.MET if gender == rule.is_ else Verdict.NOT_MET), Reason.VALUE
    evidence = Evidence("sex", "Sex", reason, gender, gender or None)
    return Outcome(verdict, reason, (_about_patient(evidence, context),))


def _about_patient(fact: Evidence, context: Context) -> Evidence:
    return fact._replace(reference=context.record.patient.reference)
