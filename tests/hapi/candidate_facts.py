"""Charts for the tests on HAPI, made from the sample patients and from Synthea's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.demo.samples import ALL, codes
from cds_service.demo.samples.codes import Concept
from cds_service.demo.samples.dates import Ago
from cds_service.demo.samples.resources import observation, quantity
from tests.hapi.run_data import Json, LoadedBundle

CLEAR_CANDIDATE = "lin-mei"
FILLERS = 1200
# Quiet results of tests that the service searches for together with the ANA titre.
FILLING: tuple[tuple[Concept, float, str], ...] = (
    (codes.HAEMOGLOBIN, 12.9, "g/dL"),
    (codes.PLATELETS, 240, "10*9/L"),
    (codes.LEUKOCYTES, 6.1, "10*9/L"),
    (codes.NEUTROPHILS, 3.9, "10*9/L"),
    (codes.C3, 1.1, "g/L"),
    (codes.UPCR_ANY_UNIT, 12, "mg/mmol"),
)


def sample_bundle(sample_id: str, today: date) -> Json:
    """A sample patient's chart as seen on the day."""
    (sample,) = (sample for sample in ALL if sample.id == sample_id)
    return sample.build(today)


def resources_of(bundle: Json, resource_type: str = "") -> list[Json]:
    """The resources of a bundle, or those of one type."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if resource_type in ("", r["resourceType"])]


def bundle_of(resources: list[Json]) -> Json:
    """A collection of resources."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def clinical_facts(bundle: Json, patient_id: str) -> Json:
    """Everything in a chart but the Patient, as facts about another patient."""
    (patient,) = resources_of(bundle, "Patient")
    facts = [r for r in resources_of(bundle) if r is not patient]
    renamed: Json = with_references(bundle_of(facts), {f"Patient/{patient['id']}": f"Patient/{patient_id}"})
    return renamed


def as_loaded(bundle: Json, loaded: LoadedBundle) -> list[Json]:
    """The chart as it was written, under the ids that the server gave."""
    renamed = with_references(bundle, loaded.references)
    return [
        r | {"id": loaded.references[f"{r['resourceType']}/{r['id']}"].split("/")[1]}
        for r in resources_of(renamed)
    ]


def with_references(node: Any, names: Mapping[str, str]) -> Any:
    """A copy in which references go by their new names."""
    if isinstance(node, list):
        return [with_references(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: with_references(value, names) for key, value in node.items()}
    if isinstance(copy.get("reference"), str):
        copy["reference"] = names.get(copy["reference"], copy["reference"])
    return copy


def another_life(bundle: Path, **elements: str) -> Json:
    """A Synthea patient's whole chart with some elements of the Patient changed."""
    chart: Json = json.loads(bundle.read_text())
    (patient,) = resources_of(chart, "Patient")
    patient.update(elements)
    return chart


def long_chart(today: date) -> Json:
    """The clear candidate with 1,200 quiet results more.

    What decides is at the two ends: the one ANA titre is ten years old, and a protein/creatinine ratio is
    newer than all else.
    """
    ago = Ago(today)
    chart = sample_bundle(CLEAR_CANDIDATE, today)
    (titre,) = (r for r in resources_of(chart, "Observation") if r["code"] == codes.ANA_TITRE.as_fhir())
    titre["effectiveDateTime"] = ago.years(10).isoformat()
    newest = {"valueQuantity": quantity(290, "mg/mmol")}
    ratio = observation(
        "newest-ratio", CLEAR_CANDIDATE, codes.UPCR_ANY_UNIT, ago.days(1), "laboratory", **newest
    )
    chart["entry"] += bundle_of([ratio, *_fillers(ago)])["entry"]
    return chart


def _fillers(ago: Ago) -> list[Json]:
    """Every other day from 100 days ago back, not written in the order of their days."""
    return [
        observation(
            f"filler-{number}",
            CLEAR_CANDIDATE,
            concept,
            ago.days(100 + 2 * (7 * number % FILLERS)),
            "laboratory",
            valueQuantity=quantity(value, unit),
        )
        for number in range(FILLERS)
        for concept, value, unit in (FILLING[number % len(FILLING)],)
    ]
