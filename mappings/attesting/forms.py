"""A trial's worksheet as a form: its questions, and the items of its scores that may be struck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from mappings.attesting.codes import canonical, question_link, strike_link, worksheet_url
from mappings.dates import Window
from mappings.rules import Score
from mappings.trial_definition import Catalog, Question, ScoreItem, TrialDefinition


class Form(NamedTuple):
    """``questions`` by linkId; ``scores``: by the linkId of their group, a score's id and its items."""

    trial: TrialDefinition
    canonical: str
    questions: Mapping[str, Question]
    scores: Mapping[str, tuple[str, Mapping[str, ScoreItem]]]


def strikable(trial: TrialDefinition, catalog: Catalog) -> dict[str, tuple[ScoreItem, ...]]:
    """By score that the trial asks for: the items that the score's author marks as such that may have
    another cause. Only these can be struck; a score without any is left out."""
    found = {
        rule.of: tuple(item for item in catalog.scores[rule.of].items if item.may_have_other_cause)
        for rule in _score_rules(trial)
    }
    return {name: items for name, items in found.items() if items}


def look_back(trial: TrialDefinition, score: str) -> Window | None:
    """The look-back with which the trial asks for a score; the first, should there be several."""
    return next((rule.within for rule in _score_rules(trial) if rule.of == score), None)


def _score_rules(trial: TrialDefinition) -> Iterator[Score]:
    from mappings.definitions.uses import rules_of, walk  # noqa: PLC0415 - loading definitions reads records

    rules = [rule for criterion in trial.criteria for rule in rules_of(criterion)]
    for rule in (*rules, trial.show_card_when_met):
        yield from (part for part in walk(rule) if isinstance(part, Score))


def form_of(trial: TrialDefinition, catalog: Catalog) -> Form:
    """The form of one trial."""
    return Form(
        trial,
        canonical(trial.id, trial.facts.version),
        {question_link(question.id): question for question in trial.worksheet.questions},
        {
            strike_link(name): (name, {item.id: item for item in items})
            for name, items in strikable(trial, catalog).items()
        },
    )


@lru_cache(maxsize=64)
def forms_of(catalog: Catalog) -> Mapping[str, Form]:
    """The forms of all trials, by the URL of their Questionnaire without a version."""
    return {worksheet_url(trial.id): form_of(trial, catalog) for trial in catalog.trials}
