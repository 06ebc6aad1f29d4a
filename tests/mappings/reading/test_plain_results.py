"""The flat way of reading results says the same as the long one, and leaves what is not plain to it."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.concept import Concept
from mappings.facts import Result
from mappings.reading.observations import Readings, read_observation
from mappings.reading.plain_results import PlainResults, is_plain
from mappings.reading.values import UCUM

UPCR = Concept("upcr", "UPCR", "measurement", unit="g/g", conversions={"mg/mmol": 1 / 113.12})
C3 = Concept("c3", "C3", "finding", from_range={"high": "positive"})
LIMITED = Concept("upcr", "UPCR", "measurement", unit="g/g", cannot_exceed=50, cannot_be_below=0.01)
BODY = Concept("t", "T", "measurement", unit="Cel", cannot_exceed=50, cannot_be_below=10)
HCG = Concept("hcg", "hCG", "finding", from_range={"high": "positive", "normal": "negative"})
CONTRARY = Concept("contrary", "Contrary", "finding", from_range={"negative": "positive"})


def observation(unit: str = "g/g", value: Any = 1.2, flag: str = "", **members: Any) -> dict[str, Any]:
    flags = [{"coding": [{"code": flag}]}]
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    found = {
        "resourceType": "Observation",
        "id": "1",
        "status": "final",
        "effectiveDateTime": "2026-06-01T08:30:00+02:00",
        "valueQuantity": quantity,
        **({"interpretation": flags} if flag else {}),
        **members,
    }
    return {name: value for name, value in found.items() if value is not None}


def between(low: float, high: float, unit: str = "g/L") -> list[dict[str, Any]]:
    return [{"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}]


def the_long_way(resource: dict[str, Any], concept: Concept) -> Result:
    results: dict[str, list[Result]] = {}
    read_observation(resource, [concept], Readings(lambda _code: (), {}, results, [], {}))
    (result,) = results[concept.id]
    return result


@pytest.mark.parametrize(
    ("concept", "resource"),
    [
        (UPCR, observation()),
        (UPCR, observation("mg/mmol", 113.12)),
        (UPCR, observation("mg/mg", 2)),
        (UPCR, observation(effectiveDateTime="2026-06")),
        (C3, observation("g/L", 0.6, "L")),
        (C3, observation("g/L", 1.9, "H")),
        (C3, observation("mg/dL", 60, "NEG")),
        (C3, observation("g/L", 0.6, "L", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 1.9, "H", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 1.2, "N", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 1.8, "H", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 0.9, "N", referenceRange=between(0.9, 1.8))),
        (LIMITED, observation(value=50)),
        (LIMITED, observation("mg/g", 49_900)),
        (LIMITED, observation(value=0.01)),
        (BODY, observation("[degF]", 98.6)),
    ],
)
def test_plain_results_are_what_the_long_way_reads(concept: Concept, resource: dict[str, Any]) -> None:
    plain, long = PlainResults(concept).read(resource, {}), the_long_way(resource, concept)
    assert plain is not None
    assert plain == long._replace(text=plain.text)
    assert plain.text in ("", long.text)


@pytest.mark.parametrize(
    ("concept", "resource"),
    [
        (UPCR, observation(status="preliminary")),
        (UPCR, observation(value=True)),
        (UPCR, observation(value="1.2")),
        (UPCR, observation(value=-1)),
        (UPCR, observation(value=float("nan"))),
        (UPCR, observation("apples")),
        (UPCR, observation(effectiveDateTime=None)),
        (UPCR, observation(effectiveDateTime="soon")),
        (UPCR, observation(effectiveDateTime=["2026-06-01"])),
        (UPCR, observation(id="")),
        (UPCR, observation(id=None)),
        (UPCR, observation(component=[])),
        (UPCR, observation(valueQuantity={"value": 1, "system": UCUM, "code": "g/g", "comparator": "<"})),
        (UPCR, observation(valueQuantity={"value": 1, "unit": "g/g"})),
        (UPCR, observation(valueQuantity=[1])),
        (C3, observation("g/L")),
        (C3, observation("g/L", flag="no flag of HL7")),
        (C3, observation("g/L", interpretation={"coding": [{"code": "L"}]})),
        (C3, observation("g/L", interpretation=[{"coding": [{"code": "L"}, {"code": "H"}]}])),
        (C3, observation("g/L ", flag="L")),
        (CONTRARY, observation("g/L", flag="NEG")),
        (C3, observation("g/L", flag="A")),
        (C3, observation("g/L", 0.6, "N", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 0.6, "L", referenceRange=between(90, 180, "mg/dL"))),
        (C3, observation("g/L", 0.9, "L", referenceRange=between(0.9, 1.8))),
        (C3, observation("g/L", 0.6, "L", referenceRange=between(0.9, 1.8) * 2)),
        (C3, observation("g/L", 0.6, "L", referenceRange=[])),
        (C3, observation("g/L", 0.6, "L", referenceRange=[between(0.9, 1.8)[0] | {"appliesTo": [{}]}])),
        (C3, observation("g/L", 0.6, "N", referenceRange=[{"text": "0.9-1.8"}])),
        (C3, observation("g/L", 0.6, interpretation=[{"coding": [{"code": "N"}], "text": "High"}])),
        (UPCR, observation(extension=[])),
        (UPCR, observation(focus=[{"reference": "Patient/donor"}])),
        (UPCR, observation(modifierExtension=[{"url": "urn:negated", "valueBoolean": True}])),
        (HCG, observation("m[IU]/mL", 8000, "L")),
        (HCG, observation("m[IU]/mL", 8000, "N", referenceRange=between(1000, 90000, "m[IU]/mL"))),
        (UPCR, observation("kg/g", 1e308)),
        (LIMITED, observation(value=50.1)),
        (BODY, observation("[degF]", 123)),
        (BODY, observation("[degF]", 49)),
        (BODY, observation("Cel", 98.6)),
        (LIMITED, observation("mg/g", 50_001)),
        (LIMITED, observation(value=0.009)),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_long_way(concept: Concept, resource: dict[str, Any]) -> None:
    assert PlainResults(concept).read(resource, {}) is None


def test_scores_and_titres_are_never_plain() -> None:
    assert is_plain(UPCR)
    assert is_plain(C3)
    assert not is_plain(Concept("ecog", "ECOG", "measurement", unit="{score}", whole_number_to=5))
    assert not is_plain(Concept("ana", "ANA", "finding", positive_from=80))
    assert not is_plain(Concept("sle", "SLE", "condition"))
