"""The answer of a finding: by its own words, its number, the laboratory's interpretation or its range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from mappings.amounts import Amount, censored, exactly, is_number
from mappings.concept import Concept
from mappings.reading.answers import interpretation_answers, is_undecided
from mappings.reading.code_index import codings_of
from mappings.reading.laboratory.ranges import (
    Whose,
    answers_of_ranges,
    begins_at_zero,
    holds_limits_of_other_units,
    holds_other_ranges,
    lies_on_a_limit,
)
from mappings.reading.laboratory.titres import names_immunofluorescence
from mappings.verdicts import Reason

NO_TOKENS: frozenset[str] = frozenset()


class Value(NamedTuple):
    """What a value says for a concept; see ``facts.Result`` for the members."""

    amount: Amount | None
    tokens: frozenset[str]
    text: str
    unit: str
    problem: Reason | None
    note: str = ""


VALUE: Callable[[tuple[Any, ...]], Value] = partial(tuple.__new__, Value)
"""Several times faster than the constructor, and called for most results of a record."""


def answered(value: Value, element: Mapping[str, Any], concept: Concept, whose: Whose | None) -> Value:
    """The answers of a finding: its own words, the laboratory's interpretation or range, its number."""
    if value.problem is not None and (value.problem is not Reason.UNIT_NOT_COMPARABLE or concept.blood_cells):
        return value
    tokens = _answers_of_number(value, concept) or _answers_of_laboratory(value, element, concept, whose)
    if isinstance(tokens, Value):
        return tokens
    if concept.from_range:
        tokens |= {concept.from_range[token] for token in tokens if token in concept.from_range}
    if "positive" in tokens and "negative" in tokens:
        return value._replace(
            tokens=NO_TOKENS, problem=Reason.CONFLICTING, note="value and interpretation disagree"
        )
    if not tokens or (begins_at_zero(concept) and tokens.isdisjoint(_SETTLED)):
        return value._replace(
            tokens=NO_TOKENS,
            problem=value.problem or Reason.IMPRECISE,
            note="no interpretation or range with it",
        )
    if "positive" in tokens and _lacks_detail(value, element, concept):
        return value._replace(tokens=tokens, problem=Reason.IMPRECISE, note="positive without titre")
    return VALUE((value.amount, tokens, value.text, value.unit, None, value.note))


def _answers_of_number(value: Value, concept: Concept) -> frozenset[str]:
    amount = value.amount
    if amount is None:
        return NO_TOKENS
    if concept.positive_above is not None:
        if amount.low > concept.positive_above or (amount.low == concept.positive_above and amount.low_open):
            return frozenset({"positive"})
        below_detection = amount.low == -math.inf
        return (
            frozenset({"negative"}) if below_detection or amount.high <= concept.positive_above else NO_TOKENS
        )
    if concept.positive_from is not None and value.unit == "{titer}":
        if amount.low >= concept.positive_from:
            return frozenset({"positive"})
        if amount.high < concept.positive_from or (amount.high == concept.positive_from and amount.high_open):
            return frozenset({"negative"})
    return NO_TOKENS


def _answers_of_laboratory(
    value: Value, element: Mapping[str, Any], concept: Concept, whose: Whose | None
) -> frozenset[str] | Value:
    """By its flag, else its range; a problem where they contradict each other, or say neither yes nor no."""
    interpretation = element.get("interpretation")
    flagged = value.tokens | interpretation_answers(interpretation)
    ranged = _answers_of_range(value, element, concept, whose)
    if _contradict(flagged, ranged, concept) and not _is_on_a_limit(value, element):
        return value._replace(problem=Reason.CONFLICTING, note="interpretation and range disagree")
    if begins_at_zero(concept) and "normal" in flagged and flagged.isdisjoint(_SETTLED | ranged):
        doubtful = _not_normal_by_range(value, element)
        if doubtful is not None:
            return doubtful
    if not flagged and is_undecided(interpretation):
        return value._replace(problem=Reason.IMPRECISE, note="the laboratory could not decide")
    if flagged != _EITHER_WAY:
        return flagged or ranged
    return ranged - {"normal"} or value._replace(
        tokens=flagged, problem=Reason.IMPRECISE, note="abnormal, but not which way"
    )


_SIDES = frozenset({"low", "normal", "high"})
_SETTLED = frozenset({"positive", "negative"})
_EITHER_WAY = frozenset({"abnormal"})


def _contradict(flagged: frozenset[str], ranged: frozenset[str], concept: Concept) -> bool:
    """Whether the laboratory's flag and its range say different things of one number."""
    if not flagged or not ranged:
        return False
    (side,) = ranged
    sides = flagged & _SIDES
    if sides:
        return side not in sides
    meant = concept.from_range.get(side)
    opposite = {"positive": "negative", "negative": "positive"}.get(meant or "")
    return opposite in flagged or (side == "normal" and flagged == _EITHER_WAY)


def _not_normal_by_range(value: Value, element: Mapping[str, Any]) -> Value | None:
    """What keeps the flag "normal" from meaning negative: an hCG is normal for the fifth week, or lies nobody
    knows on which side of its range."""
    if holds_other_ranges(element):
        return value._replace(problem=Reason.CONFLICTING, note="interpretation and range disagree")
    if holds_limits_of_other_units(element, value.unit):
        return value._replace(problem=Reason.IMPRECISE, note="range in another unit")
    return None


def _is_on_a_limit(value: Value, element: Mapping[str, Any]) -> bool:
    raw = _raw_amount(element)
    return raw is not None and lies_on_a_limit(element, raw, value.unit)


def _answers_of_range(
    value: Value, element: Mapping[str, Any], concept: Concept, whose: Whose | None
) -> frozenset[str]:
    """Low, normal or high by the result's own reference range, if one applies and is in the same unit."""
    raw = _raw_amount(element) if "referenceRange" in element else None
    if raw is None:
        return NO_TOKENS
    return answers_of_ranges(element, raw, value.unit, whose, from_zero=begins_at_zero(concept))


def _raw_amount(element: Mapping[str, Any]) -> Amount | None:
    quantity = element.get("valueQuantity")
    if not isinstance(quantity, dict) or not is_number(quantity.get("value")):
        return None
    comparator = quantity.get("comparator")
    return censored(comparator, quantity["value"]) if comparator else exactly(quantity["value"])


def _lacks_detail(value: Value, element: Mapping[str, Any], concept: Concept) -> bool:
    """Whether a positive answer tells no titre where one is needed, or one that leaves it open."""
    if value.amount is not None:
        return concept.positive_from is not None and not _answers_of_number(value, concept)
    if not concept.imprecise_when_positive:
        return False
    return names_immunofluorescence(element) or any(
        f"{coding.get('system')}|{coding.get('code')}" in concept.imprecise_when_positive
        for coding in codings_of(element.get("code"))
    )
