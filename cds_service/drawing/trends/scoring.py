"""A score over time: what the record of each of some days showed, as the interval that it leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from cds_service.drawing.asked import Asked, asked_in
from cds_service.drawing.trends import words
from cds_service.drawing.trends.charted import Charted
from cds_service.drawing.trends.trend import Level, Point, Trend
from mappings.assessment import assess
from mappings.language import Language
from mappings.needs import concepts_of
from mappings.results import ScoreResult
from mappings.rules import Score

MOST_DAYS = 15
"""Days on which the score is computed again: each costs an assessment."""


def score_trend(charted: Charted, score_id: str) -> Trend | None:
    """A point for each day with results that bear on the score, and for the day itself; None if there is no
    such day, or if the trial does not ask for it."""
    asked = [one for one in asked_in(charted.trial, Score) if one.rule.of == score_id]
    if not asked:
        return None
    language = charted.language
    days = _days(charted, asked[0].rule)
    if not days:
        return None
    shown = _thinned(days)
    points = [point for day in shown if (point := _point(charted, score_id, day)) is not None]
    remarks = [language.text(words.SCORED_DAYS)]
    if len(shown) < len(days):
        remarks.append(language.text(words.THINNED).format(shown=len(shown), count=len(days)))
    levels = dict.fromkeys(_level(one, language) for one in asked)
    title = words.TITLES.get(score_id) or charted.catalog.scores[score_id].label
    return Trend(score_id, language.text(title), "", tuple(points), tuple(levels), tuple(remarks))


def _level(asked: Asked[Score], language: Language) -> Level:
    said = (words.EXCLUDED if asked.excluded else words.ASKED_FOR)["at_least"]
    return Level(asked.rule.at_least, language.text(said).format(limit=asked.rule.at_least))


def _days(charted: Charted, rule: Score) -> list[date]:
    """The days with a result of a concept that the score is made of, the first first, and the day itself;
    none if there are none."""
    alone = replace(charted.trial, criteria=(), show=(), show_card_when_met=rule)
    first, last = charted.first.toordinal(), charted.day.toordinal()
    days = {
        result.when.first
        for concept in concepts_of([alone], charted.catalog)
        for result in charted.record.results.get(concept, ())
        if result.when.is_day and first <= result.when.first <= last
    }
    return [date.fromordinal(day) for day in sorted(days | {last})] if days else []


def _thinned(days: Sequence[date]) -> Sequence[date]:
    """At most MOST_DAYS, evenly taken, the last among them."""
    if len(days) <= MOST_DAYS:
        return days
    last = len(days) - 1
    return [days[round(number * last / (MOST_DAYS - 1))] for number in range(MOST_DAYS)]


def _point(charted: Charted, score_id: str, day: date) -> Point | None:
    assessed = assess(charted.trial, charted.record, day, charted.catalog)
    found = next((score for score in assessed.scores if score.id == score_id), None)
    if found is None:
        return None
    language = charted.language
    recorded = found.basis == "recorded"
    note = language.text(words.RECORDED if recorded else words.COMPUTED)
    reference = found.recorded.reference if recorded and found.recorded is not None else ""
    high = found.at_least if recorded else found.at_most
    said = _words(found.at_least, high, found, language)
    return Point(day, found.at_least, high, said, day.isoformat(), note, reference)


def _words(low: int, high: int, score: ScoreResult, language: Language) -> str:
    if low == high:
        return language.text(words.EXACTLY).format(points=low)
    if high >= sum(item.points for item in score.items):
        return language.text(words.AT_LEAST).format(points=low)
    return language.text(words.FROM_TO).format(low=low, high=high)
