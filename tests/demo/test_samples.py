from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.ehr import values
from cds_service.demo.samples import ALL, Sample, codes, write_folder
from cds_service.demo.samples.dates import Ago

DAYS = (date(2026, 6, 15), date(2024, 2, 29), date(2025, 12, 31))

each_sample = pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.id)


def resources(sample: Sample, today: date) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in sample.build(today)["entry"]]


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (name, value) pair inside a resource, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from walk(inner)
    elif isinstance(value, list):
        yield from chain.from_iterable(walk(inner) for inner in value)


@each_sample
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_every_resource_is_valid_fhir_on_any_day(sample: Sample, today: date) -> None:
    bundle = sample.build(today)
    get_fhir_model_class("Bundle").model_validate(bundle)
    for resource in resources(sample, today):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@each_sample
def test_every_reference_resolves_within_the_bundle(sample: Sample, today: date) -> None:
    known = {f"{r['resourceType']}/{r['id']}" for r in resources(sample, today)}
    for resource in resources(sample, today):
        inside = {f"#{contained['id']}" for contained in resource.get("contained", [])}
        references = {value for name, value in walk(resource) if name == "reference"}
        assert references <= known | inside


def test_no_two_resources_of_all_samples_share_an_id(today: date) -> None:
    names = Counter((r["resourceType"], r["id"]) for sample in ALL for r in resources(sample, today))
    assert [name for name, count in names.items() if count > 1] == []


def test_ids_are_valid_for_fhir_and_for_the_hook(today: date) -> None:
    for sample in ALL:
        for resource in resources(sample, today):
            assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])


@each_sample
def test_the_chart_is_about_one_patient(sample: Sample, today: date) -> None:
    found = resources(sample, today)
    assert [r["id"] for r in found if r["resourceType"] == "Patient"] == [sample.id]
    subjects = {r["subject"]["reference"] for r in found if "subject" in r}
    assert subjects <= {f"Patient/{sample.id}"}


@each_sample
def test_nothing_in_a_chart_happened_after_the_visit(sample: Sample, today: date) -> None:
    times = [
        value
        for resource in resources(sample, today)
        for _, value in walk(resource)
        if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value)
    ]
    assert all(time[:10] <= today.isoformat() for time in times)


@each_sample
def test_the_age_of_the_story_is_the_age_in_the_record(sample: Sample, today: date) -> None:
    told = re.match(r"[\w ]+, (about )?(\d+)", sample.story)
    assert told
    patient = resources(sample, today)[0]
    assert values.age(patient["birthDate"], today) == f"{told[1] or ''}{told[2]}"


def test_every_loinc_code_has_a_right_check_digit() -> None:
    loinc = {code for concept in _concepts() for system, code, _ in concept.codings if system == codes.LOINC}
    terms = loinc - {"LP7839-6"}  # a LOINC part, whose digit is reckoned in another way
    assert len(terms) > 25
    for code in terms:
        number, _, digit = code.partition("-")
        assert _luhn(number) == int(digit), code


def test_the_samples_cover_every_outcome_that_the_demo_promises() -> None:
    outcomes = Counter(sample.expected_outcome for sample in ALL)
    assert len(ALL) >= 14
    assert outcomes["possible-candidate"] >= 5
    assert outcomes["ruled-out"] >= 5
    assert outcomes["needs-data"] >= 4


def test_only_the_deceased_is_ruled_out_by_the_record_itself() -> None:
    assert [s.id for s in ALL if s.expected_record_reason] == ["ma-jun"]


def test_a_participant_of_the_trial_is_assessed_but_expects_no_card() -> None:
    enrolled = [sample for sample in ALL if sample.already_enrolled]
    assert [sample.id for sample in enrolled] == ["guo-li"]
    assert enrolled[0].expected_outcome == "possible-candidate"
    assert not enrolled[0].expects_card


def test_writing_the_folder_gives_one_bundle_for_each_patient(tmp_path: Path, today: date) -> None:
    paths = write_folder(tmp_path / "new", today)
    assert [path.name for path in paths] == [f"{sample.id}.json" for sample in ALL]
    assert orjson.loads(paths[0].read_bytes())["type"] == "collection"


def test_drugs_come_as_codes_contained_and_referenced_medications(today: date) -> None:
    orders = [r for s in ALL for r in resources(s, today) if r["resourceType"] == "MedicationRequest"]
    references = [order.get("medicationReference", {}).get("reference", "") for order in orders]
    assert any("medicationCodeableConcept" in order for order in orders)
    assert any(reference.startswith("#") for reference in references)
    assert any(reference.startswith("Medication/") for reference in references)


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        (date(2026, 6, 15), 6, date(2025, 12, 15)),
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
        (date(2024, 5, 31), 3, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
    ],
)
def test_months_ago_are_calendar_months_clamped(today: date, months: int, expected: date) -> None:
    assert Ago(today).months(months) == expected


def _concepts() -> list[codes.Concept]:
    return [value for value in vars(codes).values() if isinstance(value, codes.Concept)]


def _luhn(number: str) -> int:
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(number))]
    return -sum(d // 10 + d % 10 for d in doubled) % 10
