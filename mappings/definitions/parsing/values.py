"""Single values as authors write them: numbers, amounts, windows, ages."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple, cast

from mappings.dates import Window, WindowUnit

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_AMOUNT = re.compile(r"(-?\d{1,12}(?:\.\d{1,12})?)(?:\s+(\S.*)|([A-Za-z%{/\[µμ].*))?", re.ASCII)
_TITRE = re.compile(r"1\s*:\s*(\d{1,9})", re.ASCII)
_WINDOW = re.compile(r"(\d{1,6})\s+(day|week|month|year)s?", re.ASCII)
_AGE = re.compile(r"(\d{1,3})\s+years?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_A_YEAR_HAS = {"days": 365, "weeks": 52, "months": 12, "years": 1}
_LONGEST_LIFE = 150  # years


class WrittenAmount(NamedTuple):
    """A number and the unit beside it, which may be empty."""

    number: float
    unit: str


def parse_number(text: str) -> float | None:
    """A decimal number: ``010`` is ten and ``0.10`` a tenth; ``1e3``, ``1,000`` and ``.5`` are refused."""
    return float(text) if _NUMBER.fullmatch(text) else None


def parse_whole_number(text: str) -> int | None:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def parse_amount(text: str) -> WrittenAmount | None:
    """``1.0 g/g``, ``50%``, or a bare number."""
    match = _AMOUNT.fullmatch(text.strip())
    return WrittenAmount(float(match[1]), (match[2] or match[3] or "").strip()) if match else None


def parse_titre(text: str) -> float | None:
    """``1:80`` as 80."""
    match = _TITRE.fullmatch(text.strip())
    return float(match[1]) if match else None


def parse_window(text: str) -> Window | None:
    """``90 days``, ``1 year``. Not zero, and not longer than anybody lives."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        return None
    number, unit = int(match[1]), cast(WindowUnit, match[2] + "s")
    return Window(number, unit) if 0 < number <= _LONGEST_LIFE * _A_YEAR_HAS[unit] else None


def parse_age(text: str) -> int | None:
    """``18 years``. Not more than anybody lives."""
    match = _AGE.fullmatch(text.strip())
    return int(match[1]) if match and int(match[1]) <= _LONGEST_LIFE else None


def parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
