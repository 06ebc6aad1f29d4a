"""What a launch has brought, read from what the EHR says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from cds_service.answering.offers import offers_of
from cds_service.clients.registered import Client, FhirServer, SmartApp
from cds_service.fhir.allow_list import parse_base
from cds_service.oauth.code_flow import Tokens
from cds_service.signing_in.session_content import WorksheetAccess
from cds_service.smart.landing import app_context, from_json, landed, to_json
from cds_service.smart.launching import LaunchError, Place
from tests.service.definitions import catalog

BASE = parse_base("https://ehr.example/fhir")
assert BASE is not None
SERVER = FhirServer(BASE)
CLIENT = Client("hospital", fhir_servers=(SERVER,), smart=SmartApp("app"))
PLACE = Place(CLIENT, SmartApp("app"), SERVER, "https://ehr.example/fhir/")
OFFERS = offers_of(CLIENT, catalog(), serve_drafts=True)


def land(claims: dict[str, Any] | None = None, **extras: Any) -> WorksheetAccess:
    said = {"sub": "s-1", **claims} if claims is not None else {}
    tokens = Tokens("token", 1.0, ("launch",), claims=said, extras={"patient": "p1", **extras})
    return landed(PLACE, tokens, "https://ehr.example/oauth", OFFERS, "en")


@pytest.mark.parametrize(
    ("claims", "user"),
    [
        ({"fhirUser": "Practitioner/dr"}, "Practitioner/dr"),
        ({"fhirUser": "PractitionerRole/dr"}, "PractitionerRole/dr"),
        ({"fhirUser": "https://ehr.example/fhir/Practitioner/dr"}, "Practitioner/dr"),
        ({"profile": "Practitioner/dr"}, "Practitioner/dr"),
        ({"fhirUser": "https://other.example/fhir/Practitioner/dr"}, "https://ehr.example/oauth|s-1"),
        ({"fhirUser": "https://ehr.example/fhir/../admin/Practitioner/dr"}, "https://ehr.example/oauth|s-1"),
        ({"fhirUser": "Practitioner/dr/_history/1"}, "https://ehr.example/oauth|s-1"),
        ({"fhirUser": "Practitioner/<b>"}, "https://ehr.example/oauth|s-1"),
        ({"fhirUser": "dr"}, "https://ehr.example/oauth|s-1"),
        ({"fhirUser": 7}, "https://ehr.example/oauth|s-1"),
        ({}, "https://ehr.example/oauth|s-1"),
        (None, ""),
    ],
)
def test_who_opened_it_is_a_practitioner_here_or_known_by_issuer_and_subject(
    claims: dict[str, Any] | None, user: str
) -> None:
    assert land(claims).user == user


@pytest.mark.parametrize(
    "said",
    [
        "Patient/p1",
        "RelatedPerson/m",
        "Person/x",
        "https://ehr.example/fhir/Patient/p1",
        "https://ehr.example:443/fhir/Patient/p1/_history/2",
        "http://other.example/Patient/p1",
    ],
)
def test_a_patient_does_not_open_the_worksheet(said: str) -> None:
    with pytest.raises(LaunchError) as caught:
        land({"fhirUser": said})
    assert caught.value.cause == "not_a_clinician"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Dr  Who\n", "Dr Who"),
        ("\u202eDr\u200b Who", "Dr Who"),
        ("x" * 500, "x" * 200),
        ("李医生", "李医生"),
        (None, ""),
        (["Dr Who"], ""),
    ],
)
def test_a_name_is_one_plain_line(said: object, name: str) -> None:
    assert land({"name": said}).user_name == name


@pytest.mark.parametrize(("said", "patient"), [("p1", "p1"), ("Patient/p1", "p1")])
def test_the_patient_is_an_id_with_or_without_its_type(said: str, patient: str) -> None:
    assert land(patient=said).subject.patient_id == patient


@pytest.mark.parametrize("said", ["Practitioner/p1", "https://ehr.example/fhir/Patient/p1", "p1,p2", "p1\n"])
def test_what_is_no_patient_id_opens_nothing(said: str) -> None:
    with pytest.raises(LaunchError, match="no_patient"):
        land(patient=said)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('{"trial": "N"}', {"trial": "N"}),
        ({"trial": "N"}, {"trial": "N"}),
        ("", {}),
        ("{", {}),
        ("[1]", {}),
        (None, {}),
        ("{" + " " * 5000 + "}", {}),
        ("\ud800", {}),
    ],
)
def test_the_context_of_our_link_is_an_object_or_nothing(said: object, read: dict[str, Any]) -> None:
    assert app_context(said) == read


def test_an_access_is_the_same_after_it_was_kept() -> None:
    access = replace(land({"fhirUser": "Practitioner/dr"}), trial="", refresh_token="r", language="zh-Hans")
    kept = orjson.loads(orjson.dumps(to_json(access)))
    assert from_json(kept, "NCT1") == replace(access, trial="NCT1")
