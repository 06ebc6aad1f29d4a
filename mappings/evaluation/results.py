"""Measurements and findings: the latest result decides, or any one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from mappings.amounts import HOLDS, compare
from mappings.dates import BEGINNING, When, Window
from mappings.evaluation.context import OUTCOME, Context, Outcome, counts_until, placement
from mappings.evaluation.selection import Known, before, one_instant
from mappings.facts import Exposure, Result
from mappings.results import EVIDENCE, Evidence
from mappings.rules import Finding, Measurement
from mappings.verdicts import Reason, Verdict, conjunction, first_unknown_reason

Judged = tuple[Verdict, Reason]
Judge = Callable[[Result], Judged]
_MET: Judged = (Verdict.MET, Reason.VALUE)
_NOT_MET: Judged = (Verdict.NOT_MET, Reason.VALUE)
_OF_ALL = (Reason.CONFLICTING, Reason.IMPRECISE)
"""Reasons that concern the newest results together, not one of them."""


def evaluate_measurement(rule: Measurement, context: Context) -> Outcome:
    """Every bound must hold; a censored value may leave it open."""

    bounds = rule.bounds
    holds, limit = HOLDS[bounds[0].comparison], bounds[0].limit
    one = len(bounds) == 1

    def judge(result: Result) -> Judged:
        amount = result.amount
        if result.problem is not None or amount is None:
            return Verdict.UNKNOWN, result.problem or Reason.UNREADABLE
        if one and amount.low == amount.high:  # runs for most results of a record
            return _MET if holds(amount.low, limit) else _NOT_MET
        verdict = conjunction([compare(amount, bound) for bound in bounds])
        if verdict is not Verdict.UNKNOWN:
            return verdict, Reason.VALUE
        endless = amount.low == -math.inf or amount.high == math.inf
        return verdict, Reason.CENSORED if endless else Reason.IMPRECISE

    return _evaluate(rule, judge, context)


def evaluate_finding(rule: Finding, context: Context) -> Outcome:
    """One of the wanted answers must be given; "recorded" takes any result."""

    def judge(result: Result) -> Judged:
        if not any_answer:
            if result.problem is not None or not result.tokens:
                return Verdict.UNKNOWN, result.problem or Reason.UNREADABLE
            if wanted.isdisjoint(result.tokens):
                return _NOT_MET
        return _unless_ended(result, rule.unless_followed_by, context) if rule.unless_followed_by else _MET

    wanted, any_answer = rule.is_, "recorded" in rule.is_

    return _evaluate(rule, judge, context)


def _evaluate(rule: Measurement | Finding, judge: Judge, context: Context) -> Outcome:
    known = context.known(rule.of)
    if not known.results:
        return absent(rule.of, context, rule.absent_means_not_met, rule.within)
    if rule.after_last:
        judge = _after(judge, rule.after_last, context)
    if rule.pick == "latest":
        return _latest(rule, known, judge, context)
    return _any(rule, known, judge, context)


def _judged(rule: Measurement | Finding, result: Result, judge: Judge, first: int, today: int) -> Judged:
    """Outside the window it is unknown what a result says, unless the author claims that it says no more."""
    misplaced = placement(result.when, first, today) if first != BEGINNING else None
    if misplaced is None or (misplaced is Reason.IMPRECISE and result.problem is not None):
        return judge(result)
    over = isinstance(rule, Finding) and rule.older_means_not_met and misplaced is Reason.TOO_OLD
    return (Verdict.NOT_MET if over else Verdict.UNKNOWN), misplaced


def _latest(rule: Measurement | Finding, known: Known, judge: Judge, context: Context) -> Outcome:
    gap, group = context.gap(rule.of), known.newest
    if gap is not None and not gap.newest_first:
        return OUTCOME((Verdict.UNKNOWN, Reason.NOT_RETRIEVED, _shown(group, Reason.NOT_RETRIEVED, context)))
    first = context.first_day(rule.within)
    judged = [_judged(rule, result, judge, first, context.day) for result in group]
    verdict, reason = judged[0] if len(judged) == 1 else _agreed(group, judged)
    own = [
        evidence_of(r, reason if reason in _OF_ALL else why, context, rule.within)
        for r, (_, why) in zip(group, judged, strict=True)
    ]
    if verdict is Verdict.UNKNOWN and reason is not Reason.TOO_OLD:
        earlier = before(known)
        if earlier is not None:
            own.append(evidence_of(earlier, Reason.TOO_OLD, context))
    return OUTCOME((verdict, reason, tuple(own)))


def _agreed(group: Sequence[Result], judged: Sequence[Judged]) -> Judged:
    """One verdict for the results of which any could be the newest."""
    verdicts = {verdict for verdict, _ in judged}
    if len(verdicts) == 1:
        verdict = verdicts.pop()
        return verdict, judged[0][1] if verdict is not Verdict.UNKNOWN else _unknown(judged)
    if Verdict.UNKNOWN in verdicts:
        return Verdict.UNKNOWN, _unknown(judged)
    return Verdict.UNKNOWN, Reason.CONFLICTING if one_instant(group) else Reason.IMPRECISE


def _unknown(judged: Sequence[Judged]) -> Reason:
    return first_unknown_reason([why for verdict, why in judged if verdict is Verdict.UNKNOWN])


def _any(rule: Measurement | Finding, known: Known, judge: Judge, context: Context) -> Outcome:
    """The newest that holds decides, so that none before it need be looked at."""
    first, today = context.first_day(rule.within), context.day
    latest: tuple[Result, Reason] | None = None
    unknown: list[tuple[Result, Reason]] = []
    for result in known.results:
        inside = result.when.first >= first
        verdict, why = judge(result) if inside else _judged(rule, result, judge, first, today)
        if verdict is Verdict.MET:
            return OUTCOME((Verdict.MET, why, (evidence_of(result, why, context, rule.within),)))
        if verdict is Verdict.NOT_MET or why is not Reason.TOO_OLD:
            latest = latest or (result, why)
            if verdict is Verdict.UNKNOWN:
                unknown.append((result, why))
        if known.all_days and not inside:
            break  # so are all the others
    if latest is None:
        too_old = evidence_of(known.results[0], Reason.TOO_OLD, context)
        return OUTCOME((Verdict.UNKNOWN, Reason.TOO_OLD, (too_old,)))
    if unknown:
        reason = first_unknown_reason([why for _, why in unknown])
        blamed = next(result for result, why in unknown if why is reason)
        return OUTCOME((Verdict.UNKNOWN, reason, (evidence_of(blamed, reason, context),)))
    return _none_holds(rule, evidence_of(*latest, context, rule.within), context)


def _none_holds(rule: Measurement | Finding, latest: Evidence, context: Context) -> Outcome:
    """Results that can be used, of which none holds: never NOT_MET without a window or the author's word."""
    if context.gap(rule.of) is not None:
        return OUTCOME((Verdict.UNKNOWN, Reason.NOT_RETRIEVED, (latest,)))
    within = rule.within or context.window
    if within is not None or (isinstance(rule, Finding) and rule.otherwise_not_met):
        return OUTCOME((Verdict.NOT_MET, Reason.VALUE, (latest,)))
    return OUTCOME((Verdict.UNKNOWN, Reason.NOT_FOUND, (latest,)))


