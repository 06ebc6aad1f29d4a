"""Numbers as texts write them: with a decimal comma, a power of ten, or an answer beside them.

Only what can mean one thing is read. A comma before one or two last digits, or behind a leading zero, is a
decimal one; before three it may part thousands ("1,250 g/g"), unless there are two such groups or a point
behind them. Of what is counted in the fields of a microscope none is read: "5,10 /HPF" may be two counts.
A point before three last digits is a decimal one, unless the unit is one of whole numbers ("250.000 /µl").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mappings.concept import Concept
from mappings.reading.code_index import normalised
from mappings.units import IDENTITY, between

_FIRST = r"(?<![\d.,/:])"
_DECIMAL = re.compile(rf"{_FIRST}(0,\d{{1,9}}|[1-9]\d{{0,8}},\d{{1,2}})(?![\d.,])")
_GROUPED = re.compile(
    rf"{_FIRST}[1-9]\d{{0,2}}(?:(?:,\d{{3}}){{2,4}}(?![\d,])(?!\.(?!\d))|(?:,\d{{3}})+(?=\.\d+(?![\d.,])))"
)
_POWER = re.compile(
    r"(?P<sign>[<>]=?|[≤≥])?\s*(?P<number>[1-9](?:\.\d+)?)\s*"
    r"(?:[eE](?P<e>[+-]?\d{1,2})|[xX×*]\s*10\s*(?:\^|\*\*)\s*(?P<power>\d{1,2})|[xX×*]\s*10(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))"
    r"(?P<unit>(?:\s+[^\s/].*)?)"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_MOST = 200
_UNIT = r"(?:[^\s()/<>]{0,12}/[^\s()<>]{1,12}|%|COI|AI|index)?"
_SIGN = r"(?:[<>]=?|[≤≥])?\s*"
_BESIDE = re.compile(
    rf"(?P<number>{_SIGN}\d+(?:\.\d+)?\s*{_UNIT})"
    r"\s*(?:[(（]\s*(?P<inside>[^()（）]{1,20}?)\s*[)）]|(?P<answer>[^\W\d][^<>]{0,20}))"  # noqa: RUF001
)
_BELOW = re.compile(
    rf"(?P<answer>[^\W\d][^<>≤≥()]{{1,20}}?)[\s,;:(]*(?P<number>(?:<=|<|≤)\s*\d+(?:\.\d+)?\s*{_UNIT})\s*\)?",
    re.IGNORECASE,
)

_POINTED = re.compile(rf"{_FIRST}[1-9]\d{{0,2}}\.\d{{3}}(?!\d)")
_OF_WHOLE_NUMBERS = ("mg/d", "mg/g", "mg/g{creat}", "/uL", "mL", "mL/d")

_NONE_SEEN = frozenset({"none seen", "not seen", "none observed", "未见"})
_ABOVE = r"(?:log(?:10)?\s?)?(?:[x×*]?\s?10[*^]?\d{1,2}\s?)?[a-zµμ#%'{}\[\]]{0,10}"
_BELOW_IT = r"(?:\d{1,3}\s?)?(?:[cdmunµμ]?l|mm\^?3|mm³|co|d|day|24\s?hr?|[mu]?g|m?mol|min)(?:\{\w{1,12}\})?"
_UNIT_WORD = (
    rf"(?:{_ABOVE}\s?/\s?{_BELOW_IT}|%|[a-z0-9.']{{0,8}}[\[{{][\w.' ]{{1,20}}[\]}}]"
    r"|[km]?i?u|units?|coi|ai|index|ratio|[rcae]u|sgu|smu|aau|flu|[gma]pl|[munp]?g|iv)"
)
_MARK = r"(?:[*!↑↓]{1,2}|[HLN]{1,2}|\((?:[HLN]{1,2}|[↑↓]|\d[\d.]*\s*[-–~]\s*\d[\d.]*)\))"
_BEHIND = re.compile(rf"{_UNIT_WORD}?\s*{_MARK}?", re.IGNORECASE)


class Beside(NamedTuple):
    """A number with its unit, and the words or the sign of an answer beside it.

    ``is_below``: it is a limit below which the result is, so that no answer but a negative fits.
    """

    number: str
    answer: str
    is_below: bool


def is_counted_in_fields(concept: Concept) -> bool:
    """Whether a concept is counted in the fields of a microscope."""
    return concept.unit.startswith("/[") or (concept.positive_above is not None and not concept.blood_cells)


def is_none_seen(text: str, concept: Concept) -> bool:
    """Whether a text says that in no field one was seen: less than one in a field (Interpretation)."""
    return concept.unit.startswith("/[") and normalised(text) in _NONE_SEEN


def is_unit_like(behind: str) -> bool:
    """Whether nothing but a unit, perhaps with a mark or its range, stands behind a number.

    Anything else may be a sign, an answer or another result: "5+", "<5 positive", "3 (previously 8000)".
    """
    return _BEHIND.fullmatch(behind.strip()) is not None


def with_points(text: str) -> str:
    """A text whose decimal commas are points, and whose thousands are not parted, where that is certain."""
    if "," not in text or len(text) > _MOST:
        return text
    text = _GROUPED.sub(lambda found: found[0].replace(",", ""), text)
    return _DECIMAL.sub(lambda found: found[0].replace(",", "."), text)


def may_part_thousands(text: str, unit: str) -> bool:
    """Whether a number has a point before its three last digits, in a unit of which no laboratory tells three
    decimals (Interpretation): "1.500 mg/24h" is 1500 where German is written. "0.125" and "1.500 g/24h" stay.
    """
    return _POINTED.search(text) is not None and any(
        between(unit, whole) is IDENTITY for whole in _OF_WHOLE_NUMBERS
    )


def without_power(text: str) -> str:
    """ "1.2E+05 IU/mL" as "120000 IU/mL"; any other text, and "4.2×10^9/L", as it is."""
    found = _POWER.fullmatch(text) if len(text) <= _MOST else None
    if found is None:
        return text
    power = int(found["e"] or found["power"] or found["raised"].translate(_RAISED))
    number = format(float(f"{found['number']}e{power}"), "f").rstrip("0").rstrip(".")
    return f"{found['sign'] or ''}{number}{found['unit']}"


def beside_answer(text: str) -> Beside | None:
    """The number and the answer of "0.05 (-)", "0.05 阴性", "Negative <5 mIU/mL"."""
    if len(text) > _MOST:
        return None
    below = _BELOW.fullmatch(text)
    if below is not None:
        return Beside(below["number"], below["answer"], is_below=True)
    found = _BESIDE.fullmatch(text)
    if found is None:
        return None
    sign = found["inside"]
    return Beside(found["number"], f"({sign})" if sign else found["answer"], is_below=False)
