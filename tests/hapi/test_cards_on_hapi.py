"""The service on a real FHIR server, without prefetch: who gets a card, and what the card rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cds_service.demo.samples import ALL, Sample, codes
from cds_service.demo.samples.chart import Chart
from cds_service.demo.samples.codes import Concept
from cds_service.demo.samples.dates import Ago
from mappings.verdicts import Verdict
from tests.hapi.candidate_facts import (
    CLEAR_CANDIDATE,
    another_life,
    as_loaded,
    clinical_facts,
    resources_of,
    sample_bundle,
)
from tests.hapi.ehr import Ehr, ehr_with_service
from tests.hapi.evidence_on_server import evidence_of, owner, references_in
from tests.hapi.run_data import Json, LoadedBundle, search_pages
from tests.hapi.service_under_test import TODAY, USER, counts_in_summary, counts_of, verdicts_of

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

EACH_SAMPLE = pytest.mark.parametrize("sample", ALL, ids=[sample.id for sample in ALL])
EACH_CANDIDATE = pytest.mark.parametrize("story", [sample.id for sample in ALL if sample.expects_card])

LUPUS_OF_ANY_KIND = "200936003"

# What Synthea's records leave open, and why. Some depend on the patient: see `_expected_of_synthea`.
OPEN_FOR_SYNTHEA = {
    "sle-classification": "score_undecided",
    "lupus-nephritis-biopsy": "not_found",
    "refractory-or-relapsed": "needs_judgement",
    "sledai-2k": "score_undecided",
    "nih-activity-index": "not_found",
    "nih-chronicity-index": "needs_judgement",
    "proteinuria": "not_found",
    "b-cell-target": "not_found",
    "organ-function": "needs_judgement",
    "ecog": "not_found",
    "contraception": "needs_judgement",
    "pregnancy-test": "not_found",
    "lactation": "not_found",
    "consent": "needs_judgement",
}
FOR_PEOPLE_TO_SAY = {"nih-chronicity-index", "organ-function", "contraception", "consent"}

# More than fit into one list of ids, and more than HAPI's own page holds.
OTHER_DRUGS = 40


@pytest.fixture(scope="module")
def ehr(hapi_base_url: str, run_tag: str) -> Iterator[Ehr]:
    with ehr_with_service(hapi_base_url, run_tag) as ehr:
        yield ehr


@pytest.fixture(scope="module")
def loaded_samples(ehr: Ehr) -> dict[str, LoadedBundle]:
    return {sample.id: ehr.load(sample.build(TODAY)) for sample in ALL}


@pytest.fixture(scope="module")
def samples(loaded_samples: dict[str, LoadedBundle]) -> dict[str, str]:
    """The sample patients on the server: the id of the story to the id there."""
    return {story: loaded.patients[story] for story, loaded in loaded_samples.items()}


# --- sample patients


@EACH_SAMPLE
def test_a_sample_patient_gets_a_card_exactly_when_the_story_expects_one(
    sample: Sample, ehr: Ehr, samples: dict[str, str]
) -> None:
    assessment = ehr.reader.assess(samples[sample.id])
    assert assessment.outcome == sample.expected_outcome
    assert assessment.record_reason == (sample.expected_record_reason or "")
    assert bool(assessment.enrolment) == sample.already_enrolled
    cards = ehr.service.cards(samples[sample.id])
    assert [counts_in_summary(card) for card in cards] == [counts_of(assessment)] * sample.expects_card


@EACH_SAMPLE
def test_what_is_pulled_is_assessed_like_the_chart_as_it_was_written(
    sample: Sample, ehr: Ehr, loaded_samples: dict[str, LoadedBundle], samples: dict[str, str]
) -> None:
    written = as_loaded(sample.build(TODAY), loaded_samples[sample.id])
    found = ehr.reader.assess(samples[sample.id])
    assert found.not_retrieved == ()
    assert found == ehr.reader.assess_file(written, samples[sample.id])


@EACH_SAMPLE
def test_every_piece_of_evidence_is_on_the_server_and_says_what_is_shown(
    sample: Sample, ehr: Ehr, samples: dict[str, str]
) -> None:
    assessment = ehr.reader.assess(samples[sample.id])
    assert len(evidence_of(assessment)) >= (10 if sample.expects_card else 0)
    assert ehr.holdings.faults(assessment) == []


def test_evidence_that_is_wrong_would_be_noticed(ehr: Ehr, samples: dict[str, str]) -> None:
    shown = evidence_of(ehr.reader.assess(samples["wang-fang"]))
    one = next(evidence for evidence in shown if evidence.text == "0.61 g/L")
    patient, other = (f"Patient/{samples[story]}" for story in ("wang-fang", "lin-mei"))
    assert ehr.holdings.faults_of(one, patient, TODAY) == []
    wrong = (
        (one._replace(text="0.16 g/L"), patient, "says"),
        (one._replace(date=TODAY.isoformat()), patient, "is dated"),
        (one._replace(reference="Observation/trialhook-none"), patient, "not on the server"),
        (one, other, "is about"),
    )
    for evidence, whose, fault in wrong:
        (found,) = ehr.holdings.faults_of(evidence, whose, TODAY)
        assert fault in found


@EACH_CANDIDATE
def test_what_a_card_would_create_is_about_its_patient_and_refers_to_what_is_there(
    story: str, ehr: Ehr, samples: dict[str, str]
) -> None:
    (card,) = ehr.service.cards(samples[story])
    patient = f"Patient/{samples[story]}"
    orders = [action["resource"] for one in card["suggestions"] for action in one["actions"]]
    assert {owner(order) for order in orders} == {patient}
    mentioned = {reference for order in orders for reference in references_in(order)} - {USER}
    targets = {reference: ehr.holdings.read(reference) for reference in mentioned}
    assert [reference for reference, target in targets.items() if target is None] == []
    assert {owner(target) for target in targets.values() if target} == {patient}


@EACH_CANDIDATE
def test_a_card_shows_the_newest_protein_of_the_server_with_its_day(
    story: str, ehr: Ehr, samples: dict[str, str]
) -> None:
    (card,) = ehr.service.cards(samples[story])
    newest = _newest_protein(ehr.base_url, samples[story])
    day = date.fromisoformat(newest["effectiveDateTime"][:10])
    (line,) = (line for line in card["detail"].splitlines() if line.startswith("- Proteinuria:"))
    assert f" {newest['valueQuantity']['value']:g} " in line
    assert f"({day.day} {day:%b %Y})" in line


def _newest_protein(base_url: str, patient_id: str) -> Json:
    """The newest result of the two tests that the proteinuria criterion names, asked from the server."""
    concepts = (codes.UPCR, codes.UPCR_ANY_UNIT, codes.PROTEIN_24H)
    wanted = ",".join(f"{system}|{code}" for one in concepts for system, code, _ in one.codings)
    query = {"patient": patient_id, "code": wanted, "status": "final", "_sort": "-date"}
    newest: Json = next(search_pages(base_url, "Observation", query))["entry"][0]["resource"]
    return newest


# --- Synthea's patients


def test_no_synthea_patient_gets_a_card(ehr: Ehr, synthea_patients: dict[str, str]) -> None:
    assert len(synthea_patients) >= 10
    cards = {old: ehr.service.cards(new) for old, new in synthea_patients.items()}
    assert [old for old, found in cards.items() if found] == []


def test_synthea_patients_need_data_and_each_criterion_says_what_kind(
    ehr: Ehr, synthea_patients: dict[str, str]
) -> None:
    assessments = {new: ehr.reader.assess(new) for new in synthea_patients.values()}
    assert {one.outcome for one in assessments.values()} == {"needs-data"}
    assert {one.not_retrieved for one in assessments.values()} == {()}
    people = {new: ehr.holdings.read(f"Patient/{new}") or {} for new in assessments}
    expected = {new: _expected_of_synthea(patient) for new, patient in people.items()}
    assert {new: verdicts_of(one) for new, one in assessments.items()} == expected


def _expected_of_synthea(patient: Json) -> dict[str, tuple[str, str]]:
    """The verdicts on one of Synthea's adults with lupus, from gender and birth date alone."""
    born = date.fromisoformat(patient["birthDate"])
    age = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
    assert age >= 35
    beyond = {
        "pregnancy-test": patient["gender"] == "male" or age >= 55,
        "lactation": patient["gender"] == "male" or age >= 55,
        "contraception": patient["gender"] == "female" and age >= 55,
    }
    open_still = {name: ("unknown", reason) for name, reason in OPEN_FOR_SYNTHEA.items()}
    settled = {name: ("met", "not_applicable") for name, holds in beyond.items() if holds}
    return {"age": ("met", "value"), **open_still, **settled}


