"""What is asked of the clinician, with the answers that stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cds_service.worksheet.view import words
from cds_service.worksheet.view.saying import Row, Saying
from mappings.attesting.codes import ANSWER_WORDS
from mappings.language.record_words import window_in
from mappings.results import Assessment
from mappings.trial_definition import Question, TrialDefinition
from mappings.verdicts import Verdict


class QuestionView(NamedTuple):
    """A question. ``choices`` are values with their words; ``settles`` names the criterion it is about.

    ``said`` are the answers that stand: several if those of one instant differ. ``wanted``: nothing else says
    it, neither an answer nor the record.
    """

    id: str
    text: str
    choices: tuple[tuple[str, str], ...]
    settles: str
    counts_for: str
    reading: tuple[str, ...]
    state: str
    state_words: str
    said: tuple[Row, ...]
    wanted: bool


def question_views(
    trial: TrialDefinition, assessment: Assessment, labels: Mapping[str, str], saying: Saying
) -> tuple[QuestionView, ...]:
    """All questions of the trial, in their order. ``labels`` are those of the criteria, by id."""
    answers = {one.question: one for one in assessment.answers}
    decided = {one.id for one in assessment.criteria if one.verdict is not Verdict.UNKNOWN}
    views = []
    for question in trial.worksheet.questions:
        answer = answers.get(question.id)
        rows = tuple(saying.row(fact) for fact in answer.evidence) if answer else ()
        state = answer.state if answer else "none"
        wanted = state != "current" and question.settles not in decided
        views.append(_view(question, state, rows, labels, saying)._replace(wanted=wanted))
    return tuple(views)


def _view(
    question: Question, state: str, rows: tuple[Row, ...], labels: Mapping[str, str], saying: Saying
) -> QuestionView:
    period = window_in(saying.language, str(question.counts_for))
    return QuestionView(
        question.id,
        saying.sentence(question.text),
        tuple((choice, saying.text(ANSWER_WORDS.get(choice, choice))) for choice in question.choices),
        labels.get(question.settles, ""),
        saying.text(words.COUNTS_FOR, period=period),
        tuple(saying.sentence(one) for one in question.interpretation),
        state,
        saying.text(words.ANSWER_STATES[state]),
        rows,
        wanted=False,
    )
