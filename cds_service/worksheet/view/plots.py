"""Trends and the drug timeline as pictures, each with a table that says the same."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from cds_service.drawing.axis import Axis
from cds_service.drawing.drawn import drawn
from cds_service.drawing.svg import inline_svg_of
from cds_service.drawing.trends.charted import Charted
from cds_service.drawing.trends.plot import svg_of_trend
from cds_service.drawing.trends.reading import trends_of
from cds_service.drawing.trends.trend import Trend
from cds_service.worksheet.view.saying import Saying


class PointRow(NamedTuple):
    """One value in the table."""

    day: str
    value: str
    note: str
    url: str


class TrendView(NamedTuple):
    """A plot, the lines across it in words, and its table, the newest value first."""

    id: str
    title: str
    svg: Markup
    levels: tuple[str, ...]
    rows: tuple[PointRow, ...]
    remarks: tuple[str, ...]


class DrugRow(NamedTuple):
    """One drug, what the trial has to do with it, its courses, and how they are known."""

    name: str
    group: str
    status: str
    courses: tuple[str, ...]
    sources: tuple[str, ...]


class DrugsView(NamedTuple):
    """The drug timeline. ``together``: since when the drugs of the trial's rules have run."""

    svg: Markup
    rows: tuple[DrugRow, ...]
    together: tuple[str, ...]
    notes: tuple[str, ...]


def trend_views(charted: Charted, saying: Saying) -> tuple[TrendView, ...]:
    """All trends about which there is anything to show, over the same months."""
    axis = Axis(charted.first.toordinal(), charted.day.toordinal())
    return tuple(_trend(trend, axis, saying) for trend in trends_of(charted))


def _trend(trend: Trend, axis: Axis, saying: Saying) -> TrendView:
    rows = tuple(
        PointRow(
            saying.language.short_date(point.day) if point.day else saying.day(point.when),
            point.words,
            point.note,
            saying.where.url(point.reference),
        )
        for point in reversed(trend.points)
    )
    # The template of the picture escapes what comes from the record.
    svg = Markup(svg_of_trend(trend, axis, saying.language))  # noqa: S704
    levels = tuple(level.words for level in trend.levels)
    return TrendView(trend.id, trend.title, svg, levels, rows, trend.remarks)


def drugs_view(charted: Charted, saying: Saying) -> DrugsView:
    """The timeline of all drugs that the trial asks about."""
    picture = drawn(
        charted.record, "", charted.day, [charted.trial], charted.catalog, language=saying.language
    ).picture
    rows = tuple(
        DrugRow(
            lane.name,
            section.title,
            lane.status,
            lane.courses,
            (*(row.words for row in lane.rows), *lane.remarks),
        )
        for section in picture.sections
        for lane in section.lanes
    )
    together = tuple(one.words for one in picture.together)
    svg = inline_svg_of(picture, saying.language) if rows else ""
    return DrugsView(Markup(svg), rows, together, picture.notes)  # noqa: S704 -- escaped by its template