def test_lupus_of_unstated_kind_is_shown_and_passes_for_neither_sle_nor_nephritis(
    ehr: Ehr, synthea_patients: dict[str, str]
) -> None:
    for patient_id in synthea_patients.values():
        assessment = ehr.reader.assess(patient_id)
        gate = {evidence.concept: evidence.reason.value for evidence in assessment.gate_evidence}
        assert assessment.gate is Verdict.UNKNOWN
        assert (gate["sle"], gate["lupus-nephritis"]) == ("not_found", "not_found")
        (broad,) = (evidence for evidence in assessment.shown if evidence.concept == "lupus-broad")
        diagnosis = ehr.holdings.read(broad.reference) or {}
        assert [coding["code"] for coding in diagnosis["code"]["coding"]] == [LUPUS_OF_ANY_KIND]


def test_evidence_from_synthea_s_records_is_on_the_server_and_says_what_is_shown(
    ehr: Ehr, synthea_patients: dict[str, str]
) -> None:
    assessments = [ehr.reader.assess(new) for new in synthea_patients.values()]
    assert [fault for one in assessments for fault in ehr.holdings.faults(one)] == []


def test_each_synthea_patient_with_the_clear_candidates_facts_added_gets_a_card(
    ehr: Ehr, synthea_patients: dict[str, str]
) -> None:
    """The very patients who get none; and without these facts they get none again."""
    candidate = sample_bundle(CLEAR_CANDIDATE, TODAY)
    for patient_id in synthea_patients.values():
        with ehr.on_record(clinical_facts(candidate, patient_id)):
            (card,) = ehr.service.cards(patient_id)
            assessment = ehr.reader.assess(patient_id)
            assert counts_in_summary(card) == counts_of(assessment)
            assert ehr.holdings.faults(assessment) == []
            verdicts = verdicts_of(assessment)
            assert {name for name, said in verdicts.items() if said[0] != "met"} == FOR_PEOPLE_TO_SAY
        assert ehr.service.cards(patient_id) == []


