"""What the dosages of a drug record say of how long it is taken, and whether on every day at all."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.dates import parse_when
from mappings.reading.drugs.courses_in_words import EVERY, told_in
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

_IS_ZERO = re.compile(r"\s*0(?:[.,]0+)?\s*(?:mg|毫克|tablets?|tabs?|片)(?!\w)", re.IGNORECASE)
_NEEDED = re.compile(
    r"\b(?:as[- ](?:needed|required|necessary)|(?:if|when|only) (?:needed|required|necessary)|prn|p\.r\.n"
    r"|bei bedarf|au besoin)\b|必要时|必要時|需要时|按需",
    re.IGNORECASE,
)
_NOT_THE_DRUG = re.compile(
    r"\b(?:adjust|increas|titrat|taper|reduc|decreas|chang|doubl|tripl|monitor|refill|renew|plus|additional|extra)[^.;]{0,60}$",
    re.IGNORECASE,
)
"""Before "as needed": that it speaks of the dose, or of what is taken on top of it."""

_IF_ILL = re.compile(
    r"\b(?:(?:for|during|in|with) flares?(?: only|\s*(?:$|[.;,)]))"
    r"|(?:if|when) (?:flar\w+|ill|sick|unwell)|sick[- ]day|stress[- ]?dos\w*|only (?:if|when|for))\b"
    r"|发作时|复发时|应激",
    re.IGNORECASE,
)
"""When something happens; beside "daily" and the like it speaks of another dose."""

_AT_ONCE = re.compile(r"(?:once|stat|one[- ]time|x\s?1|1\s?x|单次)", re.IGNORECASE)


class Dosage(NamedTuple):
    """One dosage of a drug record, and what it says in words.

    ``directions`` are the instructions to the patient; ``instructions`` are these and the additional ones.
    ``is_zero``: the dose is nought, so that nothing is taken.
    """

    element: Mapping[str, Any]
    directions: tuple[str, ...]
    instructions: tuple[str, ...]
    is_zero: bool


class Lasting(NamedTuple):
    """Days that a course lasts: at least, and at most; None if nobody knows how long.

    ``until`` is the ordinal of a day up to which it lasts at least; nought without one. ``of_a_fill``: in
    words that say no end, so that it may be the time for which one fill is meant.
    """

    least: int
    most: int | None
    until: int = 0
    of_a_fill: bool = False


_ONE_AT_LEAST = Lasting(1, None)


def days_of(quantity: Any) -> int | None:
    """Whole days of a Quantity or Duration in days, weeks, months of 30 or years of 365; None if not that."""
    said = mapping(quantity)
    unit = text_of(said.get("code")) or text_of(said.get("unit"))
    days = _number(said.get("value")) * _DAYS_OF_UNIT.get(unit.lower(), 0)
    return math.floor(days) if 1 <= days <= _LONGEST_SUPPLY else None


def dosages_of(resource: Mapping[str, Any]) -> tuple[Dosage, ...]:
    """The dosages of a drug record of any type."""
    elements = items(resource.get("dosageInstruction")) or items(resource.get("dosage"))
    return tuple([_dosage(element) for element in elements])


def _dosage(element: Mapping[str, Any]) -> Dosage:
    directions = tuple(
        filter(None, (text_of(element.get("text")), text_of(element.get("patientInstruction"))))
    )
    further = items(element.get("additionalInstruction"))
    instructions = (*directions, *(text for each in further for text in tokens_and_texts(each)[1]))
    return Dosage(element, directions, instructions, _is_zero(element, directions))


def _is_zero(element: Mapping[str, Any], directions: tuple[str, ...]) -> bool:
    if any(map(_IS_ZERO.match, directions)):
        return True
    return all(_dose(each) == 0 for each in items(element.get("doseAndRate")) or (element,))


def _dose(rated: Mapping[str, Any]) -> int | float | None:
    """The most that is taken at a time, if it is a number."""
    dose = rated.get("doseQuantity") or mapping(rated.get("doseRange")).get("high") or rated.get("dose")
    value = mapping(dose).get("value")
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def all_zero(dosages: Sequence[Dosage]) -> bool:
    """Whether there are dosages, and nothing is taken by any of them."""
    return bool(dosages) and all(dosage.is_zero for dosage in dosages)


def only_as_needed(dosages: Sequence[Dosage]) -> bool:
    """Whether nothing is to be taken unless it is needed."""
    return bool(dosages) and all(map(_as_needed, dosages))


def regular(dosages: Sequence[Dosage]) -> Sequence[Dosage]:
    """The dosages that say how long: those that are taken, and not only as needed, if there are such."""
    return [each for each in dosages if not _as_needed(each) and not each.is_zero] or dosages


def timing_of(dosage: Dosage) -> Mapping[str, Any]:
    """When doses are taken; empty if that is not told."""
    return mapping(dosage.element.get("timing"))


def lasting(dosages: Sequence[Dosage], faults: list[str]) -> Lasting | None:
    """How long dosages last together; None if one of them has no end, or there is none.

    Those with different sequence numbers follow one another, those with the same run side by side (FHIR);
    without numbers either may be meant.
    """
    each_lasts = [_lasting(dosage, faults) for dosage in dosages]
    known = [each for each in each_lasts if each is not None]
    if not known or len(known) < len(each_lasts):
        return None
    if len(known) == 1:
        return known[0]
    numbers = [dosage.element.get("sequence") for dosage in dosages]
    until = max(each.until for each in known)
    if not all(isinstance(number, int) for number in numbers):
        return Lasting(max(each.least for each in known), _sum([each.most for each in known]), until)
    groups: dict[Any, list[Lasting]] = {}
    for number, each in zip(numbers, known, strict=True):
        groups.setdefault(number, []).append(each)
    together = [_side_by_side(group) for group in groups.values()]
    return Lasting(sum(each.least for each in together), _sum([each.most for each in together]), until)


def _side_by_side(group: Sequence[Lasting]) -> Lasting:
    ends = [each.most for each in group if each.most is not None]
    return Lasting(max(each.least for each in group), max(ends) if len(ends) == len(group) else None)


def _sum(days: Sequence[int | None]) -> int | None:
    known = [each for each in days if each is not None]
    return sum(known) if len(known) == len(days) else None


def _lasting(dosage: Dosage, faults: list[str]) -> Lasting | None:
    timing = timing_of(dosage)
    repeat = mapping(timing.get("repeat"))
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
    end = mapping(repeat.get("boundsPeriod")).get("end")
    if end is not None:  # without one the words say how long
        last = parse_when(end)
        return Lasting(1, None, last.first) if last is not None else _ONE_AT_LEAST
    if timing.get("event"):
        return _ONE_AT_LEAST
    return _lasting_in_words(dosage.instructions, timing.get("code"))


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


def _lasting_in_words(instructions: tuple[str, ...], timing_code: Any) -> Lasting | None:
    found = [told for told in map(told_in, instructions) if told is not None]
    if found:
        until = max(told.until for told in found)
        ends = any(told.ends for told in found)
        return Lasting(min(told.least for told in found), None, until, not ends)
    return _ONE_AT_LEAST if _is_at_once(timing_code) else None


def _is_at_once(code: Any) -> bool:
    tokens, texts = tokens_and_texts(code)
    said = (*(token.rpartition("|")[2] for token in tokens), *texts)
    return any(_AT_ONCE.fullmatch(word) is not None for word in said)


def _as_needed(dosage: Dosage) -> bool:
    element = dosage.element
    if element.get("asNeededBoolean") is True or any(
        tokens_and_texts(element.get("asNeededCodeableConcept"))
    ):
        return True
    return any(map(_is_for_need, dosage.instructions))


@kept(4096)
def _is_for_need(direction: str) -> bool:
    text = direction[:_MAX_TEXT]
    found = _NEEDED.search(text) or (None if EVERY.search(text) else _IF_ILL.search(text))
    return found is not None and not _NOT_THE_DRUG.search(text[: found.start()])
