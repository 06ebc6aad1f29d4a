"""The timelines of one patient as a table in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.drawing.axis import day_words
from cds_service.drawing.picture import Picture
from cds_service.drawing.words import course_words, known_by, status_words
from mappings.concept import Concept
from mappings.timeline import DrugTimeline


def print_timelines(
    console: Console,
    picture: Picture,
    timelines: Iterable[tuple[Concept, DrugTimeline]],
    apart: Mapping[str, Picture] = MappingProxyType({}),
) -> None:
    """A line for each course of each drug, then what is excluded and since when groups have run.

    ``apart``: if there are several trials, the picture beside the rules of each, by its id.
    """
    console.print(Text.assemble((picture.patient, "bold"), f"  drugs on {day_words(picture.axis.last)}"))
    table = Table(show_edge=False, pad_edge=False)
    for column in ("drug", "now", "when", "known by"):
        table.add_column(column)
    for concept, timeline in timelines:
        status = status_words(timeline)
        for course in timeline.courses:
            row = (concept.display, status, course_words(course, timeline.day), known_by(course))
            table.add_row(*map(Text, row))
        if timeline.undated:
            table.add_row(*map(Text, (concept.display, status, "a record without a usable date", "")))
    if table.row_count:
        console.print(table)
    else:
        console.print(Text("no drug on record that a trial asks about"))
    for trial, beside in (apart or {"": picture}).items():
        for words in _of_rules(beside):
            console.print(Text(f"- {trial}: {words}" if trial else f"- {words}"))
    for words in picture.notes:
        console.print(Text(f"- {words}"))
    console.print()


def _of_rules(picture: Picture) -> Iterator[str]:
    """What is excluded, and since when groups have run."""
    for section in picture.sections:
        if section.excluded:
            yield f"{section.title}: {', '.join(lane.name for lane in section.lanes)}."
    for one in picture.together:
        yield one.words
