"""A result's own reference ranges: the one for this patient's sex and age says low, normal or high.

Sources: FHIR R4 Observation.referenceRange (``type``, ``appliesTo``, ``age``); code system
referencerange-meaning; SNOMED CT 248153007 male and 248152002 female; HL7 administrative gender.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from mappings.amounts import Amount, is_number
from mappings.concept import Concept
from mappings.dates import BEGINNING, LAST_DAY, SOME_DAY, When, complete_years
from mappings.facts import PatientFacts
from mappings.reading.code_index import codings_of, normalised
from mappings.reading.fhir_elements import items, mapping, text_of
from mappings.reading.laboratory.numbers import with_points
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


class Compared(NamedTuple):
    """A number beside the ranges that may apply to it.

    ``side`` is {"low"}, {"normal"} or {"high"}; empty where the ranges do not say so for certain.
    ``in_another_unit``: a limit stands there that the number cannot be compared with.
    ``of_others``: it is within a range, of women after the menopause, that may not be hers.
    """

    side: frozenset[str] = _NOTHING
    is_on_a_limit: bool = False
    in_another_unit: bool = False
    of_others: bool = False


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
_AFTER_MENOPAUSE = re.compile(r"post[\s-]*menop|after (?:the )?menop|绝经", re.IGNORECASE)
_BEFORE_MENOPAUSE = re.compile(r"\bpre\b|pre[\s-]*menop|\bbefore\b|绝经前|未绝经", re.IGNORECASE)


def holds_other_ranges(element: Mapping[str, Any]) -> bool:
    """Whether a range stands there that is not that of a negative: "normal" may be meant by it."""
    return any(not _is_of_negatives(each) for each in _ranges(element))


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


class Units(NamedTuple):
    """The unit of a value, and how it is spelt: laboratories spell those of its limits alike."""

    unit: str
    spelt: frozenset[str]


def _units(element: Mapping[str, Any], unit: str) -> Units:
    spelt = (unit, text_of(mapping(element.get("valueQuantity")).get("unit")))
    return Units(unit, frozenset(_bare(each) for each in spelt if each))


def compared(
    element: Mapping[str, Any], amount: Amount, unit: str, whose: Whose | None, *, from_zero: bool = False
) -> Compared:
    """On which side of the result's own reference ranges the amount lies.

    Ranges for another sex or age, and those of treatment, do not count. Of the rest, those that name this
    patient's sex and age go before those that name none. Whatever may apply must agree. Without a patient
    only a single range says anything. ``from_zero``: only those within which a result is negative count.
    """
    units = _units(element, unit)
    normal = [each for each in _ranges(element) if _is_normal(each)]
    in_another_unit = any(_is_in_another_unit(each, units) for each in normal)
    if from_zero:
        normal = [each for each in normal if _is_of_negatives(each)]
    counted = _counted(normal, whose)
    answers = {_answer(each, amount, units) for each in counted}
    side = answers.pop() if len(answers) == 1 else ""
    of_others = from_zero and side == "normal" and all(map(_is_after_menopause, counted))
    limits = {_limit(each.get(end), units) for each in counted for end in ("low", "high")} - {0}
    return Compared(
        _NOTHING if of_others or not side else frozenset({side}),
        amount.is_exact and amount.low in limits,
        in_another_unit and not side,
        of_others,
    )


def _counted(normal: Sequence[Mapping[str, Any]], whose: Whose | None) -> Sequence[Mapping[str, Any]]:
    """The ranges that are this patient's, or may be."""
    patient = whose.patient if whose else None
    if not normal or (len(normal) > 1 and patient is None):
        return ()
    fits = [_fit(each, patient, whose.when if whose else SOME_DAY) for each in normal]
    surest: Fit = "yes" if "yes" in fits else "unsaid"
    return [each for each, fit in zip(normal, fits, strict=True) if fit in (surest, "unsure")]


def _is_after_menopause(each: Mapping[str, Any]) -> bool:
    texts = " ".join(map(_all_words, (each, each.get("type"), *items(each.get("appliesTo")))))
    return _AFTER_MENOPAUSE.search(texts) is not None and _BEFORE_MENOPAUSE.search(texts) is None


def _is_in_another_unit(each: Mapping[str, Any], units: Units) -> bool:
    numbered = [each[end] for end in ("low", "high") if _has_number(each.get(end))]
    return any(end["value"] != 0 and _limit(end, units) is None for end in numbered)


def _has_number(quantity: Any) -> bool:
    return isinstance(quantity, dict) and is_number(quantity.get("value"))


# --- ranges that are only a text

