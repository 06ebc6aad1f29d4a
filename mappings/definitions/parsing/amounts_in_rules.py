"""``greater_than: 1.0 g/g``: bounds, converted into the concept's unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import get_args

from mappings.amounts import HOLDS, Bound, Comparison
from mappings.concept import Concept
from mappings.definitions.faults import Mistake, Report
from mappings.definitions.parsing.fields import Fields, text_of
from mappings.definitions.parsing.values import WrittenAmount, parse_age, parse_amount, parse_titre
from mappings.units import convert, is_bare_number

AN_AGE = "an age in whole years up to 150, such as '18 years'"
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
_OPPOSITES: Mapping[Comparison, Comparison] = {
    "at_least": "less_than",
    "greater_than": "at_most",
    "at_most": "greater_than",
    "less_than": "at_least",
}


def bounds_of(fields: Fields, limit_of: Callable[[str, int], float | None]) -> tuple[Bound, ...]:
    """The comparisons that a rule makes; at least one, and not such that no number meets them all."""
    bounds = []
    written = False
    for comparison in COMPARISONS:
        node = fields.get(comparison)
        written = written or node is not None
        text = text_of(node, comparison, fields.report)
        limit = limit_of(text, fields.line(comparison)) if text else None
        if limit is not None:
            bounds.append(Bound(comparison, limit, text))
    if not written:
        message = f"nothing to compare with; write one of {', '.join(COMPARISONS)}"
        fields.report.add(Mistake.NO_BOUND, fields.node.line, message)
    if contradict(bounds):
        fields.report.add(Mistake.BOUNDS_CONTRADICT, fields.node.line, "no number can be within these bounds")
    return tuple(bounds)


def check_possible(fields: Fields, concept: Concept, bounds: Iterable[Bound]) -> None:
    """Report a bound that no number of the concept is within: slips of the pen, as 5000 for 5.000."""
    top = concept.whole_number_to if concept.cannot_exceed is None else concept.cannot_exceed
    least = concept.cannot_be_below or 0
    for bound in bounds:
        limit = bound.limit
        above = bound.comparison in COMPARISONS[:2] and top is not None
        if limit < min(least, 0):
            never = f"{bound.text!r} is below 0, as {concept.id!r} never is"
            message = f"{never}; its 'cannot_be_below' would say if it may be"
            fields.report.add(Mistake.LIMIT_BELOW_ZERO, fields.line(bound.comparison), message)
        elif above and not HOLDS[bound.comparison](top or 0, limit):
            _never_met(fields, concept, bound, f"above {top:g}")
        elif bound.comparison in COMPARISONS[2:] and not HOLDS[bound.comparison](least, limit):
            _never_met(fields, concept, bound, f"below {least:g}")


def _never_met(fields: Fields, concept: Concept, bound: Bound, beyond: str) -> None:
    words = f"{bound.comparison.replace('_', ' ')} {bound.text!r}"
    message = f"nothing is {words}: no number of {concept.id!r} can be {beyond}"
    fields.report.add(Mistake.BOUNDS_CONTRADICT, fields.line(bound.comparison), message)


def contradict(bounds: Iterable[Bound]) -> bool:
    """Whether no number meets all of the bounds."""
    bounds = tuple(bounds)
    lows = [(b.limit, b.comparison == "greater_than") for b in bounds if b.comparison in COMPARISONS[:2]]
    highs = [(b.limit, b.comparison == "less_than") for b in bounds if b.comparison in COMPARISONS[2:]]
    low, low_open = max(lows, default=(-math.inf, False))
    high, high_open = min(highs, default=(math.inf, False), key=lambda h: (h[0], not h[1]))
    return low > high or (low == high and (low_open or high_open))


def opposite(bound: Bound) -> Bound:
    """What a number meets that does not meet the bound."""
    return Bound(_OPPOSITES[bound.comparison], bound.limit, bound.text)


def age_limit(report: Report) -> Callable[[str, int], float | None]:
    """Reads ``18 years``."""

    def limit_of(text: str, line: int) -> float | None:
        age = parse_age(text)
        if age is None:
            report.add(Mistake.NOT_A_NUMBER, line, f"{text!r} is not {AN_AGE}")
        return age

    return limit_of


def concept_limit(concept: Concept, report: Report) -> Callable[[str, int], float | None]:
    """Reads amounts of the concept: with a unit that converts into its own, bare if it has none."""

    def limit_of(text: str, line: int) -> float | None:
        titre = parse_titre(text) if concept.unit == "{titer}" else None
        amount = parse_amount(text)
        if titre is not None or amount is None:
            if titre is None:
                report.add(
                    Mistake.NOT_A_NUMBER, line, f"{text!r} is not an amount such as {_example(concept)!r}"
                )
            return titre
        return _converted(amount, concept, line, report)

    return limit_of


def _converted(amount: WrittenAmount, concept: Concept, line: int, report: Report) -> float | None:
    if not amount.unit and not is_bare_number(concept.unit):
        message = f"the amount has no unit; write it as {_example(concept)!r}"
        report.add(Mistake.UNIT_MISSING, line, message)
        return None
    limit = convert(amount.number, amount.unit, concept)
    if limit is None:
        if is_bare_number(concept.unit):
            message = f"{concept.id!r} is a number without unit; leave {amount.unit!r} out"
        else:
            message = f"{amount.unit!r} cannot be converted into {concept.unit}, the unit of {concept.id!r}"
        report.add(Mistake.UNIT_NOT_COMPARABLE, line, message)
    return limit


def _example(concept: Concept) -> str:
    return "1.0" if is_bare_number(concept.unit) else f"1.0 {concept.unit}"
