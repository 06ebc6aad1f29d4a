"""A patient's drug records as rules look at them, and as evidence."""

from __future__ import annotations

from collections.abc import Sequence

from mappings.dates import LAST_DAY
from mappings.evaluation.context import Context
from mappings.facts import Exposure
from mappings.results import EVIDENCE, Evidence
from mappings.timeline import DrugTimeline, timeline_of
from mappings.verdicts import VALUE

_BY_NAME = "recognised by name"


def timelines_in(concepts: Sequence[str], context: Context) -> list[DrugTimeline]:
    """The timeline of each of the drugs of which there is a record, as known on the context's day."""
    known, day = context.record.exposures, context.day
    made = [timeline_of(concept, known[concept], day) for concept in concepts if concept in known]
    return [timeline for timeline in made if timeline.records]


def newest_of_each(exposures: Sequence[Exposure]) -> list[Exposure]:
    """One record for each drug: the ongoing or last one."""
    newest: dict[str, Exposure] = {}
    for exposure in exposures:
        known = newest.get(exposure.concept)
        if known is None or _end(exposure) > _end(known):
            newest[exposure.concept] = exposure
    return list(newest.values())


def _end(exposure: Exposure) -> tuple[int, int, str]:
    """By which records of one drug are compared, whatever order they came in."""
    return (exposure.end.last if exposure.end else LAST_DAY), exposure.start.first, exposure.reference


def exposure_evidence(exposure: Exposure, context: Context, note: str = "") -> Evidence:
    """A drug record as evidence: what, since when, until when, how it is known, and what is doubtful."""
    concept, reference, text, _, start, end, by_name, problem, doubt, last = exposure
    end = last or end
    over = end is not None and end.text and end.first <= context.day
    notes = [note, f"until {end.text}" if over and end else "", doubt, _BY_NAME if by_name else ""]
    noted = "; ".join(dict.fromkeys([each for each in notes if each]))
    label = context.concept(concept).display
    return EVIDENCE(
        (concept, label, problem or VALUE, text, text, "", start.text, reference, None, noted, "")
    )
