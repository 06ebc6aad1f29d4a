"""Synthea's general population: read and counted, and nobody is flagged for a trial of lupus nephritis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.records.general_patients import PATIENTS, general_patients
from tests.records.whole_records import assessments, cards_for, faults_of, read

pytestmark = [pytest.mark.records, pytest.mark.timeout(600)]
PORTIONS = 8


@pytest.fixture(scope="module")
def bundles() -> list[Path]:
    return general_patients()


def patient_in(bundle: dict[str, Any]) -> dict[str, Any]:
    [found] = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"]
    return dict(found)


def test_there_are_200_patients_who_live_and_some_who_died(bundles: list[Path]) -> None:
    assert PATIENTS <= len(bundles) < 2 * PATIENTS


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_each_patient_is_read_counted_and_not_flagged(bundles: list[Path], portion: int) -> None:
    for path in bundles[portion::PORTIONS]:
        bundle = orjson.loads(path.read_bytes())
        her = patient_in(bundle)
        assert faults_of(path.name, [bundle], her["id"]).what == []
        assert cards_for([bundle], her) == [], path.name
        [assessment] = assessments([bundle], her["id"])
        assert assessment.record_reason == ("deceased" if "deceasedDateTime" in her else ""), path.name


def test_their_own_resources_are_taken_as_theirs_and_can_be_read(bundles: list[Path]) -> None:
    """References by urn:uuid within a transaction lead to the patient."""
    for path in bundles[:40]:
        bundle = orjson.loads(path.read_bytes())
        counts = read([bundle], patient_in(bundle)["id"]).counts
        assert (counts.other_patient, counts.unreadable) == (0, 0), path.name
        assert counts.read > 10, path.name
