"""The drugs of one patient's record, drawn beside what a trial asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cds_service.drawing import words as said
from cds_service.drawing.asked import drug_rules_of
from cds_service.drawing.picture import Picture, picture_of
from mappings.facts import PatientRecord
from mappings.language import ENGLISH, Language
from mappings.language.record_words import gap_in
from mappings.reading.record import DRUG_RECORDS
from mappings.timeline import DrugTimeline, timelines_of
from mappings.trial_definition import Catalog, TrialDefinition

_DRUG_TYPES = frozenset({*DRUG_RECORDS, "Medication"})


class Drawn(NamedTuple):
    """One patient's picture, and the timelines it was made from in its order."""

    picture: Picture
    timelines: tuple[DrugTimeline, ...]


def drawn(
    record: PatientRecord,
    name: str,
    day: date,
    trials: Sequence[TrialDefinition],
    catalog: Catalog,
    *,
    language: Language = ENGLISH,
) -> Drawn:
    """The timelines of a record's drugs up to the day, beside all treatment rules of the trials.

    ``name`` is what the picture calls the patient.
    """
    exposures = [one for known in record.exposures.values() for one in known]
    rules = drug_rules_of(trials)
    order = {concept: number for number, concept in enumerate(rules.in_order)}
    timelines = tuple(
        sorted(
            timelines_of(exposures, day.toordinal()),
            key=lambda one: (order.get(one.concept, len(order)), one.concept),
        )
    )
    doubts = _doubts(record, language)
    return Drawn(picture_of(name, timelines, day, rules, catalog, doubts, language=language), timelines)


def _doubts(record: PatientRecord, language: Language) -> list[str]:
    """What was not read or could not be: it may have held other drugs, or the same for longer."""
    missed = [
        language.text(said.NOT_ALL_READ).format(what=gap_in(language, gap.what))
        for gap in record.gaps
        if gap.resource_type in _DRUG_TYPES
    ]
    faulty = {one.reference for one in record.unreadable if one.reference.partition("/")[0] in _DRUG_TYPES}
    return [*missed, *([said.counted(len(faulty), said.UNREADABLE, language)] if faulty else [])]
