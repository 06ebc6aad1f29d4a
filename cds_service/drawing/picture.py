"""What is drawn: lanes with bars and words, from the timelines of a patient's drugs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from cds_service.drawing import words as said
from cds_service.drawing.asked import DrugRules, drugs_of, groups_of
from cds_service.drawing.axis import Axis, axis_for, day_words
from cds_service.drawing.words import any_of, clean, counted, course_words, days_of, name_of, status_words
from mappings.concept import Concept
from mappings.dates import BEGINNING, Window
from mappings.language import ENGLISH, Language
from mappings.language.record_words import note_in, value_in, window_in
from mappings.rules import DrugRule, Treatment, written_in
from mappings.timeline import LONGEST_GAP_DAYS, DrugTimeline, Span, common_exposure
from mappings.timeline.courses import SOURCES, Source
from mappings.timeline.covering import Covered
from mappings.trial_definition import Catalog


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
    """The lanes of the drugs that one group of a rule names. ``excluded``: the trial excludes them."""

    title: str
    lanes: tuple[Lane, ...]
    excluded: bool = False


class Together(NamedTuple):
    """Since when the drugs of a rule have run, its two groups together: in words, and as bars."""

    words: str
    may: Bar | None
    surely: Bar | None


class Mark(NamedTuple):
    """The last day on which the time of a rule may have begun to be long enough, or the first that counts."""

    x: float
    words: str


class Picture(NamedTuple):
    """All that is drawn for one patient, in the order from top to bottom."""

    patient: str
    day: date
    axis: Axis
    sections: tuple[Section, ...]
    together: tuple[Together, ...]
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]


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
    rules: DrugRules,
    catalog: Catalog,
    doubts: Sequence[str] = (),
    *,
    language: Language = ENGLISH,
) -> Picture:
    """The drawing of the timelines that were made for the day.

    ``rules`` give the groups, the marks and the times; ``doubts`` is said below the picture, such as
    what was not read, and is in the language already.
    """
    starts = [course.first for one in timelines for course in one.courses if course.start_known]
    marked = (
        *(_last_start(period, day) for period in _periods(rules)),
        *(first for _, first, _ in _first_days(rules, day)),
    )
    axis = axis_for([*starts, *marked], day)
    pen = _Pen(axis, language)
    by_id = {one.concept: one for one in timelines}
    gap_note = pen.say(said.GAP_NOTE, days=pen.counted(LONGEST_GAP_DAYS, said.DAYS))
    return Picture(
        clean(patient),
        day,
        axis,
        tuple(_sections(by_id, rules, catalog, pen)),
        tuple(_together(by_id, rule, _names(rule, rules, catalog, pen), pen) for rule in rules.timed),
        tuple(dict.fromkeys(_marks(rules, day, catalog, pen))),
        (gap_note, *map(clean, doubts)),
    )


class _Group(NamedTuple):
    """What a section is called and whether its drugs are excluded."""

    title: str
    excluded: bool


def _sections(
    by_id: Mapping[str, DrugTimeline], rules: DrugRules, catalog: Catalog, pen: _Pen
) -> Iterator[Section]:
    """The drugs on record under what the first rule that names them calls them, then all others."""
    left, groups = list(by_id), dict[_Group, list[str]]()
    for one in rules.asked:
        for members in groups_of(one.rule):
            found = [id_ for id_ in members if id_ in left]
            left = [id_ for id_ in left if id_ not in found]
            group = _Group(_title(members, one.excluded, catalog, pen), one.excluded)
            groups.setdefault(group, []).extend(found)
    other = pen.say(said.NOT_IN_RULE if rules.asked else said.DRUGS)
    for id_ in left:
        title = pen.say(said.NAMED_OTHERWISE) if id_ in rules.otherwise else other
        groups.setdefault(_Group(title, False), []).append(id_)
    for group, ids in groups.items():
        if ids:
            lanes = (_lane(by_id[id_], catalog.concepts, _excluding(id_, group, rules), pen) for id_ in ids)
            yield Section(group.title, tuple(lanes), group.excluded)


def _excluding(drug: str, group: _Group, rules: DrugRules) -> tuple[str, ...]:
    """Labels of the criteria that exclude a drug, where its section does not say so."""
    if group.excluded:
        return ()
    excluding = [one for one in rules.asked if one.excluded]
    named = [one for one in excluding if drug in drugs_of(one.rule)]
    return tuple(dict.fromkeys(one.criterion.label for one in named))


def _title(members: Sequence[str], excluded: bool, catalog: Catalog, pen: _Pen) -> str:
    group = _group_of(members, catalog)
    if not group:
        return pen.say(said.EXCLUDED if excluded else said.IN_RULE)
    return pen.say(said.GROUP_EXCLUDED, drugs=pen.say(group)) if excluded else pen.say(group)


def _group_of(members: Sequence[str], catalog: Catalog) -> str:
    """What the group is called that the author named, if there is no more than one name."""
    written = written_in(members)
    return catalog.groups[written[0]].display if len(written) == 1 and written[0] in catalog.groups else ""


def _names(rule: Treatment, rules: DrugRules, catalog: Catalog, pen: _Pen) -> str:
    """What the drugs of a rule are called where it is said since when they run."""
    pairs = [one for one in rules.timed if one.together_with]
    if pairs == [rule]:
        return pen.say(said.BOTH_GROUPS)
    first, second = (_named(members, catalog, pen) for members in (rule.of, rule.together_with))
    return pen.say(said.TWO_GROUPS, first=first, second=second) if second else first


def _named(members: Sequence[str], catalog: Catalog, pen: _Pen) -> str:
    groups, concepts, language = catalog.groups, catalog.concepts, pen.language
    names = (
        pen.say(groups[id_].display) if id_ in groups else name_of(concepts[id_], language)
        for id_ in written_in(members)
    )
    return any_of(names, language)


def _lane(
    timeline: DrugTimeline, concepts: Mapping[str, Concept], excluding: Sequence[str], pen: _Pen
) -> Lane:
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
        (
            *(pen.say(said.ALSO_EXCLUDED, criterion=pen.say(label)) for label in excluding),
            *_remarks(timeline, concepts[timeline.concept], pen),
        ),
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
    exposure, may, surely = record.exposure, record.may, record.surely
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


def _together(by_id: Mapping[str, DrugTimeline], rule: Treatment, groups: str, pen: _Pen) -> Together:
    axis, pair = pen.axis, bool(rule.together_with)
    known = [[by_id[id_] for id_ in ids if id_ in by_id] for ids in (rule.of, rule.together_with)]
    common = common_exposure(known[0], known[1] if pair else None, axis.last)
    words = said.PAIR if pair else said.ALONE
    if common is None:
        return Together(pen.say(words["not"], groups=groups), None, None)
    earlier = _since(common.earliest, pen)
    span = Span(max(common.earliest, BEGINNING), axis.last)
    may = _bar(span, False, pen.say(said.MAY_BE_TOGETHER if pair else said.MAY_BE_RUNNING), pen)
    if common.latest is None:
        return Together(pen.say(words["perhaps"], groups=groups, earlier=earlier), may, None)
    span = Span(common.latest, axis.last)
    surely = _bar(span, True, pen.say(said.TOGETHER if pair else said.RUNNING), pen)
    day = _since(common.latest, pen)
    if common.earliest < common.latest:
        return Together(pen.say(words["both"], groups=groups, day=day, earlier=earlier), may, surely)
    return Together(pen.say(words["surely"], groups=groups, day=day), None, surely)


def _since(day: int, pen: _Pen) -> str:
    return pen.day(day) if day > BEGINNING else pen.say(said.DAY_NOT_KNOWN)


def _periods(rules: DrugRules) -> list[Window]:
    return list(dict.fromkeys(rule.for_more_than for rule in rules.timed if rule.for_more_than))


def _last_start(period: Window, day: date) -> int:
    """The last first day from which strictly more than the period has passed."""
    start = period.start(day)
    while period.after(start) >= day:
        start = date.fromordinal(start.toordinal() - 1)
    return start.toordinal()


def _first_days(rules: DrugRules, day: date) -> Iterator[tuple[Window, int, DrugRule]]:
    """Of each wash-out the first day that still counts."""
    for window, rule in rules.washouts:
        yield window, window.start(day).toordinal(), rule


def _marks(rules: DrugRules, day: date, catalog: Catalog, pen: _Pen) -> Iterator[Mark]:
    several = len(_periods(rules)) > 1
    for rule in rules.timed:
        if rule.for_more_than is None:
            continue
        last = _last_start(rule.for_more_than, day)
        period, words = window_in(pen.language, str(rule.for_more_than)), said.MARK
        places = {"period": period, "day": pen.day(last)}
        if several:
            words, places["groups"] = said.MARK_OF, _names(rule, rules, catalog, pen)
        yield Mark(pen.axis.x(last + 1), pen.say(words, **places))
    for window, first, drugs in _first_days(rules, day):
        names, period = _named(drugs.of, catalog, pen), window_in(pen.language, str(window))
        yield Mark(pen.axis.x(first), pen.say(said.WASHOUT, groups=names, period=period, day=pen.day(first)))
