"""The charts that fuzzing begins with: every worked patient and every sample patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from cds_service.demo.samples import ALL as SAMPLES
from mappings.attesting.forms import strikable
from mappings.attesting.responses import Answered, Author, Filled, Struck, response_of
from mappings.definitions import load_catalog
from mappings.reading.bundles import unwrap
from mappings.reading.references import local_reference, reference_of
from mappings.trial_definition import Catalog
from tests.trials.worked_patients import chart_of, load_patients

Json = dict[str, Any]
TRIAL = "NCT06920433"
TODAY = date(2026, 6, 15)
WHOSE = {"Consent": "patient", "ResearchSubject": "individual"}
"""The member that says whose a resource is, where it is not ``subject``."""
_WORKED = Path(__file__).parents[1] / "trials" / f"{TRIAL}.yaml"
_CLINICAL = frozenset(
    {
        *("Observation", "Condition", "Procedure", "DiagnosticReport", "Specimen", "Consent"),
        *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
        *("ResearchSubject", "QuestionnaireResponse"),
    }
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient's Bundle entries on a day. ``not_read`` is what could not be had, in words of the charts.

    The entries are never changed in place: a changed chart shares those that stayed the same.
    """

    title: str
    day: date
    patient_id: str
    entries: tuple[Any, ...]
    not_read: tuple[str, ...] = ()

    @property
    def bundle(self) -> Json:
        return {"resourceType": "Bundle", "type": "collection", "entry": list(self.entries)}

    def unfolded(self) -> Chart:
        """The same with the entries of Bundles in the Bundle in their place."""
        found: list[Any] = []
        waiting = list(self.entries)
        while waiting:
            entry = waiting.pop(0)
            resource = resource_of(entry)
            entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
            if isinstance(entries, list):
                waiting[:0] = entries
            else:
                found.append(entry)
        return self.with_entries(found)

    def resources(self) -> list[Json]:
        """Every entry's resource, where it has one."""
        return [resource for entry in self.entries if (resource := resource_of(entry))]

    def called(self) -> list[str]:
        """What a reader calls the resource of each entry: of two servers' with one id each has its name."""
        holding = [entry for entry in self.entries if resource_of(entry)]
        read = unwrap([self.with_entries(holding).bundle]).resources
        own = [reference_of(resource_of(entry)) for entry in self.entries]
        if len(read) != len(holding):
            return own
        names = iter(map(reference_of, read))
        return [next(names) if resource_of(entry) else "" for entry in self.entries]

    def with_entries(self, entries: Sequence[Any]) -> Chart:
        return replace(self, entries=tuple(entries))

    def without(self, number: int) -> Chart:
        return self.with_entries([*self.entries[:number], *self.entries[number + 1 :]])

    def instead(self, number: int, resource: Any) -> Chart:
        """The chart with another resource at this place."""
        entry = {**self.entries[number], "resource": resource}
        return self.with_entries([*self.entries[:number], entry, *self.entries[number + 1 :]])


def resource_of(entry: Any) -> Json:
    """The resource of an entry; an empty one where there is none."""
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return resource if isinstance(resource, dict) else {}


@cache
def catalog() -> Catalog:
    return load_catalog()


@cache
def beginnings() -> tuple[Chart, ...]:
    """Every chart as it was written. As JSON would carry it, so that no two share a list or an object."""
    criteria = [criterion.id for criterion in catalog().trial(TRIAL).criteria]
    worked = [
        Chart(p.title, p.as_of, "worked", _entries(chart_of(p, catalog()).bundle()), p.not_read)
        for p in load_patients(_WORKED, criteria)
    ]
    answered = [
        Chart(f"{sample.title}, answered", TODAY, sample.id, (*_plain(sample.build(TODAY)["entry"]), *said))
        for number, sample in enumerate(SAMPLES)
        for said in [tuple({"resource": each} for each in worksheets(sample.id, number))]
    ]
    samples = [
        Chart(sample.title, TODAY, sample.id, tuple(_plain(sample.build(TODAY)["entry"])))
        for sample in SAMPLES
    ]
    return (*worked, *samples, *answered)


def worksheets(patient_id: str, number: int) -> list[Json]:
    """Three worksheets of a patient, one after another, each with half of all there is to answer and strike.

    Later ones take back what earlier ones said. ``number`` chooses the answers.
    """
    trial = catalog().trial(TRIAL)
    questions = trial.worksheet.questions
    items = [(score, item.id) for score, of in strikable(trial, catalog()).items() for item in of]
    found = []
    for turn, ago in enumerate((60, 20, 1)):
        answers = [
            Answered(question.id, question.choices[(number + turn * place) % len(question.choices)])
            for place, question in enumerate(questions)
            if (place + turn) % 2
        ]
        struck = [
            Struck(*item, withdrawn=True) if turn == 2 and place % 3 else Struck(*item, "infection")
            for place, item in enumerate(items)
            if (place + turn + number) % 2
        ]
        at = datetime.combine(TODAY, time(9), UTC) - timedelta(days=ago)
        author = Author("Practitioner/1", "Dr Chen")
        filled = Filled(f"Patient/{patient_id}", author, at, answers, struck, f"worksheet-{turn}")
        found.append(response_of(trial, catalog(), filled))
    return found


@cache
def grafts() -> tuple[tuple[Json, ...], ...]:
    """What one chart can be given of another: the resources about its patient, chart by chart."""
    charts = ([resource_of(entry) for entry in chart.entries] for chart in beginnings())
    kept = (tuple(one for one in chart if one.get("resourceType") in _CLINICAL) for chart in charts)
    return tuple(chart for chart in kept if chart)


def about(resource: Json, patient_id: str) -> Json:
    """The resource as one about this patient."""
    member = WHOSE.get(resource["resourceType"], "subject")
    return {**resource, member: {"reference": f"Patient/{patient_id}"}}


def is_the_patient(entry: Any, chart: Chart) -> bool:
    resource = resource_of(entry)
    return resource.get("resourceType") == "Patient" and resource.get("id") == chart.patient_id


def references_in(element: Any) -> set[str]:
    """Every ``Type/id`` that an element refers to, at any depth."""
    found: set[str] = set()
    waiting = [element]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("reference"), str):
                found.add(local_reference(each["reference"]))
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def _entries(resources: Sequence[Json]) -> tuple[Json, ...]:
    return tuple({"resource": resource} for resource in _plain(list(resources)))


def _plain(document: Any) -> Any:
    return orjson.loads(orjson.dumps(document))
