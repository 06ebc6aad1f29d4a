"""Scores as intervals: from what the record shows to what it could be."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.evaluation.context import OUTCOME, Context, Outcome
from mappings.evaluation.results import evidence_of
from mappings.facts import Result
from mappings.results import EVIDENCE, SCORE_ITEM_RESULT, Evidence, ScoreItemResult, ScoreResult
from mappings.rules import Score
from mappings.trial_definition import ScoreDefinition, ScoreItem
from mappings.verdicts import Reason, Verdict

_SETTLING_ORDER = {"laboratory": 0, "examination": 1}


def evaluate_score(rule: Score, context: Context) -> Outcome:
    """A recorded total decides, unless the record itself contradicts it; else the items do.

    What the score could be at most never makes it NOT_MET; only a recorded total or a failed entry does.
    """
    definition = context.shared.scores[rule.of]
    score = score_result(rule, definition, context)
    verdict, reason = _verdict(rule, definition, score, context)
    return OUTCOME((verdict, reason, _evidence(definition, score, reason, verdict)))


def score_result(rule: Score, definition: ScoreDefinition, context: Context) -> ScoreResult:
    """The score on this day and in this window, computed once."""
    key = (rule, context.not_before)
    known = context.shared.score_results.get(key)
    if known is None:
        known = _compute(rule, definition, context)
        context.shared.score_results[key] = known
    return known


def _compute(rule: Score, definition: ScoreDefinition, context: Context) -> ScoreResult:
    inside = context.within_score(rule.within)
    evaluate = context.shared.evaluate
    items = tuple([_item(item, evaluate(item.require, inside)) for item in definition.items])
    entry = inside.evaluate(definition.entry).verdict if definition.entry is not None else None
    reached, possible = _domains(definition, items)
    recorded = _recorded(definition, inside)
    computed = sum(reached.values())
    totals = _usable_totals(recorded, rule.at_least, computed)
    undecided = [
        item
        for item, described in zip(items, definition.items, strict=True)
        if item.verdict is Verdict.UNKNOWN and item.points > reached.get(described.domain, 0)
    ]
    undecided.sort(key=lambda item: _SETTLING_ORDER[item.settled_by])
    return ScoreResult(
        id=definition.id,
        label=definition.label,
        at_least=min(totals) if totals else computed,
        at_most=max(totals) if totals else sum(possible.values()),
        basis="recorded" if totals else "computed",
        undecided=tuple(item.id for item in undecided),
        items=items,
        entry=entry,
        threshold=rule.at_least,
        recorded=evidence_of(recorded[0], recorded[0].problem or Reason.VALUE, inside) if recorded else None,
    )


def _item(item: ScoreItem, outcome: Outcome) -> ScoreItemResult:
    return SCORE_ITEM_RESULT(
        (
            item.id,
            item.label,
            item.points,
            outcome.verdict,
            item.settled_by,
            item.may_have_other_cause,
            outcome.evidence,
        )
    )


def _domains(
    definition: ScoreDefinition, items: Sequence[ScoreItemResult]
) -> tuple[dict[str, int], dict[str, int]]:
    """The highest points of each domain: among items that are MET, and among those that could be."""
    reached: dict[str, int] = {}
    possible: dict[str, int] = {}
    for item, described in zip(items, definition.items, strict=True):
        verdict, points, domain = item.verdict, item.points, described.domain
        if verdict is Verdict.MET and points > reached.get(domain, 0):
            reached[domain] = points
        if verdict is not Verdict.NOT_MET and points > possible.get(domain, 0):
            possible[domain] = points
    return reached, possible


def _recorded(definition: ScoreDefinition, context: Context) -> Sequence[Result]:
    """The newest totals that a clinician recorded inside the window."""
    if not definition.recorded_as:
        return ()
    gap = context.gap(definition.recorded_as)
    if gap is not None and not gap.newest_first:
        return ()
    group = context.known(definition.recorded_as).newest
    first = context.first_day(None)
    return group if all(result.when.first >= first for result in group) else ()


def _usable_totals(recorded: Sequence[Result], threshold: int, computed: int) -> list[int]:
    """The recorded totals, if all can be used, lie on one side of the threshold, and the items agree."""
    totals = [
        int(result.amount.low) for result in recorded if result.amount is not None and result.problem is None
    ]
    if len(totals) < len(recorded) or not totals:
        return []
    if min(totals) >= threshold:
        return totals
    return totals if max(totals) < threshold and computed < threshold else []


def _verdict(
    rule: Score, definition: ScoreDefinition, score: ScoreResult, context: Context
) -> tuple[Verdict, Reason]:
    if score.entry is Verdict.NOT_MET:
        return Verdict.NOT_MET, Reason.VALUE
    if score.basis == "recorded":
        return (Verdict.MET if score.at_least >= rule.at_least else Verdict.NOT_MET), Reason.VALUE
    recorded = _recorded(definition, context.within_score(rule.within))
    usable = [result for result in recorded if result.problem is None]
    if usable:
        return Verdict.UNKNOWN, Reason.CONFLICTING
    reached = score.at_least >= rule.at_least and _has_group(definition, score)
    if reached and score.entry in (None, Verdict.MET):
        return Verdict.MET, Reason.VALUE
    if reached and definition.entry is not None:
        entry = context.within_score(rule.within).evaluate(definition.entry)
        return Verdict.UNKNOWN, entry.reason
    unread = any(e.reason is Reason.NOT_RETRIEVED for item in score.items for e in item.evidence)
    return Verdict.UNKNOWN, Reason.NOT_RETRIEVED if unread else Reason.SCORE_UNDECIDED


def _has_group(definition: ScoreDefinition, score: ScoreResult) -> bool:
    if not definition.needs_group:
        return True
    groups = {item.id: item.group for item in definition.items}
    return any(i.verdict is Verdict.MET and groups[i.id] == definition.needs_group for i in score.items)


def _counted(definition: ScoreDefinition, score: ScoreResult) -> list[ScoreItemResult]:
    """The items that make up the points: of each domain, the highest that is MET."""
    best: dict[str, ScoreItemResult] = {}
    for item, described in zip(score.items, definition.items, strict=True):
        known = best.get(described.domain)
        if item.verdict is Verdict.MET and (known is None or item.points > known.points):
            best[described.domain] = item
    return list(best.values())


def _evidence(
    definition: ScoreDefinition, score: ScoreResult, reason: Reason, verdict: Verdict
) -> tuple[Evidence, ...]:
    """The score itself, the recorded total, what counted, then what is undecided, laboratory first."""
    text = str(score.at_least) if score.basis == "recorded" else f"at least {score.at_least}"
    found = [Evidence(score.id, score.label, reason, text, score.at_least)]
    if score.recorded is not None:
        found.append(score.recorded)
    by_id = {item.id: item for item in score.items}
    counted = _counted(definition, score)
    if score.basis == "computed" or reason is Reason.CONFLICTING:
        found += [_noted(item.evidence[0], item.label) for item in counted if item.evidence]
    if verdict is Verdict.UNKNOWN:
        undecided = [by_id[item] for item in score.undecided]
        found += [_open(item) for item in undecided if item.evidence]
    return tuple(dict.fromkeys(found))


def _open(item: ScoreItemResult) -> Evidence:
    unsettled = tuple([e for e in item.evidence if e.reason is not Reason.VALUE])
    return _noted((unsettled or item.evidence)[0], item.label)


def _noted(evidence: Evidence, note: str) -> Evidence:
    """The same evidence with this note: ``_replace``, in a third of the time."""
    return EVIDENCE((*evidence[:9], note, evidence.window))
