"""Quantities written in other units, by exact decimals.

The table is of its own, not taken from the definitions: one quantity, and how many of each unit it is. Its
chemistry is that of the reference: 1 g/g of protein to creatinine is 113.12 mg/mmol, 1 mg/dL of creatinine
is 88.40 umol/L.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from tests.fuzz.changing.damage import copied, slots_of
from tests.fuzz.charts import Json

UCUM = "http://unitsofmeasure.org"
SAME: Sequence[Mapping[str, str]] = (
    {"g/g": "1", "mg/mg": "1", "mg/g": "1000", "g/g{creat}": "1", "mg/g{creat}": "1000"},
    {"g/d": "1", "mg/d": "1000", "g/(24.h)": "1", "mg/(24.h)": "1000"},
    {"10*9/L": "1", "10*3/uL": "1", "/uL": "1000", "10*6/L": "1000", "{cells}/uL": "1000"},
    {"g/dL": "1", "g/L": "10", "mg/dL": "1000", "mg/L": "10000"},
    {"U/mL": "1", "U/L": "1000", "kU/L": "1"},
    {"[iU]/mL": "1", "[iU]/L": "1000", "k[iU]/L": "1"},
    {"{score}": "1", "1": "1"},
)
OF_CODE: Mapping[str, Sequence[Mapping[str, str]]] = {
    **dict.fromkeys(
        ("2890-2", "34366-5", "13801-6", "40486-3"),
        ({"g/g": "1", "mg/g": "1000", "mg/mmol": "113.12", "g/mol": "113.12", "mg/mmol{creat}": "113.12"},),
    ),
    **dict.fromkeys(("2160-0", "14682-9"), ({"mg/dL": "1", "umol/L": "88.40"},)),
}
"""What needs chemistry, by the LOINC code of what is measured."""

SPELLED: Mapping[str, Sequence[str]] = {
    "g/d": ("g/24h", "g/24 h", "g/day"),
    "mg/d": ("mg/24h", "mg/24 hr"),
    "10*9/L": ("10^9/L", "x10^9/L", "10E9/L"),
    "10*3/uL": ("K/uL", "10^3/uL", "x10(3)/uL", "k/mm3"),
    "mg/dL": ("mg/dl", "MG/DL"),
    "g/dL": ("gm/dL", "g/dl"),
    "mg/mmol": ("mg/mmol creat",),
    "mg/g": ("mg/g creat", "mg/g Cr"),
    "/[HPF]": ("/HPF", "/hpf", "cells/HPF"),
    "Cel": ("°C", "degC"),
    "mL/min/{1.73_m2}": ("mL/min/1.73m2", "mL/min/1.73 m²"),
}
"""How laboratories write some units, where the unit is a text without code."""


def rewritten(resource: Json, random: Random) -> Json | None:
    """The Observation with the same quantities in another unit; None if there is nothing to rewrite."""
    copy: Json = copied(resource)
    quantities = list(_quantities(copy))
    if resource.get("resourceType") != "Observation" or not all(map(_is_written_out, quantities)):
        return None
    units = {quantity["code"] for quantity in quantities}
    if len(units) != 1 or _has_range_in_words(copy):
        return None
    (unit,) = units
    choices = list(_ways(unit, _codes(resource)))
    if not choices:
        return None
    other, factor = random.choice(choices)
    for quantity in quantities:
        if not _into(quantity, other, factor, random):
            return None
    return copy


def every_rewriting(resource: Json) -> Iterator[Json]:
    """A good many of the ways in which the Observation can be written."""
    for seed in range(24):
        found = rewritten(resource, Random(seed))
        if found is not None:
            yield found


def _ways(unit: str, codes: set[str]) -> Iterator[tuple[str, str]]:
    """Other units, and "n of it" for one of this unit; only factors that are exact decimals."""
    tables = [table for code in codes for table in OF_CODE.get(code, ())]
    for table in (*tables, *SAME):
        if unit in table and Decimal(table[unit]) == 1:
            yield from ((other, factor) for other, factor in table.items())
    if unit == "Cel":
        yield "[degF]", "1.8"
    if unit in SPELLED:
        yield unit, "1"


def _into(quantity: Json, unit: str, factor: str, random: Random) -> bool:
    value = Decimal(repr(quantity["value"])) * Decimal(factor)
    if unit == "[degF]":
        value += 32
    if len(value.normalize().as_tuple().digits) > 15:
        return False
    quantity["value"] = int(value) if value == value.to_integral_value() else float(value)
    spelled = SPELLED.get(unit, ())
    if spelled and random.random() < 0.5:
        for key in ("code", "system"):
            quantity.pop(key, None)
        quantity["unit"] = random.choice(spelled)
    else:
        quantity.update(unit=unit, code=unit, system=UCUM)
    return True


def _quantities(document: Any) -> Iterator[Json]:
    for container, key in slots_of(document):
        value = container[key]
        if isinstance(value, dict) and "value" in value:
            yield value


def _is_written_out(quantity: Json) -> bool:
    return (
        type(quantity["value"]) in (int, float)
        and 0 <= quantity["value"] < 10**9
        and isinstance(quantity.get("code"), str)
        and quantity.get("system") == UCUM
        and quantity.get("unit", quantity["code"]) == quantity["code"]
    )


def _has_range_in_words(resource: Json) -> bool:
    """Whether a reference range has a text, whose numbers would stay those of the old unit."""
    ranges = resource.get("referenceRange")
    return isinstance(ranges, list) and any(isinstance(each, dict) and "text" in each for each in ranges)


def _codes(resource: Json) -> set[str]:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    found = [c.get("code") for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []
    return {each for each in found if isinstance(each, str)}
