"""Every criterion: its verdict, the protocol's words, our reading, the evidence, and what would settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cards import wording
from cards.explaining import name_of_test, settling_tests, step_without_test
from cards.score_words import enough_alone
from cards.text import plain
from cds_service.worksheet.view import words
from cds_service.worksheet.view.ahead import misses_of
from cds_service.worksheet.view.saying import Row, Saying
from cds_service.worksheet.view.scores import ScoreView
from mappings.results import Assessment, CriterionResult, NearMiss, Orderable, ScoreResult
from mappings.verdicts import Reason, Verdict

_QUESTION = "judgement"
_TESTS_NAMED = 8
_PROTOCOL_LIMIT = 4000


class CriterionView(NamedTuple):
    """One criterion. ``state`` is a key of ``words.VERDICTS``; ``question`` is what only a person can say;
    ``asked_as`` the id of the question on the worksheet that settles it."""

    id: str
    label: str
    state: str
    verdict: str
    why: str
    protocol: str
    reading: tuple[str, ...]
    question: str
    rows: tuple[Row, ...]
    settle: str
    misses: tuple[str, ...]
    score: ScoreView | None
    exclusion: bool
    asked_as: str = ""


def criterion_views(
    assessment: Assessment,
    scores: Mapping[str, ScoreView],
    results: Mapping[str, ScoreResult],
    saying: Saying,
) -> tuple[CriterionView, ...]:
    """All, in the order of the protocol. ``scores`` are those that a criterion rests on, by its id, and
    ``results`` what they were made from."""
    misses = assessment.near_misses
    return tuple(
        _view(one, assessment, misses, scores.get(one.id), results.get(one.id), saying)
        for one in assessment.criteria
    )


def state_of(criterion: CriterionResult) -> str:
    """A key of ``words.VERDICTS``."""
    if not criterion.applies:
        return "none"
    if criterion.verdict is Verdict.UNKNOWN and criterion.reason is Reason.NEEDS_JUDGEMENT:
        return "judgement"
    return criterion.verdict.value


def _view(
    criterion: CriterionResult,
    assessment: Assessment,
    misses: Sequence[NearMiss],
    score: ScoreView | None,
    result: ScoreResult | None,
    saying: Saying,
) -> CriterionView:
    state = state_of(criterion)
    questions = [fact.note for fact in criterion.evidence if fact.concept == _QUESTION]
    items = {item.label for item in result.items} if result else frozenset()
    facts = [
        fact
        for fact in criterion.evidence
        if fact.concept != _QUESTION and fact.note.partition("; ")[0] not in items
    ]
    until = {fact.counts_until for fact in facts}
    misses = [miss for miss in misses if miss.kind != "counts_until" or miss.date not in until]
    return CriterionView(
        criterion.id,
        saying.label(criterion.label or criterion.id),
        state,
        saying.text(words.VERDICTS[state]),
        _why(criterion, saying) if state == "unknown" else "",
        plain(criterion.protocol, _PROTOCOL_LIMIT),
        tuple(saying.sentence(one) for one in criterion.interpretation),
        saying.sentence(questions[0]) if questions and state == "judgement" else "",
        tuple(dict.fromkeys(saying.row(fact) for fact in facts)),
        _settle(criterion, assessment.orderable, result, saying) if state == "unknown" else "",
        misses_of(misses, criterion.id, saying),
        score,
        criterion.kind == "exclusion",
    )


def _why(criterion: CriterionResult, saying: Saying) -> str:
    window = next((fact.window for fact in criterion.evidence if fact.reason is criterion.reason), "")
    reason = saying.reason(criterion.reason, window)
    return saying.text(words.OPEN_BECAUSE, reason=reason) if reason else ""


def _settle(
    criterion: CriterionResult,
    orderable: Mapping[str, Orderable],
    score: ScoreResult | None,
    saying: Saying,
) -> str:
    """The tests of which one could settle it (all, where a score needs them), or what else would."""
    tests, between = settling_tests(criterion, orderable, score), wording.OR
    if score is not None and tests:
        alone = frozenset(enough_alone([test.concept for test in tests], score))
        between = wording.OR if alone else wording.AND
        tests = [test for test in tests if test.concept in alone] or tests
    if tests:
        names = [name_of_test(test, saying.language) for test in tests]
        return saying.text(words.ORDER, tests=wording.listed(names, _TESTS_NAMED, between, saying.language))
    step = step_without_test(criterion)
    return saying.text(words.LOOK, step=saying.text(step)) if step else ""
