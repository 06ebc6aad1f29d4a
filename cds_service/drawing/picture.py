"""What is drawn: lanes with bars and words, from the timelines of a patient's drugs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from cds_service.drawing.axis import Axis, axis_for, day_words
from cds_service.drawing.words import clean, course_words, days_of, name_of, plural, status_words
from mappings.concept import Concept
from mappings.dates import BEGINNING, Window
from mappings.rules import All, AnyOf, AtLeast, Not, Rule, Treatment
from mappings.timeline import LONGEST_GAP_DAYS, DrugTimeline, Span, common_exposure
from mappings.timeline.courses import SOURCES, Source
from mappings.timeline.covering import Covered
from mappings.trial_definition import Catalog, TrialDefinition


class Bar(NamedTuple):
    """Days that a record covers. ``sure`` is False where it only may; ``form``: how it is drawn.

    A dose is drawn as a point, and the further days for which it counts as a line.
    """

    x: float
    width: float
    sure: bool
    form: Literal["bar", "point", "line"]
    words: str


class Row(NamedTuple):
    """One source of one drug: ordered, stated, given or dispensed."""

    source: Source
    words: str
    bars: tuple[Bar, ...]


class Gap(NamedTuple):
    """Days without a record: inside a course, or a break between two."""

    x: float
    width: float
    words: str


class Lane(NamedTuple):
    """One drug. ``courses`` are its lines in words, ``extents`` where they lie."""

    name: str
    status: str
    courses: tuple[str, ...]
    extents: tuple[Bar, ...]
    gaps: tuple[Gap, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]


class Section(NamedTuple):
    """The lanes of one group of drugs that a rule asks for."""

    title: str
    lanes: tuple[Lane, ...]


class Together(NamedTuple):
    """Since when the rule's two groups have run together: in words, and as bars (may, surely)."""

    words: str
    may: Bar | None
    surely: Bar | None


class Mark(NamedTuple):
    """The last day on which the time together may have begun to be long enough."""

    x: float
    words: str


class Picture(NamedTuple):
    """All that is drawn for one patient, in the order from top to bottom."""

    patient: str
    day: date
    axis: Axis
    sections: tuple[Section, ...]
    together: Together | None
    mark: Mark | None
    notes: tuple[str, ...]


def treatment_rule(trials: Sequence[TrialDefinition]) -> tuple[TrialDefinition, Treatment] | None:
    """The first treatment rule of the trials, with its trial."""
    for trial in trials:
        for criterion in trial.criteria:
            for rule in _parts(criterion.require):
                if isinstance(rule, Treatment):
                    return trial, rule
    return None


def _parts(rule: Rule) -> Iterator[Rule]:
    yield rule
    inside = rule.of if isinstance(rule, All | AnyOf | AtLeast) else ()
    for part in (rule.of,) if isinstance(rule, Not) else inside:
        yield from _parts(part)


def picture_of(
    patient: str,
    timelines: Sequence[DrugTimeline],
    day: date,
    rule: Treatment | None,
    catalog: Catalog,
    doubts: Sequence[str] = (),
) -> Picture:
    """The drawing of the timelines that were made for the day.

    ``rule`` gives the groups, the mark and the time together; ``doubts`` is said below the picture, such as
    what was not read.
    """
    starts = [course.first for one in timelines for course in one.courses if course.start_known]
    axis = axis_for([*starts, *_mark_day(rule, day)], day)
    by_id = {one.concept: one for one in timelines}
    sections = [
        Section(title, tuple(_lane(by_id[id_], catalog.concepts, axis) for id_ in ids))
        for title, ids in _groups(by_id, rule, catalog)
    ]
    return Picture(
        clean(patient),
        day,
        axis,
        tuple(sections),
        _together(by_id, rule, axis) if rule is not None else None,
        _mark(rule, day, axis),
        (f"Up to {LONGEST_GAP_DAYS} days without a record do not break a course.", *map(clean, doubts)),
    )


def _groups(
    by_id: Mapping[str, DrugTimeline], rule: Treatment | None, catalog: Catalog
) -> Iterator[tuple[str, list[str]]]:
    """The drugs on record under what the rule calls them, then all others."""
    left = list(by_id)
    asked = (rule.of, rule.together_with) if rule is not None else ()
    for members in asked:
        found = [id_ for id_ in members if id_ in left]
        left = [id_ for id_ in left if id_ not in found]
        if found:
            yield _title(members, catalog), found
    if left:
        yield ("Other drugs, not counted" if rule is not None else "Drugs"), left


def _title(members: Sequence[str], catalog: Catalog) -> str:
    for group in catalog.groups.values():
        if set(group.members) == set(members):
            return group.display
    return "Drugs that the rule names"


