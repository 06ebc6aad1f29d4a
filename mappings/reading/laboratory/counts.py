"""Whether the words behind a number say that it is a count of what a concept names.

Cells of blood are counted in per cent or per volume. Casts are counted in fields of a microscope, per volume,
or without any unit; words between may name them again ("2 RBC casts/LPF"), and any other name something else.
"""

from __future__ import annotations

import re

from mappings.concept import Concept
from mappings.reading.keeping.texts import kept
from mappings.units import between

_FIELD = re.compile(
    r"(?:个|#|1)?\s*(?:/|per\b)\s*(?:[lh]p/?f?|(?:(?:low|high)[- ]power )?field"
    r"|[低高]倍视野|[低高]倍镜|[低高]倍|视野|片)\.?",
    re.IGNORECASE,
)
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_SEEN = re.compile(r"[\s,]*\b(?:seen|present|found|observed)$|[\s,]*(?:可见|检出)$", re.IGNORECASE)
_NO_UNIT = frozenset({"", "1", "个"})

_LIMITS_OF_DETECTION = {"%": 1, "/uL": 10}
"""The greatest that a limit of detection can be: ours (Interpretation), and wide on purpose."""


def is_count(unit: str, concept: Concept) -> bool:
    """Whether a number with this unit counts what the concept names."""
    unit = concept.unit_spellings.get(unit, unit)
    return _of_cells(unit) if concept.blood_cells else _of_casts(unit, concept.names)


def may_be_of_detection(limit: float, unit: str, concept: Concept) -> bool:
    """Whether what is below this limit may be too little to be found: below 500 cells per microlitre is not.

    Casts are counted in fields, one by one, and any limit of theirs may be one of detection.
    """
    unit = concept.unit or concept.unit_spellings.get(unit, unit)
    for own, most in _LIMITS_OF_DETECTION.items():
        conversion = between(unit, own)
        if conversion is not None:
            return conversion.of(limit) <= most
    return not concept.blood_cells


def _of_cells(unit: str) -> bool:
    """Whether a unit is a percentage or a number per volume, and not of copies of a gene."""
    return "cop" not in unit.lower() and any(between(unit, own) is not None for own in ("%", "/uL"))


@kept(256)
def _of_casts(unit: str, names: tuple[str, ...]) -> bool:
    rest = _SEEN.sub("", _ANNOTATION.sub("", unit).strip())
    for name in sorted((*names, "casts"), key=len, reverse=True):
        if rest.lower().startswith(single := name.lower().removesuffix("s")):
            rest = rest[len(single) :].removeprefix("s").removeprefix("(s)").strip()
            break
    if rest in _NO_UNIT or _FIELD.fullmatch(rest):
        return True
    return any(between(rest, own) is not None for own in ("/[LPF]", "/[HPF]", "/uL"))
