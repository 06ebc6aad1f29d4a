"""Units as laboratories write them, converted into the unit of a concept.

What cannot be converted for certain is None, never a guess. A unit is tried in this order: the concept's own
unit; the spellings below, which laboratories use and UCUM does not know or reads as something else
(``K/uL`` is kelvin per microlitre); the concept's own conversions, where chemistry is needed; UCUM.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, lru_cache
from threading import Lock
from typing import Any, NamedTuple

from mappings.concept import Concept


class Conversion(NamedTuple):
    """value x factor + offset; only temperatures have an offset."""

    factor: float
    offset: float = 0.0

    def of(self, value: float) -> float:
        """The value converted, rounded to 12 significant digits: 113.12 mg/mmol is 1 g/g and not above it."""
        return value if self is IDENTITY else float(f"{value * self.factor + self.offset:.12g}")


IDENTITY = Conversion(1.0)

_LONGEST_UNIT = 60
_LONGEST_NUMBER = 30

_NO_UNIT = "{score}"
_SCORE_UNITS = frozenset({_NO_UNIT, "1", "", "score", "{Score}", "points", "{points}", "point"})
"""A bare number. These mean one another, and never a real unit."""

_SPELLINGS: Mapping[str, str] = {
    "g/g": "",
    "g/g{creat}": "g/gcreat g/gcr g/gcrea g/gcreatinine",
    "mg/mg{creat}": "mg/mgcreat mg/mgcr mg/mgcrea mg/mgcreatinine",
    "mg/g{creat}": "mg/gcreat mg/gcr mg/gcrea mg/gcre mg/gcreatinine",
    "mg/mmol{creat}": "mg/mmolcreat mg/mmolcr mg/mmolcrea mg/mmolcreatinine",
    "g/mmol{creat}": "g/mmolcreat g/mmolcr",
    "g/mol{creat}": "g/molcreat g/molcr",
    "g/d": (
        "g/24h g/24hr g/24hrs g/24hours g/24.h g/{24_h} g/{24h} g/day gm/24h gm/24hr gm/d gm/day "
        "g/24hoururine"
    ),
    "mg/d": "mg/24h mg/24hr mg/24hrs mg/24hours mg/24.h mg/{24_h} mg/{24h} mg/day mgs/24h",
    "10*3/uL": (
        "k/ul k/mm3 k/mm^3 k/cumm thou/ul thou/mm3 thou/cumm thousand/ul 10^3/mm3 10^3/mm^3 1000/ul "
        "th/ul th/mm3 ths/ul 10^3/cumm"
    ),
    "10*6/uL": "mil/ul mill/ul million/ul 10^6/mm3",
    "10*9/L": "1e9/l bil/l billion/l",
    "10*12/L": "1e12/l",
    "10*6/L": "",
    "/uL": "cells/ul cell/ul cells/mm3 cells/mm^3 cells/cumm /mm3 /mm^3 /cumm /cmm 1/ul count/ul",
    "/[HPF]": (
        "/hpf 1/hpf {#}/hpf {cells}/hpf cells/hpf #/hpf rbc/hpf wbc/hpf /{hpf} hpf [hpf] per/hpf 1/[hpf]"
    ),
    "/[LPF]": "/lpf 1/lpf {#}/lpf #/lpf /{lpf} lpf [lpf] casts/lpf 1/[lpf]",
    "U/L": "units/l unit/l",
    "U/mL": "units/ml unit/ml",
    "[iU]/L": "iu/l intlunits/l",
    "[iU]/mL": "iu/ml intlunits/ml",
    "k[iU]/L": "kiu/l",
    "m[iU]/mL": "miu/ml",
    "m[iU]/L": "miu/l",
    "[GPL'U]/mL": "gpl gpl/ml gplu/ml gplunits/ml gpl'u/ml",
    "[MPL'U]/mL": "mpl mpl/ml mplu/ml mplunits/ml mpl'u/ml",
    "[APL'U]/mL": "apl apl/ml aplu/ml aplunits/ml apl'u/ml",
    "g/dL": "gm/dl gms/dl g/100ml g%",
    "g/L": "gm/l",
    "mg/dL": "mgs/dl mg/100ml mg%",
    "mg/L": "",
    "ug/dL": "",
    "ug/mL": "",
    "ug/L": "",
    "ng/mL": "",
    "umol/L": "mcmol/l micromol/l",
    "mmol/L": "",
    "mL/min/{1.73_m2}": (
        "ml/min/1.73m2 ml/min/1.73m^2 ml/min/1.73sqm ml/min/1.73_m2 ml/min/{1.73m2} ml/min/{bsa} "
        "ml/min/1.73 ml/min/1.73.m2 ml/min/1.73*m2 ml/min/bsa ml/min/(1.73.m2) ml/min/(1.73_m2) "
        "ml/min/173.10*-2.m2 ml/min/(173.10*-2.m2)"
    ),
    "mL/min": "ml/minute",
    "mm/h": "mm/hr mm/hour mm/1h",
    "mm[Hg]": "mmhg",
    "%": "percent pct %oflymphs %{lymphocytes} %oftotal",
    "{titer}": "titer titre {titre} {dilution}",
    "Cel": "degc celsius c °c",
    "[degF]": "degf fahrenheit f °f",
}
"""UCUM, and how laboratories write it, as ``_key`` writes both."""

_CASE_MATTERS: Mapping[str, str] = {"G/L": "10*9/L", "T/L": "10*12/L", "M/uL": "10*6/uL"}
"""French laboratories write giga and tera per litre: ``G/L`` leukocytes is not ``g/L`` haemoglobin."""

_POWER = re.compile(r"10(?:\*\*?|\^|e|\()(\d{1,2})\)?")


def _key(unit: str) -> str:
    """Without blanks, in lower case, with ``10^3`` for ``10*3``, ``10E3`` and ``10(3)``, and u for mc."""
    text = "".join(unit.lower().split()).replace("mcl", "ul").replace("mcg", "ug")
    return _POWER.sub(r"10^\1", text)


_UCUM_OF = {way: ucum for ucum, ways in _SPELLINGS.items() for way in (_key(ucum), *ways.split())}
_SYMBOLS = str.maketrans(
    {"µ": "u", "μ": "u", "²": "^2", "³": "^3", "⁶": "^6", "⁹": "^9", "×": "x", "\u00a0": " "}
)
_FACTOR_X = re.compile(r"^[xX*]\s*(?=10)")
_ANNOTATION = re.compile(r"\{([^{}]*)\}")
_COUNTED = re.compile(r"\{(?:cells?|#|counts?|RBCs?|WBCs?|copies)\}", re.IGNORECASE)
_CREATININE = re.compile(r"\{crea(?:t|tinine)?\}", re.IGNORECASE)
_BRACKET = re.compile(r"\[[^\[\]]*\]")
_EQUIVALENTS = re.compile(r"(?<![A-Za-z])[munk]?eq(?![A-Za-z])")
_PHYSICAL_BRACKETS = frozenset(
    {"[degF]", "[Hg]", "[H2O]", "[in_i]", "[ft_i]", "[lb_av]", "[oz_av]", "[ppth]", "[ppm]", "[ppb]"}
)
_PURE_NUMBER = re.compile(r"%|\[pp(?:th|m|b)\]|10[*^]-?\d+")
_TOO_LARGE = re.compile(r"\d{4}|[*^][+-]?\d{3}")
_FACTOR = re.compile(r"(\d+(?:\.\d+)?)(?:\s*/\s*(\d+(?:\.\d+)?))?")


def convert(value: float, unit: str, concept: Concept) -> float | None:
    """The value in the concept's unit; None where the unit cannot be converted into it for certain."""
    if unit == concept.unit:
        return value
    found = conversion(unit, concept)
    return found.of(value) if found is not None else None


