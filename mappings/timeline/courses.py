"""All that is recorded of one drug, as one timeline: when it ran, where it stopped, how that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mappings.dates import BEGINNING
from mappings.facts import Exposure
from mappings.reading.drugs.denials import begins, denial_in, denies, is_not_taken
from mappings.timeline.covering import LONGEST_GAP_DAYS, Covered, Span, between, covered, joined

Source = Literal["ordered", "stated", "given", "dispensed"]
SOURCES: tuple[Source, ...] = ("ordered", "stated", "given", "dispensed")
"""How a record knows of a drug. An order says what was meant to be taken, not what was."""


class Course(NamedTuple):
    """A stretch of time in which a drug may have run without a break longer than LONGEST_GAP_DAYS.

    From ``first`` to ``last``, the day itself at most; ``first`` is BEGINNING where no start is known.
    ``covered`` are the days that some record may cover, ``surely`` those that one covers whatever its dates
    mean: subsets of the course, in order and apart. ``gaps`` are the days inside that no record covers.
    ``records`` are those that may cover a day of it.
    """

    first: int
    last: int
    covered: tuple[Span, ...]
    surely: tuple[Span, ...]
    records: tuple[Covered, ...]

    @property
    def gaps(self) -> tuple[Span, ...]:
        """Days inside the course without a record, too few to break it."""
        return between(self.covered)

    @property
    def start_known(self) -> bool:
        """Whether any record says since when; else it began nobody knows how long before."""
        return self.first > BEGINNING

    @property
    def sources(self) -> tuple[Source, ...]:
        """How the course is known, in the order of SOURCES."""
        known = {each.exposure.source for each in self.records}
        return tuple(source for source in SOURCES if source in known)

    def ongoing(self, day: int) -> bool | None:
        """Whether it still runs on ``day``, on which the timeline was made; None if it may."""
        if self.last < day:
            return False
        return True if self.surely and self.surely[-1].last >= day else None


class DrugTimeline(NamedTuple):
    """One ingredient's records as known on ``day``.

    ``records`` hold every record of the ingredient that begins by ``day``, with the days it covers: those are
    what treatment rules are decided by. Courses are put together only when asked for; the order of the
    records makes no difference to them. ``denials`` are the statements that the drug is not taken, or no
    longer, against a record by which it would be.
    """

    concept: str
    day: int
    records: tuple[Covered, ...]
    denials: tuple[Exposure, ...] = ()

    @property
    def courses(self) -> tuple[Course, ...]:
        """The courses, oldest first."""
        return tuple(
            self._course(span) for span in joined((each.may for each in self.records), LONGEST_GAP_DAYS)
        )

    def _course(self, span: Span) -> Course:
        inside = tuple(
            each
            for each in self.records
            if each.may is not None and span.first <= each.may.first <= span.last
        )
        may, surely = joined(each.may for each in inside), joined(each.surely for each in inside)
        return Course(span.first, span.last, tuple(may), tuple(surely), inside)

    @property
    def ongoing(self) -> bool | None:
        """Whether the drug still runs on the day; None if it may."""
        courses = self.courses
        return courses[-1].ongoing(self.day) if courses else False

    @property
    def breaks(self) -> tuple[Span, ...]:
        """The days between courses: each break is longer than LONGEST_GAP_DAYS."""
        return between(Span(course.first, course.last) for course in self.courses)

    @property
    def undated(self) -> tuple[Exposure, ...]:
        """Records that cover no day that could be told, such as a dose given nobody knows when."""
        return tuple(each.exposure for each in self.records if each.may is None)


def timeline_of(concept: str, exposures: Iterable[Exposure], day: int) -> DrugTimeline:
    """The timeline of one ingredient from its records, in their order; none that begins after ``day``."""
    known = [one for one in exposures if begins(one) <= day]
    said = [denial for one in known if (denial := denial_in(one, day)) is not None]
    records = tuple([covered(one, day, said) for one in known if not is_not_taken(one)])
    denials = [denial.by for denial in said if any(denies(denial, one) for one in known)]
    return DrugTimeline(concept, day, records, tuple(denials))


def timelines_of(exposures: Iterable[Exposure], day: int) -> tuple[DrugTimeline, ...]:
    """One timeline for each ingredient that the records name, by concept id, its records by date."""
    by_concept: dict[str, list[Exposure]] = {}
    for one in sorted(exposures, key=order):
        by_concept.setdefault(one.concept, []).append(one)
    made = (timeline_of(concept, by_concept[concept], day) for concept in sorted(by_concept))
    return tuple(timeline for timeline in made if timeline.records)


def order(exposure: Exposure) -> tuple[object, ...]:
    """By date; whatever two records of one date differ in keeps their order from being an accident."""
    concept, reference, text, _, start, end, _, problem, note, given = exposure
    days = (start.first, end.last if end else 0)
    doubts = (start.last, end.first if end else 0, problem.value if problem else "", note)
    return (*days, concept, reference, text, *doubts, *(given or start)[:3])


def records_of(timelines: Sequence[DrugTimeline]) -> list[Covered]:
    """The records of several timelines, each once, by date."""
    once = {each.exposure: each for timeline in timelines for each in timeline.records}
    return [once[exposure] for exposure in sorted(once, key=order)]
