"""The value of an Observation, or of one of its components, for one concept."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mappings.amounts import AS_COMPARATORS, Amount, censored, exactly, is_number
from mappings.concept import Concept
from mappings.reading.answers import coded_answers, disagree, worded_answers
from mappings.reading.code_index import words
from mappings.reading.laboratory.counts import is_count
from mappings.reading.laboratory.findings import NO_TOKENS, VALUE, Value, answered, is_antibody
from mappings.reading.laboratory.grades import grades, is_scale
from mappings.reading.laboratory.numbers import (
    beside_answer,
    is_counted_in_fields,
    is_none_seen,
    is_unit_like,
    may_part_thousands,
    with_points,
    without_power,
)
from mappings.reading.laboratory.ranges import Whose
from mappings.reading.laboratory.titres import read_titre
from mappings.units import between, convert, quotient
from mappings.verdicts import Reason

UCUM = "http://unitsofmeasure.org"
_NUMBER = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(\d+(?:\.\d+)?)(?![\d.,])\s*(.{0,40})")
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|–|~|to)\s*(\d+(?:\.\d+)?)(?![\d.,])\s*(.{0,40})")
_FULL_WIDTH = str.maketrans({0xFEE0 + ord(sign): sign for sign in ":/<>~"})
"""Signs as Chinese text has them."""
_UNUSABLE = frozenset({"valueSampledData", "valueTime", "valueDateTime", "valuePeriod"})


AMOUNT: Callable[[tuple[Any, ...]], Amount] = partial(tuple.__new__, Amount)
"""Several times faster than the constructor, and called for every result of a record."""


def _problem(reason: Reason, note: str, text: str = "", unit: str = "") -> Value:
    return Value(None, NO_TOKENS, text, unit, reason, note)


def read_value(element: Mapping[str, Any], concept: Concept, whose: Whose | None = None) -> Value:
    """The value[x] of an Observation or component. Never raises; a fault is the value's ``problem``.

    ``whose`` says which of several reference ranges applies.
    """
    quantity = element.get("valueQuantity")
    if element.get("dataAbsentReason") and (quantity is not None or not _OTHER_VALUES.isdisjoint(element)):
        return _problem(Reason.CONFLICTING, "a value beside a reason for its absence")
    if quantity is None:
        value = _other(element, concept)
    else:
        value = _plain_quantity(quantity, concept) or _quantity(quantity, concept)
    if concept.kind != "measurement":
        return answered(value, element, concept, whose)
    if value.amount is not None and beyond_belief(value.amount, concept):
        return _problem(Reason.UNREADABLE, "a value that cannot be", value.text, value.unit)
    return value if concept.whole_number_to is None else _checked(value, concept)


def beyond_belief(amount: Amount, concept: Concept) -> bool:
    """Whether every number that the amount can be lies outside what the concept's value can be."""
    most, least = concept.cannot_exceed, concept.cannot_be_below
    return (most is not None and amount.low > most) or (least is not None and amount.high < least)


def _plain_quantity(quantity: Any, concept: Concept) -> Value | None:
    """By far the most frequent value: a number in the concept's own unit, or in any if it has none.

    None for any other.
    """
    if type(quantity) is not dict or "comparator" in quantity or quantity.get("system") != UCUM:
        return None
    if concept.positive_above is not None:
        return None
    number, unit = quantity.get("value"), quantity.get("code")
    if type(unit) is not str or not unit or unit != (concept.unit or unit):
        return None
    if type(number) is not float and type(number) is not int:
        return None
    if number < 1 and (number < 0 or unit == "{titer}"):
        return None
    if not is_number(number):
        return None
    amount = AMOUNT((number, number, False, False))
    return VALUE((amount, NO_TOKENS, f"{number:.10g} {unit}", unit, None, ""))


def _quantity(quantity: Any, concept: Concept) -> Value:
    if type(quantity) is not dict:
        return _problem(Reason.UNREADABLE, "valueQuantity is not an object")
    number = quantity.get("value")
    if type(number) is not float and type(number) is not int:
        return _problem(Reason.UNREADABLE, "quantity without a number")
    unit = quantity.get("code")
    if type(unit) is not str or quantity.get("system") != UCUM:
        unit = quantity.get("unit") or unit or ""
        if type(unit) is not str:
            return _problem(Reason.UNREADABLE, "unit is not a text")
    comparator = quantity.get("comparator")
    return _amount(number, unit, comparator, concept)


