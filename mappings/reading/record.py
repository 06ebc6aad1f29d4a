"""One pass over a patient's raw resources: index by code, make facts only of what some concept needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from mappings.concept import Concept
from mappings.dates import When
from mappings.facts import (
    Diagnosis,
    Exposure,
    PatientFacts,
    PatientRecord,
    Performed,
    ReadCounts,
    Result,
    StudyParticipation,
)
from mappings.reading.code_index import CodeIndex, words
from mappings.reading.drugs import read_exposures
from mappings.reading.keeping import texts
from mappings.reading.meanings import KIDNEY_WORDS, Meaning, Meanings
from mappings.reading.observations import has_value, read_observation
from mappings.reading.pathology import read_biopsies
from mappings.reading.people import read_consent, read_participation, read_patient
from mappings.reading.problems import read_condition, read_procedure
from mappings.reading.references import PatientIdentity, reference_of
from mappings.results import Gap, Unreadable
from mappings.trial_definition import Catalog

DRUG_RECORDS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
_SUBJECT_MEMBER = {"Consent": "patient", "ResearchSubject": "individual"}
_CLINICAL = frozenset(
    {"Observation", "Condition", "Procedure", "DiagnosticReport", *DRUG_RECORDS, *_SUBJECT_MEMBER}
)
_SUPPORTING = frozenset({"Patient", "Medication", "ResearchStudy", "Specimen"})


def read_record(
    resources: Sequence[Any],
    catalog: Catalog,
    *,
    patient_id: str | None = None,
    full_urls: Mapping[str, str] | None = None,
    gaps: Sequence[Gap] = (),
) -> PatientRecord:
    """The typed record of one patient from raw FHIR R4 resources, in any order.

    ``patient_id`` says whose record it is (default: the first Patient among the resources).
    ``full_urls`` maps bundle entries' fullUrl to ``Type/id``. ``gaps`` is what could not be had.
    Resources about somebody else are counted and left out. Never raises for bad resources: they are
    listed in ``unreadable``. Raises LookupError if there is no Patient at all.
    """
    try:
        return _reading(catalog).read(resources, patient_id, full_urls or {}, tuple(gaps))
    finally:
        texts.forget()


@lru_cache(maxsize=8)
def _reading(catalog: Catalog) -> RecordReader:
    return RecordReader(catalog)


class RecordReader:
    """What the definitions need, prepared once: codes to concepts, and concepts by kind."""

    def __init__(self, catalog: Catalog) -> None:
        concepts = catalog.concepts.values()
        of_kind: dict[str, list[Concept]] = {}
        for concept in concepts:
            of_kind.setdefault(concept.kind, []).append(concept)
        self.concepts = catalog.concepts
        self.results = CodeIndex([*of_kind.get("measurement", ()), *of_kind.get("finding", ())])
        self.conditions = CodeIndex(of_kind.get("condition", ()))
        self.procedures = CodeIndex(of_kind.get("procedure", ()))
        self.pathology = CodeIndex(concept for concept in concepts if concept.pathology)
        self.meanings = Meanings(self.results, catalog.concepts)
        self.drugs = tuple(of_kind.get("drug", ()))
        self.consents = tuple(of_kind.get("consent", ()))

    def read(
        self,
        resources: Sequence[Any],
        patient_id: str | None,
        full_urls: Mapping[str, str],
        gaps: tuple[Gap, ...],
    ) -> PatientRecord:
        patient = find_patient(resources, patient_id)
        aliases = [url for url, reference in full_urls.items() if reference == patient.reference]
        identity = PatientIdentity(patient.reference.partition("/")[2], aliases)
        one = _OneRecord(self, patient, identity, full_urls, gaps)
        one.take_all(resources)
        return one.finish()


def find_patient(resources: Sequence[Any], patient_id: str | None) -> PatientFacts:
    """The Patient with this id, or the first one; LookupError if there is none."""
    for resource in resources:
        if (
            type(resource) is dict
            and resource.get("resourceType") == "Patient"
            and (patient_id is None or resource.get("id") == patient_id)
        ):
            return read_patient(resource)
    raise LookupError("no Patient resource")


class _OneRecord:
    """The facts of one patient while they are being collected."""

    def __init__(
        self,
        reader: RecordReader,
        patient: PatientFacts,
        identity: PatientIdentity,
        full_urls: Mapping[str, str],
        gaps: tuple[Gap, ...],
    ) -> None:
        self.reader = reader
        self.patient = patient
        self.identity = identity
        self.full_urls = full_urls
        self.gaps = list(gaps)
        self.results: defaultdict[str, list[Result]] = defaultdict(list)
        self.diagnoses: dict[str, list[Diagnosis]] = {}
        self.procedures: dict[str, list[Performed]] = {}
        self.by_type: dict[str, list[Mapping[str, Any]]] = {}
        self.unreadable: list[Unreadable] = []
        self.meanings = reader.meanings
        self.days: dict[str, When] = {}
        self.received = self.irrelevant = self.other_patient = self.faulty = 0

    def take_all(self, resources: Sequence[Any]) -> None:
        """Sorts raw entries: read now, kept for later, irrelevant, somebody else's or unreadable.

        The patient's Observations, by far the most entries, are looked at here, as flat as can be, if they
        have one coding that was seen before. All else goes the longer way, on which faults are told.
        """
        mine, known, irrelevant = self.identity.reference, self.meanings.by_code, 0
        days, results, self.received = self.days, self.results, len(resources)
        for resource in resources:
            try:
                code = resource["code"]
                (coding,) = code["coding"]
                system, display, text, settled, meaning = known[coding["code"]]
                ours = resource["subject"]["reference"] == mine and resource["resourceType"] == "Observation"
                settled = settled or (coding.get("display") == display and code.get("text") == text)
                if not settled or coding["system"] != system:
                    meaning = self.meanings.of(code)
            except (AttributeError, KeyError, TypeError, ValueError):
                self._take(resource)
                continue
            if not ours:
                self._take(resource)
            elif meaning.is_nothing and ("component" not in resource or self._parts_are_nothing(resource)):
                irrelevant += 1
            elif meaning.plain is not None and (result := meaning.plain.read(resource, days)) is not None:
                results[result.concept].append(result)
            else:
                self._observation(resource, meaning)
        self.irrelevant += irrelevant

    def _parts_are_nothing(self, resource: Mapping[str, Any]) -> bool:
        """Whether an Observation has only components, and none that anything asks for (a blood pressure)."""
        parts, meaning_of = resource["component"], self.meanings.of
        for part in parts if type(parts) is list else ():
            if type(part) is not dict or not meaning_of(part.get("code")).is_nothing:
                return False
        return not has_value(resource)

    def _take(self, resource: Any) -> None:
        if type(resource) is not dict:
            self._unreadable("entry", "not a resource")
            return
        kind = resource.get("resourceType")
        if type(kind) is not str:
            self._unreadable("entry", "no resourceType")
        elif kind == "Observation":
            if self._is_ours(resource, "subject"):
                self._observation(resource, self.meanings.of(resource.get("code")))
        elif kind in _CLINICAL:
            if self._is_ours(resource, _SUBJECT_MEMBER.get(kind, "subject")):
                self.by_type.setdefault(kind, []).append(resource)
        elif kind in _SUPPORTING:
            self.by_type.setdefault(kind, []).append(resource)
        else:
            self.irrelevant += 1

    def _unreadable(self, reference: str, what: str) -> None:
        self.unreadable.append(Unreadable(reference, what))
        self.faulty += 1

    def _is_ours(self, resource: Mapping[str, Any], member: str) -> bool:
        ours = self.identity.is_subject_of(resource, member)
        if ours is None:
            self._unreadable(reference_of(resource), "does not say whose it is")
        elif not ours:
            self.other_patient += 1
        return bool(ours)

    def _observation(self, resource: Mapping[str, Any], meaning: Meaning) -> None:
        has_parts = "component" in resource
        parts = self._parts(resource) if has_parts else ()
        if meaning.pathology or any(part.pathology for part in parts) or (has_parts and has_value(resource)):
            self.by_type.setdefault("Observation", []).append(resource)
        elif not meaning.concepts and not any(part.concepts for part in parts):
            if type(resource.get("code")) is dict:
                self.irrelevant += 1
            else:
                self._unreadable(reference_of(resource), "no code")
            return
        if meaning.concepts or parts:
            faults = len(self.unreadable)
            read_observation(
                resource, meaning.concepts, self.parts_of, self.days, self.results, self.unreadable
            )
            if len(self.unreadable) > faults:
                self.faulty += 1

    def parts_of(self, code: Any) -> Sequence[Concept]:
        """The concepts of a component's code."""
        return self.meanings.of(code).concepts

    def _parts(self, resource: Mapping[str, Any]) -> list[Meaning]:
        """What the components of an Observation ask about."""
        parts = resource["component"]
        codes = [part.get("code") for part in parts if type(part) is dict] if type(parts) is list else []
        return [self.meanings.of(code) for code in codes]

    def finish(self) -> PatientRecord:
        """Reads what needs other resources beside it, and closes the record."""
        self._each("Condition", self._condition)
        self._each("Procedure", self._procedure)
        self._each("Consent", self._consent)
        exposures = self._exposures()
        self._biopsies()
        participations = self._participations()
        return PatientRecord(
            patient=self.patient,
            results={concept: tuple(facts) for concept, facts in self.results.items()},
            diagnoses={concept: tuple(facts) for concept, facts in self.diagnoses.items()},
            procedures={concept: tuple(facts) for concept, facts in self.procedures.items()},
            exposures=exposures,
            participations=participations,
            gaps=tuple(self.gaps),
            unreadable=tuple(self.unreadable),
            counts=self._counts(),
            gap=gap_finder(self.gaps, self.reader.concepts),
        )

    def _counts(self) -> ReadCounts:
        read = self.received - self.irrelevant - self.other_patient - self.faulty
        return ReadCounts(self.received, read, self.irrelevant, self.faulty, self.other_patient)

    def _each(self, kind: str, read: Callable[[Mapping[str, Any]], None]) -> None:
        for resource in self.by_type.get(kind, ()):
            read(resource)

    def _condition(self, resource: Mapping[str, Any]) -> None:
        code = resource.get("code")
        concepts = self.reader.conditions.concepts(code)
        if concepts:
            read_condition(resource, concepts, self.diagnoses)
        elif type(code) is not dict:
            self.unreadable.append(Unreadable(reference_of(resource), "no code"))

    def _procedure(self, resource: Mapping[str, Any]) -> None:
        concepts = self.reader.procedures.concepts(resource.get("code"))
        if concepts:
            read_procedure(resource, concepts, self.procedures)

    def _consent(self, resource: Mapping[str, Any]) -> None:
        for concept in self.reader.consents:
            result = read_consent(resource, concept)
            if result is not None:
                self.results[concept.id].append(result)

    def _exposures(self) -> Mapping[str, tuple[Exposure, ...]]:
        records = [resource for kind in DRUG_RECORDS for resource in self.by_type.get(kind, ())]
        if not records:
            return {}
        medications = {reference_of(m): m for m in self.by_type.get("Medication", ())}
        for url, reference in self.full_urls.items():
            if reference in medications:
                medications[url] = medications[reference]
        unresolved: list[str] = []
        exposures = read_exposures(records, medications, self.reader.drugs, self.unreadable, unresolved)
        if unresolved:
            self.gaps.append(Gap("Medication", f"Medication: {len(unresolved)} referenced, not read"))
        return exposures

    def _biopsies(self) -> None:
        candidates = [
            *self.by_type.get("Observation", ()),
            *self.by_type.get("Specimen", ()),
            *(p for p in self.by_type.get("Procedure", ()) if self._concerns_kidney(p)),
            *(c for c in self.by_type.get("Condition", ()) if self.reader.conditions.concepts(c.get("code"))),
        ]
        reports = [r for r in self.by_type.get("DiagnosticReport", ()) if self._concerns_kidney(r)]
        if not candidates and not reports:
            return
        for result in read_biopsies([*reports, *candidates], self.reader.concepts, self.unreadable):
            self.results[result.concept].append(result)

    def _concerns_kidney(self, resource: Mapping[str, Any]) -> bool:
        code = resource.get("code")
        if self.reader.pathology.concepts(code) or KIDNEY_WORDS.search(words(code)):
            return True
        conclusion = resource.get("conclusion")
        return type(conclusion) is str and KIDNEY_WORDS.search(conclusion) is not None

    def _participations(self) -> tuple[StudyParticipation, ...]:
        subjects = self.by_type.get("ResearchSubject", ())
        studies = {reference_of(study): study for study in self.by_type.get("ResearchStudy", ())}
        found = (read_participation(subject, studies) for subject in subjects)
        return tuple(participation for participation in found if participation is not None)


