"""Next steps and near misses, for a person at a terminal."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from cards.evidence_words import without_addition
from mappings.results import (
    How,
    MissingFact,
    NearMiss,
    NearMissKind,
    NextStep,
    NextSteps,
    NextStepSet,
    Want,
    WantKind,
)

SETS_SHOWN = 2

_HOW: Mapping[How, str] = {
    "chart": "look in the chart",
    "bedside": "ask or measure",
    "urine": "urine",
    "blood": "blood",
    "records": "outside records",
    "urine-24h": "24-hour collection",
    "imaging": "imaging",
    "examination": "examine",
    "biopsy": "biopsy",
}
_WANTED: Mapping[WantKind, str] = {
    "greater_than": "above {limit}",
    "at_least": "{limit} or more",
    "less_than": "below {limit}",
    "at_most": "{limit} or less",
    "one_of": "{answers}",
    "none_of": "not {answers}",
    "present": "present",
    "absent": "none",
}
_MISSED: Mapping[NearMissKind, str] = {
    "short_of": "{fact}, is {amount} short of {limit}",
    "over": "{fact}, is {amount} beyond {limit}",
    "reached_on": "{fact}, is {limit} from {day}",
    "counts_until": "{fact}, counts until {day}",
    "counted_until": "{fact}, counted until {day}",
    "rules_out_until": "{fact}, rules out until {day}, then it is too old to rule out",
}
_AT_THE_LIMIT = "{fact}, is at the limit, and {limit} is asked for"
_OPPOSITES = {"positive": "negative", "negative": "positive"}
_SPOKEN = {"{score}": "points", "a": "years"}


def next_step_lines(steps: NextSteps) -> Iterator[str]:
    """The first sets, what could rule out, and what no set holds."""
    if steps.sets:
        yield f"could settle it: {_steps_words(steps.sets[0].steps)}"
    for other in steps.sets[1:SETS_SHOWN]:
        gone, come = _without(steps.sets[0], other), _without(other, steps.sets[0])
        names = ", ".join(_name(fact) for step in gone for fact in step.facts)
        yield f"or, in place of {names}: {_steps_words(come)}"
    others = len(steps.sets) - SETS_SHOWN
    if others > 0:
        yield f"{others}{' or more' if steps.more else ''} other ways: --json lists them"
    if steps.could_rule_out:
        yield f"one of these would rule out: {'; '.join(map(_fact_words, steps.could_rule_out))}"
    if steps.needs_a_person:
        yield f"for a person to judge: {', '.join(steps.needs_a_person)}"
    if steps.not_yet:
        yield f"nothing done today can settle: {', '.join(steps.not_yet)}"


def near_miss_line(miss: NearMiss) -> str:
    """proteinuria: UPCR, 105 mg/mmol, is 0.072 g/g short of more than 1.0 g/g"""
    amount = ""
    if miss.amount is not None:
        amount = _amount_words(f"{miss.amount:.2g}", miss.unit)
    at_limit = miss.kind in ("short_of", "over") and miss.amount == 0
    template = _AT_THE_LIMIT if at_limit else _MISSED[miss.kind]
    fact = f"{miss.label}, {miss.text}".rstrip(",. ")
    day = _day(miss.date) if miss.date else ""
    return f"{miss.criterion}: {template.format(fact=fact, amount=amount, limit=miss.limit, day=day)}"


def _amount_words(number: str, unit: str) -> str:
    """0.072 g/g, 2 years, 1 year"""
    words = f"{number} {_SPOKEN.get(unit, unit)}".rstrip()
    return words.removesuffix("s") if unit in _SPOKEN and number == "1" else words


def _without(one: NextStepSet, other: NextStepSet) -> list[NextStep]:
    """The steps of a set that another has not, with the facts that the other has not."""
    known = {fact.concept for step in other.steps for fact in step.facts}
    left = [step._replace(facts=tuple(f for f in step.facts if f.concept not in known)) for step in one.steps]
    return [step for step in left if step.facts]


def _steps_words(steps: Sequence[NextStep]) -> str:
    """ask or measure: ECOG 1 or less, Lactation negative; blood: CD19+ B cells positive, hCG negative"""
    by_how: dict[How, list[str]] = {}
    for step in steps:
        by_how.setdefault(step.how, []).extend(_fact_words(fact) for fact in step.facts)
    return "; ".join(f"{_HOW[how]}: {', '.join(facts)}" for how, facts in by_how.items())


def _fact_words(fact: MissingFact) -> str:
    return f"{_name(fact)} {' and '.join(map(_want_words, fact.wanted))}"


def _name(fact: MissingFact) -> str:
    return without_addition(fact.label, ", ")


def _want_words(want: Want) -> str:
    if want.kind == "none_of" and want.answers[0] in _OPPOSITES and len(want.answers) == 1:
        return _OPPOSITES[want.answers[0]]
    return _WANTED[want.kind].format(limit=want.limit, answers=" or ".join(want.answers))


def _day(day: date) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}"
