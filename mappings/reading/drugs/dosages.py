"""What the dosages of a drug record say of how long it is taken, and whether on every day at all."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.reading.fhir_elements import items, mapping, text_of, tokens_and_texts
from mappings.reading.keeping.texts import kept

_DAYS_OF_UNIT: Mapping[str, int] = {
    **dict.fromkeys(("", "d", "day", "days"), 1),
    **dict.fromkeys(("wk", "wks", "week", "weeks", "周"), 7),
    **dict.fromkeys(("mo", "mos", "month", "months", "个月"), 30),
    **dict.fromkeys(("a", "year", "years"), 365),
    **dict.fromkeys(("天", "日"), 1),
}
_LONGEST_SUPPLY = 1100
_MAX_TEXT = 600

_NEEDED = re.compile(
    r"\b(?:as[- ](?:needed|required|necessary)|(?:if|when|only) (?:needed|required|necessary)|prn|p\.r\.n"
    r"|bei bedarf|au besoin)\b|必要时|必要時|需要时|按需",
    re.IGNORECASE,
)
_NOT_THE_DRUG = re.compile(
    r"\b(?:adjust|increas|titrat|taper|reduc|decreas|chang|monitor|refill|renew|plus|additional|extra)[^.;]{0,60}$",
    re.IGNORECASE,
)
"""Before "as needed": that it speaks of the dose, or of what is taken on top of it."""

_ONE_DOSE = re.compile(
    r"\bonce(?: only)?\s*(?:[.;,)]|$)|\b(?:one|single)[- ](?:time|dose|infusion|injection)\b|\bone[- ]off\b"
    r"|(?:\bfor|\bx|×)\s*(?:1|one) dose\b|\bstat\b|\beinmalig|单次|仅一次|只用一次|一次性",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?:daily|every|each|weekly|monthly|nightly|morning|evening|bedtime|noon|breakfast|meals?|qd|od|bd|bid"
    r"|tid|qid|qod|qam|qpm|twice|t[aä]glich|w[oö]chentlich|morgens|(?:a|per) (?:day|week|month)|repeat\w*)\b"
    r"|每|晨|早|晚|顿服",
    re.IGNORECASE,
)
"""What is taken again and again, be it "in a single dose each morning"."""

_FOR_DAYS = re.compile(
    r"(?:\bfor|\bx|×)\s*(?P<number>\d{1,3})\s*(?P<unit>days?|d|weeks?|wks?|months?|mos?)\b"
    r"|(?:连用|连服|疗程|共用?)\s*(?P<count>\d{1,3})\s*(?P<of>天|日|周|个月)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\b(?:then|thereafter|after(?:wards?| (?:that|this|which))|followed"
    r"|maintenance|continu\w*|until|hold|dann|danach)\b"
    r"|然后|以后|之后|维持|继续|改为",
    re.IGNORECASE,
)


class Lasting(NamedTuple):
    """Days that a course lasts: at least, and at most; None if nobody knows how long."""

    least: int
    most: int | None


_ONE_AT_LEAST = Lasting(1, None)


def days_of(quantity: Any) -> int | None:
    """Whole days of a Quantity or Duration in days, weeks, months of 30 or years of 365; None if not that."""
    said = mapping(quantity)
    unit = text_of(said.get("code")) or text_of(said.get("unit"))
    days = _number(said.get("value")) * _DAYS_OF_UNIT.get(unit.lower(), 0)
    return math.floor(days) if 1 <= days <= _LONGEST_SUPPLY else None


def dosages_of(resource: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The dosages of a drug record of any type."""
    return items(resource.get("dosageInstruction")) or items(resource.get("dosage"))


