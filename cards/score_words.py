"""A score in words: what the record shows of it and what is still needed, never as a range."""

from __future__ import annotations

from collections.abc import Sequence

from cards import wording
from cards.evidence_words import VALUE_LIMIT, date_words, dated, short_label, value_of, value_words
from cards.text import escaped
from mappings.language import Language
from mappings.language.record_words import value_in
from mappings.results import Assessment, ScoreItemResult, ScoreResult
from mappings.verdicts import Reason, Verdict

ITEMS_COUNTED = 4
ITEMS_OPEN = 3


def scores_by_criterion(assessment: Assessment) -> dict[str, ScoreResult]:
    """The score that each criterion rests on, if it rests on one."""
    scores = {score.id: score for score in assessment.scores}
    found: dict[str, ScoreResult] = {}
    for criterion in assessment.criteria:
        first = criterion.evidence[0].concept if criterion.evidence else ""
        score = scores.get(criterion.id) or scores.get(first)
        if score is not None:
            found[criterion.id] = score
    return found


def open_score(score: ScoreResult, reason: Reason, language: Language, excludes: bool = False) -> str:
    """What an open score says, or nothing where the evidence says more."""
    say = language.text
    if reason is Reason.CONFLICTING and score.recorded is not None:
        total = escaped(value_in(language, value_of(score.recorded)), VALUE_LIMIT)
        recorded = dated(total, date_words(score.recorded.date, language), language)
        computed = _computed_words(score, language)
        return say(wording.SCORE_CONTRADICTED).format(score=computed, recorded=recorded)
    if score.entry not in {None, Verdict.MET}:
        return say(wording.SCORE_ENTRY).format(score=_computed_words(score, language))
    return score_words(score, language, excludes) if reason is Reason.SCORE_UNDECIDED else ""


def score_words(score: ScoreResult, language: Language, excludes: bool = False) -> str:
    """At least 4 from the record (proteinuria 4); 4 more needed, unless reaching the number ``excludes``."""
    say = language.text
    if score.basis == "recorded":
        words = say(wording.SCORE_RECORDED).format(points=score.at_least)
        day = date_words(score.recorded.date, language) if score.recorded else ""
        return dated(words, day, language)
    words, missing = _computed_words(score, language), 0 if excludes else shortfall(score)
    if missing:
        words = say(wording.SCORE_NEEDED).format(score=words, points=missing)
    struck = [_struck_words(item, language) for item in score.items if item.struck is not None]
    if not struck:
        return words
    items = wording.listed(struck, ITEMS_OPEN, wording.AND, language)
    return say(wording.SCORE_STRUCK).format(score=words, items=items)


def _struck_words(item: ScoreItemResult, language: Language) -> str:
    """Pyuria (infection, struck by Dr Chen)"""
    label = short_label(language.text(item.label))
    said = value_words(item.struck, "", language) if item.struck is not None else ""
    return dated(label, said, language)


def _computed_words(score: ScoreResult, language: Language) -> str:
    words = language.text(wording.SCORE_COMPUTED).format(points=score.at_least)
    counted = [item for item in score.items if item.verdict is Verdict.MET and item.points]
    if not counted:
        return words
    counted.sort(key=lambda item: -item.points)
    # Where only the highest item of a domain counts, points beside each would not add up.
    with_points = sum(item.points for item in counted) == score.at_least
    named = [_item_words(item, with_points, language) for item in counted]
    items = wording.listed(named, ITEMS_COUNTED, wording.AND, language)
    return language.text(wording.SCORE_ITEMS).format(score=words, items=items) if items else words


def shortfall(score: ScoreResult) -> int:
    """Points still missing to the number that the trial asks for; 0 if none are, or if it asks for none."""
    return max((score.threshold or 0) - score.at_least, 0)


def enough_alone(concepts: Sequence[str], score: ScoreResult) -> list[str]:
    """Of the tests for a score, those that could alone bring the missing points; all if none are missing.

    Items about one test are grades of one thing (C3 or C4 low, C3 and C4 low), of which the highest counts:
    a test is promised the lowest of its open items, and no more than that adds to an item that is met.
    """
    missing, undecided = shortfall(score), frozenset(score.undecided)
    met = [(item.points, _asked_by(item)) for item in score.items if item.verdict is Verdict.MET]
    gains: dict[str, list[int]] = {concept: [] for concept in concepts}
    for item in score.items if concepts else ():
        if item.id in undecided:
            asked = _asked_by(item)
            reached = max((points for points, others in met if asked & others), default=0)
            for concept in asked & gains.keys():
                gains[concept].append(item.points - reached)
    return [concept for concept, gained in gains.items() if min(gained, default=0) >= missing]


def _asked_by(item: ScoreItemResult) -> frozenset[str]:
    return frozenset(evidence.concept for evidence in item.evidence)


def _item_words(item: ScoreItemResult, with_points: bool, language: Language) -> str:
    say = language.text
    words = short_label(say(item.label))
    if with_points:
        words = say(wording.ITEM_POINTS).format(item=words, points=item.points)
    return say(wording.OTHER_CAUSE).format(item=words) if item.may_have_other_cause else words


def with_open_items(finding: str, score: ScoreResult | None, reason: Reason, language: Language) -> str:
    """A finding with the items that are still open, if it is about an open score."""
    if score is None or reason is not Reason.SCORE_UNDECIDED or not score.undecided:
        return finding
    labels = {item.id: item.label for item in score.items}
    names = [short_label(language.text(labels.get(item, item))) for item in score.undecided]
    items = wording.listed(names, ITEMS_OPEN, wording.AND, language)
    return language.text(wording.SCORE_OPEN).format(finding=finding, items=items)
