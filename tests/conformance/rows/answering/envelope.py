"""Section 6.1: what an answer is, with which status, and what is said of an error."""

from __future__ import annotations

from tests.conformance.faults import answers_as, body, drop, header, in_answer, put, status, without, worded
from tests.conformance.hospital.calls import (
    ENROLLED,
    FULL,
    bundle,
    context_of,
    other_order,
)
from tests.conformance.hospital.hearings import answers, no_cards, refusals
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Heard, Rows, every, is_text

ROWS = Rows()


@ROWS.requires(
    "S1",
    "A success is 200 with a JSON object that holds the array `cards`, with guidance and without.",
    hear=answers,
    faults={
        "a bare array": body(b"[]"),
        "no content": status(204, "no candidate"),
        "an empty object": body(b"{}", "no candidate"),
        "cards that are null": in_answer(put("cards", None)),
        "one card for an array": in_answer(lambda answer: answer.update(cards=answer["cards"][0])),
        "another name": in_answer(lambda answer: answer.update(Cards=answer.pop("cards")), "order-sign"),
        "created": status(201, "order-select"),
    },
)
def a_success_is_200_with_cards(heard: Heard) -> None:
    assert any(one.cards for one in every(heard))
    assert any(not one.cards for one in every(heard))


@ROWS.requires(
    "S2",
    'Without guidance the answer is `{"cards": []}`.',
    hear=no_cards,
    faults={
        "a card that says so": in_answer(put("cards", [{"summary": "No trials", "indicator": "info"}])),
        "not found": status(404, "no trials offered"),
        "no content": status(204, "no candidate"),
        "more beside it": in_answer(put("message", "no trials"), "an order of something else"),
        "null": body(b'{"cards": null}'),
    },
)
def no_guidance_is_an_empty_list(heard: Heard) -> None:
    for one in every(heard):
        assert (one.status, one.answer) == (200, {"cards": []})


def _unavailable(world: World) -> Heard:
    others = [key for key in world.prefetch() if key != "patient"]
    patient = {"patient": world.prefetch()["patient"]}
    return {
        "no Patient": world.call(prefetch={key: world.prefetch()[key] for key in others}),
        "the Patient alone": world.call(prefetch=patient),
    }


@ROWS.requires(
    "S4",
    "412 means that needed data could not be had: only that, and only the Patient.",
    hear=_unavailable,
    faults={
        "200 about nobody": answers_as("the Patient alone"),
        "424": status(424),
        "400": status(400),
        "no word of what is needed": in_answer(put("issue.0.expression", ["hook"])),
        "412 for anything that is missing": answers_as("no Patient", "the Patient alone"),
    },
)
def missing_data_is_412_for_the_patient_only(heard: Heard) -> None:
    refused = heard["no Patient"]
    assert refused.status == 412
    assert refused.listed("issue")[0].get("expression") == ["prefetch.patient"]
    assert heard["the Patient alone"].status == 200


@ROWS.requires(
    "S6",
    "Every refusal but 401 has an OperationOutcome that says what to do, and nothing of patient, token or "
    "machine.",
    hear=refusals,
    faults={
        "no body": body(b"", "412"),
        "HTML": body(b"<html>Not Found</html>", "404"),
        "another resource": in_answer(put("resourceType", "Bundle"), "405"),
        "no issue": in_answer(put("issue", []), "415"),
        "no words": in_answer(drop("issue.0.details"), "413"),
        "a code that FHIR does not have": in_answer(put("issue.0.code", "bad"), "400"),
        "a severity that FHIR does not have": in_answer(put("issue.0.severity", "high"), "500"),
        "the patient's id": in_answer(put("issue.0.details.text", f"No Patient/{FULL} here."), "412"),
        "a stack": in_answer(put("issue.0.diagnostics", "RuntimeError: a bug"), "500"),
        "why the token was bad": body(b'{"error": "expired"}', "401"),
        "no refusal at all": answers_as("404", "500"),
    },
)
def refusals_have_an_operation_outcome(heard: Heard) -> None:
    for name, one in heard.items():
        assert str(one.status) == name.partition(" ")[0]
        if one.status == 401:
            assert one.body == b""
            continue
        assert one.answer["resourceType"] == "OperationOutcome", name
        assert one.listed("issue"), name
        for issue in one.listed("issue"):
            assert issue.get("severity") in ("fatal", "error"), name
            assert issue.get("code") in _ISSUE_CODES, name
            assert is_text(issue.get("details", {}).get("text")), name
        assert not any(word in one.body for word in (FULL.encode(), b"Error:", b'.py"', b"/cds_service")), (
            name
        )
    assert {"400", "401", "404", "412", "500"} <= heard.keys()


_ISSUE_CODES = {
    *("structure", "required", "value", "invalid", "security", "forbidden", "not-found", "not-supported"),
    *("too-long", "throttled", "exception", "transient", "processing"),
}
"""Those of FHIR R4's value set issue-type that can be meant here."""


@ROWS.requires(
    "S7",
    "Statuses: 400 faulty body, 401 token, 404 unknown service, 405 method, 412 no Patient, 413 too large, "
    "415 media type, 429 too many calls and 503 database away, both with `Retry-After`, 500 a bug.",
    hear=refusals,
    faults={
        "404 for a faulty body": status(404, "400"),
        "500 for a faulty body": status(500, "400"),
        "403 for a bad token": status(403, "401"),
        "400 for an unknown service": status(400, "404"),
        "404 for another method": status(404, "405"),
        "no methods named": header("Allow", None, "405"),
        "500 for too large a body": status(500, "413"),
        "no word of when to come back": header("Retry-After", None, "429"),
        "a date of when to come back": header("Retry-After", "soon", "503"),
        "200 for a bug": status(200, "500"),
        "not tried": without("503"),
    },
)
def each_status_means_one_thing(heard: Heard) -> None:
    expected = ("400", "401", "404", "404 elsewhere", "405", "412", "413", "415", "429", "500", "503")
    assert tuple(heard) == expected
    for name, one in heard.items():
        assert one.status == int(name[:3]), name
    assert "POST" in heard["405"].headers.get("allow", "")
    for name in ("429", "503"):
        assert heard[name].headers.get("retry-after", "").isdigit(), name


def _of_no_interest(world: World) -> Heard:
    draft = other_order()
    chart = context_of("order-select", draftOrders=bundle(draft))
    return {
        "another order selected": world.call("order-select", context=chart),
        "another order signed": world.call(
            "order-sign", context=context_of("order-sign", draftOrders=bundle(draft))
        ),
        "nothing drafted": world.call(
            "order-sign", context=context_of("order-sign", draftOrders=bundle(entry=...))
        ),
        "an enrolled patient": world.call("order-sign", patient=ENROLLED),
        "an order that bears on a trial": world.call("order-sign"),
    }


@ROWS.requires(
    "S8",
    "Draft orders that bear on no trial are no error: no cards.",
    hear=_of_no_interest,
    faults={
        "500": status(500),
        "400": status(400, "nothing drafted"),
        "412": status(412, "another order signed"),
        "a card for any order": answers_as("an order that bears on a trial"),
        "never a card": answers_as("nothing drafted", "an order that bears on a trial"),
        "no word of why": worded("Shown because", "Here is", "an order that bears on a trial"),
    },
)
def other_orders_are_no_error(heard: Heard) -> None:
    for name, one in heard.items():
        assert len(one.cards) == (name == "an order that bears on a trial"), name
    assert "Shown because" in heard["an order that bears on a trial"].cards[0]["detail"]
