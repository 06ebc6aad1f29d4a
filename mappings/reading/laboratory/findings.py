"""The answer of a finding: by its own words, its number, the laboratory's interpretation or its range."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from mappings.amounts import AS_COMPARATORS, Amount, censored, exactly, is_number
from mappings.concept import Concept
from mappings.reading.code_index import codings_of
from mappings.reading.fhir_elements import coding_token
from mappings.reading.laboratory.counts import may_be_of_detection
from mappings.reading.laboratory.flags import read_flags
from mappings.reading.laboratory.ranges import (
    Compared,
    Whose,
    begins_at_zero,
    compared,
    holds_other_ranges,
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
    if value.problem is not None and (
        value.problem is not Reason.UNIT_NOT_COMPARABLE or concept.positive_above is not None
    ):
        return value
    by_number = _answers_of_number(value, concept)
    is_titre = bool(by_number) and concept.positive_from is not None
    answers = by_number if is_titre else _of_laboratory(value, by_number, element, concept, whose)
    if isinstance(answers, Value):
        return answers
    tokens = _with_meaning(answers, concept)
    needs_an_answer = begins_at_zero(concept) or concept.blood_cells
    if not tokens or (needs_an_answer and tokens.isdisjoint(_SETTLED)):
        is_counted = value.amount is not None and concept.positive_above is not None
        note = "not an exact number" if is_counted else "no interpretation or range with it"
        return value._replace(tokens=NO_TOKENS, problem=value.problem or Reason.IMPRECISE, note=note)
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
        below_detection = amount.low == -math.inf and may_be_of_detection(amount.high, value.unit, concept)
        return (
            frozenset({"negative"}) if below_detection or amount.high <= concept.positive_above else NO_TOKENS
        )
    if concept.positive_from is not None and value.unit == "{titer}":
        if amount.low >= concept.positive_from:
            return frozenset({"positive"})
        if amount.high < concept.positive_from or (amount.high == concept.positive_from and amount.high_open):
            return frozenset({"negative"})
    return NO_TOKENS


def _with_meaning(tokens: frozenset[str], concept: Concept) -> frozenset[str]:
    """Low, normal and high with what they mean for the concept, as positive or negative."""
    if not concept.from_range:
        return tokens
    return tokens | {concept.from_range[token] for token in tokens if token in concept.from_range}


def _of_laboratory(
    value: Value, by_number: frozenset[str], element: Mapping[str, Any], concept: Concept, whose: Whose | None
) -> frozenset[str] | Value:
    """By its flag, else its range; a problem where they contradict each other, or say neither yes nor no.

    A number that is an answer itself only must not contradict the flag.
    """
    flags = read_flags(element.get("interpretation"), concept)
    if flags.is_undecided:
        return _problem(value, Reason.IMPRECISE, "the laboratory could not decide")
    flagged = value.tokens | by_number | flags.answers
    if _disagree(flagged, concept):
        return _problem(value, Reason.CONFLICTING, "value and interpretation disagree")
    if by_number:
        return by_number
    beside = _beside_ranges(value, element, concept, whose)
    doubtful = _doubt(value, flagged, beside, element, concept)
    if doubtful is not None:
        return doubtful
    if flags.is_unknown and not flagged:
        return _problem(value, Reason.IMPRECISE, "a flag that is not known")
    if flagged != _EITHER_WAY:
        return flagged or beside.side
    if value.unit == "{titer}" and value.amount and value.amount.low > 0 and is_antibody(concept):
        return flagged | {"positive"}
    return beside.side - {"normal"} or value._replace(
        tokens=flagged, problem=Reason.IMPRECISE, note="abnormal, but not which way"
    )


def is_antibody(concept: Concept) -> bool:
    """Whether only high is positive, and low is negative: then an abnormal titre is a positive one."""
    return concept.kind == "finding" and concept.from_range.get("low") == "negative"


def _problem(value: Value, reason: Reason, note: str) -> Value:
    return value._replace(tokens=NO_TOKENS, problem=reason, note=note)


_SIDES = frozenset({"low", "normal", "high"})
_SETTLED = frozenset({"positive", "negative"})
_EITHER_WAY = frozenset({"abnormal"})


def _disagree(said: frozenset[str], concept: Concept) -> bool:
    """Whether answers and flags of one result contradict each other.

    No B cells are abnormal and some are normal; of all else the negative is normal.
    """
    if len(said) < 2:
        return False
    meant = _with_meaning(said, concept)
    if meant >= _SETTLED or len(said & _SIDES) > 1 or {"normal", "abnormal"} <= said:
        return True
    if concept.blood_cells:
        return False
    return {"positive", "normal"} <= said or ({"negative", "abnormal"} <= meant and "low" not in said)


def _doubt(
    value: Value, flagged: frozenset[str], beside: Compared, element: Mapping[str, Any], concept: Concept
) -> Value | None:
    """What keeps a flag from being believed: its number and range say otherwise, or cannot be compared.

    "Normal" does not mean negative of an hCG that is normal for the fifth week.
    """
    if not flagged:
        return None
    if _contradict(flagged, beside.side, concept) and not beside.is_on_a_limit:
        return _problem(value, Reason.CONFLICTING, "interpretation and range disagree")
    if begins_at_zero(concept) and "normal" in flagged and flagged.isdisjoint(_SETTLED | beside.side):
        if holds_other_ranges(element):
            return _problem(value, Reason.CONFLICTING, "interpretation and range disagree")
        if beside.of_others:
            return _problem(value, Reason.IMPRECISE, "a range that may not apply")
    if beside.in_another_unit:
        return _problem(value, Reason.IMPRECISE, "range in another unit")
    return None


def _contradict(flagged: frozenset[str], ranged: frozenset[str], concept: Concept) -> bool:
    """Whether the laboratory's flag and its range say different things of one number."""
    if not ranged:
        return False
    (side,) = ranged
    sides = flagged & _SIDES
    if sides:
        return side not in sides
    meant = concept.from_range.get(side)
    opposite = {"positive": "negative", "negative": "positive"}.get(meant or "")
    return opposite in flagged or (side == "normal" and flagged == _EITHER_WAY)