_TYPES_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "measurement": ("Observation",),
    "finding": ("Observation",),
    "condition": ("Condition",),
    "procedure": ("Procedure",),
    "drug": (*DRUG_RECORDS, "Medication"),
    "consent": ("Consent",),
}
_PATHOLOGY_TYPES = ("DiagnosticReport", "Procedure", "Observation", "Condition")


def resource_types(concept: Concept) -> tuple[str, ...]:
    """The FHIR resource types in which facts about a concept are found."""
    return _PATHOLOGY_TYPES if concept.pathology else _TYPES_OF_KIND[concept.kind]


def gap_tokens(concept: Concept) -> frozenset[str]:
    """What a search must cover to find a concept: its codes, and ``text|id`` where words may name it."""
    by_text = {f"text|{concept.id}"} if concept.names else set()
    return frozenset({*by_text, *(code.token for code in concept.codes)})


def gap_finder(gaps: Sequence[Gap], concepts: Mapping[str, Concept]) -> Callable[[str], Gap | None]:
    """Answers which gap, if any, touches a concept; the widest first."""
    by_type: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_type.setdefault(gap.resource_type, []).append(gap)
    if not by_type:
        return _no_gap
    biopsies = frozenset(t for concept in concepts.values() if concept.pathology for t in gap_tokens(concept))

    def find(concept_id: str) -> Gap | None:
        concept = concepts.get(concept_id)
        if concept is None:
            return None
        tokens = biopsies if concept.pathology else gap_tokens(concept)
        touching = [
            gap
            for kind in resource_types(concept)
            for gap in by_type.get(kind, ())
            if gap.codes is None or not tokens.isdisjoint(gap.codes)
        ]
        return min(touching, key=lambda gap: gap.newest_first, default=None)

    return cache(find)


def _no_gap(_concept: str) -> Gap | None:
    return None
