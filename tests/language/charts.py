"""Charts whose cards are looked at in Chinese: the sample patients and the worked ones, all as candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from cards.cds_hooks import Card
from cards.composing import CardContext, compose_cards
from cards.wording import recruitment_line
from cds_service.assessing import assess_resources
from cds_service.demo import samples
from mappings.definitions import load_catalog
from mappings.language import Language, language
from mappings.results import Assessment
from tests.cards.examples import uuids
from tests.trials.test_worked_patients import PATIENTS, TRIAL
from tests.trials.worked_patients import assessment_of

CHINESE = language("zh-Hans")
DAY = date(2026, 6, 15)
SITE, CONTACT = "Zhejiang University, Hangzhou (single site)", "He Huang"


@cache
def assessments() -> dict[str, Assessment]:
    """By the name of the patient."""
    return {name: each for name, each in (*_of_samples(), *_of_worked_patients()) if each.criteria}


def _of_samples() -> Iterator[tuple[str, Assessment]]:
    for sample in samples.ALL:
        (assessment,) = assess_resources([sample.build(DAY)], DAY)
        yield sample.id, assessment


def _of_worked_patients() -> Iterator[tuple[str, Assessment]]:
    catalog = load_catalog()
    for patient in PATIENTS:
        yield patient.title, assessment_of(patient, TRIAL, catalog)


def card_in(spoken: Language, assessment: Assessment) -> Card:
    """The card as if the patient were a candidate."""
    context = CardContext(
        patient_id="maria",
        retrieved=assessment.as_of,
        encounter_id="enc-1",
        user="Practitioner/dr-1",
        recruitment_line=recruitment_line("recruiting", date(2025, 11, 14), language=spoken),
        sites=(SITE,),
        contacts=(CONTACT,),
        language=spoken,
    )
    candidate = replace(assessment, outcome="possible-candidate", enrolment="")
    (card,) = compose_cards(candidate, context, uuids())
    return card