_NOT_COMPARED = Compared()


def _beside_ranges(
    value: Value, element: Mapping[str, Any], concept: Concept, whose: Whose | None
) -> Compared:
    """The number beside the result's own reference ranges; a count that leaves it open is none of theirs."""
    if "referenceRange" not in element or concept.positive_above is not None:
        return _NOT_COMPARED
    raw = _raw_amount(value, element)
    if raw is None:
        return _NOT_COMPARED
    return compared(element, raw, value.unit, whose, from_zero=begins_at_zero(concept))


_WRITTEN = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(\d+(?:\.\d+)?)\s*(.{0,40})")


def _raw_amount(value: Value, element: Mapping[str, Any]) -> Amount | None:
    """The number in the unit in which it is written, which may be none of the concept's."""
    quantity = element.get("valueQuantity")
    if isinstance(quantity, dict):
        if not is_number(quantity.get("value")):
            return None
        comparator = quantity.get("comparator")
        return censored(comparator, quantity["value"]) if comparator else exactly(quantity["value"])
    if value.amount is not None:
        return None if value.unit == "{titer}" else value.amount
    written = _WRITTEN.fullmatch(value.text) if value.problem is Reason.UNIT_NOT_COMPARABLE else None
    if written is None or written[3] != value.unit:
        return None
    sign = AS_COMPARATORS.get(written[1] or "", written[1])
    return censored(sign, float(written[2])) if sign else exactly(float(written[2]))


def _lacks_detail(value: Value, element: Mapping[str, Any], concept: Concept) -> bool:
    """Whether a positive answer tells no titre where one is needed, or one that leaves it open."""
    if value.amount is not None:
        return concept.positive_from is not None and not _answers_of_number(value, concept)
    if not concept.imprecise_when_positive:
        return False
    return names_immunofluorescence(element) or any(
        coding_token(coding) in concept.imprecise_when_positive for coding in codings_of(element.get("code"))
    )
