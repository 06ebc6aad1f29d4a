"""What codes a data set has: collected file by file, in counts. No value of a result is kept.

Texts are kept in memory only, each with how many patients it occurs under, and shown by ``report.py`` only
under its rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cds_service.screening.files import DataSet
from cds_service.screening.patients import PatientResources, sort_by_patient
from mappings.concept import Concept
from mappings.definitions.sites.additions import read_as
from mappings.facts import PatientRecord, Result
from mappings.reading.answers import coded_answers
from mappings.reading.fhir_elements import items, mapping, text_of
from mappings.reading.record import DRUG_RECORDS, read_record
from mappings.reading.references import local_reference, reference_of
from mappings.trial_definition import Catalog
from mappings.units import convert
from mappings.verdicts import Reason

Area = Literal["results", "conditions", "procedures", "reports", "drugs"]

ENOUGH_PATIENTS = 5
"""Words that were typed for a patient are shown only if so many patients have the very same. Interpretation:
a usual least size of groups in published tables of patients."""

_AREAS: Mapping[str, Area] = {
    "Observation": "results",
    "Condition": "conditions",
    "Procedure": "procedures",
    "DiagnosticReport": "reports",
    "Medication": "drugs",
    **dict.fromkeys(DRUG_RECORDS, "drugs"),
}
_DATES = (
    *("effectiveDateTime", "onsetDateTime", "performedDateTime", "authoredOn", "whenHandedOver"),
    *("dateAsserted", "recordedDate", "issued"),
)
_PERIODS = ("effectivePeriod", "performedPeriod", "onsetPeriod")
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_OWNERS = ("subject", "patient")


class Coding(NamedTuple):
    """A code as the record has it. A coding without a code says something only by its display."""

    system: str
    code: str
    display: str

    @property
    def token(self) -> str:
        return f"{self.system}|{self.code}"


class Coded(NamedTuple):
    """A CodeableConcept in one kind of resource: its codings, and its free text."""

    area: Area
    codings: tuple[Coding, ...]
    text: str


class Unit(NamedTuple):
    """A unit that cannot be converted into a concept's. ``typed``: it stood in a text, beside the number."""

    concept: str
    text: str
    typed: bool


@dataclass(slots=True)
class Seen:
    """How often something occurs, when last, and under which patients (the first ``ENOUGH_PATIENTS``)."""

    count: int = 0
    last: str = ""
    patients: set[int] = field(default_factory=set)

    def add(self, patient: int, day: str = "") -> None:
        self.count += 1
        self.last = max(self.last, day)
        if len(self.patients) < ENOUGH_PATIENTS:
            self.patients.add(patient)

    def join(self, other: Seen) -> None:
        """Takes over what another has counted."""
        self.count += other.count
        self.last = max(self.last, other.last)
        self.patients |= other.patients


