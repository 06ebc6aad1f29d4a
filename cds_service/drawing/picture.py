"""What is drawn: lanes with bars and words, from the timelines of a patient's drugs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from cds_service.drawing import words as said
from cds_service.drawing.axis import Axis, axis_for, day_words
from cds_service.drawing.words import clean, counted, course_words, days_of, name_of, status_words
from mappings.concept import Concept
from mappings.dates import BEGINNING, Window
from mappings.language import ENGLISH, Language
from mappings.language.record_words import note_in, value_in, window_in
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
            for rule in parts(criterion.require):
                if isinstance(rule, Treatment):
                    return trial, rule
    return None


def parts(rule: Rule) -> Iterator[Rule]:
    yield rule
    inside = rule.of if isinstance(rule, All | AnyOf | AtLeast) else ()
    for part in (rule.of,) if isinstance(rule, Not) else inside:
        yield from parts(part)


class _Pen(NamedTuple):
    """On which axis, and in which language."""

    axis: Axis
    language: Language

    def say(self, message: str, **places: object) -> str:
        text = self.language.text(message)
        return text.format(**places) if places else text

    def day(self, day: int) -> str:
        return day_words(day, self.language)

    def counted(self, count: int, messages: said.Counted) -> str:
        return counted(count, messages, self.language)


def picture_of(  # noqa: PLR0913 -- the last two have defaults
    patient: str,
    timelines: Sequence[DrugTimeline],
    day: date,
    rule: Treatment | None,
    catalog: Catalog,
    doubts: Sequence[str] = (),
    *,
    language: Language = ENGLISH,
) -> Picture:
    """The drawing of the timelines that were made for the day.

    ``rule`` gives the groups, the mark and the time together; ``doubts`` is said below the picture, such as
    what was not read, and is in the language already.
    """
    starts = [course.first for one in timelines for course in one.courses if course.start_known]
    axis = axis_for([*starts, *_mark_day(rule, day)], day)
    pen = _Pen(axis, language)
    by_id = {one.concept: one for one in timelines}
    sections = [
        Section(language.text(title), tuple(_lane(by_id[id_], catalog.concepts, pen) for id_ in ids))
        for title, ids in _groups(by_id, rule, catalog)
    ]
    gap_note = pen.say(said.GAP_NOTE, days=pen.counted(LONGEST_GAP_DAYS, said.DAYS))
    return Picture(
        clean(patient),
        day,
        axis,
        tuple(sections),
        _together(by_id, rule, pen) if rule is not None else None,
        _mark(rule, day, pen),
        (gap_note, *map(clean, doubts)),
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
        yield (said.NOT_IN_RULE if rule is not None else said.DRUGS), left


def _title(members: Sequence[str], catalog: Catalog) -> str:
    for group in catalog.groups.values():
        if set(group.members) == set(members):
            return group.display
    return said.IN_RULE


def _lane(timeline: DrugTimeline, concepts: Mapping[str, Concept], pen: _Pen) -> Lane:
    courses, axis, language = timeline.courses, pen.axis, pen.language
    gaps = [span for course in courses for span in course.gaps]
    return Lane(
        name_of(concepts[timeline.concept], language),
        status_words(timeline, language),
        tuple(course_words(one, timeline.day, language) for one in courses),
        tuple(_bar(Span(one.first, one.last), True, "", pen) for one in courses if one.last >= axis.first),
        tuple(
            Gap(axis.x(span.first), axis.width(*span), _without(span, pen))
            for span in (*gaps, *timeline.breaks)
            if span.last >= axis.first
        ),
        tuple(_rows(timeline, pen)),
        tuple(_remarks(timeline, concepts[timeline.concept], pen)),
    )


def _without(span: Span, pen: _Pen) -> str:
    return pen.say(said.WITHOUT_RECORD, days=pen.counted(days_of(span), said.DAYS))


def _remarks(timeline: DrugTimeline, concept: Concept, pen: _Pen) -> Iterator[str]:
    sources = {each.exposure.source for each in timeline.records}
    if sources == {"ordered"}:
        yield pen.say(said.ONLY_ORDERED)
    if concept.covers_days is not None and "given" in sources:
        yield pen.say(said.INFUSION, days=pen.counted(concept.covers_days, said.DAYS))
    if timeline.undated:
        yield pen.counted(len(timeline.undated), said.UNDATED)
    axis = pen.axis
    if any(course.first < axis.first and course.start_known for course in timeline.courses):
        yield pen.say(said.NOT_DRAWN, day=pen.day(axis.first))


def _rows(timeline: DrugTimeline, pen: _Pen) -> Iterator[Row]:
    for source in SOURCES:
        records = [each for each in timeline.records if each.exposure.source == source and each.may]
        if not records:
            continue
        bars = [bar for each in records for bar in _bars(each, pen)]
        words = pen.say(
            said.SOURCE_LINE,
            source=pen.say(said.SOURCES[source]),
            records=pen.counted(len(records), said.RECORDS),
            when=_when(records, timeline.day, pen),
        )
        yield Row(source, words, tuple(bars))


def _bars(record: Covered, pen: _Pen) -> Iterator[Bar]:
    exposure, may, surely = record
    axis, language = pen.axis, pen.language
    known = (value_in(language, exposure.text), note_in(language, exposure.note), exposure.reference)
    words = clean("; ".join(filter(None, known)))
    if may is None or may.last < axis.first:
        return
    given = exposure.source == "given"
    for span, sure in ((may, False), (surely, True)):
        if span is not None and span.last >= axis.first and (sure or may != surely):
            bar = _bar(span, sure, words, pen)
            yield bar._replace(form="line") if given and bar.form == "bar" else bar
    if given and exposure.start.first >= axis.first:
        yield _bar(Span(exposure.start.first, exposure.start.first), may == surely, words, pen)


def _when(records: Sequence[Covered], day: int, pen: _Pen) -> str:
    """From the first day to the last; for doses, the days on which they were given."""
    spans = [each.may for each in records if each.may is not None]
    first, last = min(span.first for span in spans), max(span.last for span in spans)
    if records[0].exposure.source == "given":
        last = max(min(each.exposure.start.last, day) for each in records)
    begin = pen.day(first) if first > BEGINNING else pen.say(said.START_NOT_KNOWN)
    end = pen.say(said.TODAY) if last >= day else pen.day(last)
    return begin if first == last else pen.say(said.DAY_TO_DAY, first=begin, last=end)


def _bar(span: Span, sure: bool, words: str, pen: _Pen) -> Bar:
    axis = pen.axis
    dates = pen.day(span.first) if span.first > BEGINNING else pen.say(said.START_NOT_KNOWN)
    if span.last > span.first:
        dates = pen.say(said.DAY_TO_DAY, first=dates, last=pen.day(span.last))
    words = pen.say(said.LINE, label=words, words=dates) if words else dates
    form: Literal["bar", "point"] = "point" if days_of(span) <= 2 else "bar"
    return Bar(axis.x(span.first), axis.width(*span), sure, form, words)


def _together(by_id: Mapping[str, DrugTimeline], rule: Treatment, pen: _Pen) -> Together:
    axis = pen.axis
    groups = [[by_id[id_] for id_ in ids if id_ in by_id] for ids in (rule.of, rule.together_with)]
    common = common_exposure(groups[0], groups[1] if rule.together_with else None, axis.last)
    if common is None:
        return Together(pen.say(said.NOT_TOGETHER), None, None)
    earliest = _since(common.earliest, pen)
    span = Span(max(common.earliest, BEGINNING), axis.last)
    may = _bar(span, False, pen.say(said.MAY_BE_TOGETHER), pen)
    if common.latest is None:
        return Together(pen.say(said.PERHAPS_TOGETHER, day=earliest), may, None)
    surely = _bar(Span(common.latest, axis.last), True, pen.say(said.TOGETHER), pen)
    latest = _since(common.latest, pen)
    if common.earliest < common.latest:
        return Together(pen.say(said.TOGETHER_AND_PERHAPS, day=latest, earlier=earliest), may, surely)
    return Together(pen.say(said.SURELY_TOGETHER, day=latest), None, surely)


def _since(day: int, pen: _Pen) -> str:
    return pen.day(day) if day > BEGINNING else pen.say(said.DAY_NOT_KNOWN)


def _mark_day(rule: Treatment | None, day: date) -> list[int]:
    return [_last_start(rule.for_more_than, day)] if rule is not None and rule.for_more_than else []


def _last_start(period: Window, day: date) -> int:
    """The last first day from which strictly more than the period has passed."""
    start = period.start(day)
    while period.after(start) >= day:
        start = date.fromordinal(start.toordinal() - 1)
    return start.toordinal()


def _mark(rule: Treatment | None, day: date, pen: _Pen) -> Mark | None:
    if rule is None or rule.for_more_than is None:
        return None
    last = _last_start(rule.for_more_than, day)
    period = window_in(pen.language, str(rule.for_more_than))
    return Mark(pen.axis.x(last + 1), pen.say(said.MARK, period=period, day=pen.day(last)))