def directions_of(dosages: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The instructions to the patient, in words."""
    found = [text_of(each.get(key)) for each in dosages for key in ("text", "patientInstruction")]
    return tuple([direction for direction in found if direction])


def only_as_needed(dosages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing is to be taken unless it is needed."""
    return bool(dosages) and all(map(_as_needed, dosages))


def regular(dosages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The dosages that say how long: those that are not taken as needed, if there are such."""
    return [each for each in dosages if not _as_needed(each)] or dosages


def repeat_of(dosage: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule by which doses are repeated; empty without one."""
    return mapping(mapping(dosage.get("timing")).get("repeat"))


def lasting(dosages: Sequence[Mapping[str, Any]], faults: list[str]) -> Lasting | None:
    """How long dosages last together; None if one of them has no end, or there is none.

    Those with different sequence numbers follow one another, those with the same run side by side (FHIR);
    without numbers either may be meant.
    """
    each_lasts = [_lasting(dosage, faults) for dosage in dosages]
    known = [each for each in each_lasts if each is not None]
    if not known or len(known) < len(each_lasts):
        return None
    numbers = [dosage.get("sequence") for dosage in dosages]
    if not all(isinstance(number, int) for number in numbers):
        return Lasting(max(each.least for each in known), _sum([each.most for each in known]))
    groups: dict[Any, list[Lasting]] = {}
    for number, each in zip(numbers, known, strict=True):
        groups.setdefault(number, []).append(each)
    together = [_side_by_side(group) for group in groups.values()]
    return Lasting(sum(each.least for each in together), _sum([each.most for each in together]))


def _side_by_side(group: Sequence[Lasting]) -> Lasting:
    ends = [each.most for each in group if each.most is not None]
    return Lasting(max(each.least for each in group), max(ends) if len(ends) == len(group) else None)


def _sum(days: Sequence[int | None]) -> int | None:
    known = [each for each in days if each is not None]
    return sum(known) if len(known) == len(days) else None


def _lasting(dosage: Mapping[str, Any], faults: list[str]) -> Lasting | None:
    repeat = repeat_of(dosage)
    if "boundsDuration" in repeat:
        days = days_of(repeat["boundsDuration"])
        if days is None:
            faults.append("boundsDuration is not a number of days")
        return Lasting(days, days) if days is not None else _ONE_AT_LEAST
    if "boundsRange" in repeat:
        low, high = (days_of(mapping(repeat["boundsRange"]).get(end)) for end in ("low", "high"))
        return Lasting(low or 1, high if high is not None and high >= (low or 1) else None)
    if "count" in repeat:
        return Lasting(_days_of_doses(repeat), None)
    if "boundsPeriod" in repeat:
        return None
    if mapping(dosage.get("timing")).get("event"):
        return _ONE_AT_LEAST
    return _lasting_in_words(dosage)


def _days_of_doses(repeat: Mapping[str, Any]) -> int:
    """The days from the first to the last of a number of doses, as far as their rhythm is told; else one."""
    count, period = _number(repeat.get("count")), _number(repeat.get("period"))
    often = max(_number(repeat.get("frequency")), 1)
    a_day = _DAYS_OF_UNIT.get(text_of(repeat.get("periodUnit")) or "?", 0)
    return 1 + min(math.floor(max(count - 1, 0) // often * period * a_day), _LONGEST_SUPPLY)


def _number(value: Any) -> int | float:
    """A number that may be counted in doses or days; nought for anything else."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return 0
    return value if 0 < value <= _LONGEST_SUPPLY else 0


def _lasting_in_words(dosage: Mapping[str, Any]) -> Lasting | None:
    words = directions_of([dosage])
    found = [least for least in map(_least_in, words) if least is not None]
    return Lasting(min(found), None) if found else None


@kept(4096)
def _least_in(direction: str) -> int | None:
    """How many days an instruction speaks of, if it says that there are no more; None else."""
    text = direction[:_MAX_TEXT]
    if _GOES_ON.search(text):
        return None
    bounded = _FOR_DAYS.search(text)
    if bounded is not None:
        number, unit = bounded["number"] or bounded["count"], bounded["unit"] or bounded["of"]
        return max(int(number) * _DAYS_OF_UNIT.get(unit.lower(), 1), 1)
    return 1 if _ONE_DOSE.search(text) and not _EVERY.search(text) else None


def _as_needed(dosage: Mapping[str, Any]) -> bool:
    if dosage.get("asNeededBoolean") is True or any(tokens_and_texts(dosage.get("asNeededCodeableConcept"))):
        return True
    return any(map(_is_for_need, directions_of([dosage])))


@kept(4096)
def _is_for_need(direction: str) -> bool:
    text = direction[:_MAX_TEXT]
    found = _NEEDED.search(text)
    return found is not None and not _NOT_THE_DRUG.search(text[: found.start()])
