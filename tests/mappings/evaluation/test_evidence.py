"""Every verdict can be checked: its evidence names each resource without which it would be another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.reading.record import read_record
from mappings.results import CriterionResult

CATALOG = load_catalog()
TODAY = date(2026, 6, 15)
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
Json = dict[str, Any]
WHOSE = {"subject": {"reference": "Patient/p1"}}
WOMAN: Json = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1990-03-01"}
WOMAN_OF_60 = WOMAN | {"birthDate": "1966-01-01"}


def result(identity: str, name: str, day: str, **value: Any) -> Json:
    """A result of a LOINC code, or of a name where there is none; undated without a day."""
    is_code = name[:1].isdigit()
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        **WHOSE,
        "code": {"coding": [{"system": LOINC, "code": name}]} if is_code else {"text": name},
        **({"effectiveDateTime": day} if day else {}),
        **value,
    }


def quantity(value: float, unit: str) -> Json:
    return {"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit}}


def upcr(identity: str, value: float, day: str, **changes: Any) -> Json:
    return result(identity, "2890-2", day, **quantity(value, "g/g")) | changes


def coded(identity: str, name: str, day: str, answer: str) -> Json:
    return result(identity, name, day, valueCodeableConcept={"text": answer})


def condition(identity: str, code: str, status: str = "active", **dates: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": identity,
        **WHOSE,
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": code}]},
        **dates,
    }


def drug(kind: str, identity: str, name: str, **members: Any) -> Json:
    made = {"resourceType": kind, "id": identity, **WHOSE, "medicationCodeableConcept": {"text": name}}
    return {**made, "status": "active" if kind == "MedicationRequest" else "completed", **members}


def dispensed(identity: str, name: str, day: str, days: int) -> Json:
    supply = {"daysSupply": {"value": days, "code": "d"}}
    return drug("MedicationDispense", identity, name, whenHandedOver=day, **supply)


ORDERED = {"intent": "order", "authoredOn": "2025-01-01"}
PREDNISONE = drug("MedicationRequest", "prednisone", "prednisone 5 mg", **ORDERED)
REFILLS = [
    dispensed("mmf1", "mycophenolate mofetil 500 mg", "2025-09-01", 90),
    dispensed("mmf2", "mycophenolate mofetil 500 mg", "2025-12-05", 90),
    dispensed("mmf3", "mycophenolate mofetil 500 mg", "2026-03-10", 120),
]
PROTEIN_BAD = upcr("upcr", 2.0, "2026-06-01")
RED_CELLS = result("red", "13945-1", "2026-06-01", **quantity(20, "/[HPF]"))
SLE, REMISSION = "55464009", condition("sle", "55464009", "remission", abatementDateTime="2025-01-01")


def criterion(name: str, patient: Json, resources: Sequence[Json]) -> CriterionResult:
    record = read_record([patient, *resources], CATALOG)
    assessment = assess(CATALOG.trial("NCT06920433"), record, TODAY, CATALOG)
    (found,) = [each for each in assessment.criteria if each.id == name]
    return found


@pytest.mark.parametrize(
    ("name", "verdict", "patient", "resources"),
    [
        pytest.param(
            "b-cell-target",
            "unknown",
            WOMAN,
            [
                result("cd19", "8116-6", "2026-06-01", **quantity(40, "/uL")),
                drug("MedicationAdministration", "rtx", "rituximab", effectiveDateTime="2026-06-05"),
            ],
            id="the drug after which B cells have to be counted again",
        ),
        pytest.param(
            "lactation",
            "unknown",
            WOMAN_OF_60,
            [coded("hcg", "2106-3", "2024-01-01", "positive")],
            id="the old positive test because of which the criterion may apply at 60",
        ),
        pytest.param(
            "sle-classification",
            "not-met",
            WOMAN,
            [coded("ana", "8061-4", "2026-01-01", "negative")],
            id="the negative ANA for which the classification fails",
        ),
        pytest.param(
            "sle-classification",
            "unknown",
            WOMAN,
            [coded("ana", "8061-4", "2026-01-01", "negative"), condition("sle", SLE)],
            id="the diagnosis that speaks against a negative ANA",
        ),
        pytest.param(
            "sledai-2k",
            "met",
            WOMAN,
            [PROTEIN_BAD, RED_CELLS],
            id="every item that makes up a score",
        ),
        pytest.param(
            "sledai-2k",
            "unknown",
            WOMAN,
            [PROTEIN_BAD, RED_CELLS, result("total", "SLEDAI-2K", "2026-06-01", valueInteger=7)],
            id="a total that the items contradict, and the items",
        ),
        pytest.param(
            "sledai-2k",
            "unknown",
            WOMAN,
            [
                result("undated", "SLEDAI-2K", "", valueInteger=4),
                result("total", "SLEDAI-2K", "2026-06-01", valueInteger=9),
            ],
            id="a total without a day, for which none decides",
        ),
        pytest.param(
            "sledai-2k",
            "unknown",
            WOMAN,
            [
                PROTEIN_BAD,
                RED_CELLS,
                result("total", "SLEDAI-2K", "2026-06-01", valueInteger=7) | {"status": "preliminary"},
            ],
            id="a total that is not final and would contradict the items",
        ),
        pytest.param(
            "proteinuria",
            "unknown",
            WOMAN,
            [
                upcr("upcr", 1.4, "2026-04-20"),
                result("24h", "2889-4", "2026-06-10", **quantity(0.2, "g/d")) | {"status": "preliminary"},
            ],
            id="a newer test of the other kind that is not final yet",
        ),
        pytest.param(
            "refractory-or-relapsed",
            "met",
            WOMAN,
            [PREDNISONE, *REFILLS, PROTEIN_BAD],
            id="every refill without which the treatment would have stopped",
        ),
        pytest.param(
            "refractory-or-relapsed",
            "met",
            WOMAN,
            [PREDNISONE, *REFILLS, result("total", "SLEDAI-2K", "2026-06-01", valueInteger=9)],
            id="the total that shows the disease active",
        ),
        pytest.param(
            "refractory-or-relapsed",
            "unknown",
            WOMAN,
            [
                PREDNISONE,
                *REFILLS,
                upcr("upcr", 1.4, "2026-04-20"),
                result("24h", "2889-4", "2026-06-10", **quantity(0.2, "g/d")),
            ],
            id="two tests that contradict each other on whether the disease is active",
        ),
        pytest.param(
            "refractory-or-relapsed",
            "met",
            WOMAN,
            [REMISSION, PROTEIN_BAD],
            id="the activity after a remission",
        ),
    ],
)
def test_the_evidence_names(name: str, verdict: str, patient: Json, resources: list[Json]) -> None:
    found = criterion(name, patient, resources)
    assert found.verdict.value == verdict
    named = {each.reference for each in found.evidence}
    expected = {f"{each['resourceType']}/{each['id']}" for each in resources}
    assert expected - named == set()


def test_what_ended_a_pregnancy_is_evidence_that_the_test_before_it_no_longer_counts() -> None:
    birth = CATALOG.concepts["delivery"].codes[0]
    born = {
        "resourceType": "Procedure" if CATALOG.concepts["delivery"].kind == "procedure" else "Condition",
        "id": "birth",
        **WHOSE,
        "status": "completed",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": birth.system, "code": birth.code}]},
        "performedDateTime": "2026-06-14",
        "onsetDateTime": "2026-06-14",
    }
    found = criterion("pregnancy-test", WOMAN, [coded("negative", "2106-3", "2026-06-12", "negative"), born])
    assert (found.verdict.value, found.reason.value) == ("unknown", "too_old")
    assert f"{born['resourceType']}/birth" in {each.reference for each in found.evidence}


def test_refills_that_one_order_makes_needless_are_not_listed() -> None:
    order = drug("MedicationRequest", "mmf", "mycophenolate mofetil 500 mg", **ORDERED)
    found = criterion("refractory-or-relapsed", WOMAN, [PREDNISONE, order, *REFILLS, PROTEIN_BAD])
    assert found.verdict.value == "met"
    named = {each.reference for each in found.evidence}
    assert {"MedicationRequest/prednisone", "MedicationRequest/mmf", "Observation/upcr"} <= named
    assert not any(reference.startswith("MedicationDispense") for reference in named)


def test_a_total_of_8_or_more_that_is_not_final_leaves_the_items_to_decide() -> None:
    total = result("total", "SLEDAI-2K", "2026-06-01", valueInteger=9) | {"status": "preliminary"}
    assert criterion("sledai-2k", WOMAN, [PROTEIN_BAD, RED_CELLS, total]).verdict.value == "met"


def test_a_newer_test_of_the_other_kind_within_the_days_allowed_leaves_a_pass() -> None:
    other = result("24h", "2889-4", "2026-06-10", **quantity(0.2, "g/d")) | {"status": "preliminary"}
    assert criterion("proteinuria", WOMAN, [upcr("upcr", 1.4, "2026-05-20"), other]).verdict.value == "met"
