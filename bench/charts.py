"""The clear candidate of the samples with years of laboratory results behind her, half of them needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

from bench.laboratory import BLOOD_PRESSURE, NEEDED, OTHERS, PARTS_OF_BLOOD_PRESSURE, Test
from cds_service.demo.samples.candidates import lin_mei
from cds_service.demo.samples.codes import Concept
from cds_service.demo.samples.resources import HL7, UCUM

Json = dict[str, Any]
PATIENT = lin_mei.id
WRITTEN_HERE = (f"{PATIENT}-n", f"{PATIENT}-f")
"""How the ids of Observations begin that are not of the story."""
_LAST_VISIT = 150
_BETWEEN_VISITS = 2


def candidate(observations: int, today: date) -> list[Json]:
    """The candidate's resources with so many Observations in all, every second one needed."""
    told = [_without_label(entry["resource"]) for entry in lin_mei.build(today)["entry"]]
    there = sum(resource["resourceType"] == "Observation" for resource in told)
    needed, other = _needed(today), _other(today)
    more_needed = list(islice(needed, observations // 2 - there))
    more_other = list(islice(other, observations - there - len(more_needed)))
    mixed = [one for pair in zip(more_other, more_needed, strict=False) for one in pair]
    return [*told, *mixed, *more_other[len(more_needed) :]]


def with_resources(total: int, today: date) -> list[Json]:
    """The candidate's chart with so many resources in all."""
    others = len(candidate(100, today)) - 100
    return candidate(total - others, today)


def bundle(resources: list[Json], **members: Any) -> Json:
    """A search result."""
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", **members, "entry": entries}


def _without_label(resource: Json) -> Json:
    """A real chart is not marked as test data."""
    return {name: value for name, value in resource.items() if name != "meta"}


def _needed(today: date) -> Iterator[Json]:
    for number, test in enumerate(cycle(NEEDED)):
        yield _measured(f"n{number}", test, number, _when(number // len(NEEDED), today))


def _other(today: date) -> Iterator[Json]:
    tests: tuple[Test | None, ...] = (*OTHERS, None)
    for number, test in enumerate(cycle(tests)):
        when = _when(number // len(tests), today)
        if test is None:
            yield _blood_pressure(f"f{number}", number, when)
        else:
            yield _measured(f"f{number}", test, number, when)


def _when(visit: int, today: date) -> str:
    """All results of one visit carry the moment at which the specimens were taken, as laboratories write."""
    day = today - timedelta(days=_LAST_VISIT + visit * _BETWEEN_VISITS)
    return f"{day.isoformat()}T{7 + visit % 9:02d}:{visit * 7 % 60:02d}:{visit * 11 % 60:02d}+00:00"


def _measured(identity: str, test: Test, number: int, when: str) -> Json:
    observation = _observation(identity, test.what, test.category, when)
    observation["valueQuantity"] = _quantity(test, number)
    if test.flag:
        observation["interpretation"] = [_hl7("v3-ObservationInterpretation", test.flag)]
    return observation


def _blood_pressure(identity: str, number: int, when: str) -> Json:
    parts = [
        {"code": _coded(test.what), "valueQuantity": _quantity(test, number)}
        for test in PARTS_OF_BLOOD_PRESSURE
    ]
    return {**_observation(identity, BLOOD_PRESSURE, "vital-signs", when), "component": parts}


def _observation(identity: str, what: Concept, category: str, when: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"{PATIENT}-{identity}",
        "status": "final",
        "category": [_hl7("observation-category", category)],
        "code": _coded(what),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": when,
    }


def _coded(what: Concept) -> Json:
    """One coding with the laboratory's own short name."""
    system, code, _ = what.codings[0]
    return {"coding": [{"system": system, "code": code, "display": what.text}]}


def _hl7(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{HL7}{system}", "code": code}]}


def _quantity(test: Test, number: int) -> Json:
    """The usual value, up to a tenth more or less."""
    value = round(test.value * (0.9 + number * 37 % 21 / 100), 2)
    return {"value": value, "unit": test.unit, "system": UCUM, "code": test.unit}
