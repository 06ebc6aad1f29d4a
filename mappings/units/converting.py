"""How a number in one unit becomes one in another.

A unit is tried in this order: the concept's own unit; a site's own spelling of it; what laboratories write
(``spellings.yaml``); the concept's own conversions, where chemistry is needed; UCUM.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from mappings.concept import Concept
from mappings.units.exact import IDENTITY, Conversion, conversion_by, simplest
from mappings.units.spellings import (
    NO_UNIT,
    SCORE_UNITS,
    SpellingError,
    SpellingTable,
    spelling,
    unit_table,
)
from mappings.units.ucum import is_misread, linear, parsed

_LONGEST_NUMBER = 30
_WORDS = re.compile(r"\{[a-z]+\}")
_FACTOR = re.compile(r"(\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?")


def convert(value: float, unit: str, concept: Concept) -> float | None:
    """The value in the concept's unit; None where the unit cannot be converted into it for certain."""
    if unit == concept.unit:
        return value
    found = conversion(unit, concept)
    if found is None:
        return None
    return value if found is IDENTITY else found.of(value)


def conversion(unit: str, concept: Concept) -> Conversion | None:
    """How a number in ``unit`` becomes one in the concept's unit. Never raises; results are kept."""
    canonical = concept.unit
    spelled = spelling(concept.unit_spellings.get(unit, unit), canonical)
    if spelled == canonical:
        return IDENTITY
    factor = concept.conversions.get(spelled)
    if factor is not None:
        return conversion_by(_fraction(factor), concept.offsets.get(spelled, Fraction(0)))
    return _by_ucum(spelled, canonical) or _through_own(spelled, concept)


def _through_own(unit: str, concept: Concept) -> Conversion | None:
    """By UCUM into a unit of the concept's own table, and from there by the table (g/mol, by mg/mmol)."""
    for between, factor in concept.conversions.items():
        step = _by_ucum(unit, between)
        if step is not None and not step.offset:
            times = Fraction(step.numerator, step.denominator) * _fraction(factor)
            return conversion_by(times, concept.offsets.get(between, Fraction(0)))
    return None


def _fraction(factor: Fraction | float) -> Fraction:
    return factor if isinstance(factor, Fraction) else simplest(factor)


@lru_cache(maxsize=4096)
def _by_ucum(unit: str, canonical: str) -> Conversion | None:
    if unit in SCORE_UNITS or canonical in SCORE_UNITS:
        return None
    if unit == canonical:
        return IDENTITY
    found = linear(unit, canonical)
    return None if found is None else conversion_by(simplest(found[0]), simplest(found[1]))


def between(unit: str, other: str) -> Conversion | None:
    """How a number in one unit becomes one in another where no concept says more than UCUM does."""
    return IDENTITY if unit == other else _by_ucum(spelling(unit, other), spelling(other, unit))


def is_unit(unit: str) -> bool:
    """Whether this is a unit that can be canonical: a common one, a bare number, or one that UCUM knows."""
    common = (known.ucum for known in unit_table().units)
    return unit == NO_UNIT or unit in common or (parsed(unit) is not None and not is_misread(unit))


def parse_factor(text: str) -> Fraction | None:
    """``1/113.12`` or ``0.1``, exactly; None for anything else, and for zero."""
    match = _FACTOR.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if match is None or Fraction(match[2] or 1) == 0:
        return None
    return Fraction(match[1]) / Fraction(match[2] or 1) or None


def load_ucum() -> None:
    """Load the UCUM library now (0.7 s) rather than in the first request that needs it.

    Raises SpellingError if a laboratory's spelling stands for a unit that UCUM does not know.
    """
    check_targets(unit_table())


def check_targets(table: SpellingTable) -> None:
    """Raises SpellingError for a unit that is neither one of UCUM nor a word in braces, such as a titre."""
    for unit in table.units:
        if parsed(unit.ucum) is None and not _WORDS.fullmatch(unit.ucum):
            raise SpellingError(f"{unit.ucum!r} ({unit.means}) is not a UCUM unit")
