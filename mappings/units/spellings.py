"""What laboratories write for units, as the table ``spellings.yaml`` gives it.

Aliases come before UCUM, because UCUM reads some of them as something else: K/uL is kelvin there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PACKAGED = Path(__file__).with_name("spellings.yaml")
LONGEST_UNIT = 60
NO_UNIT = "{score}"
SCORE_UNITS = frozenset({NO_UNIT, "1", "", "score", "{Score}", "points", "{points}", "point"})
"""A bare number. These mean one another, and never a real unit."""

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_KEYS = frozenset({"ucum", "means", "written", "as_written"})


class SpellingError(ValueError):
    """The table of spellings contradicts itself, or is not in its form."""


class UnitSpelling(NamedTuple):
    """A UCUM unit, what it means, and how laboratories write it.

    ``written`` counts whatever the case, blanks and form of powers; ``as_written`` only to the letter (French
    ``G/L``, giga per litre, is not ``g/L``).
    """

    ucum: str
    means: str
    written: tuple[str, ...]
    as_written: tuple[str, ...]


class SpellingTable(NamedTuple):
    """The UCUM unit of each spelling: to the letter, else by its normal form."""

    units: tuple[UnitSpelling, ...]
    as_written: Mapping[str, str]
    normal: Mapping[str, str]


def read_spellings(path: Path = PACKAGED) -> SpellingTable:
    """The table of a file. Raises SpellingError for a spelling that stands twice, or means two units."""
    root = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - builds text only
    entries = root.get("units") if isinstance(root, dict) else None
    if not isinstance(entries, list) or set(root) != {"schema", "units"}:
        raise SpellingError(f"{path.name}: must have 'schema' and a list of 'units'")
    units = tuple(_unit(entry, path.name) for entry in entries)
    as_written: dict[str, str] = {}
    normal: dict[str, str] = {}
    for unit in units:
        for way in unit.as_written:
            _put(as_written, _legible(way), way, unit.ucum, path.name)
        for way in _ways(unit):
            _put(normal, normal_form(way), way, unit.ucum, path.name)
    return SpellingTable(units, as_written, normal)


def _ways(unit: UnitSpelling) -> Iterator[str]:
    yield unit.ucum
    yield from unit.written


def _put(table: dict[str, str], key: str, way: str, ucum: str, name: str) -> None:
    if key in table:
        known = "twice" if table[key] == ucum else f"also under {table[key]!r}"
        raise SpellingError(f"{name}: {way!r}, under {ucum!r}, stands {known} (case and blanks do not count)")
    table[key] = ucum


def _unit(entry: Any, name: str) -> UnitSpelling:
    if not isinstance(entry, dict) or not {"ucum", "means"} <= set(entry) <= _KEYS:
        raise SpellingError(f"{name}: a unit has 'ucum', 'means', 'written' and 'as_written', not {entry!r}")
    lists = [entry.get(key, []) for key in ("written", "as_written")]
    texts = [entry["ucum"], entry["means"], *(way for each in lists for way in each)]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise SpellingError(f"{name}: an empty text under {entry['ucum']!r}")
    return UnitSpelling(entry["ucum"], entry["means"], tuple(lists[0]), tuple(lists[1]))


@cache
def unit_table() -> SpellingTable:
    """The packaged table, read once."""
    return read_spellings()


_SYMBOLS = str.maketrans(
    {
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in range(10)), strict=True)),
        **dict.fromkeys("µμ", "u"),
        **dict.fromkeys("×✕", "x"),
        "º": "°",
        **dict.fromkeys("·•∙⋅・", "."),
        **dict.fromkeys("\u2215\u2044", "/"),
        **dict.fromkeys("−–", "-"),
    }
)
_FACTOR_X = re.compile(r"^[xX*]\s*(?=10)")
_POWERS = re.compile(r"(?<=\^\d)\^(?=\d)")
_POWER = re.compile(r"10(?:\*\*?|\^|~|e\+?|exp|\()(\d{1,2})\)?")
_CREATININE = re.compile(r"\{(?:crea(?:t|tinine)?|cr)\}", re.IGNORECASE)


def _legible(unit: str) -> str:
    """In plain letters: ``10⁹`` as ``10^9``, full-width letters as ordinary ones, without a leading x."""
    text = unicodedata.normalize("NFKC", _POWERS.sub("", unit.translate(_SYMBOLS)))
    return _FACTOR_X.sub("", text.translate(_SYMBOLS).strip())


def normal_form(unit: str) -> str:
    """Without blanks, in lower case, with ``10^3`` for ``10*3``, ``10E3``, ``10~3``, ``10(3)``; u for mc."""
    text = "".join(_legible(unit).lower().split()).replace("mcl", "ul").replace("mcg", "ug")
    return _POWER.sub(r"10^\1", text)


@lru_cache(maxsize=4096)
def spelling(unit: str, canonical: str) -> str:
    """The unit as UCUM writes it, or as it stands where it is not a known spelling.

    For a ratio to creatinine (``g/g``) the annotation of what is divided by is left out: the concept says it.
    """
    if len(unit) > LONGEST_UNIT:
        return unit
    text = _legible(unit)
    if text in SCORE_UNITS or canonical in SCORE_UNITS:
        return canonical if text in SCORE_UNITS and canonical in SCORE_UNITS else text
    table = unit_table()
    text = table.as_written.get(text) or table.normal.get(normal_form(text), text)
    if canonical == "g/g":
        text = _CREATININE.sub("", text)
    return text


def is_bare_number(unit: str) -> bool:
    """Whether amounts in this unit are written without one."""
    return unit in SCORE_UNITS
