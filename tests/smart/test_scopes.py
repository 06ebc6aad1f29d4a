"""What we ask an EHR to be allowed."""

from __future__ import annotations

import pytest

from cds_service.clients.registered import ReferralTerms
from cds_service.oauth.endpoints import Endpoints
from cds_service.smart.scopes import backend_scopes, worksheet_scopes

SIGNS_IN = Endpoints("https://a.example/t", issuer="https://a.example", jwks="https://a.example/jwks")
V1 = Endpoints("https://a.example/t", capabilities=frozenset({"permission-v1"}))


def test_the_worksheet_reads_what_is_needed_and_writes_two_types() -> None:
    found = worksheet_scopes(SIGNS_IN, ["Observation", "MedicationRequest"], launched=True)
    assert found == (
        "launch",
        "openid",
        "fhirUser",
        "patient/Medication.rs",
        "patient/MedicationRequest.rs",
        "patient/Observation.rs",
        "patient/Patient.rs",
        "patient/QuestionnaireResponse.c",
        "patient/ServiceRequest.c",
    )


def test_what_is_read_and_written_is_one_scope_in_the_order_of_its_letters() -> None:
    found = worksheet_scopes(SIGNS_IN, ["QuestionnaireResponse"], launched=False)
    assert found[0] == "launch/patient"
    assert "patient/QuestionnaireResponse.crs" in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("abilities", "first_form"),
    [
        ((), False),
        (("permission-v2",), False),
        (("permission-v1", "permission-v2"), False),
        (("permission-v1",), True),
    ],
)
def test_the_first_form_is_used_only_where_it_is_the_only_one(
    abilities: tuple[str, ...], first_form: bool
) -> None:
    endpoints = Endpoints("https://a.example/t", capabilities=frozenset(abilities))
    found = worksheet_scopes(endpoints, ["QuestionnaireResponse"], launched=True)
    assert ("patient/Patient.read" in found) is first_form
    assert ("patient/Patient.rs" in found) is not first_form
    assert ("patient/ServiceRequest.write" in found) is first_form
    assert {"patient/QuestionnaireResponse.read", "patient/QuestionnaireResponse.write"} <= set(found) or (
        not first_form
    )


def test_nobody_is_asked_who_they_are_where_it_could_not_be_checked() -> None:
    assert "openid" not in worksheet_scopes(V1, ["Patient"], launched=True)


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        (ReferralTerms(request="none"), set()),
        (ReferralTerms(request="draft"), {"ServiceRequest"}),
        (ReferralTerms(task=True, research_subject=True), {"ServiceRequest", "Task", "ResearchSubject"}),
        (ReferralTerms(subscription=True), {"ServiceRequest", "Subscription"}),
    ],
)
def test_the_service_by_itself_keeps_what_the_terms_of_referral_say(
    terms: ReferralTerms, kept: set[str]
) -> None:
    found = backend_scopes(SIGNS_IN, ["ResearchSubject"], terms)
    assert {one for one in found if one.endswith(".crus")} == {
        f"system/{kind}.crus" for kind in kept | {"QuestionnaireResponse"}
    }
    assert {"system/Patient.rs", "system/ResearchStudy.rs"} <= set(found)
    assert all(one.startswith("system/") for one in found)


def test_in_the_first_form_keeping_is_reading_and_writing() -> None:
    found = backend_scopes(V1, [], ReferralTerms(task=True))
    assert {"system/Task.read", "system/Task.write", "system/Patient.read"} <= set(found)
    assert "system/Patient.write" not in found
