"""What the worklist is asked for, read from an address. What is not understood is left out, and said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

PAGE_SIZE = 50
"""Rows of a page: an interpretation."""

AGES = (7, 14, 30, 90)
"""Days since the referral was opened that may be asked for: an interpretation."""

ANY_ATTENTION = "any"


class Show(StrEnum):
    """Which part of the worklist. POSSIBLE: candidates of silent trials, not referred yet."""

    OPEN = "open"
    ENROLLED = "enrolled"
    LEFT = "left"
    ALL = "all"
    POSSIBLE = "possible"


class Sort(StrEnum):
    """In which order. WAITING: those that nothing was done about for longest come first."""

    WAITING = "waiting"
    CHANGED = "changed"
    OLDEST = "oldest"
    NEWEST = "newest"
    STATE = "state"
    TRIAL = "trial"
    SITE = "site"


class Choices(NamedTuple):
    """What may be asked for by whoever asks."""

    trials: Collection[str]
    sites: Collection[str]
    states: Collection[str]
    attention: Collection[str]


class Asked(NamedTuple):
    """One filter, order and page. Empty texts and ``age`` 0 narrow nothing."""

    show: Show = Show.OPEN
    trial: str = ""
    site: str = ""
    state: str = ""
    attention: str = ""
    age: int = 0
    sort: Sort = Sort.WAITING
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether it leaves out more than the usual list does."""
        return self._replace(sort=Sort.WAITING, page=1) != Asked()

    def address(self, **changed: object) -> str:
        """The query of an address that asks for this, with some of it changed; what is usual is left out."""
        usual = Asked()._asdict()
        wanted = {**self._asdict(), **changed}
        return urlencode({name: str(value) for name, value in wanted.items() if value != usual[name]})


class Understood(NamedTuple):
    """What was asked for, and the names of what was not understood."""

    asked: Asked
    left_out: tuple[str, ...] = ()


def understood(given: Mapping[str, str], choices: Choices) -> Understood:
    """Reads an address. A value that is none of the choices narrows nothing, and is named."""
    left_out: list[str] = []

    def one_of(name: str, allowed: Collection[str]) -> str:
        value = given.get(name, "")
        if value in ("", *allowed):
            return value
        left_out.append(name)
        return ""

    asked = Asked(
        show=Show(one_of("show", [*Show]) or Show.OPEN),
        trial=one_of("trial", choices.trials),
        site=one_of("site", choices.sites),
        state=one_of("state", choices.states),
        attention=one_of("attention", [ANY_ATTENTION, *choices.attention]),
        age=int(one_of("age", [str(days) for days in AGES]) or 0),
        sort=Sort(one_of("sort", [*Sort]) or Sort.WAITING),
        page=_page(given.get("page", "1")),
    )
    return Understood(asked, tuple(left_out))


def _page(text: str) -> int:
    """A page's number; what is none is the first, and what is too high is cut when the rows are counted."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) <= 18 else 1


def page_within(page: int, count: int) -> int:
    """The page, or the last that there is."""
    return min(page, max(-(-count // PAGE_SIZE), 1))
