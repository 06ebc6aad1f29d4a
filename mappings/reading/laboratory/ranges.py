"""A result's own reference ranges: the one for this patient's sex and age says low, normal or high.

Sources: FHIR R4 Observation.referenceRange (``type``, ``appliesTo``, ``age``); code system
referencerange-meaning; SNOMED CT 248153007 male and 248152002 female; HL7 administrative gender.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from mappings.amounts import Amount, is_number
from mappings.concept import Concept
from mappings.dates import BEGINNING, When, complete_years
from mappings.facts import PatientFacts
from mappings.reading.code_index import codings_of, normalised
from mappings.reading.fhir_elements import items, mapping
from mappings.units import IDENTITY, between

Fit = Literal["no", "unsaid", "unsure", "yes"]
_NOTHING: frozenset[str] = frozenset()
_NORMAL_WORDS = frozenset({"normal", "normal range", "reference", "reference range"})
_SEXES: Mapping[str, str] = {
    **dict.fromkeys(("248153007", "male", "males", "m", "man", "men", "boys", "男", "男性"), "male"),
    **dict.fromkeys(
        ("248152002", "female", "females", "f", "woman", "women", "girls", "女", "女性"), "female"
    ),
}
_UNITS_OF_AGE: Mapping[str, str] = {
    **dict.fromkeys(("a", "y", "yr", "yrs", "year", "years", "岁"), "years"),
    **dict.fromkeys(("mo", "month", "months"), "months"),
    **dict.fromkeys(("wk", "week", "weeks"), "weeks"),
    **dict.fromkeys(("d", "day", "days"), "days"),
}
_LAST_DAY = date.max.toordinal()
UNDATED = When(BEGINNING, _LAST_DAY, "")


class Whose(NamedTuple):
    """The patient of a result, if known, and when it was observed: what decides which range applies."""

    patient: PatientFacts | None
    when: When


def begins_at_zero(concept: Concept) -> bool:
    """Whether normal means negative and nothing is too low, as of hCG: only a range from zero tells that."""
    return concept.from_range.get("normal") == "negative" and "low" not in concept.from_range


_PREGNANT = re.compile(
    r"pregnan|gestation|gravid|trimester|\b(?:weeks?|wks?|lmp|ssw)\b|schwanger|妊娠|怀孕|懷孕|孕",
    re.IGNORECASE,
)
_NOT = r"(?:non|not|nicht)[\s-]*(?:pregnant|pregnancy|schwanger\w*)|[非未无](?:妊娠|怀孕|孕)|negativ\w*|阴性"
_NOT_PREGNANT = re.compile(_NOT, re.IGNORECASE)
_MAY_APPLY = re.compile(rf"{_NOT}|menopaus|绝经|adult|成人", re.IGNORECASE)


def holds_other_ranges(element: Mapping[str, Any]) -> bool:
    """Whether a range stands there that is not that of a negative: "normal" may be meant by it."""
    return any(not _is_of_negatives(each) for each in items(element.get("referenceRange")))


def holds_limits_of_other_units(element: Mapping[str, Any], unit: str) -> bool:
    """Whether a range has a limit that the value cannot be compared with, so that nobody knows its side."""
    ends = [each.get(end) for each in items(element.get("referenceRange")) for end in ("low", "high")]
    numbered = [end for end in ends if isinstance(end, dict) and is_number(end.get("value"))]
    return any(end["value"] != 0 and _limit(end, unit) is None for end in numbered)


def _is_of_negatives(each: Any) -> bool:
    """Whether being within a range means negative: it begins at zero, and is not one of pregnant women.

    One that names a condition which nobody knows to hold ("5-6 weeks") says nothing either.
    """
    if not isinstance(each, dict):
        return False
    low = each.get("low")
    if low is not None and not (isinstance(low, dict) and low.get("value") == 0):
        return False
    for codeable in items(each.get("appliesTo")):
        if not (_sex_named(codeable) or _MAY_APPLY.search(_all_words(codeable))):
            return False
    texts = " ".join(map(_all_words, (each, each.get("type"), *items(each.get("appliesTo")))))
    if _PREGNANT.search(_NOT_PREGNANT.sub("", texts)) is None:
        return True
    return bool(each.get("high")) and _NOT_PREGNANT.search(texts) is not None


def _all_words(element: Any) -> str:
    """The text of a range or CodeableConcept, and the displays of its codings."""
    texts = [each.get("display") for each in codings_of(element)] + [mapping(element).get("text")]
    return " ".join(text for text in texts if isinstance(text, str))


def answers_of_ranges(
    element: Mapping[str, Any], amount: Amount, unit: str, whose: Whose | None, *, from_zero: bool = False
) -> frozenset[str]:
    """{"low"}, {"normal"} or {"high"}; nothing where the ranges do not say so for certain.

    Ranges for another sex or age, and those of treatment, do not count. Of the rest, those that name this
    patient's sex and age go before those that name none. Whatever may apply must agree. Without a patient
    only a single range says anything. ``from_zero``: only those within which a result is negative count.
    """
    ranges = element.get("referenceRange")
    normal = [each for each in ranges if _is_normal(each)] if isinstance(ranges, list) else []
    if from_zero:
        normal = [each for each in normal if _is_of_negatives(each)]
    patient = whose.patient if whose else None
    if not normal or (len(normal) > 1 and patient is None):
        return _NOTHING
    fits = [_fit(each, patient, whose.when if whose else UNDATED) for each in normal]
    surest: Fit = "yes" if "yes" in fits else "unsaid"
    counted = [each for each, fit in zip(normal, fits, strict=True) if fit in (surest, "unsure")]
    answers = {_answer(each, amount, unit) for each in counted}
    return frozenset(answers) - {""} if len(answers) == 1 else _NOTHING


def _is_normal(each: Any) -> bool:
    """Whether a range is that of healthy people: it says so, or says nothing of what it is."""
    if not isinstance(each, dict) or each.get("modifierExtension"):
        return False
    kind = each.get("type")
    if not isinstance(kind, dict) or not kind:
        return True
    codes = [coding.get("code") for coding in codings_of(kind)]
    text = kind.get("text")
    return "normal" in codes or (not codes and isinstance(text, str) and normalised(text) in _NORMAL_WORDS)


def _fit(each: Mapping[str, Any], patient: PatientFacts | None, when: When) -> Fit:
    """Whether a range is for this patient: every condition it names must hold."""
    named = [(judge, each[key]) for key, judge in _CONDITIONS.items() if each.get(key)]
    said = [judge(element, patient, when) if patient else "unsure" for judge, element in named]
    if not said:
        return "unsaid"
    return "no" if "no" in said else "unsure" if "unsure" in said else "yes"


def _sex(applies_to: Any, patient: PatientFacts, _when: When) -> Fit:
    """Those listed must all hold; whoever lists both sexes means either."""
    told = [_sex_named(codeable) for codeable in items(applies_to)]
    sexes = {sex for sex in told if sex}
    if not sexes or patient.gender not in ("male", "female"):
        return "unsure"
    if patient.gender not in sexes:
        return "no"
    return "yes" if all(told) else "unsure"


def _sex_named(codeable: Mapping[str, Any]) -> str:
    codes = [coding.get(key) for coding in codings_of(codeable) for key in ("code", "display")]
    texts = [text for text in (*codes, codeable.get("text")) if isinstance(text, str)]
    return next((_SEXES[name] for text in texts if (name := normalised(text)) in _SEXES), "")


def _age(element: Any, patient: PatientFacts, when: When) -> Fit:
    """In completed years, months, weeks or days, both ends included.

    Interpretation: who is 49 and a half is still within "18 to 49 years".
    """
    fits = [
        _end_of_age(element[end], outside, patient, when)
        for end, outside in _OUTSIDE.items()
        if isinstance(element, dict) and end in element
    ]
    if not fits:
        return "unsure"
    return "no" if "no" in fits else "unsure" if "unsure" in fits else "yes"


def _end_of_age(
    quantity: Any, outside: Callable[[float, float], bool], patient: PatientFacts, when: When
) -> Fit:
    quantity = mapping(quantity)
    limit, written = quantity.get("value"), quantity.get("code") or quantity.get("unit")
    unit = _UNITS_OF_AGE.get(normalised(written)) if isinstance(written, str) else None
    if not is_number(limit) or unit is None:
        return "unsure"
    if unit == "years" and limit != int(limit):
        limit, unit = limit * 12, "months"
    ages = _ages(unit, patient.birth, when)
    if ages is None:
        return "unsure"
    verdicts = {outside(age, limit) for age in ages}
    return "unsure" if len(verdicts) > 1 else "no" if verdicts.pop() else "yes"


_OUTSIDE: Mapping[str, Callable[[float, float], bool]] = {
    "low": lambda age, limit: age < limit,
    "high": lambda age, limit: age > limit,
}


def _ages(unit: str, birth: When | None, when: When) -> tuple[int, int] | None:
    """The least and the greatest age when observed, in completed units; None if it cannot be told."""
    if birth is None or when.first <= BEGINNING or when.last > _LAST_DAY or when.first < birth.last:
        return None
    first, last = date.fromordinal(when.first), date.fromordinal(when.last)
    if unit == "years":
        return complete_years(birth, first)[0], complete_years(birth, last)[1]
    if unit == "months":
        return _months(date.fromordinal(birth.last), first), _months(date.fromordinal(birth.first), last)
    length = 7 if unit == "weeks" else 1
    return (when.first - birth.last) // length, (when.last - birth.first) // length


def _months(birth: date, day: date) -> int:
    return (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)


_CONDITIONS: Mapping[str, Callable[[Any, PatientFacts, When], Fit]] = {"appliesTo": _sex, "age": _age}


def _answer(each: Mapping[str, Any], amount: Amount, unit: str) -> str:
    low, high = _limit(each.get("low"), unit), _limit(each.get("high"), unit)
    if low is None and high is None:
        return ""
    if low is not None and (amount.high < low or (amount.high == low and amount.high_open)):
        return "low"
    if high is not None and (amount.low > high or (amount.low == high and amount.low_open)):
        return "high"
    inside = (low is None or amount.low >= low) and (high is None or amount.high <= high)
    return "normal" if inside else ""


def lies_on_a_limit(element: Mapping[str, Any], amount: Amount, unit: str) -> bool:
    """Whether the amount is itself a limit: laboratories differ in whether that is still normal."""
    ends = [each.get(end) for each in items(element.get("referenceRange")) for end in ("low", "high")]
    return any(_limit(end, unit) in (amount.low, amount.high) for end in ends)


def _limit(quantity: Any, unit: str) -> float | None:
    """A limit in the unit of the value, converted if need be; one without a unit is taken to be in it."""
    if not isinstance(quantity, dict) or not is_number(quantity.get("value")):
        return None
    limit: float = quantity["value"]
    written: Sequence[str] = [
        text for text in (quantity.get("code"), quantity.get("unit")) if isinstance(text, str) and text
    ]
    found = (between(text, unit) for text in written)
    conversion = next((each for each in found if each is not None), None) if written else IDENTITY
    if conversion is None:
        return None
    return limit if conversion is IDENTITY else conversion.of(limit)
