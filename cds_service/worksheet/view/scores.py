"""A score, open to its items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cds_service.drawing.asked import asked_in
from cds_service.worksheet.view import words
from cds_service.worksheet.view.saying import Row, Saying
from mappings.attesting.standing import StandingStrike
from mappings.attesting.words import strike_as_evidence
from mappings.results import STRIKE, ScoreItemResult, ScoreResult
from mappings.rules import Score
from mappings.trial_definition import Catalog, TrialDefinition
from mappings.verdicts import Verdict

_ORDER = {Verdict.MET: 0, Verdict.UNKNOWN: 1, Verdict.NOT_MET: 2}


class ItemView(NamedTuple):
    """One item. ``strikable``: a clinician may say that it has another cause; ``struck`` says who last did,
    or took it back, and ``strike_state`` what has become of that."""

    id: str
    label: str
    points: str
    verdict: str
    verdict_words: str
    rows: tuple[Row, ...]
    reading: tuple[str, ...]
    other_cause: str
    strikable: bool
    struck: Row | None
    strike_state: str
    strike_words: str


class ScoreView(NamedTuple):
    """A score: its interval in words, what is asked for, and its items, those that count first."""

    id: str
    label: str
    interval: str
    asked: str
    entry: str
    items: tuple[ItemView, ...]


class Strikes(NamedTuple):
    """Of one score: ids of the items that may be struck, and the latest word on those that were."""

    strikable: Collection[str] = ()
    standing: Mapping[str, StandingStrike] = MappingProxyType({})


def score_view(
    score: ScoreResult, trial: TrialDefinition, catalog: Catalog, strikes: Strikes, saying: Saying
) -> ScoreView:
    """The score with its items, those that count first, and what the trial asks of it."""
    readings = {item.id: item.interpretation for item in catalog.scores[score.id].items}
    items = sorted(score.items, key=lambda item: (_ORDER[item.verdict], -item.points))
    return ScoreView(
        score.id,
        saying.label(score.label),
        _interval(score, saying),
        _asked(score, trial, saying),
        saying.text(words.ENTRY[score.entry.value]) if score.entry is not None else "",
        tuple(_item(item, readings.get(item.id, ()), strikes, saying) for item in items),
    )


def _asked(score: ScoreResult, trial: TrialDefinition, saying: Saying) -> str:
    """The threshold by which the score was assessed, and whether it is asked for or excluded."""
    if score.threshold is None:
        return ""
    sides = [
        one.excluded
        for one in asked_in(trial, Score)
        if (one.rule.of, one.rule.at_least) == (score.id, score.threshold)
    ]
    return saying.text(words.EXCLUDED if sides and all(sides) else words.ASKED, points=score.threshold)


def _interval(score: ScoreResult, saying: Saying) -> str:
    if score.basis == "recorded" and score.recorded is not None:
        day = saying.day(score.recorded.date)
        return saying.text(words.RECORDED_TOTAL, points=score.at_least, day=day)
    if score.at_least == score.at_most:
        return saying.text(words.EXACTLY, points=score.at_least)
    return saying.text(words.INTERVAL, low=score.at_least, high=score.at_most)


def _item(item: ScoreItemResult, reading: Sequence[str], strikes: Strikes, saying: Saying) -> ItemView:
    verdict = item.verdict.value
    points = words.ONE_POINT if item.points == 1 else words.POINTS
    standing = strikes.standing.get(item.id)
    evidence = [fact for fact in item.evidence if fact.concept != STRIKE]
    return ItemView(
        item.id,
        saying.label(item.label),
        saying.text(points, points=item.points),
        verdict,
        saying.text(words.ITEM_VERDICTS[verdict]),
        tuple(saying.row(fact) for fact in evidence),
        tuple(saying.sentence(one) for one in reading),
        saying.text(words.OTHER_CAUSE) if item.may_have_other_cause else "",
        item.id in strikes.strikable,
        saying.row(strike_as_evidence(standing, item.label)) if standing is not None else None,
        standing.state if standing is not None else "",
        saying.text(words.STRIKE_STATES[standing.state]) if standing is not None else "",
    )
