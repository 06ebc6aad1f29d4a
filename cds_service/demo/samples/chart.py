"""A patient's chart, written line by line as a story and handed over as a FHIR R4 Bundle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Self

from cds_service.demo.samples import codes, resources
from cds_service.demo.samples.codes import Concept
from cds_service.demo.samples.resources import Resource, observation, quantity, reference, resource

BASE = "https://samples.trialhook.example/fhir"
MRN = {"coding": [{"system": resources.HL7 + "v2-0203", "code": "MR", "display": "Medical record number"}]}


class Chart:
    """Writes one patient's record. Every method adds to the chart and returns it."""

    def __init__(self, ident: str, family: str, given: str, gender: str | None, born: date | str) -> None:
        """Open the chart; a birth date may be a bare year."""
        self.ident = ident
        self._used: dict[str, int] = {}
        self._resources: list[Resource] = [
            resource(
                "Patient",
                ident,
                identifier=[{"type": MRN, "system": "https://hospital.example/mrn", "value": ident}],
                active=True,
                name=[{"use": "official", "family": family, "given": [given]}],
                gender=gender,
                birthDate=str(born),
            )
        ]

    def _name(self, key: str) -> str:
        self._used[key] = self._used.get(key, 0) + 1
        count = self._used[key]
        return f"{self.ident}-{key}" if count == 1 else f"{self.ident}-{key}-{count}"

    def _add(self, *added: Resource) -> Self:
        self._resources.extend(added)
        return self

    def died(self, on: date) -> Self:
        """The patient has died."""
        self._resources[0]["deceasedDateTime"] = on.isoformat()
        return self

    def condition(
        self,
        what: Concept,
        onset: date | None = None,
        clinical: str = "active",
        verification: str = "confirmed",
        recorded: date | None = None,
    ) -> Self:
        """An entry of the problem list."""
        dates = {
            "onsetDateTime": onset.isoformat() if onset else None,
            "recordedDate": recorded.isoformat() if recorded else None,
        }
        name = self._name(what.key)
        return self._add(resources.condition(name, self.ident, what, clinical, verification, **dates))

    def observe(self, what: Concept, on: date, category: str = "laboratory", **elements: Any) -> Self:
        """An Observation with the elements given as FHIR has them."""
        return self._add(observation(self._name(what.key), self.ident, what, on, category, **elements))

    def lab(
        self,
        test: Concept,
        value: float,
        unit: str,
        on: date,
        low: float | None = None,
        high: float | None = None,
        **elements: Any,
    ) -> Self:
        """A laboratory result, with its limits and their interpretation where they are known."""
        measured = quantity(value, unit)
        return self.observe(
            test, on, valueQuantity=measured, **resources.limits(value, unit, low, high), **elements
        )

    def vital(self, sign: Concept, value: float, unit: str, on: date) -> Self:
        """A vital sign."""
        return self.observe(sign, on, "vital-signs", valueQuantity=quantity(value, unit))

    def ana_titre(self, dilution: int, on: date) -> Self:
        """Antinuclear antibodies by immunofluorescence, as a ratio 1 to `dilution`."""
        return self.observe(codes.ANA_TITRE, on, valueRatio=resources.titre(dilution))

    def sledai(self, score: int, on: date) -> Self:
        """A SLEDAI-2K that a rheumatologist recorded."""
        return self.observe(codes.SLEDAI_2K, on, "survey", valueInteger=score)

    def ecog(self, score: int, on: date) -> Self:
        """An ECOG performance status."""
        return self.observe(codes.ECOG, on, "survey", valueInteger=score)

    def pregnancy_test(self, result: Concept, on: date) -> Self:
        """A urine hCG test, positive or negative."""
        return self.observe(codes.HCG_URINE, on, valueCodeableConcept=result.as_fhir())

    def breastfeeding(self, answer: bool, on: date) -> Self:
        """What the patient answered when asked whether she breast-feeds."""
        return self.observe(codes.BREASTFEEDING, on, "social-history", valueBoolean=answer)

    def organ_function(self, on: date, creatinine: float = 0.8) -> Self:
        """Blood count, liver, kidney, heart and oxygen, all within limits but for the creatinine (mg/dL)
        given."""
        return (
            self.lab(codes.HAEMOGLOBIN, 11.8, "g/dL", on, low=11.5, high=15.0)
            .lab(codes.LEUKOCYTES, 5.4, "10*9/L", on, low=3.5, high=9.5)
            .lab(codes.NEUTROPHILS, 3.6, "10*9/L", on, low=1.8, high=6.3)
            .lab(codes.PLATELETS, 214, "10*9/L", on, low=125, high=350)
            .lab(codes.ALT, 19, "U/L", on, high=40)
            .lab(codes.AST, 22, "U/L", on, high=35)
            .lab(codes.BILIRUBIN, 0.6, "mg/dL", on, high=1.2)
            .lab(codes.CREATININE, creatinine, "mg/dL", on, low=0.5, high=1.2)
            .lab(codes.LVEF, 63, "%", on, low=50)
            .vital(codes.SPO2, 98, "%", on)
            .vital(codes.TEMPERATURE, 36.7, "Cel", on)
        )

    def biopsy(self, on: date, conclusion: str, synoptic: tuple[str, int, int] | None = None) -> Self:
        """A kidney biopsy: the procedure, the specimen, the report; with (class, activity, chronicity) also
        coded parts."""
        specimen, report = self._name("kidney-specimen"), self._name("biopsy-report")
        subject, taken = reference("Patient", self.ident), resources.at(on)
        self._add(
            resource(
                "Procedure",
                self._name("kidney-biopsy"),
                status="completed",
                code=codes.KIDNEY_BIOPSY.as_fhir(),
                subject=subject,
                performedDateTime=taken,
            ),
            resource(
                "Specimen",
                specimen,
                status="available",
                type=codes.KIDNEY_SPECIMEN.as_fhir(),
                subject=subject,
                collection={"collectedDateTime": taken},
            ),
        )
        results = [self._synoptic(on, specimen, *synoptic)] if synoptic else None
        return self._add(self._biopsy_report(report, on, specimen, conclusion, results))

    def _synoptic(
        self, on: date, specimen: str, ln_class: str, activity: int, chronicity: int
    ) -> dict[str, str]:
        parts = [
            {"code": codes.LN_CLASS.as_fhir(), "valueString": ln_class},
            {"code": codes.ACTIVITY_INDEX.as_fhir(), "valueInteger": activity},
            {"code": codes.CHRONICITY_INDEX.as_fhir(), "valueInteger": chronicity},
        ]
        self.observe(codes.SYNOPTIC_REPORT, on, specimen=reference("Specimen", specimen), component=parts)
        return reference("Observation", self._resources[-1]["id"])

    def _biopsy_report(
        self, ident: str, on: date, specimen: str, conclusion: str, results: list[dict[str, str]] | None
    ) -> Resource:
        return resource(
            "DiagnosticReport",
            ident,
            status="final",
            category=[codes.PATHOLOGY.as_fhir()],
            code=codes.BIOPSY_REPORT.as_fhir(),
            subject=reference("Patient", self.ident),
            effectiveDateTime=resources.at(on),
            issued=resources.at(on + timedelta(days=5), 16),
            specimen=[reference("Specimen", specimen)],
            result=results,
            conclusion=conclusion,
        )

    def index(self, what: Concept, value: int, maximum: int, on: date) -> Self:
        """An index that the nephrologist copied from a biopsy report into the chart."""
        scale = [
            {"low": quantity(0, "{score}"), "high": quantity(maximum, "{score}"), "text": f"0 to {maximum}"}
        ]
        return self.observe(what, on, "exam", valueQuantity=quantity(value, "{score}"), referenceRange=scale)

    def prescribed(self, drug: Concept, since: date, dose: str) -> Self:
        """An active order, the drug coded in the order."""
        medication = {"medicationCodeableConcept": drug.as_fhir()}
        name = self._name(f"{drug.key}-order")
        return self._add(resources.medication_request(name, self.ident, medication, since, dose))

    def prescribed_by_reference(self, drug: Concept, since: date, dose: str) -> Self:
        """An active order that refers to a Medication, the ordinary form in the US."""
        product = resource(
            "Medication", self._name(f"{drug.key}-product"), status="active", code=drug.as_fhir()
        )
        medication = {"medicationReference": {**reference("Medication", product["id"]), "display": drug.text}}
        name = self._name(f"{drug.key}-order")
        return self._add(product, resources.medication_request(name, self.ident, medication, since, dose))

    def prescribed_with_contained(self, drug: Concept, since: date, dose: str) -> Self:
        """An active order that holds its Medication inside."""
        inside = {"resourceType": "Medication", "id": "drug", "status": "active", "code": drug.as_fhir()}
        medication = {"contained": [inside], "medicationReference": {"reference": "#drug"}}
        name = self._name(f"{drug.key}-order")
        return self._add(resources.medication_request(name, self.ident, medication, since, dose))

    def takes(self, drug: Concept, since: date, until: date | None = None) -> Self:
        """A drug from the history; one with an end has been stopped."""
        name = self._name(f"{drug.key}-history")
        return self._add(resources.medication_statement(name, self.ident, drug, since, until))

    def infused(self, drug: Concept, on: date, dose: str) -> Self:
        """One infusion, given on this day."""
        name = self._name(f"{drug.key}-infusion")
        return self._add(resources.medication_administration(name, self.ident, drug, on, dose))

    def dispensed(self, drug: Concept, on: date, days: int) -> Self:
        """Handed over at the pharmacy, to last so many days."""
        name = self._name(f"{drug.key}-dispense")
        return self._add(resources.medication_dispense(name, self.ident, drug, on, days))

    def enrolled(self, registry_id: str, title: str, since: date) -> Self:
        """A participant of a study, and the study."""
        identifier = {"system": "https://clinicaltrials.gov", "value": registry_id}
        study = resource(
            "ResearchStudy", self._name("study"), identifier=[identifier], title=title, status="active"
        )
        link = {**reference("ResearchStudy", study["id"]), "identifier": identifier, "display": title}
        subject = resource(
            "ResearchSubject",
            self._name("subject"),
            status="on-study",
            period={"start": since.isoformat()},
            study=link,
            individual=reference("Patient", self.ident),
        )
        return self._add(study, subject)

    def bundle(self) -> Resource:
        """The whole chart as a collection Bundle, the Patient first."""
        entries = [
            {"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in self._resources
        ]
        return {"resourceType": "Bundle", "id": self.ident, "type": "collection", "entry": entries}
