"""The cohort: stories, and tables that change one fact of a story at a time, as cases with expected answers.

What is expected comes from the story and the table, by the rules of ``expected``; never from the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

from tests.trials.chart_parts import Line
from tests.trials.worked_patients import read_yaml

FOLDER = Path(__file__).parent
Verdict = Literal["met", "not met", "unknown"]
Truth = Literal["candidate", "not a candidate", "open"]
Chart = tuple[tuple[str, Line], ...]

NO_CRITERIA = ("gate", "record", "enrolment", "not read")
"""What a table may be about beside a criterion."""

_PLACES = ("DAY", "VALUE")
_WORDS = frozenset(
    ("then", "truth", "because", "also", "who", "chart", "adds", "lupus", "nephritis", "not_read", *_PLACES)
)
_TRUTH_OF: Mapping[str, Truth] = {
    "holds": "candidate",
    "fails": "not a candidate",
    "open": "open",
}


class CohortError(ValueError):
    """A story or table that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A person: what is on record, and what a careful reader answers."""

    name: str
    words: str
    truth: Truth
    who: str
    chart: Chart
    verdicts: Mapping[str, Verdict]
    lupus: bool
    nephritis: bool
    relapse: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One patient of the cohort. ``criterion`` is what was varied, "" for a story as it stands.

    ``verdicts`` are expected of each criterion, ``own`` of what was varied. ``truth`` is what the person is,
    whatever the record shows.
    """

    name: str
    story: Story
    criterion: str
    own: Verdict
    verdicts: Mapping[str, Verdict]
    truth: Truth
    who: str
    chart: Chart
    lupus: bool
    nephritis: bool
    relapse: bool
    not_read: tuple[str, ...] = ()


@cache
def day() -> date:
    """The day on which everybody is assessed."""
    return date.fromisoformat(_document("stories.yaml")["as_of"])


@cache
def stories() -> Mapping[str, Story]:
    """All stories by name."""
    return {name: _story(name, given) for name, given in _document("stories.yaml")["stories"].items()}


@cache
def cases() -> tuple[Case, ...]:
    """The stories as they stand, then every row of every table; no two are the same patient with one name."""
    found = [_as_told(story) for story in stories().values()]
    for path in sorted((FOLDER / "variations").glob("*.yaml")):
        for table in read_yaml(path.read_text(encoding="utf-8")):
            found += _cases_of(table)
    names = [case.name for case in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise CohortError(f"twice in the cohort: {repeated[:3]}")
    return tuple(found)


def _document(name: str) -> Any:
    return read_yaml((FOLDER / name).read_text(encoding="utf-8"))


def _story(name: str, given: Mapping[str, Any]) -> Story:
    return Story(
        name=name,
        words=" ".join(given["words"].split()),
        truth=given["is"],
        who=given["who"],
        chart=chart_lines(given["chart"]),
        verdicts=given["verdicts"],
        lupus=given["lupus"] == "yes",
        nephritis=given["nephritis"] == "yes",
        relapse=given.get("relapse") == "yes",
    )


def chart_lines(lines: Sequence[Mapping[str, Line]]) -> Chart:
    """The lines of a chart, one fact each."""
    return tuple(pair for line in lines for pair in line.items())


def _as_told(story: Story) -> Case:
    return Case(
        name=f"Story: {story.name}",
        story=story,
        criterion="",
        own="met",
        verdicts=story.verdicts,
        truth=story.truth,
        who=story.who,
        chart=story.chart,
        lupus=story.lupus,
        nephritis=story.nephritis,
        relapse=story.relapse,
    )


def _cases_of(table: Mapping[str, Any]) -> Iterator[Case]:
    named = table["story"]
    for name in [named] if isinstance(named, str) else named:
        if name not in stories():
            raise CohortError(f"{table['table']}: no story {name!r}")
        for row in table["rows"]:
            for filled in _filled(row):
                yield _case(table, stories()[name], filled)


def _filled(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The row once for each of its DAYs and VALUEs, which take the place of these words."""
    places = [place for place in _PLACES if place in row]
    pattern = {key: value for key, value in row.items() if key not in places}
    for chosen in product(*(row[place] for place in places)):
        filled = pattern
        for place, text in zip(places, chosen, strict=True):
            filled = _put(filled, place, text)
        yield filled


def _put(node: Any, place: str, text: str) -> Any:
    if isinstance(node, str):
        return node.replace(place, text)
    if isinstance(node, list):
        return [_put(each, place, text) for each in node]
    return {_put(key, place, text): _put(value, place, text) for key, value in node.items()}


def _case(table: Mapping[str, Any], story: Story, row: Mapping[str, Any]) -> Case:
    changed = _changed(row)
    added = (*chart_lines(table.get("adds", ())), *chart_lines(row.get("adds", ())))
    kept = tuple(line for line in story.chart if line[0] not in table.get("takes_away", ()))
    criterion, own = table["criterion"], row.get("then", "met")
    verdicts = {**story.verdicts, **table.get("also", {})}
    if criterion in verdicts:
        verdicts[criterion] = own
    elif criterion not in NO_CRITERIA:
        raise CohortError(f"{table['table']}: no criterion {criterion!r}")
    return Case(
        name=f"{table['table']} | {story.name} | {_said(row, changed)}",
        story=story,
        criterion=criterion,
        own=own,
        verdicts={**verdicts, **row.get("also", {})},
        truth=_truth(story, own, row),
        who=row.get("who", story.who),
        chart=(*kept, *added, *changed),
        lupus=row.get("lupus", "yes" if story.lupus else "no") == "yes",
        nephritis=row.get("nephritis", "yes" if story.nephritis else "no") == "yes",
        relapse=story.relapse,
        not_read=tuple(row.get("not_read", ())),
    )


def _changed(row: Mapping[str, Any]) -> Chart:
    own = tuple((key, value) for key, value in row.items() if key not in _WORDS)
    return (*own, *chart_lines(row.get("chart", ())))


def _truth(story: Story, own: Verdict, row: Mapping[str, Any]) -> Truth:
    """A fact that fails makes her no candidate; one that the record does not show leaves her what she is."""
    if story.truth != "candidate":
        return story.truth
    return _TRUTH_OF[row.get("truth", "fails" if own == "not met" else "holds")]


def _said(row: Mapping[str, Any], changed: Chart) -> str:
    facts = [f"{key}: {_in_words(value)}" for key, value in changed]
    facts = [*([row["who"]] if "who" in row else []), *facts]
    facts += [f"not read: {', '.join(row['not_read'])}"] if "not_read" in row else []
    return "; ".join(facts) or "nothing on record"


def _in_words(line: Line) -> str:
    return line if isinstance(line, str) else ", ".join(f"{key} {value}" for key, value in line.items())
