"""Items of a score that a clinician said have another cause: they count as absent.

A strike is about what was on record on its day. An item that rests on a fact dated later counts again, until
somebody strikes it again: what comes in after an answer is never hidden by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from mappings.attesting.standing import of_score
from mappings.attesting.words import strike_as_evidence
from mappings.dates import parse_when
from mappings.evaluation.context import Context
from mappings.results import Evidence, ScoreItemResult
from mappings.rules import Score
from mappings.trial_definition import TrialDefinition
from mappings.verdicts import NOT_MET, UNKNOWN


def without_struck(
    items: list[ScoreItemResult], rule: Score, trial: TrialDefinition | None, context: Context
) -> Sequence[Evidence]:
    """Makes struck items NOT_MET, in place; their evidence begins with the strike. If it cannot be read
    whether an item is struck, one that would count is undecided.

    Answers what clinicians said of items that would count otherwise: strikes, and those taken back.
    """
    if trial is None:
        return ()
    places = {item.id: place for place, item in enumerate(items)}
    said = []
    for standing in of_score(context.record.strikes, trial, rule.of, rule.within, context.today):
        place = places.get(standing.strike.item)
        if place is None or standing.state == "too_old":
            continue
        item = items[place]
        if item.verdict is NOT_MET or _is_newer(item, standing.strike.when.first):
            continue
        evidence = strike_as_evidence(standing, item.label)
        said.append(evidence)
        if standing.state != "withdrawn":
            verdict = NOT_MET if standing.state == "current" else UNKNOWN
            items[place] = item._replace(verdict=verdict, evidence=(evidence, *item.evidence))
    return said


def _is_newer(item: ScoreItemResult, day: int) -> bool:
    """Whether the item rests on a fact dated after the day."""
    dates = (parse_when(evidence.date) for evidence in item.evidence if evidence.reference)
    return any(when is not None and when.first > day for when in dates)
