"""A picture as SVG: one file without script, fonts or links, whose text stays readable at any width.

Positions across are per cents of the width, those down are pixels, so that a phone and a screen show the same
file with letters of the same size. Everything that comes from a record is escaped by the template.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from textwrap import wrap
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from cds_service.drawing.axis import day_words
from cds_service.drawing.picture import Lane, Picture
from cds_service.drawing.words import plural

_LINE, _ROW, _SPACE = 17, 28, 12
_HEAD = 54
_COLUMNS, _BOLD_COLUMNS, _HALF_COLUMNS = 50, 38, 24
"""Letters that a line of small and of bold print has room for on a phone of 360 pixels, and half a line."""

LEGEND = {
    "ordered": "ordered: hollow; not known to be taken",
    "stated": "stated, as by the patient: dots",
    "given": "given: solid; a line while a dose counts",
    "dispensed": "dispensed: stripes",
    "given unsure": "pale and dashed: may be, not sure",
    "gap": "hatched: days without a record",
}
"""What the patterns mean, by their classes in the template."""


class Placed(NamedTuple):
    """Something with lines of words, and how far down it begins."""

    y: int
    lines: tuple[str, ...]


class PlacedLane(NamedTuple):
    lane: Lane
    y: int
    words: Placed
    top: int
    rows: tuple[int, ...]
    bottom: int


class PlacedSection(NamedTuple):
    title: Placed
    lanes: tuple[PlacedLane, ...]


def svg_of(picture: Picture) -> str:
    """The whole file."""
    y = _HEAD + _SPACE
    mark = Placed(y, _wrapped(picture.mark.words, _HALF_COLUMNS) if picture.mark else ())
    today_y = y + len(mark.lines) * _LINE
    axis_y = today_y + _LINE + 4
    sections = []
    y = axis_y + _SPACE
    for section in picture.sections:
        placed = _section(section.title, section.lanes, y)
        sections.append(placed)
        y = placed.lanes[-1].bottom + _SPACE
    together = Placed(y + _LINE, _wrapped(picture.together.words, _BOLD_COLUMNS) if picture.together else ())
    if together.lines:
        y = together.y + len(together.lines) * _LINE + _ROW
    notes = [line for note in picture.notes for line in _wrapped(note)]
    return _template().render(
        picture=picture,
        title=f"Drugs on record, {day_words(picture.axis.last)}",
        description=" ".join(description(picture)),
        mark=mark,
        today=Placed(today_y, (f"today, {day_words(picture.axis.last)}",)),
        axis_y=axis_y,
        bottom=y,
        sections=sections,
        together=together,
        legend=LEGEND,
        notes=notes,
        legend_y=y + _SPACE + _LINE,
        height=y + _SPACE + (len(LEGEND) + len(notes) + 1) * (_LINE + 3),
        line=_LINE,
    )


def description(picture: Picture) -> Iterator[str]:
    """The picture in sentences, for a screen reader."""
    if not picture.sections:
        yield "No drug on record."
    for section in picture.sections:
        for lane in section.lanes:
            count = plural(len(lane.courses), "course")
            courses = ". ".join(lane.courses)
            yield f"{lane.name}: {lane.status}. {count}{': ' if courses else ''}{courses}."
            yield from (f"{lane.name}: {row.words}." for row in lane.rows)
            yield from (f"{lane.name}: {remark}." for remark in lane.remarks)
    if picture.together is not None:
        yield picture.together.words
    yield from picture.notes


def _section(title: str, lanes: tuple[Lane, ...], y: int) -> PlacedSection:
    placed = []
    heading = Placed(y + _LINE, _wrapped(title, _BOLD_COLUMNS))
    below = y + _LINE * len(heading.lines)
    for lane in lanes:
        one = _lane(lane, below + _SPACE)
        placed.append(one)
        below = one.bottom
    return PlacedSection(heading, tuple(placed))


def _lane(lane: Lane, y: int) -> PlacedLane:
    name_y = y + _LINE
    lines = [line for text in (*lane.courses, *lane.remarks) for line in _wrapped(text)]
    words = Placed(name_y + _LINE, tuple(lines))
    top = name_y + len(lines) * _LINE + 6
    rows = tuple(top + _ROW * number for number in range(len(lane.rows)))
    return PlacedLane(lane, name_y, words, top, rows, top + _ROW * len(rows))


def _wrapped(text: str, columns: int = _COLUMNS) -> tuple[str, ...]:
    return tuple(wrap(text, columns))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("cds_service.drawing"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("timeline.svg")
