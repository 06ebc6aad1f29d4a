"""Values that no sender should send, and some that surprise although they may be sent."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

TEXTS: Sequence[str] = (
    "",
    " ",
    "\u0000",
    "\u202e1.4 g/g",  # turns the reading direction round
    "\u2066Patient/1\u2069",
    "po\u200bsitive",
    "\ufeffpositive",
    "neg\u00adative",
    "\ud800",  # half of a surrogate pair
    "\udfff\ud800",
    "\u2163\uff0b\u2164",  # IV + V in the numerals of Unicode
    "\uff11\uff0e\uff14",  # full-width 1.4
    "\u0663",  # Arabic-Indic 3
    "²",
    "½",
    "狼疮性肾炎",
    "<b>x</b> [y](https://evil.example)",
    "NaN",
    "Infinity",
    "-0",
    "1e308",
    "1,4",
    "> > 5",
    "<1:0",
    "1:" + "9" * 40,
    "9" * 5000,
    "a" * 100_000,
    "(" * 2000,
    "class IV " * 300,
    "no " * 2000 + "evidence of class IV",
    "{" * 200 + "g/g" + "}" * 200,
    "10*999999999/L",
    "g/g/g/g/g/g",
    "../../etc/passwd",
    "%s%n{0}",
    "\n\r\t",
    "e\u0301" * 500,
    "👩\u200d⚕️" * 50,
)
NUMBERS: Sequence[Any] = (
    0,
    -0.0,
    -1,
    1,
    0.1 + 0.2,
    5e-324,
    1e-300,
    1e308,
    -1e308,
    1e22,
    float("inf"),
    float("-inf"),
    float("nan"),
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**400,
    -(10**400),
    True,
    False,
)
DATES: Sequence[Any] = (
    "2026-02-30",
    "0000-01-01",
    "0001-01-01",
    "9999-12-31",
    "9999-99",
    "9999-99-99",
    "10000-01-01",
    "-0044-03-15",
    "yesterday",
    "2026",
    "2026-06",
    "2026-6-1",
    "2026-W23-1",
    "2026-06-15T",
    "2026-06-15T25:00:00Z",
    "2026-06-15T23:59:60Z",
    "2026-06-15T12:00:00+99:00",
    "2026-06-15T12:00:00.123456789012345678901234567890Z",
    "2026-06-15 12:00",
    "2026-06-14T23:59:59-12:00",
    "15.06.2026",
    "\u0662\u0660\u0662\u0666-\u0660\u0666-\u0661\u0665",  # 2026-06-15 in Arabic-Indic digits
    " 2026-06-15 ",
    20260615,
    None,
)
ANYTHING: Sequence[Any] = (None, True, False, 0, 1.5, "", "x", [], {}, [[]], [{}], {"x": None}, [None])


def strange(random: Random) -> Any:
    """Any strange value; the long ones are rare, because they cost time."""
    values = random.choice((TEXTS, NUMBERS, DATES, ANYTHING))
    value = random.choice(values)
    if isinstance(value, str) and len(value) > 1000 and random.random() < 0.9:
        return value[:100]
    return value


def retyped(value: Any, random: Random) -> Any:
    """The same value as JSON of another type."""
    choices: list[Any] = [[value], {"value": value}, [[value]], [value, value], None, True, 0]
    choices.append(str(value)[:200])
    if isinstance(value, list):
        choices += [*value[:1], {str(n): each for n, each in enumerate(value[:5])}]
    elif isinstance(value, dict):
        choices += [list(value.values()), list(value), *list(value.values())[:1]]
    elif isinstance(value, str):
        choices += [list(value[:5]), len(value), value.upper(), f" {value} ", value[::-1][:200]]
    return random.choice(choices)


def nested(value: Any, random: Random) -> Any:
    """The value, deep down in lists and objects."""
    for level in range(random.choice((1, 2, 5, 40, 150))):
        value = [value] if level % 2 else {"extension": value, "value": value if level < 2 else None}
    return value
