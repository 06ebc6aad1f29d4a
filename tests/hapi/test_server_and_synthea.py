"""What other tests on HAPI rely on: it pages and sorts, Synthea's patients are there, a run cleans up."""

import itertools
import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
import requests

from tests.hapi.run_data import (
    RUN_SYSTEM,
    Json,
    delete_run,
    held_by_run,
    load_bundle,
    load_synthea,
    new_run_tag,
    search,
    search_pages,
)

# The first test also pays for the server's start and, without `make test-hapi`, for downloads and builds.
pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

LUPUS = "http://snomed.info/sct|200936003"
OBSERVATIONS = 1200


def _patient(patient_id: str) -> Json:
    return {"resourceType": "Patient", "id": patient_id, "gender": "female", "birthDate": "1984-05-01"}


def _creatinine(patient_id: str, day: date) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": day.isoformat(),
        "valueQuantity": {
            "value": 0.9,
            "unit": "mg/dL",
            "system": "http://unitsofmeasure.org",
            "code": "mg/dL",
        },
    }


def _bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def _written(path: Path) -> list[Json]:
    return [entry["resource"] for entry in json.loads(path.read_text())["entry"]]


@pytest.fixture(scope="module")
def long_history(hapi_base_url: str, run_tag: str) -> str:
    """The id of a patient with 1,200 Observations, one a day, not written in the order of their days."""
    days = [date(2020, 1, 1) + timedelta(days=7 * i % OBSERVATIONS) for i in range(OBSERVATIONS)]
    bundle = _bundle(_patient("long"), *(_creatinine("long", day) for day in days))
    return load_bundle(hapi_base_url, bundle, run_tag).patients["long"]


def test_ten_synthea_patients_are_on_the_server(hapi_base_url: str, synthea_patients: dict[str, str]) -> None:
    found = search(hapi_base_url, "Patient", {"_id": ",".join(synthea_patients.values())})
    assert {patient["id"] for patient in found} == set(synthea_patients.values())
    assert len(found) >= 10


def test_each_synthea_patient_has_as_many_observations_as_in_the_file(
    hapi_base_url: str, synthea_bundles: list[Path], synthea_patients: dict[str, str]
) -> None:
    written = [resource for path in synthea_bundles for resource in _written(path)]
    subjects = [r["subject"]["reference"] for r in written if r["resourceType"] == "Observation"]
    expected = {new: subjects.count(f"urn:uuid:{old}") for old, new in synthea_patients.items()}
    found = {p: len(search(hapi_base_url, "Observation", {"patient": p})) for p in synthea_patients.values()}
    assert found == expected


def test_each_synthea_patient_has_active_lupus(hapi_base_url: str, synthea_patients: dict[str, str]) -> None:
    query = {"code": LUPUS, "clinical-status": "active"}
    with_lupus = {
        p for p in synthea_patients.values() if search(hapi_base_url, "Condition", {"patient": p, **query})
    }
    assert with_lupus == set(synthea_patients.values())


def test_a_conditional_reference_finds_what_this_run_loaded(
    hapi_base_url: str, run_tag: str, synthea_patients: dict[str, str]
) -> None:
    patients = ",".join(synthea_patients.values())
    encounters = search(hapi_base_url, "Encounter", {"patient": patients})
    providers = {encounter["serviceProvider"]["reference"] for encounter in encounters}
    ours = search(hapi_base_url, "Organization", {"_tag": f"{RUN_SYSTEM}|{run_tag}"})
    assert providers
    assert providers <= {f"Organization/{organization['id']}" for organization in ours}


def test_a_search_pages_with_next_to_the_end(hapi_base_url: str, long_history: str) -> None:
    query = {"patient": long_history, "_count": "500", "_total": "accurate"}
    pages = list(search_pages(hapi_base_url, "Observation", query))
    ids = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert len(pages) > 2
    assert len(ids) == len(set(ids)) == pages[0]["total"] == OBSERVATIONS


def test_a_sorted_search_is_newest_first_over_all_pages(hapi_base_url: str, long_history: str) -> None:
    found = search(hapi_base_url, "Observation", {"patient": long_history, "_sort": "-date", "_count": "100"})
    days = [observation["effectiveDateTime"] for observation in found]
    assert len(days) == OBSERVATIONS
    assert all(newer > older for newer, older in itertools.pairwise(days))


def test_a_browser_of_another_origin_may_read(hapi_base_url: str) -> None:
    preflight = {
        "Origin": "https://sandbox.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = requests.options(f"{hapi_base_url}/Patient", headers=preflight, timeout=30)
    assert answer.ok
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", "https://sandbox.example"}


def test_ids_of_digits_can_be_loaded_and_references_follow(hapi_base_url: str, run_tag: str) -> None:
    loaded = load_bundle(hapi_base_url, _bundle(_patient("1"), _creatinine("1", date(2026, 1, 1))), run_tag)
    (found,) = search(hapi_base_url, "Observation", {"patient": loaded.patients["1"]})
    assert found["subject"]["reference"] == loaded.references["Patient/1"]


def test_delete_run_leaves_nothing_of_its_run_and_all_of_others(
    hapi_base_url: str, run_tag: str, synthea_bundles: list[Path], synthea_patients: dict[str, str]
) -> None:
    hospitals, practitioners, *patients = synthea_bundles
    chosen = [hospitals, practitioners, min(patients, key=lambda path: path.stat().st_size)]
    written = Counter(resource["resourceType"] for path in chosen for resource in _written(path))
    others, tag = held_by_run(hapi_base_url, run_tag), new_run_tag()

    (patient,) = load_synthea(hapi_base_url, chosen, tag).values()
    assert held_by_run(hapi_base_url, tag) == written

    assert delete_run(hapi_base_url, tag) == written.total()
    assert held_by_run(hapi_base_url, tag) == {}
    assert requests.get(f"{hapi_base_url}/Patient/{patient}", timeout=30).status_code == 410
    assert held_by_run(hapi_base_url, run_tag) == others


def test_delete_run_says_what_it_could_not_delete(hapi_base_url: str) -> None:
    """A test may leave something of another tag, or of none, pointing at a patient of the run."""
    tag, other = new_run_tag(), new_run_tag()
    patient = load_bundle(hapi_base_url, _bundle(_patient("held")), tag).references["Patient/held"]
    pointing = _creatinine("held", date(2026, 1, 1)) | {"subject": {"reference": patient}}
    load_bundle(hapi_base_url, _bundle(pointing), other)
    with pytest.raises(RuntimeError, match=rf"still holds {{'Patient': 1}}.*{patient}.*Observation\.subject"):
        delete_run(hapi_base_url, tag)
    assert (delete_run(hapi_base_url, other), delete_run(hapi_base_url, tag)) == (1, 1)