@dataclass(slots=True)
class Tally:
    """The codes of what was added so far, and what the readers could not understand of it."""

    catalog: Catalog
    resources: int = 0
    without_patient: int = 0
    coded: dict[Coded, Seen] = field(default_factory=dict)
    answers: dict[tuple[str, Coding], Seen] = field(default_factory=dict)
    worded_answers: dict[tuple[str, str], Seen] = field(default_factory=dict)
    units: dict[Unit, Seen] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def patients(self) -> int:
        """How many patients the files are about."""
        return len(self._numbers)

    def add(self, data: DataSet) -> None:
        """Counts a file: Bundles or NDJSON, with or without the patients whom it is about."""
        self.resources += len(data.resources)
        missing = _unknown_patients(data)
        everything = DataSet([*data.resources, *missing], data.full_urls, data.gaps)
        for resource in data.resources:
            if isinstance(resource, dict) and resource.get("resourceType") == "Medication":
                self._codes_of(resource, 0)
        if not any(_kind(resource) == "Patient" for resource in everything.resources):
            return
        everyone = sort_by_patient(everything)
        self.without_patient += everyone.without_patient
        for patient in everyone.patients:
            self._patient(patient)

    def _patient(self, patient: PatientResources) -> None:
        number = self._numbers.setdefault(patient.patient_id, len(self._numbers) + 1)
        by_reference: dict[str, Mapping[str, Any]] = {}
        for resource in patient.resources:
            if _kind(resource) in _AREAS and _kind(resource) != "Medication":
                self._codes_of(resource, number)
                by_reference[reference_of(resource)] = resource
        record = read_record(
            patient.resources, self.catalog, patient_id=patient.patient_id, full_urls=patient.full_urls
        )
        self._not_understood(record, by_reference, number)

    def _codes_of(self, resource: Mapping[str, Any], patient: int) -> None:
        day = _day_of(resource)
        for coded in _coded_in(resource):
            self.coded.setdefault(coded, Seen()).add(patient, day)

    def _not_understood(
        self, record: PatientRecord, by_reference: Mapping[str, Mapping[str, Any]], patient: int
    ) -> None:
        for concept, results in record.results.items():
            for result in results:
                resource = by_reference.get(result.reference, {})
                if result.problem is Reason.UNIT_NOT_COMPARABLE and result.unit:
                    if not _is_of_a_part(result.unit, self.catalog.concepts[concept]):
                        unit = Unit(concept, result.unit, not _has_quantity_in(resource, result.unit))
                        self.units.setdefault(unit, Seen()).add(patient)
                elif result.problem is Reason.UNREADABLE and not result.tokens:
                    self._answer(result, resource, patient)

    def _answer(self, result: Result, resource: Mapping[str, Any], patient: int) -> None:
        """The coded or worded values of a resource, or of its components, that give no answer."""
        concept = self.catalog.concepts[result.concept]
        for element in (resource, *items(resource.get("component"))):
            value = element.get("valueCodeableConcept")
            codings = _codings(value)
            if codings and not coded_answers(value, concept):
                self.answers.setdefault((concept.id, codings[0]), Seen()).add(patient)
            text = text_of(element.get("valueString")) or text_of(mapping(value).get("text")) * (not codings)
            if text:
                self.worded_answers.setdefault((concept.id, text), Seen()).add(patient)


def _is_of_a_part(unit: str, concept: Concept) -> bool:
    """Whether it is a concentration whose volume is missing, and not the unit."""
    return any(convert(1.0, unit, part) is not None for part in read_as(concept)[1:])


def _has_quantity_in(resource: Mapping[str, Any], unit: str) -> bool:
    quantities = (mapping(one.get("valueQuantity")) for one in (resource, *items(resource.get("component"))))
    return any(unit in (quantity.get("unit"), quantity.get("code")) for quantity in quantities)


def _coded_in(resource: Mapping[str, Any]) -> Iterator[Coded]:
    kind = _kind(resource)
    area = _AREAS[kind]
    members: list[Any] = [resource.get("medicationCodeableConcept" if kind in DRUG_RECORDS else "code")]
    if kind == "Observation":
        members += [part.get("code") for part in items(resource.get("component"))]
    if kind == "Medication":
        members += [part.get("itemCodeableConcept") for part in items(resource.get("ingredient"))]
    for codeable in members:
        codings, text = _codings(codeable), text_of(mapping(codeable).get("text"))
        if codings or text:
            yield Coded(area, codings, text)


def _codings(codeable: Any) -> tuple[Coding, ...]:
    found = (
        Coding(text_of(one.get("system")), text_of(one.get("code")), text_of(one.get("display")))
        for one in items(mapping(codeable).get("coding"))
    )
    return tuple(one for one in found if one.code or one.display)


def _unknown_patients(data: DataSet) -> list[dict[str, Any]]:
    """A bare Patient for each subject that the file refers to and does not hold, as bulk exports do."""
    known = {reference_of(resource) for resource in data.resources if _kind(resource) == "Patient"}
    missing: dict[str, dict[str, Any]] = {}
    for resource in data.resources:
        if _kind(resource) not in _AREAS:
            continue
        for member in _OWNERS:
            text = text_of(mapping(resource.get(member)).get("reference"))
            reference = data.full_urls.get(text) or local_reference(text.replace("urn:uuid:", "Patient/"))
            if reference.startswith("Patient/") and reference not in known:
                identity = reference.partition("/")[2]
                missing[reference] = {"resourceType": "Patient", "id": identity}
    return list(missing.values())


def _kind(resource: Any) -> str:
    return text_of(mapping(resource).get("resourceType"))


def _day_of(resource: Mapping[str, Any]) -> str:
    """The day that a resource is about, or its month or year; empty if it does not say."""
    periods = (mapping(resource.get(name)) for name in _PERIODS)
    texts = (
        *(resource.get(name) for name in _DATES),
        *(period.get(end) for period in periods for end in ("end", "start")),
    )
    for text in texts:
        match = _DAY.match(text) if isinstance(text, str) else None
        if match is not None:
            return match[0]
    return ""