def _amount(number: float, unit: str, comparator: Any, concept: Concept) -> Value:
    if not is_number(number) or number < 0 or (unit == "{titer}" and 0 < number < 1):
        return _problem(Reason.UNREADABLE, "a number that cannot be")
    text = f"{comparator or ''}{number:.10g} {unit}" if unit else f"{comparator or ''}{number:.10g}"
    amount_of = number if unit and unit == concept.unit else _converted(number, unit, concept)
    if amount_of is None:
        return _problem(Reason.UNIT_NOT_COMPARABLE, "unit cannot be compared", text, unit)
    if math.isinf(amount_of):
        return _problem(Reason.UNREADABLE, "a number that cannot be", text, unit)
    if comparator is None:
        return Value(Amount(amount_of, amount_of), NO_TOKENS, text, unit, None)
    amount = censored(comparator, amount_of) if isinstance(comparator, str) else None
    if amount is None:
        return _problem(Reason.UNREADABLE, "unknown comparator", text, unit)
    return Value(amount, NO_TOKENS, text, unit, None)


def _converted(number: float, unit: str, concept: Concept) -> float | None:
    """In the canonical unit; a finding without one keeps its number, which only its own range reads."""
    if not concept.unit and concept.kind != "measurement":
        counts = concept.positive_above is None or is_count(unit, concept)
        return number if counts else None
    return convert(number, unit, concept)


def _other(element: Mapping[str, Any], concept: Concept) -> Value:
    for key, read in _READERS.items():
        if key in element:
            return read(element[key], concept)
    if not _UNUSABLE.isdisjoint(element):
        return _problem(Reason.UNREADABLE, "a form of value that is not read")
    if "dataAbsentReason" in element:
        return _problem(Reason.NOT_FOUND, "recorded without a value")
    if element.get("interpretation") is not None and concept.kind != "measurement":
        return Value(None, NO_TOKENS, "", "", None)
    return _problem(Reason.NOT_FOUND, "recorded without a value")


def _integer(value: Any, concept: Concept) -> Value:
    if type(value) is not int:
        return _problem(Reason.UNREADABLE, "valueInteger is not a whole number")
    return _amount(value, "", None, concept)


def _boolean(value: Any, concept: Concept) -> Value:
    if type(value) is not bool or concept.kind == "measurement":
        return _problem(Reason.UNREADABLE, "true or false is not a result of this kind")
    tokens = frozenset({"yes", "positive"} if value else {"no", "negative"})
    return Value(None, tokens, "yes" if value else "no", "", None)


def _coded(value: Any, concept: Concept) -> Value:
    if type(value) is not dict:
        return _problem(Reason.UNREADABLE, "valueCodeableConcept is not an object")
    text = words(value)
    tokens = coded_answers(value, concept)
    if tokens and concept.kind == "measurement" and not concept.answers:
        return _problem(Reason.UNREADABLE, "an answer that is no number", text)
    if tokens:
        return _answer(tokens, text, concept)
    if concept.kind == "measurement":
        return _string(text, concept)
    return _problem(Reason.UNREADABLE, "an answer that is not known", text)


def _answer(tokens: frozenset[str], text: str, concept: Concept) -> Value:
    """An answer; one that is a number is an amount too. Two that cannot both be true are none."""
    if disagree(tokens, concept):
        return _problem(Reason.CONFLICTING, "answers disagree", text)
    number = next((token for token in tokens if token.isdigit()), None)
    return Value(None if number is None else exactly(float(number)), tokens, text, "", None)


def _string(value: Any, concept: Concept) -> Value:
    if type(value) is not str:
        return _problem(Reason.UNREADABLE, "valueString is not a text")
    text = value.strip().translate(_FULL_WIDTH)
    return _titre(text, concept) or _worded(text, concept) or _numbered(text, concept)


