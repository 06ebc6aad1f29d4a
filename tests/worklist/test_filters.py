"""What the worklist is asked for, read from an address that anybody may have written."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from cds_service.worklist.filters import Asked, Choices, Show, Sort, page_within, understood

CHOICES = Choices(["NCT1"], ["north"], ["referred", "lost"], ["not-written"])


@pytest.mark.parametrize(
    ("given", "asked", "left_out"),
    [
        ({}, Asked(), ()),
        ({"show": ""}, Asked(), ()),
        ({"show": "left", "trial": "NCT1", "site": "north"}, Asked(Show.LEFT, "NCT1", "north"), ()),
        (
            {"state": "lost", "attention": "any", "age": "30"},
            Asked(state="lost", attention="any", age=30),
            (),
        ),
        ({"attention": "not-written", "sort": "site"}, Asked(attention="not-written", sort=Sort.SITE), ()),
        ({"trial": "NCT9"}, Asked(), ("trial",)),
        ({"show": "everything", "sort": "name"}, Asked(), ("show", "sort")),
        ({"site": "north' OR 1=1 --", "state": "REFERRED"}, Asked(), ("site", "state")),
        ({"age": "-7"}, Asked(), ("age",)),
        ({"age": "8"}, Asked(), ("age",)),
        ({"attention": "%"}, Asked(), ("attention",)),
        ({"page": "3"}, Asked(page=3), ()),
        ({"page": "0"}, Asked(), ()),
        ({"page": "-1"}, Asked(), ()),
        ({"page": "1e9"}, Asked(), ()),
        ({"page": "\u0663"}, Asked(), ()),
        ({"page": "9" * 5000}, Asked(), ()),
        ({"something": "else"}, Asked(), ()),
    ],
)
def test_a_value_that_is_no_choice_narrows_nothing_and_is_named(
    given: dict[str, str], asked: Asked, left_out: tuple[str, ...]
) -> None:
    assert understood(given, CHOICES) == (asked, left_out)


@pytest.mark.parametrize(
    ("page", "total", "within"),
    [(1, 0, 1), (2, 0, 1), (1, 50, 1), (2, 50, 1), (2, 51, 2), (10**9, 10_000, 200), (7, 10_000, 7)],
)
def test_a_page_that_is_not_there_is_the_last(page: int, total: int, within: int) -> None:
    assert page_within(page, total) == within


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(Show.ALL, "NCT1", "north", "lost", "any", 14, Sort.STATE, 5),
        Asked(page=2),
        Asked(sort=Sort.TRIAL),
    ],
)
def test_an_address_asks_for_what_it_was_made_from(asked: Asked) -> None:
    assert understood(dict(parse_qsl(asked.address())), CHOICES).asked == asked


def test_an_address_leaves_out_what_is_usual() -> None:
    assert Asked().address() == ""
    assert Asked(Show.LEFT).address(page=2) == "show=left&page=2"


@pytest.mark.parametrize(
    ("asked", "narrows"),
    [
        (Asked(), False),
        (Asked(sort=Sort.STATE, page=3), False),
        (Asked(Show.ALL), True),
        (Asked(age=7), True),
    ],
)
def test_order_and_page_narrow_nothing(asked: Asked, narrows: bool) -> None:
    assert asked.narrows is narrows