def conversion(unit: str, concept: Concept) -> Conversion | None:
    """How a number in ``unit`` becomes one in the concept's unit. Never raises; results are kept."""
    canonical = concept.unit
    spelled = spelling(unit, canonical)
    if spelled == canonical:
        return IDENTITY
    factor = concept.conversions.get(spelled)
    if factor is not None:
        return Conversion(factor)
    found = _by_ucum(spelled, canonical)
    return found or _through_own(spelled, concept)


def _through_own(unit: str, concept: Concept) -> Conversion | None:
    """By UCUM into a unit of the concept's own table, and from there by the table (g/mol, by mg/mmol)."""
    for between, factor in concept.conversions.items():
        step = _by_ucum(unit, between)
        if step is not None and not step.offset:
            return Conversion(step.factor * factor)
    return None


@lru_cache(maxsize=4096)
def spelling(unit: str, canonical: str) -> str:
    """The unit as UCUM writes it, or as it stands where it is not a known spelling.

    For a ratio to creatinine (``g/g``) the annotation of what is divided by is left out: the concept says it.
    """
    if len(unit) > _LONGEST_UNIT:
        return unit
    text = _FACTOR_X.sub("", unit.strip().translate(_SYMBOLS))
    if text in _SCORE_UNITS or canonical in _SCORE_UNITS:
        return canonical if text in _SCORE_UNITS and canonical in _SCORE_UNITS else text
    text = _CASE_MATTERS.get(text) or _UCUM_OF.get(_key(text), text)
    if canonical == "g/g":
        text = _CREATININE.sub("", text)
    return text


