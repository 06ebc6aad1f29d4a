"""What lies ahead: the ways to settle what is open, what would rule out, and how near a miss is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from cards.next_steps import ANSWERS, WANTED, wanted_words
from cards.text import plain
from cards.wording import OR, listed
from cds_service.worksheet.view import words
from cds_service.worksheet.view.saying import Saying
from mappings.language import message
from mappings.results import MissingFact, NearMiss, NextSteps, NextStepSet, Want

SETS_SHOWN = 3
_FACTS_NAMED = 12
_OPPOSITES = {"positive": "negative", "negative": "positive"}
_RECORDED = re.compile(r"(?P<points>\d+) recorded")
_SINCE = re.compile(r"since (?P<day>\d{4}-\d{2}-\d{2})")
TOTAL = message("{points} recorded")
SINCE = message("since {day}")


class Way(NamedTuple):
    """One step: how it is done, and what it would have to show."""

    how: str
    facts: tuple[str, ...]


class Ahead(NamedTuple):
    """``sets`` are ways to settle everything that a record can, the least effort first."""

    sets: tuple[tuple[Way, ...], ...]
    more: bool
    could_rule_out: tuple[str, ...]
    needs_a_person: tuple[str, ...]
    not_yet: tuple[str, ...]


def ahead_view(steps: NextSteps, labels: dict[str, str], saying: Saying) -> Ahead:
    """``labels`` are those of the criteria, by id, as they are shown."""
    return Ahead(
        tuple(_ways(one, saying) for one in steps.sets[:SETS_SHOWN]),
        steps.more or len(steps.sets) > SETS_SHOWN,
        tuple(_fact(fact, saying) for fact in steps.could_rule_out),
        tuple(labels.get(one, one) for one in steps.needs_a_person),
        tuple(labels.get(one, one) for one in steps.not_yet),
    )


def _ways(one: NextStepSet, saying: Saying) -> tuple[Way, ...]:
    by_how: dict[str, list[str]] = {}
    for step in one.steps:
        by_how.setdefault(step.how, []).extend(_fact(fact, saying) for fact in step.facts)
    return tuple(
        Way(saying.text(words.HOW[how]), tuple(dict.fromkeys(facts))) for how, facts in by_how.items()
    )


def _fact(fact: MissingFact, saying: Saying) -> str:
    """hCG negative; UPCR above 1.0 g/g"""
    one = partial(_wanted, saying=saying)
    return plain(wanted_words(saying.short(fact.label), fact.wanted, one, saying.language), 200)


def _wanted(fact: str, want: Want, saying: Saying) -> str:
    kind, answers = want.kind, want.answers
    if kind == "none_of" and len(answers) == 1 and answers[0] in _OPPOSITES:
        kind, answers = "one_of", (_OPPOSITES[answers[0]],)
    spoken = [saying.text(ANSWERS.get(answer, answer)) for answer in answers]
    named = listed(spoken, _FACTS_NAMED, OR, saying.language)
    return saying.text(WANTED[kind]).format(fact=fact, limit=saying.amount(want.limit), answers=named)


def miss_words(miss: NearMiss, saying: Saying) -> str:
    """UPCR 0.93 g/g: 0.07 g/g short of more than 1.0 g/g"""
    at_limit = miss.kind in ("short_of", "over") and miss.amount == 0
    template = words.AT_THE_LIMIT if at_limit else words.MISSED[miss.kind]
    name, value = saying.label(miss.label), _value(miss.text, saying)
    fact = saying.text(words.FACT, name=name, value=value) if value else name
    day = saying.language.long_date(miss.date) if miss.date else ""
    return saying.text(
        template, fact=fact, amount=_amount(miss, saying), limit=_limit(miss.limit, saying), day=day
    )


def _value(text: str, saying: Saying) -> str:
    recorded, since = _RECORDED.fullmatch(text), _SINCE.fullmatch(text)
    if recorded:
        return saying.text(TOTAL, points=recorded["points"])
    if since:
        return saying.text(SINCE, day=saying.day(since["day"]))
    return saying.amount(text.rstrip(",. "))


def _limit(limit: str, saying: Saying) -> str:
    for start, template in words.BOUND.items():
        if limit.startswith(f"{start} "):
            return saying.text(template, limit=saying.amount(limit.removeprefix(f"{start} ")))
    return saying.amount(limit)


def _amount(miss: NearMiss, saying: Saying) -> str:
    if miss.amount is None:
        return ""
    number = f"{miss.amount:.2g}" if miss.amount < 100 else f"{miss.amount:.0f}"
    if miss.unit == "a":
        return saying.text(words.ONE_YEAR if number == "1" else words.YEARS, number=number)
    if miss.unit == "{score}":
        return saying.text(words.AMOUNT_POINTS, number=number)
    return saying.amount(f"{number} {miss.unit}".rstrip())


def misses_of(misses: Sequence[NearMiss], criterion: str, saying: Saying) -> tuple[str, ...]:
    """What is said of one criterion, each once."""
    return tuple(dict.fromkeys(miss_words(miss, saying) for miss in misses if miss.criterion == criterion))
