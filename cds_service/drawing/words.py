"""A timeline in words: what the lanes, the table and a screen reader say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from cards.wording import AND, NAMES, OR, PHRASES, listed
from cds_service.drawing.axis import day_words
from mappings.concept import Concept
from mappings.language import ENGLISH, Language, message
from mappings.timeline import Course, DrugTimeline, Span
from mappings.timeline.courses import Source

_LONGEST = 160
_MOST_SOURCES = 8
_MOST_NAMES = 4

Counted = tuple[str, str]
"""A message for one, and one for several with their ``count``."""

DAYS: Counted = (message("1 day"), message("{count} days"))
RECORDS: Counted = (message("1 record"), message("{count} records"))
COURSES: Counted = (message("1 course"), message("{count} courses"))
UNDATED: Counted = (
    message("1 record without a usable date"),
    message("{count} records without a usable date"),
)
UNREADABLE: Counted = (
    message("Not wholly readable: 1 drug record."),
    message("Not wholly readable: {count} drug records."),
)
SOURCES: Mapping[Source, str] = {
    "ordered": message("ordered"),
    "stated": message("stated"),
    "given": message("given"),
    "dispensed": message("dispensed"),
}

DAY_NOT_KNOWN = message("a day not known")
ONGOING = message("ongoing")
PERHAPS_ONGOING = message("perhaps ongoing")
ENDED_BY = message("ended by {day}")
NO_DAY = message("no day known")
FROM_TO = message("{first} to {last}")
SURE_UNTIL = message("{words} at the latest, sure until {day}")
SINCE = message("since {day}, {status}")
NOT_SURE = message("{words}, not sure")
SURE_FROM = message("{words}, sure from {day}")
ONE_GAP = message("a gap of {longest}")
GAPS = message("{count} gaps, {longest} the longest")
ORDERED_ONLY = message("{sources} only, not known to be taken")

IN_RULE = message("Drugs that the trial names")
EXCLUDED = message("Drugs that the trial excludes")
GROUP_EXCLUDED = message("{drugs}, excluded by the trial")
NAMED_OTHERWISE = message("Drugs that matter to other criteria")
NOT_IN_RULE = message("Other drugs, not counted")
DRUGS = message("Drugs")
WITHOUT_RECORD = message("{days} without a record")
ONLY_ORDERED = message("ordered only: not known to be taken")
INFUSION = message("one infusion counts for {days}")
NOT_DRAWN = message("not drawn: what was before {day}")
SOURCE_LINE = message("{source}: {records}, {when}")
START_NOT_KNOWN = message("start not known")
TODAY = message("today")
DAY_TO_DAY = message("{first} – {last}")
LINE = message("{label}: {words}")
GAP_NOTE = message("Up to {days} without a record do not break a course.")
NOT_ALL_READ = message("Not all was read: {what}.")

Known = Literal["not", "perhaps", "surely", "both"]
"""Whether drugs run today: not, perhaps, surely, or surely and perhaps since an earlier day."""

PAIR: Mapping[Known, str] = {
    "not": message("{groups}: not running together today."),
    "perhaps": message("{groups}: perhaps together since {earlier}; not sure that they run today."),
    "surely": message("{groups}: together since {day}."),
    "both": message("{groups}: together since {day} for sure, perhaps since {earlier}."),
}
ALONE: Mapping[Known, str] = {
    "not": message("{groups}: not running today."),
    "perhaps": message("{groups}: perhaps running since {earlier}; not sure for today."),
    "surely": message("{groups}: running since {day}."),
    "both": message("{groups}: running since {day} for sure, perhaps since {earlier}."),
}
BOTH_GROUPS = message("Both groups")
TWO_GROUPS = message("{first} with {second}")
MAY_BE_TOGETHER = message("may be together")
TOGETHER = message("together")
MAY_BE_RUNNING = message("may be running")
RUNNING = message("running")
MARK = message("more than {period}: since {day} or before")
WASHOUT = message("{groups}, within the last {period}: since {day}")
MARK_OF = message("{groups}, more than {period}: since {day} or before")
ALSO_EXCLUDED = message("the trial excludes it: {criterion}")

TITLE = message("Drugs on record, {day}")
TODAY_DAY = message("today, {day}")
NO_DRUG = message("No drug on record")
NO_DRUG_SENTENCE = message("No drug on record.")
LANE = message("{name}: {status}. {words}.")
LANE_COURSES = message("{count}: {courses}")
ENDED = message("{words}. {next}")
LANE_LINE = message("{name}: {words}.")
TITLED = message("{name}: {words}")
LEGEND: Mapping[str, str] = {
    "ordered": message("ordered: hollow; not known to be taken"),
    "stated": message("stated, as by the patient: dots"),
    "given": message("given: solid; a line while a dose counts"),
    "dispensed": message("dispensed: stripes"),
    "given unsure": message("pale and dashed: may be, not sure"),
    "gap": message("hatched: days without a record"),
}
"""What the patterns mean, by their classes in the template."""


def clean(text: str) -> str:
    """A text from a record on one line, cut, with nothing that XML or a terminal stumbles over.

    What XML 1.0 cannot hold (controls, surrogates, two non-characters) is not printable, nor are the marks
    that turn a text round.
    """
    printable = (c if c.isprintable() else " " for c in text[: _LONGEST * 4])
    line = " ".join("".join(printable).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def name_of(concept: Concept, language: Language = ENGLISH) -> str:
    """A drug's name without what stands in brackets: Mycophenolate."""
    return language.text(concept.display).partition(" (")[0].partition("\uff08")[0]


