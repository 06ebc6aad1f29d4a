"""Drugs that were given at some time, or on some day of a window."""

from __future__ import annotations

from datetime import date

from mappings.dates import BEGINNING, When, Window
from mappings.evaluation.context import (
    OUTCOME,
    Context,
    Evaluator,
    Outcome,
    counts_until,
    placement,
    window_words,
)
from mappings.evaluation.drugs.records import exposure_evidence, newest_of_each, timelines_in
from mappings.evaluation.plan import Planner
from mappings.evaluation.problems import Judged, any_of
from mappings.evaluation.results import Absence
from mappings.facts import Exposure
from mappings.rules import DrugRule
from mappings.timeline import DrugTimeline
from mappings.timeline.covering import Covered
from mappings.verdicts import IMPRECISE, MET, NOT_MET, TOO_OLD, UNKNOWN, VALUE, Reason, first_unknown_reason


def prepare_drug(rule: DrugRule, planner: Planner) -> Evaluator:
    """MET by a record that surely falls into the window; what may fall into it is UNKNOWN, imprecise.

    A dose counts on its own day, whatever time it is held to work for; an order, a statement or a supply on
    each day that it covers.
    """
    concepts = [planner.concepts[concept] for concept in rule.of]
    absences = [Absence(concept, rule.absent_means_not_met) for concept in concepts]

    def evaluate(context: Context) -> Outcome:
        first = context.first_day(rule.within)
        found = [_judged(each, rule, first, context) for each in timelines_in(rule.of, context)]
        only_older = bool(found) and all(verdict is NOT_MET for verdict, _, _ in found)
        if only_older and all(context.gap(concept) is None for concept in rule.of):
            return OUTCOME((NOT_MET, VALUE, tuple([each for _, _, facts in found for each in facts])))
        return any_of(found, absences, context)

    return evaluate


def _judged(timeline: DrugTimeline, rule: DrugRule, first: int, context: Context) -> Judged:
    """What the records of one drug say; those that decide are shown by the newest of them."""
    placed = [(_misplaced(each, first, context.day), each) for each in timeline.records]
    reasons = {reason for reason, _ in placed}
    if None in reasons:
        verdict, decisive = MET, None
    elif reasons == {TOO_OLD}:
        verdict, decisive = (NOT_MET if rule.older_means_not_met else UNKNOWN), TOO_OLD
    else:
        verdict = UNKNOWN
        decisive = first_unknown_reason([reason for reason in reasons if reason not in (None, TOO_OLD)])
    deciding = {each.exposure: each for reason, each in placed if reason is decisive}
    (newest,) = newest_of_each(list(deciding))
    until = _counts_until(deciding[newest], rule.within, context.day) if verdict is MET else None
    shown = exposure_evidence(newest, context)._replace(
        reason=decisive or VALUE, window=window_words(rule.within), counts_until=until
    )
    denials = [exposure_evidence(each, context) for each in timeline.denials]
    return verdict, decisive or VALUE, (shown, *denials)


def _misplaced(record: Covered, first: int, day: int) -> Reason | None:
    """None if the drug was surely given on a day that counts, else why that is not known."""
    exposure, may, surely = record
    at_any_time = first == BEGINNING
    inside: Reason | None = IMPRECISE
    if exposure.source == "given":
        inside = placement(_last_dose(exposure, day), first, day) if not at_any_time else None
    elif may is not None and may.last < first:
        inside = TOO_OLD
    elif (surely is not None and surely.last >= first) or (at_any_time and _was_at_some_time(record, day)):
        inside = None
    doubtful = exposure.problem not in (None, IMPRECISE)
    return exposure.problem if doubtful and inside is not TOO_OLD else inside


def _last_dose(exposure: Exposure, day: int) -> When:
    """When a dose was given, up to the day; of several, or of an infusion over some days, the last."""
    last = exposure.last_given
    if last is None:
        return exposure.start
    return last._replace(first=min(last.first, day), last=min(last.last, day))


def _was_at_some_time(record: Covered, day: int) -> bool:
    """Whether it was fetched or taken on some day up to this one, nobody knows which.

    That is enough where any time counts. An order is no more than an order. Of what has its days another
    statement may say that they are none on which it was taken.
    """
    exposure, may, _ = record
    start, end = exposure.start, exposure.end
    if exposure.source == "dispensed" and may is None:
        return True
    if exposure.source not in ("dispensed", "stated") or not start.text or end is None:
        return False
    return end.first < start.last and end.last <= day


def _counts_until(record: Covered, within: Window | None, day: int) -> date | None:
    """The last day on which a drug that was surely given in the window, and is no longer, still was."""
    if record.exposure.source == "given":
        return counts_until(_last_dose(record.exposure, day), within)
    may, surely = record.may, record.surely
    if may is None or surely is None or may.last >= day:
        return None
    return counts_until(When(surely.last, may.last, ""), within)
