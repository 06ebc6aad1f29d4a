"""Windows, numbers and amounts as authors write them."""

from __future__ import annotations

from datetime import date

import pytest

from mappings.dates import Window
from mappings.definitions.parsing.values import (
    WrittenAmount,
    parse_age,
    parse_amount,
    parse_date,
    parse_number,
    parse_titre,
    parse_whole_number,
    parse_window,
)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("90 days", Window(90, "days")),
        ("1 day", Window(1, "days")),
        ("6 months", Window(6, "months")),
        ("42 weeks", Window(42, "weeks")),
        ("1 year", Window(1, "years")),
        ("150 years", Window(150, "years")),
        (" 7  days ", Window(7, "days")),
        ("007 days", Window(7, "days")),
        ("151 years", None),
        ("54751 days", None),
        ("0 days", None),
        ("-1 days", None),
        ("1.5 months", None),
        ("90", None),
        ("90days", None),
        ("90 d", None),
        ("48 hours", None),
        ("days", None),
        ("90 days ago", None),
        ("a month", None),
        ("٩ days", None),
        ("9" * 40 + " days", None),
        ("", None),
    ],
)
def test_a_window(text: str, window: Window | None) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0),
        ("0.10", 0.1),
        ("010", 10.0),
        ("-0.5", -0.5),
        ("1e3", None),
        ("1,5", None),
        ("1,000", None),
        (".5", None),
        ("5.", None),
        ("0x10", None),
        ("nan", None),
        ("inf", None),
        ("1_000", None),
        ("one", None),
        ("", None),
    ],
)
def test_a_number(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("8", 8), ("010", 10), ("0", 0), ("1.0", None), ("-1", None), ("", None), ("²", None)],
)
def test_a_whole_number(text: str, number: int | None) -> None:
    assert parse_whole_number(text) == number


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.0 g/g", WrittenAmount(1.0, "g/g")),
        ("1.0g/g", WrittenAmount(1.0, "g/g")),
        ("2", WrittenAmount(2.0, "")),
        ("50%", WrittenAmount(50.0, "%")),
        ("50 %", WrittenAmount(50.0, "%")),
        ("4.0 10*9/L", WrittenAmount(4.0, "10*9/L")),
        ("5 /[HPF]", WrittenAmount(5.0, "/[HPF]")),
        ("80 {titer}", WrittenAmount(80.0, "{titer}")),
        ("38 Cel", WrittenAmount(38.0, "Cel")),
        ("-1 Cel", WrittenAmount(-1.0, "Cel")),
        ("10*9/L", None),
        ("> 1 g/g", None),
        ("1,5 g/g", None),
        ("1.2.3 g/g", None),
        ("1:80", None),
        ("g/g", None),
        ("", None),
    ],
)
def test_an_amount(text: str, amount: WrittenAmount | None) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "titre"), [("1:80", 80.0), ("1 : 160", 160.0), ("80", None), ("2:80", None)]
)
def test_a_titre(text: str, titre: float | None) -> None:
    assert parse_titre(text) == titre


@pytest.mark.parametrize(
    ("text", "age"),
    [("18 years", 18), ("1 year", 1), ("18", None), ("18.5 years", None), ("216 months", None)],
)
def test_an_age(text: str, age: int | None) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-11-14", date(2025, 11, 14)),
        ("2025-02-29", None),
        ("20251114", None),
        ("2025-11", None),
        ("14.11.2025", None),
    ],
)
def test_a_date(text: str, day: date | None) -> None:
    assert parse_date(text) == day
