"""``conversions: {mg/mmol: 1/113.12, mmol/mol: {times: 0.09148, plus: 2.152}}``: what UCUM cannot convert."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple

from mappings.definitions.faults import Mistake
from mappings.definitions.parsing.fields import Fields, text_of
from mappings.definitions.parsing.source import MapNode
from mappings.units import between, parse_factor, spelling

_SUBSTANCE = re.compile(r"mol|kat|osm|U(?![a-z])")
_CLOSE = 1e-6


class Factor(NamedTuple):
    """A number in the other unit, times the one and plus the other, is one in the concept's own."""

    times: Fraction
    plus: Fraction = Fraction(0)


def conversions_of(fields: Fields, unit: str) -> dict[str, Factor]:
    """The concept's own conversions into its unit, by the other unit as UCUM writes it."""
    inner = fields.fields("conversions")
    factors: dict[str, Factor] = {}
    if inner is None:
        return factors
    for other in inner.node.entries:
        factor, spelled = _factor(inner, other), spelling(other, unit)
        if factor is None:
            continue
        if spelled in factors:
            message = f"{other!r} is {spelled!r}, which stands here already"
            inner.report.add(Mistake.REPEATED_VALUE, inner.line(other), message)
        factors.setdefault(spelled, factor)
        _check_against_ucum(inner, other, unit, factor)
    return factors


def _factor(inner: Fields, other: str) -> Factor | None:
    node = inner.get(other)
    if not isinstance(node, MapNode):
        times = _number(inner, other)
        return None if times is None else Factor(times)
    both = Fields(node, inner.report)
    times = _number(both, "times") if both.need("times") else None
    plus = _number(both, "plus") if both.need("plus") else None
    both.close()
    return None if times is None or plus is None or times <= 0 else Factor(times, plus)


def _number(fields: Fields, key: str) -> Fraction | None:
    """A factor; what is added may be below zero."""
    text = text_of(fields.get(key), key, fields.report)
    minus = key == "plus" and text.startswith("-")
    number = parse_factor(text.removeprefix("-") if minus else text)
    if number is None and text:
        message = f"the factor {text!r} is not a number such as 0.1 or 1/113.12"
        fields.report.add(Mistake.NOT_A_FACTOR, fields.line(key), message)
    return -number if number is not None and minus else number


def _check_against_ucum(inner: Fields, other: str, unit: str, factor: Factor) -> None:
    """A factor of its own would take the place of the true one, unseen."""
    if not _may_convert(other, unit):
        return
    found = between(other, unit)
    if found is None:
        return
    plus = found.offset / found.denominator
    if math.isclose(found.factor, factor.times, rel_tol=_CLOSE) and math.isclose(plus, factor.plus):
        return
    by = f"by {found.factor:.9g}" if not found.offset else "in another way"
    message = f"UCUM converts {other!r} into {unit} {by}; leave it out here, where chemistry alone belongs"
    inner.report.add(Mistake.NOT_A_FACTOR, inner.line(other), message)


def _may_convert(unit: str, other: str) -> bool:
    """Whether to ask UCUM at all: its library takes half a second to load."""
    alike = bool(_SUBSTANCE.search(unit)) == bool(_SUBSTANCE.search(other))
    return alike and unit.count("/") == other.count("/")