@pytest.fixture(scope="module")
def small_synthea_chart(synthea_bundles: list[Path], synthea_patients: dict[str, str]) -> Path:
    """The shortest of Synthea's charts, to be loaded once more; what it refers to is on the server."""
    return min(synthea_bundles[2:], key=lambda path: path.stat().st_size)


@pytest.mark.parametrize(
    ("elements", "record_reason", "age"),
    [
        pytest.param({"deceasedDateTime": "2026-01-31T10:00:00Z"}, "deceased", None, id="who-has-died"),
        pytest.param(
            {"birthDate": f"{TODAY.year - 17}-01-01"}, "", ("not-met", "value"), id="who-is-a-child"
        ),
    ],
)
def test_the_clear_candidates_facts_bring_no_card_to_a_synthea_patient(
    elements: dict[str, str],
    record_reason: str,
    age: tuple[str, str] | None,
    ehr: Ehr,
    small_synthea_chart: Path,
) -> None:
    patient_id = ehr.load_patient(another_life(small_synthea_chart, **elements))
    ehr.load(clinical_facts(sample_bundle(CLEAR_CANDIDATE, TODAY), patient_id))
    assessment = ehr.reader.assess(patient_id)
    assert ehr.service.cards(patient_id) == []
    assert (assessment.outcome, assessment.record_reason) == ("ruled-out", record_reason)
    assert verdicts_of(assessment).get("age") == age


# --- what a record refers to


def test_drugs_are_read_from_the_medications_that_orders_refer_to(ehr: Ehr) -> None:
    loaded = ehr.load(_many_drugs())
    patient_id = loaded.patients["many-drugs"]
    assessment = ehr.reader.assess(patient_id)
    assert assessment.not_retrieved == ()
    assert verdicts_of(assessment)["refractory-or-relapsed"] == ("met", "value")
    assert ehr.holdings.faults(assessment) == []
    orders = {e.reference: e.text for e in evidence_of(assessment) if e.reference.startswith("Medication")}
    assert orders == {
        loaded.references[f"MedicationRequest/many-drugs-{drug.key}-order"]: f"{drug.text}, ordered"
        for drug in (codes.PREDNISONE_20MG, codes.MYCOPHENOLATE_500MG)
    }
    (card,) = ehr.service.cards(patient_id)
    assert counts_in_summary(card) == counts_of(assessment)


def test_every_medication_of_a_long_list_is_read(ehr: Ehr) -> None:
    loaded = ehr.load(_many_drugs())
    pulled = ehr.reader.pull(loaded.patients["many-drugs"])
    read = {f"Medication/{one['id']}" for one in pulled.resources if one["resourceType"] == "Medication"}
    assert read == {new for new in loaded.references.values() if new.startswith("Medication/")}
    assert len(read) == OTHER_DRUGS + 2


def _many_drugs() -> Json:
    """Two orders that make conventional treatment, written after forty for other things."""
    ago = Ago(TODAY)
    chart = (
        Chart("many-drugs", "Nurmi", "Aino", "female", ago.birth(44))
        .condition(codes.SLE, onset=ago.years(6))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(2))
        .lab(codes.UPCR, 1.7, "g/g", ago.days(12))
    )
    for number in range(OTHER_DRUGS):
        tea = Concept(f"tea-{number}", f"Herbal tea no. {number}")
        chart.prescribed_by_reference(tea, ago.months(3), "one cup daily")
    for drug in (codes.PREDNISONE_20MG, codes.MYCOPHENOLATE_500MG):
        chart.prescribed_by_reference(drug, ago.months(14), "daily")
    return _with_bare_references(chart.bundle())


def _with_bare_references(bundle: Json) -> Json:
    """The drug of an order, and the study of a participant, known only where the reference leads."""
    for resource in resources_of(bundle):
        for member in ("medicationReference", "study"):
            if member in resource:
                resource[member] = {"reference": resource[member]["reference"]}
    return bundle


def test_a_study_known_only_by_reference_is_read_so_that_a_participant_gets_no_card(ehr: Ehr) -> None:
    (story,) = (sample.id for sample in ALL if sample.already_enrolled)
    bundle = _with_bare_references(sample_bundle(story, TODAY))
    assert json.dumps(bundle).count("NCT06920433") == 1
    patient_id = ehr.load_patient(bundle)
    assert ehr.reader.assess(patient_id).enrolment == "on-study"
    assert ehr.service.cards(patient_id) == []