def _titre(text: str, concept: Concept) -> Value | None:
    """A titre, of what is asked for by titres, or of an antibody."""
    is_asked_for = concept.unit == "{titer}" or concept.positive_from is not None
    titre = read_titre(text) if is_asked_for or is_antibody(concept) else None
    if titre is None:
        return None
    if titre == "unreadable":
        return _problem(Reason.UNREADABLE, "text that is not a result", text[:80]) if is_asked_for else None
    if titre == "negative":
        return _answer(frozenset({"negative"}), text[:80], concept)
    return Value(titre, NO_TOKENS, text[:80], "{titer}", None)


def _worded(text: str, concept: Concept) -> Value | None:
    """An answer in words, perhaps with a number beside it, which then must not contradict it."""
    if concept.kind == "measurement" and not concept.answers:
        return None
    tokens = worded_answers(text, concept)
    if tokens:
        return _answer(tokens, text, concept)
    beside = beside_answer(with_points(text)) if concept.kind != "measurement" else None
    said = NO_TOKENS if beside is None else worded_answers(beside.answer, concept)
    if beside is None or len(said) != 1 or not said <= ({"negative"} if beside.is_below else _BOTH_WAYS):
        return None
    number = _numbered(beside.number, concept)
    return number if number.amount is None else number._replace(tokens=said, text=text[:80])


_BOTH_WAYS = frozenset({"positive", "negative"})


def _numbered(text: str, concept: Concept) -> Value:
    """One number or two ends, with a unit."""
    text = grades(text) if is_scale(concept) else text
    text = text if is_counted_in_fields(concept) else with_points(text)
    plain = without_power(text)
    if plain != text and concept.kind == "measurement":  # 4.2×10^9 cells/L: of some the power is the unit's
        value = _number(text, concept)
        return value if value.problem is None else _number(plain, concept)
    return _number(plain, concept)


def _number(text: str, concept: Concept) -> Value:
    if is_none_seen(text, concept):
        return _amount(1.0, concept.unit, "<", concept)._replace(text=text)
    interval, number = _INTERVAL.fullmatch(text), _NUMBER.fullmatch(text)
    written = interval or number
    if written is None or (is_scale(concept) and written[3][:1].isdigit()):
        return _problem(Reason.UNREADABLE, "text that is not a result", text[:80])
    if concept.kind != "measurement" and concept.positive_above is None:
        if _OF_TWO.match(written[3]):
            return Value(None, NO_TOKENS, text[:80], "", None)
        if not is_unit_like(written[3]):
            return _problem(Reason.UNREADABLE, "text that is not a result", text[:80])
    if may_part_thousands(text, concept.unit_spellings.get(unit := written[3].strip(), unit)):
        return _problem(Reason.UNREADABLE, "text that is not a result", text[:80])
    if interval is not None or number is None:
        return _interval(written, concept)
    return _from_text(number[1], number[2], number[3].strip(), text, concept)


_OF_TWO = re.compile(r"[:/]\s*\d")
"""What stands behind the first number of a titre, a ratio or a date, which is no amount by itself."""


def _interval(written: re.Match[str], concept: Concept) -> Value:
    """``5-10 /HPF``, as sediments are reported."""
    low, high = (_amount(float(written[end]), written[3].strip(), None, concept) for end in (1, 2))
    return _counted(_between(low, high, written[0][:80]), concept)


def _from_text(comparator: str | None, digits: str, unit: str, text: str, concept: Concept) -> Value:
    comparator = AS_COMPARATORS.get(comparator or "", comparator)
    return _counted(_amount(float(digits), unit, comparator, concept)._replace(text=text[:80]), concept)


def _counted(value: Value, concept: Concept) -> Value:
    """What is counted, of a text: a number of something else is no result, whatever its flag says."""
    is_of_else = value.problem is Reason.UNIT_NOT_COMPARABLE and concept.positive_above is not None
    if is_of_else and not concept.blood_cells:
        return _problem(Reason.UNREADABLE, "text that is not a result", value.text)
    return value


