"""Which answer and which strike stand on a day: the latest, for as long as its question says it counts.

Days are those written in the response; responses of one day are ordered by their instants, if they tell them.
What is dated after the day of the assessment is ignored, as every fact is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol, TypeVar

from mappings.attesting.forms import look_back, strikable
from mappings.dates import When, Window
from mappings.facts import Attestation, PatientRecord, Strike
from mappings.trial_definition import UNSURE, Catalog, Question, TrialDefinition

AnswerState = Literal["none", "current", "unsure", "conflicting", "unreadable", "too_old"]
StrikeState = Literal["current", "withdrawn", "unreadable", "too_old"]


class StandingAnswer(NamedTuple):
    """The latest answer to a question. ``answers``: several if those of one instant differ (conflicting).

    ``unreadable``: something was answered last that cannot be used; an earlier answer never stands in for it.

    ``until``: the last day on which it counts, or counted; None without an answer.
    """

    question: Question
    state: AnswerState
    answers: tuple[Attestation, ...] = ()
    until: date | None = None


class StandingStrike(NamedTuple):
    """The latest word on one item of a score. ``until``: the last day on which it counts; None: no end."""

    strike: Strike
    state: StrikeState
    until: date | None = None


class _Dated(Protocol):
    @property
    def when(self) -> When: ...

    @property
    def reference(self) -> str: ...


D = TypeVar("D", bound=_Dated)


def standing_answers(
    trial: TrialDefinition, record: PatientRecord, today: date
) -> tuple[StandingAnswer, ...]:
    """What stands for each question of a trial's worksheet, in their order."""
    return tuple(standing_answer(trial.id, question, record, today) for question in trial.worksheet.questions)


def standing_answer(trial_id: str, question: Question, record: PatientRecord, today: date) -> StandingAnswer:
    """What stands for one question."""
    said = (a for a in record.attestations if a.question == question.id and a.trial == trial_id)
    newest = _newest(said, today)
    if not newest:
        return StandingAnswer(question, "none")
    once = {answer.answer: answer for answer in reversed(newest)}
    answers = tuple(sorted(once.values(), key=lambda answer: answer.answer))
    until = _until(newest[0].when, question.counts_for)
    state: AnswerState = "current"
    if until is not None and until < today:
        state = "too_old"
    elif any(answer.problem is not None for answer in newest):
        state = "unreadable"
    elif len(answers) > 1:
        state = "conflicting"
    elif answers[0].answer == UNSURE:
        state = "unsure"
    return StandingAnswer(question, state, answers, until)


def standing_strikes(
    trial: TrialDefinition, catalog: Catalog, record: PatientRecord, today: date
) -> tuple[StandingStrike, ...]:
    """The latest word on every item of the trial's scores that was ever struck, by score and item."""
    return tuple(
        standing
        for score in strikable(trial, catalog)
        for standing in of_score(record.strikes, trial, score, look_back(trial, score), today)
    )


def of_score(
    strikes: Iterable[Strike], trial: TrialDefinition, score: str, within: Window | None, today: date
) -> Iterator[StandingStrike]:
    """The latest word on each item of a score that is asked for with a look-back, by item.

    A strike counts for as long as a result does in the score, else for as long as the worksheet says.
    """
    by_item: dict[str, list[Strike]] = {}
    for strike in strikes:
        if strike.trial == trial.id and strike.score == score:
            by_item.setdefault(strike.item, []).append(strike)
    window = within or trial.worksheet.strikes_count_for
    for item in sorted(by_item):
        newest = _newest(by_item[item], today)
        if newest:
            yield _standing(newest, window, today)


def _standing(newest: Sequence[Strike], window: Window | None, today: date) -> StandingStrike:
    """Of a strike and a withdrawal at one instant, the withdrawal: what the record says stays.

    If one of them cannot be used, it is open whether the item is struck.
    """
    doubtful = [strike for strike in newest if strike.problem is not None]
    withdrawn = [strike for strike in newest if strike.withdrawn]
    strike = (doubtful or withdrawn or newest)[0]
    until = _until(strike.when, window)
    if until is not None and until < today:
        return StandingStrike(strike, "too_old", until)
    if doubtful:
        return StandingStrike(strike, "unreadable", until)
    return StandingStrike(strike, "withdrawn" if withdrawn else "current", until)


def _newest(said: Iterable[D], today: date) -> list[D]:
    """Those that nothing is known to come after, by reference."""
    known = [one for one in said if one.when.first <= today.toordinal()]
    day = max((one.when.first for one in known), default=0)
    of_day = [one for one in known if one.when.first == day]
    newest = [one for one in of_day if not any(_before(one.when, other.when) for other in of_day)]
    return sorted(newest, key=lambda one: one.reference)


def _before(one: When, other: When) -> bool:
    return one.moment is not None and other.moment is not None and one.moment < other.moment


def _until(when: When, window: Window | None) -> date | None:
    return window.after(date.fromordinal(when.first)) if window is not None else None
