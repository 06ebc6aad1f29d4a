"""Kidney biopsies that only a specimen tells: in whole records, with reports of all kinds. Of 2026."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.definitions.loading import load_catalog
from mappings.facts import Result
from mappings.reading.record import read_record

CATALOG = load_catalog()
CLASS = "kidney-biopsy-class"
SUBJECT = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-01-01"}
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"

Resource = dict[str, Any]


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def of_patient(kind: str, id_: str, code: Resource, **more: Any) -> Resource:
    own = {"resourceType": kind, "id": id_, "status": "final", "subject": SUBJECT, "code": code}
    return {**own, "effectiveDateTime": "2026-11-04", **more}


def specimen(type_: Resource, **more: Any) -> Resource:
    return {"resourceType": "Specimen", "id": "s", "subject": SUBJECT, "type": type_, **more}


EARLIER = of_patient(
    "DiagnosticReport",
    "k",
    coded(LOINC, "65757-7"),
    effectiveDateTime="2026-09-15",
    conclusion="Lupus nephritis, ISN/RPS class IV.",
)
DIAGNOSIS = of_patient(
    "Observation", "dx", coded(LOINC, "22637-3"), valueString="Lupus nephritis, ISN/RPS class V."
)
LINK = {"reference": "Specimen/s"}
PANEL = of_patient(
    "DiagnosticReport",
    "panel",
    coded(LOINC, "60567-5"),
    specimen=[LINK],
    result=[{"reference": "Observation/dx"}],
)
CODED = coded(SNOMED, "309269002")


def newest(*resources: Resource, full_urls: dict[str, str] | None = None) -> Result:
    """The class of the newest biopsy."""
    record = read_record([PATIENT, EARLIER, *resources], CATALOG, full_urls=full_urls)
    return max(record.results[CLASS], key=lambda result: result.when.first)


def gist(result: Result) -> tuple[str, str]:
    return result.when.text, " ".join(sorted(result.tokens))


@pytest.mark.parametrize(
    "type_",
    [
        *(CODED, {"text": "Kidney biopsy"}, {"text": "Kidney"}, {"text": "Kidney tissue in formalin fluid"}),
        *({"text": "肾穿刺组织"}, {"coding": [{"display": "Renal cortex, core"}]}),
    ],
)
@pytest.mark.parametrize("code", ["60567-5", "11526-1", "11529-5"])
def test_a_report_of_a_kidney_specimen_is_the_newest_biopsy_whatever_its_code(
    type_: Resource, code: str
) -> None:
    panel = {**PANEL, "code": coded(LOINC, code)}
    assert gist(newest(specimen(type_), DIAGNOSIS, panel)) == ("2026-11-04", "V")


@pytest.mark.parametrize(
    ("link", "full_urls"),
    [
        ({"reference": "http://ehr.example/fhir/Specimen/s"}, {}),
        ({"reference": "urn:uuid:1"}, {"urn:uuid:1": "Specimen/s"}),
        ({"reference": "urn:uuid:s"}, {}),
    ],
)
def test_the_specimen_may_be_named_in_any_way(link: Resource, full_urls: dict[str, str]) -> None:
    panel = {**PANEL, "specimen": [link]}
    assert gist(newest(specimen(CODED), DIAGNOSIS, panel, full_urls=full_urls)) == ("2026-11-04", "V")


@pytest.mark.parametrize(
    "more",
    [
        {"specimen": [{"display": "Kidney, left, core biopsy"}]},
        {"contained": [{**specimen(CODED), "id": "in"}], "specimen": [{"reference": "#in"}]},
    ],
)
def test_the_specimen_may_stand_in_the_report_itself(more: Resource) -> None:
    assert gist(newest(DIAGNOSIS, {**PANEL, **more})) == ("2026-11-04", "V")


def test_tissue_is_of_the_kidney_if_it_was_taken_there() -> None:
    taken = specimen({"text": "Tissue specimen"}, collection={"bodySite": {"text": "Left kidney"}})
    assert gist(newest(taken, DIAGNOSIS, PANEL)) == ("2026-11-04", "V")


def test_a_report_of_a_kidney_specimen_that_is_attached_lets_no_earlier_biopsy_stand_in() -> None:
    attached = of_patient(
        "DiagnosticReport",
        "pdf",
        coded(LOINC, "11526-1"),
        specimen=[LINK],
        presentedForm=[{"contentType": "application/pdf", "url": "Binary/1"}],
    )
    result = newest(specimen(CODED), attached)
    assert gist(result) == ("2026-11-04", "")
    assert result.note == "no class in the records of this biopsy; a report is attached as a document"


@pytest.mark.parametrize(
    "type_",
    [
        *({"text": "Kidney stone"}, {"text": "Urine, nephrostomy"}, {"text": "Renal vein blood"}),
        *(
            {"text": "Adrenal gland"},
            {"text": "肾结石"},
            {"text": "Skin punch biopsy"},
            {"text": "Blood"},
            {},
        ),
        *({"text": "Skin biopsy in lupus nephritis"}, coded(SNOMED, "119297000")),
    ],
)
def test_what_is_no_kidney_tissue_takes_nothing_from_the_biopsy(type_: Resource) -> None:
    taken = specimen(type_, collection={"bodySite": {"text": "Kidney"}} if type_ == {"text": "Blood"} else {})
    other = of_patient(
        "DiagnosticReport", "o", coded(LOINC, "9795-6"), specimen=[LINK], conclusion="Calcium oxalate"
    )
    assert gist(newest(taken, other)) == ("2026-09-15", "IV")


def test_a_kidney_specimen_beside_which_no_report_names_it_changes_nothing() -> None:
    other = of_patient(
        "DiagnosticReport", "o", coded(LOINC, "58410-2"), specimen=[{"reference": "Specimen/x"}]
    )
    assert gist(newest(specimen(CODED), other)) == ("2026-09-15", "IV")