def is_unit(unit: str) -> bool:
    """Whether this is a unit that can be canonical: a common one, a bare number, or one that UCUM knows."""
    return unit in _SPELLINGS or unit == _NO_UNIT or _parsed(unit) is not None


def is_bare_number(unit: str) -> bool:
    """Whether amounts in this unit are written without one."""
    return unit in _SCORE_UNITS


def parse_factor(text: str) -> float | None:
    """``1/113.12`` or ``0.1``, divided exactly and rounded once; None for anything else, and for zero."""
    match = _FACTOR.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if match is None or Fraction(match[2] or 1) == 0:
        return None
    return float(Fraction(match[1]) / Fraction(match[2] or 1)) or None


def load_ucum() -> None:
    """Load the UCUM library now (0.7 s) rather than in the first request that needs it."""
    _parsed("g")


@lru_cache(maxsize=4096)
def _by_ucum(unit: str, canonical: str) -> Conversion | None:
    if unit in _SCORE_UNITS or canonical in _SCORE_UNITS:
        return None
    if _kept_apart(unit) != _kept_apart(canonical):
        return None
    points = _converted(unit, canonical)
    if points is None:
        return None
    at_zero, at_one, at_two = points
    factor = at_one - at_zero
    if not math.isclose(at_two - at_one, factor, rel_tol=1e-9) or not 0 < factor < math.inf:
        return None
    return Conversion(float(f"{factor:.14g}"), float(f"{at_zero:.14g}"))


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
    source, target = _parsed(unit), _parsed(canonical)
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
    first, second = _parsed(unit), _parsed(other)
    return first is not None and second is not None and bool(first.dimensionality == second.dimensionality)


_LOCK = Lock()


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - takes 0.7 s, and many a record never needs it

    return PintUcumRegistry()


@lru_cache(maxsize=4096)
def _parsed(unit: str) -> Any:
    """A pint quantity; None for what is not UCUM, or would take long to find out."""
    if len(unit) > _LONGEST_UNIT or _TOO_LARGE.search(unit):
        return None
    with _LOCK:
        try:
            quantity = _registry().from_ucum(unit)
        except Exception:  # noqa: BLE001 - two parsers lie behind it, and the text is a stranger's
            return None
    return quantity if hasattr(quantity, "dimensionality") else None