_LONGEST_TEXT = 100
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?![0-9.,])"
_KNOWN = (
    r"(?:normal|reference|range|interval|values?|ref|is|for|adults?|females?|women|wom[ae]n|negativ\w*"
    r"|(?:non|not|nicht)[\s-]*(?:pregnant|schwanger\w*)|正常|参考|范围|区间|值|成人|女性|[非未]孕|阴性)"
)
_ASIDE = r"[\s:=,;()\[\].]*"
_AGE = r"(?:years?|yrs?|y|months?|weeks?|wks?|days?|岁|周|月|天)"
_UNIT = r"(?:10[*^]|[A-Za-z\u00b5\u03bc%\[{/个])\S*"
_TEXT = re.compile(
    rf"{_ASIDE}(?:{_KNOWN}{_ASIDE})*"
    rf"(?:(?P<low>{_NUMBER})\s*(?:--?|\u2013|\u2014{{1,2}}|~|至|to)\s*(?P<high>{_NUMBER})"
    rf"|(?P<sign><=|>=|≤|≥|<|>)\s*(?P<limit>{_NUMBER}))"
    rf"\s*(?P<unit>(?!(?:{_KNOWN}|{_AGE})(?![A-Za-z])){_UNIT})?{_ASIDE}(?:{_KNOWN}{_ASIDE})*",
    re.IGNORECASE,
)
"""Two ends or one limit, with a unit, and no word but of those that say for certain whom it is for."""


def _ranges(element: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [_with_limits(each) for each in items(element.get("referenceRange"))]


def _with_limits(each: Mapping[str, Any]) -> Mapping[str, Any]:
    """A range with the limits that its text gives, where it has none: "0-5", "<5 mIU/mL"."""
    text = each.get("text")
    if "low" in each or "high" in each or not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return each
    written = _TEXT.fullmatch(with_points(unicodedata.normalize("NFKC", text)))
    if written is None:
        return each
    unit = {"unit": written["unit"].rstrip(".,;)")} if written["unit"] else {}
    if written["limit"] is None:
        low, high = float(written["low"]), float(written["high"])
        return (
            {**each, "low": {"value": low, **unit}, "high": {"value": high, **unit}} if low < high else each
        )
    end = "high" if written["sign"] in ("<", "<=", "≤") else "low"
    strict = {"comparator": written["sign"]} if written["sign"] in ("<", ">") else {}
    return {**each, end: {"value": float(written["limit"]), **strict, **unit}}


def _is_normal(each: Any) -> bool:
    """Whether a range is that of healthy people: it says so, or says nothing of what it is."""
    if not isinstance(each, dict) or each.get("modifierExtension"):
        return False
    kind = each.get("type")
    if not isinstance(kind, dict) or not kind:
        return True
    codes = [coding.get("code") for coding in codings_of(kind)]
    text = kind.get("text")
    if codes or not isinstance(text, str):
        return "normal" in codes
    return normalised(text) in _NORMAL_WORDS or _NOT_PREGNANT.search(text) is not None


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
    if birth is None or when.first <= BEGINNING or when.last > LAST_DAY or when.first < birth.last:
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


def _answer(each: Mapping[str, Any], amount: Amount, units: Units) -> str:
    """Nothing is below zero, so that a limit of zero is none: "<1" is within 0 to 5."""
    low, high = _limit(each.get("low"), units) or None, _limit(each.get("high"), units)
    if low is None and high is None:
        return ""
    if low is not None and (amount.high < low or (amount.high == low and amount.high_open)):
        return "low"
    if high is not None and (amount.low > high or (amount.low == high and amount.low_open)):
        return "high"
    if (low == amount.low and _is_strict(each["low"])) or (
        high == amount.high and not amount.high_open and _is_strict(each["high"])
    ):
        return ""
    inside = (low is None or amount.low >= low) and (high is None or amount.high <= high)
    return "normal" if inside else ""


def _is_strict(quantity: Mapping[str, Any]) -> bool:
    """Whether a limit is itself outside, as that of "<5" is; the flag decides there."""
    return quantity.get("comparator") in ("<", ">")


def _limit(quantity: Any, units: Units) -> float | None:
    """A limit in the unit of the value, converted if need be; one without a unit is taken to be in it."""
    if not _has_number(quantity):
        return None
    limit: float = quantity["value"]
    written = [text for text in (quantity.get("code"), quantity.get("unit")) if text_of(text)]
    found = (between(text, units.unit) for text in written)
    conversion = next((each for each in found if each is not None), None)
    if conversion is not None and conversion is not IDENTITY:
        return conversion.of(limit)
    is_same = conversion is IDENTITY or not written or any(_bare(text) in units.spelt for text in written)
    return limit if is_same else None


_BRACKETS = re.compile(r"[{}\[\]\s]+")


def _bare(unit: str) -> str:
    return _BRACKETS.sub("", unit).lower()