def days_of(span: Span) -> int:
    """How many days a span has, both ends in."""
    return span.last - span.first + 1


def course_words(course: Course, day: int, language: Language = ENGLISH) -> str:
    """since 1 Mar 2025, ongoing; 2 gaps, 12 days the longest."""
    words = _surely(_extent(course, day, language), course, language)
    gaps = course.gaps
    if not gaps:
        return words
    longest = counted(max(map(days_of, gaps)), DAYS, language)
    told = language.text(ONE_GAP if len(gaps) == 1 else GAPS).format(count=len(gaps), longest=longest)
    return language.between(PHRASES).join((words, told))


def _extent(course: Course, day: int, language: Language) -> str:
    """Since when, or from when to when."""
    say, ongoing = language.text, course.ongoing(day)
    start = day_words(course.first, language) if course.start_known else say(DAY_NOT_KNOWN)
    if ongoing is not False:
        return say(SINCE).format(day=start, status=say(ONGOING if ongoing else PERHAPS_ONGOING))
    words = say(FROM_TO).format(first=start, last=day_words(course.last, language))
    if not course.surely or course.surely[-1].last == course.last:
        return words
    return say(SURE_UNTIL).format(words=words, day=day_words(course.surely[-1].last, language))


def _surely(words: str, course: Course, language: Language) -> str:
    if not course.surely:
        return language.text(NOT_SURE).format(words=words)
    if course.start_known and course.surely[0].first > course.first:
        day = day_words(course.surely[0].first, language)
        return language.text(SURE_FROM).format(words=words, day=day)
    return words


def status_words(timeline: DrugTimeline, language: Language = ENGLISH) -> str:
    """ongoing, perhaps ongoing, ended on a day, or that no day is known."""
    courses, say = timeline.courses, language.text
    if not courses:
        return say(NO_DAY)
    ongoing = courses[-1].ongoing(timeline.day)
    if ongoing is False:
        return say(ENDED_BY).format(day=day_words(courses[-1].last, language))
    return say(ONGOING if ongoing else PERHAPS_ONGOING)


def known_by(course: Course, language: Language = ENGLISH) -> str:
    """How a course is known, and for an order alone that nobody says it was taken."""
    words = all_of((language.text(SOURCES[one]) for one in course.sources), language)
    only = course.sources == ("ordered",)
    return language.text(ORDERED_ONLY).format(sources=words) if only else words


def counted(count: int, messages: Counted, language: Language = ENGLISH) -> str:
    """1 day, 2 days."""
    one, several = messages
    return language.text(one if count == 1 else several).format(count=count)


def all_of(words: Iterable[str], language: Language = ENGLISH) -> str:
    """a, b and c."""
    return listed(list(words), _MOST_SOURCES, AND, language)


def any_of(words: Iterable[str], language: Language = ENGLISH) -> str:
    """a, b or c."""
    return listed(list(words), _MOST_NAMES, OR, language)


def beside(words: Iterable[str], language: Language = ENGLISH) -> str:
    """a, b"""
    return language.between(NAMES).join(words)
