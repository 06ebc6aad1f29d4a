"""1,000 chart openings of a rheumatology clinic, and the cards that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from tests.accuracy.cohort import FOLDER, Chart, chart_lines, stories
from tests.accuracy.judging import resources
from tests.records.whole_records import cards_for
from tests.trials.worked_patients import read_yaml


class Disease(NamedTuple):
    """How many of 1,000 openings concern a disease, and where the number is from."""

    name: str
    of_1000: int
    source: str


class Kind(NamedTuple):
    """Patients of one kind: how many of 1,000 openings, what the story wants, and what the service does."""

    disease: str
    words: str
    of_1000: int
    expects_card: bool
    has_card: bool


def diseases() -> Sequence[Disease]:
    return [Disease(one["disease"], int(one["of_1000"]), one["source"]) for one in _document()["diseases"]]


@cache
def kinds() -> Sequence[Kind]:
    """All kinds of patients, each chart opened once."""
    return [_opened(given) for given in _document()["patients"]]


def cards_in_1000() -> int:
    """How many of the 1,000 openings show a card."""
    return sum(kind.of_1000 for kind in kinds() if kind.has_card)


@cache
def _document() -> Any:
    return read_yaml((FOLDER / "mix.yaml").read_text(encoding="utf-8"))


def _opened(given: Mapping[str, Any]) -> Kind:
    who, chart = _who_and_chart(given)
    her, *others = resources(who, chart)
    shown = bool(cards_for(others, her))
    return Kind(given["disease"], given["is"], int(given["of_1000"]), given["card"] == "yes", shown)


def _who_and_chart(given: Mapping[str, Any]) -> tuple[str, Chart]:
    if "story" in given:
        story = stories()[given["story"]]
        return story.who, story.chart
    return given["who"], chart_lines(given["chart"])
