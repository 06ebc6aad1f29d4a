"""The UCUM library, kept from turning into one another what medicine keeps apart."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from mappings.units.spellings import LONGEST_UNIT

_ANNOTATION = re.compile(r"\{([^{}]*)\}")
_COUNTED = re.compile(r"\{(?:cells?|#|counts?|RBCs?|WBCs?|copies)\}", re.IGNORECASE)
_BRACKET = re.compile(r"\[[^\[\]]*\]")
_EQUIVALENTS = re.compile(r"(?<![A-Za-z])[munk]?eq(?![A-Za-z])")
_PHYSICAL_BRACKETS = frozenset(
    {"[degF]", "[Hg]", "[H2O]", "[in_i]", "[ft_i]", "[lb_av]", "[oz_av]", "[ppth]", "[ppm]", "[ppb]"}
)
_PURE_NUMBER = re.compile(r"%|\[pp(?:th|m|b)\]|10[*^]-?\d+")
_TOO_LARGE = re.compile(r"\d{4}|[*^][+-]?\d{3}")
_MISREAD = re.compile(
    r"^\(*(?!10*(?!\d))\d"  # 103/uL: no count is in multiples of 103
    r"|(?:^|[/.(])(?:\d+\.\d+(?![\d*^])"  # 10.9/L: UCUM has no decimal point, and reads 10 times 9
    r"|10(?:[-/]\d|(?:0?[1-9]|[1-9]\d)(?!\d)))"  # 10-9/L, 10/9/L, mg/103uL
)
"""Numbers that UCUM multiplies by, and laboratories write for a power of ten whose sign was lost."""


def linear(unit: str, canonical: str) -> tuple[float, float] | None:
    """Factor and offset from one unit into another; None if they cannot be converted for certain."""
    if _kept_apart(unit) != _kept_apart(canonical) or is_misread(unit) or is_misread(canonical):
        return None
    points = _converted(unit, canonical)
    if points is None:
        return None
    at_zero, at_one, at_two = points
    factor = at_one - at_zero
    if not math.isclose(at_two - at_one, factor, rel_tol=1e-9) or not 0 < factor < math.inf:
        return None
    return float(f"{factor:.14g}"), float(f"{at_zero:.14g}")


def is_misread(unit: str) -> bool:
    """Whether a number in a unit is likelier a power of ten, or a decimal number, than what UCUM reads.

    A unit begins with 1 or a whole power of ten, if with a number at all; who means 103 writes it in a table.
    """
    return _MISREAD.search(_BRACKET.sub("", _ANNOTATION.sub("", unit))) is not None


def _kept_apart(unit: str) -> Counter[str]:
    """What UCUM leaves out of a conversion and medicine does not.

    Annotations (``{1.73_m2}``), except one that says only what is counted; units that UCUM calls arbitrary or
    a number (``[iU]``, ``[HPF]``), which the library would turn into one another; equivalents.
    """
    above, slash, below = unit.partition("/")
    text = _COUNTED.sub("", above) + slash + below
    apart = Counter(annotation.strip().lower() for annotation in _ANNOTATION.findall(text))
    brackets = _BRACKET.findall(_ANNOTATION.sub("", text))
    apart.update(bracket.replace("IU", "iU") for bracket in brackets if bracket not in _PHYSICAL_BRACKETS)
    apart.update("eq" for _ in _EQUIVALENTS.findall(text))
    return apart


def _converted(unit: str, canonical: str) -> tuple[float, float, float] | None:
    """0, 1 and 2 of the unit in the canonical one."""
    source, target = parsed(unit), parsed(canonical)
    if source is None or target is None or source.dimensionality != target.dimensionality:
        return None
    if source.dimensionless and not _same_ratio(unit, canonical):
        return None
    with _LOCK:
        try:
            zero, one, two = (
                _registry().Quantity(number * source.magnitude, source.units).to(target.units).magnitude
                for number in (0.0, 1.0, 2.0)
            )
        except Exception:  # noqa: BLE001 - a temperature inside a product, a number too large, and the like
            return None
    return zero / target.magnitude, one / target.magnitude, two / target.magnitude


def _same_ratio(unit: str, canonical: str) -> bool:
    """Whether two dimensionless units divide like by like: g/g is not mol/mol, nor a percentage."""
    if _PURE_NUMBER.fullmatch(unit) or _PURE_NUMBER.fullmatch(canonical):
        return bool(_PURE_NUMBER.fullmatch(unit) and _PURE_NUMBER.fullmatch(canonical))
    above, _, below = (_ANNOTATION.sub("", part) for part in unit.partition("/"))
    above_too, _, below_too = (_ANNOTATION.sub("", part) for part in canonical.partition("/"))
    return _same_dimension(above, above_too) and _same_dimension(below, below_too)


def _same_dimension(unit: str, other: str) -> bool:
    if not unit or not other:
        return unit == other
    first, second = parsed(unit), parsed(other)
    return first is not None and second is not None and bool(first.dimensionality == second.dimensionality)


_LOCK = Lock()


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - takes 0.7 s, and many a record never needs it

    return PintUcumRegistry()


@lru_cache(maxsize=4096)
def parsed(unit: str) -> Any:
    """A pint quantity; None for what is not UCUM, or would take long to find out."""
    if len(unit) > LONGEST_UNIT or _TOO_LARGE.search(unit):
        return None
    with _LOCK:
        try:
            quantity = _registry().from_ucum(unit)
        except Exception:  # noqa: BLE001 - two parsers lie behind it, and the text is a stranger's
            return None
    return quantity if hasattr(quantity, "dimensionality") else None
