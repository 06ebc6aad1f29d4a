"""Drugs given together for long enough, up to the day, and the disease active all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.dates import Window
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome, on_record
from mappings.evaluation.drugs.records import exposure_evidence, newest_of_each, timelines_in
from mappings.evaluation.plan import Planner
from mappings.evaluation.results import Absence, nothing_of
from mappings.facts import Exposure
from mappings.results import Evidence
from mappings.rules import Treatment
from mappings.timeline import LONGEST_GAP_DAYS, CommonExposure, DrugTimeline, common_exposure
from mappings.verdicts import IMPRECISE, MET, NOT_MET, NOT_RETRIEVED, UNKNOWN, VALUE, first_unknown_reason

SHOWN_ONLY = "shown, not counted"
INFERRED = "since then without a break; inferred from drug dates"
INFERRED_WITH_ACTIVITY = "since then without a break; inferred from drug dates and activity"


def prepare_treatment(rule: Treatment, planner: Planner) -> Evaluator:
    """MET only if it is sure from dates; what may be long enough is UNKNOWN, imprecise.

    Drug records that were not all read may add to what is there, and never prove that it ended.
    """
    absences = [Absence(planner.concepts[concept], rule.absent_means_not_met) for concept in rule.of]

    def evaluate(context: Context) -> Outcome:
        base, partner = timelines_in(rule.of, context), timelines_in(rule.together_with, context)
        denials = dict.fromkeys(one for timeline in (*base, *partner) for one in timeline.denials)
        also = tuple([exposure_evidence(e, context, SHOWN_ONLY) for e in _exposures(rule.also_show, context)])
        common = common_exposure(base, partner if rule.together_with else None, context.day)
        if common is not None and _long_enough(common.latest, rule.for_more_than, context):
            also = (*[exposure_evidence(e, context) for e in denials], *also)
            return _still_active(rule, common, (*base, *partner), also, context)
        newest = newest_of_each([each.exposure for one in (*base, *partner) for each in one.records])
        known = dict.fromkeys((*newest, *denials))
        shown = (*(exposure_evidence(e, context) for e in known), *also)
        missing = nothing_of(absences, context)
        if _gap(rule, context):
            return OUTCOME((UNKNOWN, NOT_RETRIEVED, shown or missing.evidence))
        if common is not None and _long_enough(common.earliest, rule.for_more_than, context):
            return OUTCOME((UNKNOWN, IMPRECISE, shown))
        if base and (partner or not rule.together_with):
            return OUTCOME((NOT_MET, VALUE, shown))
        return OUTCOME((missing.verdict, missing.reason, shown)) if shown else missing

    return evaluate


def _exposures(concepts: Sequence[str], context: Context) -> list[Exposure]:
    known, day = context.record.exposures, context.day
    return [e for concept in concepts if concept in known for e in known[concept] if e.start.first <= day]


def _gap(rule: Treatment, context: Context) -> bool:
    return any(context.gap(concept) is not None for concept in (*rule.of, *rule.together_with))


def _long_enough(since: int | None, period: Window | None, context: Context) -> bool:
    """Strictly more than the period; without a period it is enough that it is ongoing."""
    if since is None:
        return False
    return period is None or period.after(date.fromordinal(since)).toordinal() < context.day


def _still_active(
    rule: Treatment,
    common: CommonExposure,
    timelines: Sequence[DrugTimeline],
    also: tuple[Evidence, ...],
    context: Context,
) -> Outcome:
    """Activity must be shown by results dated after the period had passed."""
    since = date.fromordinal(common.latest or common.earliest)
    carried = tuple(exposure_evidence(e, context) for e in _carrying(rule, common, timelines, since, context))
    together = _together(rule, since, carried)
    passed = rule.for_more_than.after(since).toordinal() if rule.for_more_than else since.toordinal()
    later = context.since(passed + 1)
    results = later.criteria_until_met(rule.still_active_by)
    if results and results[-1].verdict is MET:
        met = results[-1]
        facts = (*met.evidence[:1], *on_record(met.evidence[1:]))
        activity = [evidence._replace(counts_until=None) for evidence in facts]
        return OUTCOME((MET, VALUE, (together, *carried, *activity, *also)))
    looked_at = [evidence for result in results for evidence in on_record(result.evidence)]
    shown = (together, *carried, *also, *looked_at)
    unknown = [result.reason for result in results if result.verdict is UNKNOWN]
    if unknown:
        return OUTCOME((UNKNOWN, first_unknown_reason(unknown), shown))
    return OUTCOME((NOT_MET if rule.still_active_by else MET, VALUE, shown))


def _carrying(
    rule: Treatment, common: CommonExposure, timelines: Sequence[DrugTimeline], since: date, context: Context
) -> Sequence[Exposure]:
    """The newest record of each drug, then as few others as carry the treatment from its first day on."""
    newest = newest_of_each(common.carried_by)
    if len(newest) == len(common.carried_by):
        return newest
    carrying = dict.fromkeys(newest)
    surely = {each.exposure: each.surely for one in timelines for each in one.records}
    for concepts in (rule.of, rule.together_with):
        covering = [(surely[e], e) for e in common.carried_by if e.concept in concepts]
        spans = [(*span, e.reference, e) for span, e in covering if span is not None]
        reached, latest_end = context.day + 1, context.day
        while reached > since.toordinal():
            before = [each for each in spans if each[0] < reached and each[1] >= latest_end]
            if not before:
                break
            reached, _, _, exposure = min(before, key=lambda each: each[:3])
            carrying.setdefault(exposure)
            latest_end = reached - 1 - LONGEST_GAP_DAYS
    return list(carrying)


def _together(rule: Treatment, since: date, carried: Sequence[Evidence]) -> Evidence:
    in_order = sorted(carried, key=lambda evidence: evidence.concept not in rule.of)
    names = list(dict.fromkeys(evidence.label.partition(" (")[0].lower() for evidence in in_order))
    text = " + ".join(names)
    window = f"more than {rule.for_more_than}" if rule.for_more_than else ""
    return Evidence(
        "treatment",
        "Treatment",
        VALUE,
        text,
        text,
        "",
        since.isoformat(),
        note=INFERRED_WITH_ACTIVITY if rule.still_active_by else INFERRED,
        window=window,
    )
