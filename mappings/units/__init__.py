"""Units as laboratories write them, converted into the unit of a concept.

What cannot be converted for certain is None, never a guess. ``spellings.yaml`` holds what laboratories write
that UCUM does not know or reads as something else; arithmetic is that of fractions, not of binary numbers.
"""

from mappings.units.converting import (
    between,
    check_targets,
    conversion,
    convert,
    is_unit,
    load_ucum,
    parse_factor,
)
from mappings.units.exact import IDENTITY, Conversion, nearest, product, quotient
from mappings.units.spellings import (
    SpellingError,
    UnitSpelling,
    is_bare_number,
    read_spellings,
    spelling,
    unit_table,
)

__all__ = [
    "IDENTITY",
    "Conversion",
    "SpellingError",
    "UnitSpelling",
    "between",
    "check_targets",
    "conversion",
    "convert",
    "is_bare_number",
    "is_unit",
    "load_ucum",
    "nearest",
    "parse_factor",
    "product",
    "quotient",
    "read_spellings",
    "spelling",
    "unit_table",
]
