"""A picture as SVG: one file without script, fonts or links, whose text stays readable at any width.

Positions across are per cents of the width, those down are pixels, so that a phone and a screen show the same
file with letters of the same size. Everything that comes from a record is escaped by the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cds_service.drawing import words as said
from cds_service.drawing.axis import day_words
from cds_service.drawing.lines import lines
from cds_service.drawing.picture import Lane, Picture
from cds_service.drawing.templating import template
from cds_service.drawing.words import COURSES, beside, counted
from mappings.language import ENGLISH, Language

_LINE, _ROW, _SPACE = 17, 28, 12
_HEAD = 54
_COLUMNS, _BOLD_COLUMNS, _HALF_COLUMNS = 50, 34, 22
"""Letters that a line of small and of bold print has room for in a picture of 320 pixels, and half a line."""


class Placed(NamedTuple):
    """Something with lines of words, and how far down it begins."""

    y: int
    lines: tuple[str, ...]


class PlacedLane(NamedTuple):
    lane: Lane
    name: Placed
    words: Placed
    top: int
    rows: tuple[int, ...]
    bottom: int


class PlacedSection(NamedTuple):
    title: Placed
    lanes: tuple[PlacedLane, ...]


def svg_of(picture: Picture) -> str:
    """The whole file, in English as the picture is."""
    return _drawn(picture, ENGLISH, inline=False)


def inline_svg_of(picture: Picture, language: Language) -> str:
    """The picture for a page whose style sheet has its classes: without title, style and legend's own page.

    ``language`` is that of the picture.
    """
    return _drawn(picture, language, inline=True)


def _drawn(picture: Picture, language: Language, *, inline: bool) -> str:
    say, day = language.text, day_words(picture.axis.last, language)
    y = _SPACE if inline else _HEAD + _SPACE
    today_y = y  # above the marks, whose lines would go through its words
    marks, below = _stacked([mark.words for mark in picture.marks], y + _LINE, _HALF_COLUMNS, 0)
    axis_y = below + 4
    sections = []
    y = axis_y + _SPACE
    for section in picture.sections:
        placed = _section(section.title, section.lanes, y, language)
        sections.append(placed)
        y = placed.lanes[-1].bottom + _SPACE
    together, below = _stacked([one.words for one in picture.together], y + _LINE, _BOLD_COLUMNS, _ROW)
    y = below if together else y
    legend = {kind: say(words) for kind, words in said.LEGEND.items()}
    notes = [line for note in picture.notes for line in _wrapped(note)]
    return template("timeline.svg").render(
        picture=picture,
        inline=inline,
        ticks=picture.axis.ticks(language),
        title=say(said.TITLE).format(day=day),
        description=" ".join(description(picture, language)),
        nothing=say(said.NO_DRUG),
        marks=marks,
        today=Placed(today_y, (say(said.TODAY_DAY).format(day=day),)),
        axis_y=axis_y,
        bottom=y,
        sections=sections,
        together=together,
        legend=legend,
        notes=notes,
        legend_y=y + _SPACE + _LINE,
        height=y + _SPACE + (len(legend) + len(notes) + 1) * (_LINE + 3),
        line=_LINE,
    )


def description(picture: Picture, language: Language = ENGLISH) -> Iterator[str]:
    """The picture in sentences, for a screen reader."""
    say = language.text
    if not picture.sections:
        yield say(said.NO_DRUG_SENTENCE)
    for section in picture.sections:
        for lane in section.lanes:
            count = counted(len(lane.courses), COURSES, language)
            courses = language.between(said.ENDED).join(lane.courses)
            words = say(said.LANE_COURSES).format(count=count, courses=courses) if courses else count
            yield say(said.LANE).format(name=lane.name, status=lane.status, words=words)
            lines = (*(row.words for row in lane.rows), *lane.remarks)
            yield from (say(said.LANE_LINE).format(name=lane.name, words=line) for line in lines)
    for section in picture.sections:
        if section.excluded:
            names = beside((lane.name for lane in section.lanes), language)
            yield say(said.LANE_LINE).format(name=section.title, words=names)
    yield from (one.words for one in picture.together)
    yield from picture.notes


def _stacked(texts: Sequence[str], y: int, columns: int, room: int) -> tuple[list[Placed], int]:
    """Texts one below the other, each with room for a bar, and where they end."""
    placed = []
    for text in texts:
        placed.append(Placed(y, _wrapped(text, columns)))
        y += len(placed[-1].lines) * _LINE + room
    return placed, y


def _section(title: str, lanes: tuple[Lane, ...], y: int, language: Language) -> PlacedSection:
    placed = []
    heading = Placed(y + _LINE, _wrapped(title, _BOLD_COLUMNS))
    below = y + _LINE * len(heading.lines)
    for lane in lanes:
        one = _lane(lane, below + _SPACE, language)
        placed.append(one)
        below = one.bottom
    return PlacedSection(heading, tuple(placed))


def _lane(lane: Lane, y: int, language: Language) -> PlacedLane:
    titled = language.text(said.TITLED).format(name=lane.name, words=lane.status)
    name = Placed(y + _LINE, _wrapped(titled, _BOLD_COLUMNS))
    said_below = [line for text in (*lane.courses, *lane.remarks) for line in _wrapped(text)]
    words = Placed(name.y + len(name.lines) * _LINE, tuple(said_below))
    top = words.y + (len(said_below) - 1) * _LINE + 6
    rows = tuple(top + _ROW * number for number in range(len(lane.rows)))
    return PlacedLane(lane, name, words, top, rows, top + _ROW * len(rows))


def _wrapped(text: str, columns: int = _COLUMNS) -> tuple[str, ...]:
    return lines(text, columns)
