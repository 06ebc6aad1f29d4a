"""What leaves our service is CDS Hooks and FHIR R4 in the eyes of HL7's validator."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from cds_service.demo.samples import ALL, Sample
from tests.validator.conftest import Validated
from tests.validator.hl7_validator import Finding
from tests.validator.our_service import REFUSALS, Exchange

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]

EACH_SAMPLE = pytest.mark.parametrize("sample", ALL, ids=[sample.id for sample in ALL])
CANDIDATES = [sample for sample in ALL if sample.expects_card]
EACH_CANDIDATE = pytest.mark.parametrize("sample", CANDIDATES, ids=[sample.id for sample in CANDIDATES])


@dataclass(frozen=True)
class Toleration:
    """A complaint of the validator's that we leave as it is, and why."""

    place: str
    words: str
    why: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return re.search(self.place, finding.path) is not None and self.words in finding.text


TOLERATED = {
    "there is no narrative": Toleration(
        r"^(ServiceRequest|OperationOutcome)$",
        "dom-6",
        "A recommendation. EHRs show a draft in their own form, and an error to their administrators: the "
        "text would only repeat what is there.",
    ),
}
TOLERATED_IN_SAMPLE_PATIENTS = {
    "an infusion has no dose": Toleration(
        r"\.resource/\*MedicationAdministration/[\w-]+\*/\.dosage$",
        "mad-1",
        "The sample patients' infusions have their dose in words only.",
    ),
}


def not_tolerated(findings: list[Finding], tolerations: dict[str, Toleration]) -> list[Finding]:
    return [one for one in findings if not any(each.covers(one) for each in tolerations.values())]


def test_our_discovery_has_no_error_and_no_warning(validated: Validated) -> None:
    assert validated.complaints("discovery") == []


@EACH_CANDIDATE
def test_each_candidate_gets_the_cards_that_are_looked_at_from_every_service(
    sample: Sample, calls: dict[str, list[Exchange]]
) -> None:
    for exchange in calls[sample.id]:
        assert exchange.cards != [], exchange.request["hook"]
        assert exchange.resources != [], exchange.request["hook"]


@EACH_SAMPLE
def test_each_answer_with_or_without_cards_has_no_error_and_no_warning(
    sample: Sample, validated: Validated
) -> None:
    names = validated.below(f"response/{sample.id}/")
    assert names != []
    for name in names:
        assert not_tolerated(validated.complaints(name), TOLERATED) == []


def test_an_answer_without_cards_is_among_them(validated: Validated) -> None:
    assert '{"cards":[]}' in {validated.documents[name].text for name in validated.below("response/")}


@EACH_CANDIDATE
def test_each_resource_in_a_suggestion_is_r4_without_error_and_warning(
    sample: Sample, validated: Validated
) -> None:
    names = validated.below(f"resource/{sample.id}/")
    assert names != []
    for name in names:
        assert not_tolerated(validated.complaints(name), TOLERATED) == []


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_is_an_operation_outcome_without_error_and_warning(
    name: str, validated: Validated
) -> None:
    status, refuse = REFUSALS[name]
    answer = refuse()
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")
    assert not_tolerated(validated.complaints(f"refusal/{name}"), TOLERATED) == []


@EACH_SAMPLE
def test_each_sample_patient_s_call_is_a_good_request_with_good_r4(
    sample: Sample, validated: Validated
) -> None:
    for name in validated.below(f"request/{sample.id}/"):
        assert not_tolerated(validated.errors(name), TOLERATED_IN_SAMPLE_PATIENTS) == []


@pytest.mark.parametrize("what", TOLERATED)
def test_nothing_is_tolerated_that_no_longer_occurs(what: str, validated: Validated) -> None:
    names = [*validated.below("response/"), *validated.below("resource/")]
    assert any(TOLERATED[what].covers(one) for name in names for one in validated.complaints(name))


@pytest.mark.parametrize("what", TOLERATED_IN_SAMPLE_PATIENTS)
def test_nothing_is_tolerated_in_sample_patients_that_no_longer_occurs(
    what: str, validated: Validated
) -> None:
    found = [one for name in validated.below("request/") for one in validated.errors(name)]
    assert any(TOLERATED_IN_SAMPLE_PATIENTS[what].covers(one) for one in found)
