"""Results of by far the most frequent kind, read flat because there is one for most entries of a record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mappings.amounts import Amount
from mappings.concept import Concept
from mappings.dates import When, parse_when
from mappings.facts import Result
from mappings.reading.answers import INTERPRETATIONS
from mappings.reading.laboratory.findings import NO_TOKENS
from mappings.reading.laboratory.ranges import begins_at_zero
from mappings.reading.values import UCUM
from mappings.units import IDENTITY, Conversion, conversion

RESULT: Callable[[tuple[Any, ...]], Result] = partial(tuple.__new__, Result)
_AMOUNT: Callable[[tuple[Any, ...]], Amount] = partial(tuple.__new__, Amount)
"""Several times faster than the constructors, and called for every result of a record."""

_GREATEST = sys.float_info.max
_CLOSE = 1e-9
_MOST_UNITS = 256

_Conversion = tuple[Conversion, float, float]
"""How a unit becomes the concept's, and the least and the greatest number that is plain in it."""
_NONE_IS_PLAIN: _Conversion = (IDENTITY, 1.0, 0.0)


class PlainResults:
    """Reads the plain results of one concept; whatever is not plain is left to ``read_observation``.

    Plain is a final number of a known day, without comparator, components, extensions, focus or a reason for
    its absence: of a measurement, in a unit that converts into its own, within what can be; of a finding,
    with the one flag of the laboratory that says what it means.
    """

    __slots__ = ("_begins_at_zero", "_concept", "_conversions", "_flags", "_id", "_is_finding")

    def __init__(self, concept: Concept) -> None:
        self._concept, self._id = concept, concept.id
        self._is_finding = concept.kind == "finding"
        self._begins_at_zero = begins_at_zero(concept)
        self._flags = _answers_by_flag(concept)
        self._conversions: dict[Any, _Conversion] = {}

    def read(self, resource: Mapping[str, Any], days: dict[str, When]) -> Result | None:
        """The Observation as a result; None if it is not plain. ``days`` keeps dates already read."""
        tokens = NO_TOKENS
        try:
            quantity, identity = resource["valueQuantity"], resource["id"]
            number, unit = quantity["value"], quantity["code"]
            if (
                resource["status"] != "final"
                or quantity["system"] != UCUM
                or (type(number) is not float and type(number) is not int)
                or type(identity) is not str
                or "comparator" in quantity
                or "component" in resource
                or "dataAbsentReason" in resource
                or "extension" in resource
                or "focus" in resource
                or "modifierExtension" in resource
            ):
                return None
            if self._is_finding:
                (flag,) = resource["interpretation"]
                (coding,) = flag["coding"]
                if "text" in flag:  # which may say otherwise
                    return None
                tokens = self._flags[coding["code"]]
                if "referenceRange" in resource and (
                    self._begins_at_zero or not _agree(tokens, number, unit, *resource["referenceRange"])
                ):
                    return None
            effective = resource["effectiveDateTime"]
            when = days.get(effective) or known_date(effective, days)
            into_own, least, most = self._conversions.get(unit) or self._conversion(unit)
        except (KeyError, TypeError, ValueError):  # a member is missing, or of another kind
            return None
        if when is None or not identity or not least <= number <= most:
            return None
        value, text = number, ""
        if into_own is not IDENTITY:
            value, text = into_own.of(number), f"{number:.10g} {unit}"
        amount = _AMOUNT((value, value, False, False))
        return RESULT((self._id, when, f"Observation/{identity}", text, amount, tokens, unit, None, ""))

    def _conversion(self, unit: Any) -> _Conversion:
        """How a unit is converted, and what numbers are plain in it, looked up once."""
        if len(self._conversions) >= _MOST_UNITS:
            self._conversions.clear()
        found = None
        if type(unit) is str and unit and unit == unit.strip():
            found = self._found(unit)
        known = self._conversions[unit] = _NONE_IS_PLAIN if found is None else (found, *self._limits(found))
        return known

    def _found(self, unit: str) -> Conversion | None:
        own = self._concept.unit
        if self._is_finding:
            return IDENTITY if unit == (own or unit) else None
        return conversion(unit, self._concept)

    def _limits(self, into_own: Conversion) -> tuple[float, float]:
        """From where to where numbers in a unit are plain: well within what can be, and never below zero."""
        least, most = self._concept.cannot_be_below, self._concept.cannot_exceed
        if into_own is IDENTITY:
            return max(least or 0.0, 0.0), _GREATEST if most is None else most
        factor, offset = into_own.factor, into_own.offset / into_own.denominator
        low = 0.0 if least is None else (least - offset) / factor * (1 + _CLOSE)
        high = _GREATEST if most is None else (most - offset) / factor * (1 - _CLOSE)
        return max(low, 0.0), min(high, _GREATEST / max(factor, 1.0))


def is_plain(concept: Concept) -> bool:
    """Whether some results of a concept are numbers, or flagged numbers, with nothing more to look at."""
    if concept.kind == "finding":
        return concept.positive_above is None and concept.positive_from is None
    return concept.kind == "measurement" and bool(concept.unit) and concept.whole_number_to is None


def _agree(tokens: frozenset[str], number: float, unit: str, applies: Mapping[str, Any]) -> bool:
    """Whether a single range, for everybody and in the number's own unit, says what the flag says."""
    if "low" not in applies and "high" not in applies:
        return False
    side = "normal"
    for end in applies:
        limit = applies[end]
        if end == "text":
            continue
        if end not in ("low", "high") or limit["unit"] != unit:
            return False
        if (number < limit["value"]) == (end == "low"):
            side = end
    return side in tokens


def known_date(effective: Any, days: dict[str, When]) -> When | None:
    """A date that results of one visit share, read once."""
    when = days.get(effective)
    if when is None:
        when = parse_when(effective)
        if when is not None:
            days[effective] = when
    return when


def _answers_by_flag(concept: Concept) -> Mapping[str, frozenset[str]]:
    """What each flag means for a finding, but for those that contradict themselves, or say not which way."""
    answers: dict[str, frozenset[str]] = {}
    for flag, answer in INTERPRETATIONS.items():
        also = concept.from_range.get(answer, answer)
        if answer == "abnormal" or (answer == also == "low" and begins_at_zero(concept)):
            continue
        if {answer, also} != {"positive", "negative"}:
            answers[flag] = frozenset({answer, also})
    return answers