def _ratio(value: Any, concept: Concept) -> Value:
    """A titre 1:160 as a Ratio; other ratios as numerator by denominator, units written out."""
    if type(value) is not dict:
        return _problem(Reason.UNREADABLE, "valueRatio is not an object")
    top, bottom = value.get("numerator"), value.get("denominator")
    if type(top) is not dict or type(bottom) is not dict:
        return _problem(Reason.UNREADABLE, "ratio without two parts")
    above, below = top.get("value"), bottom.get("value")
    if not is_number(above) or not is_number(below) or not above or not below:
        return _problem(Reason.UNREADABLE, "ratio without two numbers")
    comparator = top.get("comparator") or bottom.get("comparator")
    if top.get("comparator") and bottom.get("comparator"):
        return _problem(Reason.UNREADABLE, "unknown comparator")
    is_titre = is_antibody(concept) and above == 1 and not _has_unit(top, bottom)
    if is_titre or concept.unit == "{titer}" or concept.positive_from is not None:
        read = _amount(quotient(below, above), "{titer}", comparator, concept)
        return read._replace(text=f"{comparator or ''}{above:g}:{below:g}")
    units = [part.get("code") or part.get("unit") or "" for part in (top, bottom)]
    if not all(isinstance(unit, str) for unit in units):
        return _problem(Reason.UNREADABLE, "unit is not a text")
    if bottom.get("comparator"):
        comparator = _TURNED.get(comparator, comparator) if isinstance(comparator, str) else comparator
    below, unit = _divided(below, *units)
    return _amount(quotient(above, below), unit, comparator, concept)


def _has_unit(*parts: Mapping[str, Any]) -> bool:
    return any(part.get("code") or part.get("unit") for part in parts)


_TURNED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A quotient is less than a number if its denominator is more."""


def _divided(number: float, above: str, below: str) -> tuple[float, str]:
    """What to divide by, and the unit of the quotient: mg/dL by mg/dL is mg/mg, mg by mmol/L is mg/(mmol/L).

    Of two concentrations the second is first brought to the volume of the other: mg/dL by g/L is mg/g.
    """
    if not above and not below:
        return number, ""
    mass, _, volume = above.partition("/")
    other_mass, _, other_volume = below.partition("/")
    if volume and other_volume:
        same = between(below, f"{other_mass}/{volume}")
        brought = None if same is None else same.of(number)
        if brought and math.isfinite(brought):
            return brought, f"{mass}/{other_mass}"
    return number, f"{above}/({below})" if other_volume or "." in below else f"{above}/{below}"


def _range(value: Any, concept: Concept) -> Value:
    if type(value) is not dict:
        return _problem(Reason.UNREADABLE, "valueRange is not an object")
    low = _quantity(value["low"], concept) if "low" in value else None
    high = _quantity(value["high"], concept) if "high" in value else None
    return _between(low, high, f"{low.text if low else ''} to {high.text if high else ''}".strip())


def _between(low: Value | None, high: Value | None, text: str) -> Value:
    for end in (low, high):
        if end is not None and end.amount is None:
            return end._replace(text=text)
    lowest = low.amount.low if low is not None and low.amount else -math.inf
    highest = high.amount.high if high is not None and high.amount else math.inf
    if lowest > highest:
        return _problem(Reason.UNREADABLE, "a range upside down", text)
    return Value(Amount(lowest, highest), NO_TOKENS, text, "", None)


_READERS = {
    "valueInteger": _integer,
    "valueCodeableConcept": _coded,
    "valueString": _string,
    "valueBoolean": _boolean,
    "valueRatio": _ratio,
    "valueRange": _range,
}
_OTHER_VALUES = _UNUSABLE.union(_READERS)


def _checked(value: Value, concept: Concept) -> Value:
    """A score or index must be a whole number within its scale; of grades, two ends may leave it open."""
    limit = concept.whole_number_to
    if value.amount is None and value.problem is None:
        return _problem(Reason.UNREADABLE, "an answer that is no number", value.text)
    if limit is None or value.amount is None:
        return value
    low, high = value.amount.low, value.amount.high
    is_whole = all(math.isfinite(end) and end == int(end) for end in (low, high))
    if not is_whole or high > limit or (low != high and not is_scale(concept)):
        return _problem(Reason.UNREADABLE, f"not a whole number from 0 to {limit}", value.text, value.unit)
    return value
