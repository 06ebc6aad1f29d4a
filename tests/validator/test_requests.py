"""Our request parser beside HL7's validator: what both take, what both refuse, where we differ and why."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from cds_service.hooks.call import read_call
from cds_service.web.problems import RefusalError
from tests.validator.conftest import Validated
from tests.validator.faults.requests import CASES, Case
from tests.validator.hl7_samples import BAD, GOOD
from tests.validator.hl7_validator import REQUEST, Finding
from tests.validator.request_answers import new_receiver, post, refused_at, services_by_hook

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]

GOOD_REQUESTS = [name for name, model in GOOD.items() if model == REQUEST]
BAD_REQUESTS = [name for name, model in BAD.items() if model == REQUEST]

NOT_SERVED = {
    "cdshooks-request-pv-good": "The Patient lies on a server without https, and no token is sent there.",
}
"""Good samples that are understood, and then answered with 412 because the Patient cannot be had."""

TYPE_BEFORE_ID = "Real clients send it, and it can mean one thing only."
WRAPPED = (
    "As clients of old do. It counts as not prefetched: read from the FHIR server, or said to be missing."
)
NO_FULL_URL = "Drafts lie on no server yet; they are found by type and id."

LENIENCIES = {
    r"id value '(Patient|Encounter)/[\w-]+' is not valid": TYPE_BEFORE_ID,
    r"Unable to find resourceType property": WRAPPED,
    r"each entry in a Bundle must have a fullUrl": NO_FULL_URL,
    r"Bundle entry missing fullUrl": NO_FULL_URL,
    r"Relative Reference appears inside Bundle whose entry is missing a fullUrl": NO_FULL_URL,
    r"The extension \S+ could not be found": "It is another guide's. Only its definition is not here.",
    r"'Xactive'": "One bad draft is no reason to leave the chart unread.",
    r"Not a valid date format: 'X2002-09-26'": "One bad entry is one unreadable entry; the age is unknown.",
    r"Unrecognized property 'davinci-crd\.": "Extensions are agreed between two sides; others ignore them.",
    r"ord-1": "Selections say which drafts are meant; a bare id still finds its draft.",
    r"draftOrders: minimum required = 1": "In demo mode: the CDS Hooks sandbox may leave the drafts out.",
}
"""What HL7's validator says of a bad sample that we take all the same, and why."""


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return new_receiver()


@pytest.fixture(scope="module")
def offered(client: FlaskClient) -> dict[str, str]:
    return services_by_hook(client)


def hook_of(text: str) -> str:
    return str(json.loads(text)["hook"])


def is_lenient_about(finding: Finding) -> bool:
    return any(re.search(words, finding.text) for words in LENIENCIES)


def is_at(finding: Finding, member: str) -> bool:
    """Whether it is about the member: it stands there, or says of the object around it that it is missing."""
    place, full = re.sub(r"\[\d+\]", "", finding.path), f"CDSHooksRequest.{member}"
    around, _, name = full.rpartition(".")
    is_missing = place == around and f".{name}: minimum required" in finding.text
    return is_missing or place == full or place.startswith((f"{full}.", f"{full}/"))


@pytest.mark.parametrize("name", GOOD_REQUESTS)
def test_each_good_request_of_hl7_s_is_taken(
    name: str, client: FlaskClient, offered: dict[str, str], validated: Validated
) -> None:
    text = validated.documents[f"hl7/{name}"].text
    answer = post(client, offered[hook_of(text)], text)
    assert answer.status_code == (412 if name in NOT_SERVED else 200), answer.text


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_each_bad_request_of_hl7_s_is_refused_where_hl7_says_or_every_error_is_a_leniency(
    name: str, client: FlaskClient, offered: dict[str, str], validated: Validated
) -> None:
    document, errors = validated.documents[f"hl7/{name}"], validated.errors(f"hl7/{name}")
    answer = post(client, offered[hook_of(document.text)], document.text)
    if answer.status_code == 200:
        assert [one for one in errors if not is_lenient_about(one)] == []
        return
    for member in refused_at(answer):
        assert any(is_at(one, member) for one in errors)


@pytest.mark.parametrize("name", [*GOOD_REQUESTS, *BAD_REQUESTS])
def test_we_offer_the_hook_of_every_request_of_hl7_s(
    name: str, offered: dict[str, str], validated: Validated
) -> None:
    assert hook_of(validated.documents[f"hl7/{name}"].text) in offered


def test_a_client_that_is_not_known_to_leave_out_drafts_is_told_that_they_are_missing(
    validated: Validated,
) -> None:
    body = json.loads(validated.documents["hl7/cdshooks-request-order-select-extensions"].text)
    with pytest.raises(RefusalError) as refusal:
        read_call(body, "order-select")
    assert [problem.where for problem in refusal.value.problems] == ["context.draftOrders"]


@pytest.mark.parametrize("words", LENIENCIES)
def test_each_leniency_is_about_an_error_in_a_request_that_we_take(
    words: str, client: FlaskClient, offered: dict[str, str], validated: Validated
) -> None:
    for name in BAD_REQUESTS:
        text = validated.documents[f"hl7/{name}"].text
        if any(re.search(words, one.text) for one in validated.errors(f"hl7/{name}")):
            assert post(client, offered[hook_of(text)], text).status_code == 200
            return
    pytest.fail("no request has this fault")


def test_the_request_that_the_faults_are_put_into_is_good(
    client: FlaskClient, offered: dict[str, str], validated: Validated
) -> None:
    name = "faulty request/"
    assert validated.errors(name) == []
    assert post(client, offered["patient-view"], validated.documents[name].text).status_code == 200


@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
def test_hl7_and_we_refuse_the_same_or_it_is_said_why_not(
    name: str, case: Case, client: FlaskClient, offered: dict[str, str], validated: Validated
) -> None:
    said = [one.text for one in validated.errors(f"faulty request/{name}")]
    assert any(case.hl7 in text for text in said) if case.hl7 else said == []
    answer = post(client, offered["patient-view"], validated.documents[f"faulty request/{name}"].text)
    if case.refused_at:
        assert case.refused_at in refused_at(answer)
    else:
        assert answer.status_code in (200, 412), answer.text
    assert bool(case.why) != case.agrees
