"""Which single test is said to bring the points that a score still misses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cards.explaining import open_line
from cards.score_words import scores_by_criterion
from cds_service.assessing import assess_resources
from cds_service.demo import samples
from mappings.results import Assessment

DAY = date(2026, 6, 15)
C3, C4 = ("4485-9", "C3"), ("4498-2", "C4")
LOW, NORMAL = "L", "N"


def result(test: tuple[str, str], flag: str) -> dict[str, Any]:
    code, name = test
    return {
        "resourceType": "Observation",
        "id": name.lower(),
        "status": "final",
        "subject": {"reference": "Patient/sofia-almeida"},
        "effectiveDateTime": "2026-06-14",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": name},
        "valueQuantity": {"value": 0.8, "unit": "g/L", "code": "g/L", "system": "http://unitsofmeasure.org"},
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": flag,
                    }
                ]
            }
        ],
    }


def assessed(*results: dict[str, Any]) -> Assessment:
    """Proteinuria (4 points) of a patient whose diagnosis and biopsy say nothing usable, and some results."""
    (sample,) = [each for each in samples.ALL if each.id == "sofia-almeida"]
    (assessment,) = assess_resources([sample.build(DAY), *results], DAY)
    return assessment


def line_of(assessment: Assessment, criterion_id: str) -> str:
    (criterion,) = [one for one in assessment.criteria if one.id == criterion_id]
    return open_line(criterion, scores_by_criterion(assessment), assessment.orderable)


CLASSIFICATION = [
    ((), "6 more needed → order anti-dsDNA antibodies"),
    (((C3, LOW),), "3 more needed → order white blood cells or anti-dsDNA antibodies"),
    (((C3, NORMAL),), "6 more needed → order anti-dsDNA antibodies"),
    (
        ((C3, LOW), (C4, LOW)),
        "2 more needed → order white blood cells, anticardiolipin IgG or anti-dsDNA antibodies",
    ),
]


@pytest.mark.parametrize(("results", "words"), CLASSIFICATION)
def test_only_a_test_that_can_bring_all_missing_points_is_named_alone(
    results: tuple[tuple[tuple[str, str], str], ...], words: str
) -> None:
    assessment = assessed(*(result(test, flag) for test, flag in results))

    assert line_of(assessment, "sle-classification").endswith(words)


def test_complement_is_an_ordinary_way_to_few_missing_points_of_activity() -> None:
    """SLEDAI-2K counts each descriptor: 4 missing points are one of the urine's, not complement's 2."""
    assert line_of(assessed(), "sledai-2k").endswith(
        "4 more needed → order urine red blood cells or urine white blood cells"
    )