def _lane(timeline: DrugTimeline, concepts: Mapping[str, Concept], axis: Axis) -> Lane:
    courses = timeline.courses
    gaps = [span for course in courses for span in course.gaps]
    return Lane(
        name_of(concepts[timeline.concept]),
        status_words(timeline),
        tuple(course_words(one, timeline.day) for one in courses),
        tuple(_bar(Span(one.first, one.last), True, "", axis) for one in courses if one.last >= axis.first),
        tuple(
            Gap(axis.x(span.first), axis.width(*span), f"{plural(days_of(span), 'day')} without a record")
            for span in (*gaps, *timeline.breaks)
            if span.last >= axis.first
        ),
        tuple(_rows(timeline, axis)),
        tuple(_remarks(timeline, concepts[timeline.concept], axis)),
    )


def _remarks(timeline: DrugTimeline, concept: Concept, axis: Axis) -> Iterator[str]:
    sources = {each.exposure.source for each in timeline.records}
    if sources == {"ordered"}:
        yield "ordered only: not known to be taken"
    if concept.covers_days is not None and "given" in sources:
        yield f"one infusion counts for {plural(concept.covers_days, 'day')}"
    if timeline.undated:
        yield f"{plural(len(timeline.undated), 'record')} without a usable date"
    if any(course.first < axis.first and course.start_known for course in timeline.courses):
        yield f"not drawn: what was before {day_words(axis.first)}"


def _rows(timeline: DrugTimeline, axis: Axis) -> Iterator[Row]:
    for source in SOURCES:
        records = [each for each in timeline.records if each.exposure.source == source and each.may]
        if not records:
            continue
        bars = [bar for each in records for bar in _bars(each, axis)]
        words = f"{source}: {plural(len(records), 'record')}, {_when(records, timeline.day)}"
        yield Row(source, words, tuple(bars))


def _bars(record: Covered, axis: Axis) -> Iterator[Bar]:
    exposure, may, surely = record
    words = clean("; ".join(filter(None, (exposure.text, exposure.note, exposure.reference))))
    if may is None or may.last < axis.first:
        return
    given = exposure.source == "given"
    for span, sure in ((may, False), (surely, True)):
        if span is not None and span.last >= axis.first and (sure or may != surely):
            bar = _bar(span, sure, words, axis)
            yield bar._replace(form="line") if given and bar.form == "bar" else bar
    if given and exposure.start.first >= axis.first:
        yield _bar(Span(exposure.start.first, exposure.start.first), may == surely, words, axis)


def _when(records: Sequence[Covered], day: int) -> str:
    """From the first day to the last; for doses, the days on which they were given."""
    spans = [each.may for each in records if each.may is not None]
    first, last = min(span.first for span in spans), max(span.last for span in spans)
    if records[0].exposure.source == "given":
        last = max(min(each.exposure.start.last, day) for each in records)
    begin = day_words(first) if first > BEGINNING else "start not known"
    end = "today" if last >= day else day_words(last)
    return begin if first == last else f"{begin} – {end}"


def _bar(span: Span, sure: bool, words: str, axis: Axis) -> Bar:
    dates = day_words(span.first) if span.first > BEGINNING else "start not known"
    if span.last > span.first:
        dates += f" – {day_words(span.last)}"
    words = f"{words}: {dates}" if words else dates
    form: Literal["bar", "point"] = "point" if days_of(span) <= 2 else "bar"
    return Bar(axis.x(span.first), axis.width(*span), sure, form, words)


def _together(by_id: Mapping[str, DrugTimeline], rule: Treatment, axis: Axis) -> Together:
    groups = [[by_id[id_] for id_ in ids if id_ in by_id] for ids in (rule.of, rule.together_with)]
    common = common_exposure(groups[0], groups[1] if rule.together_with else None, axis.last)
    if common is None:
        return Together("Both groups: not running together today.", None, None)
    may = _bar(Span(max(common.earliest, BEGINNING), axis.last), False, "may be together", axis)
    if common.latest is None:
        words = (
            f"Both groups: perhaps together since {_since(common.earliest)}; not sure that they run today."
        )
        return Together(words, may, None)
    surely = _bar(Span(common.latest, axis.last), True, "together", axis)
    words = f"Both groups: together since {_since(common.latest)}"
    if common.earliest < common.latest:
        return Together(f"{words} for sure, perhaps since {_since(common.earliest)}.", may, surely)
    return Together(f"{words}.", None, surely)


def _since(day: int) -> str:
    return day_words(day) if day > BEGINNING else "a day not known"


def _mark_day(rule: Treatment | None, day: date) -> list[int]:
    return [_last_start(rule.for_more_than, day)] if rule is not None and rule.for_more_than else []


def _last_start(period: Window, day: date) -> int:
    """The last first day from which strictly more than the period has passed."""
    start = period.start(day)
    while period.after(start) >= day:
        start = date.fromordinal(start.toordinal() - 1)
    return start.toordinal()


def _mark(rule: Treatment | None, day: date, axis: Axis) -> Mark | None:
    if rule is None or rule.for_more_than is None:
        return None
    last = _last_start(rule.for_more_than, day)
    return Mark(axis.x(last + 1), f"more than {rule.for_more_than}: since {day_words(last)} or before")