def absent(concept_id: str, context: Context, means_not_met: bool, within: Window | None = None) -> Outcome:
    """Nothing on record: unknown, unless the author claims that absence means no and all was read."""
    reason = Reason.ABSENT_BY_RULE if means_not_met else Reason.NOT_FOUND
    if context.gap(concept_id) is not None:
        reason = Reason.NOT_RETRIEVED
    return _nothing(concept_id, context.shared.concepts[concept_id].display, reason, within or context.window)


@lru_cache(maxsize=2048)
def _nothing(concept_id: str, label: str, reason: Reason, window: Window | None) -> Outcome:
    """The same for every record, so made once: a record lacks most of what scores ask for."""
    evidence = Evidence(concept_id, label, reason, window=str(window) if window else "")
    verdict = Verdict.NOT_MET if reason is Reason.ABSENT_BY_RULE else Verdict.UNKNOWN
    return OUTCOME((verdict, reason, (evidence,)))


def evidence_of(result: Result, reason: Reason, context: Context, within: Window | None = None) -> Evidence:
    """A result as evidence; ``counts_until`` where a window of the rule itself will close on it."""
    amount, concept = result.amount, context.shared.concepts[result.concept]
    value: float | str | None = result.text or None
    text, unit = result.text, ""
    if amount is not None and amount.low == amount.high:
        value = amount.low
        text, unit = text or f"{value:.10g} {result.unit}".rstrip(), concept.unit
    until = counts_until(result.when, within) if within is not None and reason is Reason.VALUE else None
    window = within or context.window
    words = window_words(window)
    date, reference, note = result.when.text, result.reference, result.note
    return EVIDENCE(
        (
            result.concept,
            concept.display,
            reason,
            text,
            value,
            unit,
            date,
            reference,
            until,
            note,
            words,
        )
    )


