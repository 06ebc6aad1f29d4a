"""One pass over a patient's raw resources: index by code, make facts only of what some concept needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any

from mappings.attesting.reading import answers_worksheet, read_answers
from mappings.concept import Concept
from mappings.dates import When
from mappings.facts import Exposure, PatientFacts, PatientRecord, Performed, ReadCounts, Result
from mappings.facts import StudyParticipation as Participation
from mappings.reading.code_index import CodeIndex
from mappings.reading.drugs import read_exposures
from mappings.reading.keeping import texts
from mappings.reading.laboratory.blood import NOT_IN_BLOOD, only_in_blood
from mappings.reading.laboratory.qualifiers import MODIFIED, is_about, is_whole
from mappings.reading.laboratory.repeats import came_twice, in_force, is_awaited
from mappings.reading.laboratory.timed_urine import amounts_per_day, timed_urine
from mappings.reading.meanings import Meaning, Meanings
from mappings.reading.observations import Readings, has_value, read_contained, read_observation
from mappings.reading.pathology import biopsy_resources, read_biopsies, results_of
from mappings.reading.people import (
    MAY_BE_THIS_ONE,
    SUBJECT_MEMBER,
    agreed_patient,
    find_patient,
    read_consent,
    read_participation,
    read_patient,
)
from mappings.reading.problems import Problems, read_hints, read_procedure
from mappings.reading.references import PatientIdentity, reference_of
from mappings.results import Gap, Unreadable
from mappings.trial_definition import Catalog

DRUG_RECORDS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
_CLINICAL = frozenset(
    {"Observation", "Condition", "Procedure", "DiagnosticReport", *DRUG_RECORDS, *SUBJECT_MEMBER}
)
_SUPPORTING = frozenset({"Patient", "Medication", "ResearchStudy", "Specimen"})
_ANSWERS = "QuestionnaireResponse"


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


@lru_cache(maxsize=64)
def _reading(catalog: Catalog) -> RecordReader:
    return RecordReader(catalog)


class RecordReader:
    """What the definitions need, prepared once: codes to concepts, and concepts by kind."""

    def __init__(self, catalog: Catalog) -> None:
        concepts = catalog.concepts.values()
        of_kind: dict[str, list[Concept]] = {}
        for concept in concepts:
            of_kind.setdefault(concept.kind, []).append(concept)
        self.catalog, self.concepts = catalog, catalog.concepts
        self.timed = timed_urine(concepts)
        parts = [part for timed in self.timed for part in (timed.concentration, timed.volume)]
        self.results = CodeIndex([*of_kind.get("measurement", ()), *of_kind.get("finding", ()), *parts])
        self.conditions = CodeIndex(of_kind.get("condition", ()))
        self.procedures = CodeIndex(of_kind.get("procedure", ()))
        self.pathology = CodeIndex(concept for concept in concepts if concept.pathology)
        self.meanings = Meanings(self.results, catalog.concepts, parts)
        self.drugs = tuple(of_kind.get("drug", ()))
        self.consents = tuple(of_kind.get("consent", ()))

    def read(
        self,
        resources: Sequence[Any],
        patient_id: str | None,
        full_urls: Mapping[str, str],
        gaps: tuple[Gap, ...],
    ) -> PatientRecord:
        found = find_patient(resources, patient_id)
        patient, identity = read_patient(found), PatientIdentity.of(found, full_urls)
        one = _OneRecord(self, patient, identity, full_urls, gaps)
        one.take_all(resources)
        versions = [each for each in one.by_type["Patient"] if reference_of(each) == patient.reference]
        if len(versions) > 1:
            found = agreed_patient(versions)
            patient, identity = read_patient(found), PatientIdentity.of(found, full_urls)
            one = _OneRecord(self, patient, identity, full_urls, gaps)
            one.take_all(resources)
        may_repeat = one.revised or came_twice(one.results, one.by_type)
        left = in_force(resources, identity, full_urls) if may_repeat else resources
        if left is not resources:
            one = _OneRecord(self, patient, identity, full_urls, gaps)
            one.take_all(left)
            one.received = len(resources)
        return one.finish()


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
        self.is_about = partial(is_about, identity=identity, full_urls=full_urls)
        self.gaps = list(gaps)
        self.results: defaultdict[str, list[Result]] = defaultdict(list)
        self.problems = Problems(patient.birth)
        self.procedures: dict[str, list[Performed]] = {}
        self.by_type: dict[str, list[Mapping[str, Any]]] = {}
        self.unreadable: list[Unreadable] = []
        self.meanings = known = reader.meanings
        self.days: dict[str, When] = {}
        self.readings = Readings(known.concepts_of, self.days, self.results, self.unreadable, {}, patient)
        self.resources: Sequence[Any] = ()
        self.revised = False
        self.received = self.irrelevant = self.other_patient = self.faulty = 0

    def take_all(self, resources: Sequence[Any]) -> None:
        """Sorts raw entries: read now, kept for later, irrelevant, somebody else's or unreadable.

        The patient's Observations, by far the most entries, are looked at here, as flat as can be, if they
        have one coding that was seen before. All else goes the longer way, on which faults are told.
        """
        mine, known, irrelevant = self.identity.reference, self.meanings.by_code, 0
        days, results, self.received = self.days, self.results, len(resources)
        self.resources = resources
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
            if self._is_ours(resource, self.identity.is_subject_of(resource)):
                self._observation(resource, self.meanings.of(resource.get("code")))
        elif kind in _CLINICAL or (kind == _ANSWERS and answers_worksheet(resource, self.reader.catalog)):
            member = SUBJECT_MEMBER.get(kind, "subject")
            if self._is_ours(resource, self.identity.is_subject_of(resource, member)):
                self._keep(kind, resource)
        elif kind == "Specimen" and self.identity.is_subject_of(resource) is False:
            self.other_patient += 1
        elif kind in _SUPPORTING:
            self._keep(kind, resource)
        else:
            self.irrelevant += 1

    def _keep(self, kind: str, resource: Mapping[str, Any]) -> None:
        if kind == "Patient" or is_whole(resource):
            self.by_type.setdefault(kind, []).append(resource)
        else:
            self._unreadable(reference_of(resource), MODIFIED)

    def _unreadable(self, reference: str, what: str) -> None:
        self.unreadable.append(Unreadable(reference, what))
        self.faulty += 1

    def _is_ours(self, resource: Mapping[str, Any], ours: bool | None) -> bool:
        if ours is None:
            self._unreadable(reference_of(resource), "does not say whose it is")
        elif not ours:
            self.other_patient += 1
        return bool(ours)

    def _observation(self, resource: Mapping[str, Any], meaning: Meaning) -> None:
        has_parts = "component" in resource
        parts = self._parts(resource) if has_parts else ()
        pathology = meaning.pathology or any(part.pathology for part in parts)
        own = pathology or (has_parts and has_value(resource))
        if not own and not meaning.concepts and not any(part.concepts for part in parts):
            if type(resource.get("code")) is dict:
                self.irrelevant += 1
            else:
                self._unreadable(reference_of(resource), "no code")
            return
        if "focus" in resource and not self._is_ours(resource, self.is_about(resource)):
            return
        if resource.get("status") != "final" or "extension" in resource:
            self.revised = True  # or may be
            if is_awaited(resource):
                return
        faults = len(self.unreadable)
        if meaning.concepts or parts:
            read_observation(resource, meaning.concepts, self.readings)
        if own and is_whole(resource):
            self.by_type.setdefault("Observation", []).append(resource)
        elif own and len(self.unreadable) == faults:
            self.unreadable.append(Unreadable(reference_of(resource), MODIFIED))
        if len(self.unreadable) > faults:
            self.faulty += 1

    def _parts(self, resource: Mapping[str, Any]) -> list[Meaning]:
        """What the components of an Observation ask about."""
        parts = resource["component"]
        codes = [part.get("code") for part in parts if type(part) is dict] if type(parts) is list else []
        return [self.meanings.of(code) for code in codes]

    def finish(self) -> PatientRecord:
        """Reads what needs other resources beside it, and closes the record."""
        asked = (self.identity.is_subject_of, self.is_about, lambda inside: not is_awaited(inside))
        self._each("DiagnosticReport", partial(read_contained, asked=asked, into=self.readings))
        amounts_per_day(self.reader.timed, self.results, self.resources)
        for reference in only_in_blood(self.results, self.readings.placed, self.by_type, self.full_urls):
            self._unreadable(reference, NOT_IN_BLOOD)
        self._each("Condition", self._condition)
        self._each("Procedure", self._procedure)
        self._each("Consent", self._consent)
        exposures = self._exposures()
        self._biopsies()
        said = read_answers(self.by_type.get(_ANSWERS, ()), self.reader.catalog, self.unreadable)
        self.faulty += said.faulty
        hints = read_hints(self._drug_records(), self.by_type, self.reader.conditions, self.full_urls)
        return PatientRecord(
            patient=self.patient,
            results={concept: tuple(facts) for concept, facts in self.results.items()},
            diagnoses=self.problems.diagnoses(),
            procedures={concept: tuple(facts) for concept, facts in self.procedures.items()},
            exposures=exposures,
            participations=self._participations(),
            hints=hints,
            gaps=tuple(self.gaps),
            unreadable=tuple(self.unreadable),
            counts=self._counts(),
            gap=gap_finder(self.gaps, self.reader.concepts),
            attestations=said.attestations,
            strikes=said.strikes,
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
            self.problems.add(resource, concepts)
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

    def _drug_records(self) -> list[Mapping[str, Any]]:
        return [resource for kind in DRUG_RECORDS for resource in self.by_type.get(kind, ())]

    def _exposures(self) -> Mapping[str, tuple[Exposure, ...]]:
        records = self._drug_records()
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
        codes = self.reader.pathology, self.reader.conditions
        biopsies = biopsy_resources(self.by_type, *codes, self.reader.concepts, self.full_urls)
        if not biopsies:
            return
        named = results_of(biopsies, self.resources, self.full_urls, self.identity)
        whole = [each for each in named if is_whole(each) and self.is_about(each)]
        own = [each for each in whole if self.meanings.of(each.get("code")).is_nothing]
        self.irrelevant -= sum(type(each.get("code")) is dict for each in own)
        everything = [*biopsies, *own]
        for result in read_biopsies(everything, self.reader.concepts, self.unreadable, self.full_urls):
            self.results[result.concept].append(result)

    def _participations(self) -> tuple[Participation, ...]:
        studies = {reference_of(study): study for study in self.by_type.get("ResearchStudy", ())}
        subjects = self.by_type.get("ResearchSubject", ())
        read = [read_participation(each, studies, self.full_urls) for each in subjects]
        found = tuple(participation for participation in read if participation is not None)
        if any(not participation.study and not participation.label for participation in found):
            # Said before all other gaps, of which a card shows only some.
            self.gaps.insert(0, Gap("ResearchStudy", f"ResearchStudy: {MAY_BE_THIS_ONE}"))
        return found


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
    return frozenset({*by_text, *(code.token for code in concept.observed_codes)})


def gap_finder(gaps: Sequence[Gap], concepts: Mapping[str, Concept]) -> Callable[[str], Gap | None]:
    """Answers which gap, if any, touches a concept; the widest first."""
    by_type: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_type.setdefault(gap.resource_type, []).append(gap)
    if not by_type:
        return lambda _concept: None
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
