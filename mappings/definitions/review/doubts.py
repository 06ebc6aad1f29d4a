"""What is no fault of a definition and still worth a second look before a physician reads it, in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

from mappings.attesting.deciding import asked_in
from mappings.dates import Window
from mappings.definitions.uses import rules_of, walk
from mappings.rules import Judgement, Rule
from mappings.trial_definition import Criterion, TrialDefinition

_CLAIMS = {
    "absent_means_not_met": "'absent_means'",
    "older_means_not_met": "'older_means'",
    "otherwise_not_met": "'otherwise'",
}


def doubts_about(trial: TrialDefinition) -> tuple[str, ...]:
    """Each in a sentence, in the order of the criteria, then of the questions."""
    return (*_unexplained(trial), *_worded_apart(trial))


def _unexplained(trial: TrialDefinition) -> Iterator[str]:
    """What was added to the protocol's words, where no reading is written down."""
    for criterion in trial.criteria:
        added = () if criterion.interpretation else tuple(dict.fromkeys(_added(criterion)))
        if added:
            said = ", ".join(added)
            yield f"criterion {criterion.id!r}: no 'interpretation' says why its rule has {said}"


def _added(criterion: Criterion) -> Iterator[str]:
    """Look-backs whose number the protocol does not have, and claims."""
    numbers = set(re.findall(r"\d+", criterion.protocol))
    for rule in (part for whole in rules_of(criterion) for part in walk(whole)):
        for name, value in _members(rule):
            if isinstance(value, Window) and str(value.length) not in numbers:
                yield f"'{name}: {value}'"
            elif name in _CLAIMS and value:
                yield _CLAIMS[name]


def _members(rule: Rule) -> Iterator[tuple[str, object]]:
    """Works for a kind of rule that is added later."""
    for member in fields(rule):
        yield member.name, getattr(rule, member.name)


def _worded_apart(trial: TrialDefinition) -> Iterator[str]:
    """Questions that ask a clinician something else than the judgement that the answer settles."""
    criteria = {criterion.id: criterion for criterion in trial.criteria}
    for question in trial.worksheet.questions:
        criterion = criteria.get(question.settles)
        asked = asked_in(criterion.require) if criterion else None
        if asked is None or not isinstance(asked.of, Judgement):
            continue
        if asked.of.question.casefold().split() != question.text.casefold().split():
            verdict = "not met" if asked.turned_round else "met"
            yield (
                f"question {question.id!r} is not in the words of the judgement of {question.settles!r}; "
                f"'yes' makes the criterion {verdict}"
            )