@lru_cache(maxsize=256)
def window_words(window: Window | None) -> str:
    """A look-back in words; none where there is none."""
    return str(window) if window is not None else ""


def _shown(group: Sequence[Result], reason: Reason, context: Context) -> tuple[Evidence, ...]:
    return tuple(evidence_of(result, reason, context) for result in group)


def _unless_ended(result: Result, enders: Sequence[str], context: Context) -> Judged:
    """A finding that something later has ended no longer holds; an undated end leaves it open."""
    reason = ended_by(result.when.first, result.when.last, enders, context)
    if reason is None:
        return Verdict.MET, Reason.VALUE
    return (Verdict.NOT_MET, reason) if reason is Reason.VALUE else (Verdict.UNKNOWN, reason)


def ended_by(first: int, last: int, enders: Sequence[str], context: Context) -> Reason | None:
    """Whether a fact of some concepts lies on or after a day: VALUE if so, None if not, else why unsure."""
    answer: Reason | None = None
    for concept in enders:
        for when in event_days(concept, context):
            if when.first >= last:
                return Reason.VALUE
            if when.last >= first:
                answer = Reason.IMPRECISE
        if context.gap(concept) is not None:
            answer = Reason.NOT_RETRIEVED
    return answer


def _after(judge: Judge, concepts: Sequence[str], context: Context) -> Judge:
    """Only results after the last exposure to these drugs, or the last such event, count."""
    if any(context.gap(concept) is not None for concept in concepts):
        return lambda _result: (Verdict.UNKNOWN, Reason.NOT_RETRIEVED)
    spans = [span for concept in concepts for span in _spans(concept, context)]
    if not spans:
        return judge
    surely = max(first for first, _ in spans)
    possibly = max(last for _, last in spans)

    def judged(result: Result) -> Judged:
        if result.when.first > possibly:
            return judge(result)
        too_old = result.when.last <= surely
        return Verdict.UNKNOWN, Reason.TOO_OLD if too_old else Reason.IMPRECISE

    return judged


def _spans(concept: str, context: Context) -> list[tuple[int, int]]:
    """For each record of a concept, the first and the last day on which it can have taken place."""
    record, today = context.record, context.day
    found = [
        (e.start.first, _last_possible_dose(e, today))
        for e in record.exposures.get(concept, ())
        if e.start.first <= today
    ]
    found += [(when.first, min(when.last, today)) for when in event_days(concept, context)]
    return found


def event_days(concept: str, context: Context) -> list[When]:
    """The days of results, procedures and diagnoses (onset, else recorded) of a concept, up to the day."""
    record = context.record
    days = [r.when for r in record.results.get(concept, ()) if r.problem is None]
    days += [p.when for p in record.procedures.get(concept, ())]
    days += [when for d in record.diagnoses.get(concept, ()) if (when := d.onset or d.recorded) is not None]
    return [when for when in days if when.first <= context.day]


def _last_possible_dose(exposure: Exposure, today: int) -> int:
    """A single administration was on its day; an order or statement may have been followed until its end."""
    if exposure.source == "given":
        return exposure.start.last
    return today if exposure.end is None else min(exposure.end.last, today)
