"""Next steps and near misses, for a person at a terminal."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterator, Mapping
from datetime import date

from mappings.results import How, MissingFact, NearMiss, NearMissKind, NextSteps, NextStepSet, Want, WantKind

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
    "short_of": "{fact} is {amount} short of {limit}",
    "over": "{fact} is {amount} beyond {limit}",
    "reached_on": "{fact} is {limit} from {day}",
    "counts_until": "{fact} counts until {day}",
    "counted_until": "{fact} counted until {day}",
    "rules_out_until": "{fact} rules out until {day}, then it is too old to",
}
_AT_THE_LIMIT = "{fact} is at the limit, and {limit} is asked for"
_SPOKEN = {"{score}": "points", "a": "years"}


def next_step_lines(steps: NextSteps) -> Iterator[str]:
    """The first sets, what could rule out, and what no set holds."""
    for number, one in enumerate(steps.sets[:SETS_SHOWN]):
        yield f"{'could settle it' if number == 0 else 'or else'}: {_set_words(one)}"
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
    """proteinuria: UPCR 105 mg/mmol is 0.072 g/g short of more than 1.0 g/g"""
    amount = ""
    if miss.amount is not None:
        amount = f"{miss.amount:.2g} {_SPOKEN.get(miss.unit, miss.unit)}".rstrip()
    template = _AT_THE_LIMIT if miss.kind == "short_of" and miss.amount == 0 else _MISSED[miss.kind]
    fact = f"{miss.label} {miss.text}".rstrip(". ")
    day = _day(miss.date) if miss.date else ""
    return f"{miss.criterion}: {template.format(fact=fact, amount=amount, limit=miss.limit, day=day)}"


def _set_words(one: NextStepSet) -> str:
    return "; ".join(
        f"{_HOW[step.how]}: {', '.join(_fact_words(fact) for fact in step.facts)}" for step in one.steps
    )


def _fact_words(fact: MissingFact) -> str:
    return " ".join([fact.label, " and ".join(_want_words(want) for want in fact.wanted)])


def _want_words(want: Want) -> str:
    return _WANTED[want.kind].format(limit=want.limit, answers=" or ".join(want.answers))


def _day(day: date) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}"
