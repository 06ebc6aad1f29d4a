"""Sections 5 and 5.3: what is read from the client's FHIR server, with whose token, and 412."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.conformance.faults import (
    answers_as,
    calls,
    in_answer,
    logs,
    no_calls,
    put,
    status,
    without,
    worded,
)
from tests.conformance.hospital.calls import FULL, path_of, without_uuids
from tests.conformance.hospital.ehr import BASE, PLAIN_BASE, kind_of
from tests.conformance.hospital.hearings import patient_server_down
from tests.conformance.hospital.keeping import what_is_kept
from tests.conformance.hospital.register import signed
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, assert_refused, every
from tests.conformance.rows.data.prefetch import OUTCOME

ROWS = Rows()

SECRET = "s3cret-access-token"
TOKEN = {
    "access_token": SECRET,
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "us",
}
_DROPPED = ("conditions", "medication-administrations")


def token(**members: Any) -> Json:
    """The members of a call with FHIR access."""
    return {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, **members}}


def kinds(one: Exchange) -> list[str]:
    """The resource types that were asked for."""
    return sorted({kind_of(sent.url) for sent in one.outbound})


def _in_parts(world: World) -> Heard:
    dropped = {key.replace("-", "_"): ... for key in _DROPPED}
    return {
        "in parts": world.call(prefetch=world.prefetch(**dropped), fhirServer=BASE),
        "whole": world.call(),
    }


@ROWS.requires(
    "F1",
    "Prefetch is held against our own templates: what is missing is searched for, by the same queries, and "
    "nothing else.",
    hear=_in_parts,
    faults={
        "nothing is searched for": no_calls(),
        "everything is searched for": calls(f"{BASE}/Observation?patient={FULL}"),
        "a query of its own": calls(f"{BASE}/Condition?patient={FULL}&clinical-status=active"),
        "refused for what is missing": status(412),
    },
)
def what_is_missing_is_searched_for(heard: Heard) -> None:
    assert heard["in parts"].cards
    sent = heard["in parts"].outbound
    assert kinds(heard["in parts"]) == ["Condition", "MedicationAdministration"]
    assert len(sent) == 2
    for one in sent:
        assert parse_qs(urlsplit(one.url).query) == {"patient": [FULL], "_count": ["500"]}


def _no_patient(world: World) -> Heard:
    empty = world.prefetch(patient=...)
    failed = world.prefetch(patient=OUTCOME)
    return {
        "no prefetch, no server": world.call(prefetch=...),
        "all but the Patient": world.call(prefetch=empty),
        "the Patient could not be prefetched": world.call(prefetch=failed),
        "the server fails": patient_server_down(world),
        "a server that may not be called": world.call(prefetch=..., fhirServer="https://elsewhere.example"),
        "the Patient from the server": world.call(prefetch=empty, fhirServer=BASE),
        "no candidate": world.call(patient="ma-jun"),
    }


_PATIENT_HAD = ("the Patient from the server", "no candidate")


@ROWS.requires(
    "F2",
    "412 where the Patient can be had in no way: not prefetched, and not from a FHIR server.",
    hear=_no_patient,
    faults={
        "cards about nobody": answers_as("no candidate"),
        "400": status(400, "all but the Patient"),
        "500": status(500, "the server fails"),
        "404": status(404, "the Patient could not be prefetched"),
        "412 although there is a Patient": answers_as(
            "no prefetch, no server", "the Patient from the server"
        ),
    },
)
def no_patient_is_412(heard: Heard) -> None:
    assert set(_PATIENT_HAD) < heard.keys()
    for name, one in heard.items():
        assert one.status == (200 if name in _PATIENT_HAD else 412), name


def _lacking(world: World) -> Heard:
    nothing = {key: None for key in world.prefetch() if key != "patient"}
    patient = {"patient": world.prefetch()["patient"]}
    return {
        "nothing on record": world.call(prefetch={**patient, **nothing}),
        "nothing prefetched": world.call(prefetch=patient),
        "nothing could be prefetched": world.call(prefetch={**patient, **dict.fromkeys(nothing, OUTCOME)}),
        **{f"no {key}": world.call(prefetch={**world.prefetch(), key: None}) for key in nothing},
    }


@ROWS.requires(
    "F3",
    "A record that lacks something is answered with 200: the criteria are unknown. Only the Patient is "
    "required.",
    hear=_lacking,
    faults={
        "412 for an empty record": status(412),
        "412 for one key": status(412, "no conditions"),
        "412 without anything": status(412, "nothing prefetched"),
        "400 for failed prefetches": status(400, "nothing could be prefetched"),
        "a card for an empty record": answers_as("no consents"),
    },
)
def a_record_that_lacks_something_is_200(heard: Heard) -> None:
    assert all(one.status == 200 for one in every(heard))
    assert heard["nothing on record"].cards == []
    assert heard["no consents"].cards


def _ways(world: World) -> Heard:
    return {
        "prefetch only": world.call(),
        "FHIR access only": world.call(prefetch=..., **token()),
        "both": world.call(**token()),
    }


@ROWS.requires(
    "F4",
    "Prefetch alone and FHIR access alone give the same cards.",
    hear=_ways,
    faults={
        "other cards from the server": in_answer(put("cards.0.summary", "x"), "FHIR access only"),
        "no cards from the server": in_answer(put("cards", []), "FHIR access only"),
        "refused without prefetch": status(412, "FHIR access only"),
        "the server is asked although all is there": calls(f"{BASE}/Patient/{FULL}"),
    },
)
def prefetch_and_access_give_the_same_cards(heard: Heard) -> None:
    prefetch, access = heard["prefetch only"], heard["FHIR access only"]
    assert prefetch.cards
    assert without_uuids(prefetch.cards) == without_uuids(access.cards)
    assert prefetch.outbound == ()
    assert access.outbound


@ROWS.requires(
    "F5",
    "Data may come by prefetch, by token, or by both; what was prefetched is not read again.",
    hear=_ways,
    faults={
        "both are refused": status(400, "both"),
        "read again": calls(f"{BASE}/Condition?patient={FULL}", "both"),
        "other cards": in_answer(put("cards", []), "both"),
    },
)
def data_may_come_both_ways(heard: Heard) -> None:
    first, *others = every(heard)
    assert all(without_uuids(one.cards) == without_uuids(first.cards) for one in others)
    assert heard["both"].outbound == ()
    assert len(others) == 2


@ROWS.requires(
    "F6",
    "What is prefetched and what is read are put together key by key; a criterion without its data is "
    "unknown, and never met or failed for it.",
    hear=lambda world: {
        **_in_parts(world),
        "without access": world.call(prefetch=world.prefetch(observations_3=...)),
    },
    faults={
        "the part that was read is lost": in_answer(put("cards", [])),
        "a part prefetched is lost": worded("5 of 15", "4 of 15"),
        "what is not there counts as failed": worded("3 of 15", "2 of 15", "without access"),
        "what is not there counts as met": answers_as("whole", "without access"),
    },
)
def parts_are_put_together(heard: Heard) -> None:
    assert without_uuids(heard["in parts"].cards) == without_uuids(heard["whole"].cards)
    [whole], [part] = heard["whole"].cards, heard["without access"].cards
    assert "5 of 15 applicable criteria met, 10 to check" in whole["summary"]
    assert "3 of 15 applicable criteria met, 12 to check" in part["summary"]


def _authorized(world: World) -> Heard:
    return {
        "server and token": world.call(prefetch=..., **token()),
        "server alone": world.call(prefetch=..., fhirServer=BASE),
        "token alone": world.call(prefetch=..., fhirAuthorization=TOKEN),
        "neither": world.call(prefetch=...),
    }


def _sent_with_token(one: Exchange) -> set[bool]:
    return {"authorization" in sent.headers for sent in one.outbound}


@ROWS.requires(
    "A1",
    "The token is used only where `fhirServer` and `fhirAuthorization` are both there.",
    hear=_authorized,
    faults={
        "a token alone is taken": answers_as("server and token", "token alone"),
        "a token for a call without one": answers_as("server and token", "server alone"),
        "something is read with neither": calls(f"{BASE}/Patient/{FULL}", "neither"),
        "the token is not used": answers_as("server alone"),
    },
)
def the_token_needs_its_server(heard: Heard) -> None:
    assert _sent_with_token(heard["server and token"]) == {True}
    assert _sent_with_token(heard["server alone"]) == {False}
    assert_refused(heard["token alone"], "fhirServer")
    assert heard["token alone"].outbound == heard["neither"].outbound == ()


@ROWS.requires(
    "A2",
    "The token goes with every FHIR call, as `Authorization: Bearer`.",
    hear=lambda world: {"server and token": world.hear(_authorized)["server and token"]},
    faults={
        "a call without it": calls(f"{BASE}/Condition?patient={FULL}"),
        "another scheme": calls(f"{BASE}/Condition", authorization=f"Basic {SECRET}"),
        "another token": calls(f"{BASE}/Condition", authorization="Bearer another"),
        "no call at all": no_calls(),
    },
)
def the_token_goes_with_every_call(heard: Heard) -> None:
    [one] = heard.values()
    assert len(one.outbound) > 1
    assert {sent.headers.get("authorization") for sent in one.outbound} == {f"Bearer {SECRET}"}


def _kept(world: World) -> Heard:
    service, path = world.registered_with(), path_of()
    good = service.post(path, world.body(prefetch=..., **token()), headers=signed(path))
    refused = service.post(path, world.body(hook="x", **token()), headers=signed(path))
    return {"answered": good, "refused": refused, "kept": what_is_kept(service)}


@ROWS.requires(
    "A3",
    "The access token is in no answer, no log, no file and no database.",
    hear=_kept,
    faults={
        "in a log": logs(f"GET /Patient Authorization: Bearer {SECRET}"),
        "in the log of a refusal": logs(SECRET, "refused"),
        "in an answer": in_answer(put("issue.0.details.text", f"bad token {SECRET}"), "refused"),
        "in the database": worded("SQLite format", f"SQLite format {SECRET}", "kept"),
        "nobody looked": without("kept"),
    },
)
def the_access_token_is_nowhere_afterwards(heard: Heard) -> None:
    assert heard.keys() == {"answered", "refused", "kept"}
    assert heard["answered"].cards
    assert heard["refused"].status == 400
    assert b"SQLite format" in heard["kept"].body, "nothing was kept, so nothing was looked through"
    for one in heard.values():
        assert SECRET not in one.log
        assert SECRET.encode() not in one.body


def _scopes(world: World) -> Heard:
    def sent(**members: Any) -> Exchange:
        return world.call(prefetch={"patient": world.prefetch()["patient"]}, **token(**members))

    return {
        "for another patient": sent(patient="someone-else"),
        "for this patient": sent(patient=FULL),
        "SMART 1, no Observations": sent(scope="patient/Patient.read patient/Condition.read"),
        "SMART 2, no Observations": sent(scope="patient/Patient.rs patient/Condition.rs"),
        "read, but no search": sent(scope="patient/Condition.r patient/Observation.rs"),
        "expired": sent(expires_in=0),
    }


@ROWS.requires(
    "A5",
    "A token for another patient is refused. What its scopes (SMART 1 or 2) do not cover is not asked for, "
    "nor anything with one that has expired.",
    hear=_scopes,
    faults={
        "another patient's token is used": answers_as("for this patient"),
        "asked for without the scope": calls(f"{BASE}/Observation?patient=x", "SMART 1, no Observations"),
        "SMART 2 is not understood": no_calls("SMART 2, no Observations"),
        "an error for lack of scope": status(403, "SMART 2, no Observations"),
        "read taken for search": calls(f"{BASE}/Condition?patient=x", "read, but no search"),
        "an expired token is used": calls(f"{BASE}/Condition", "expired"),
    },
)
def the_token_is_used_for_what_it_covers(heard: Heard) -> None:
    assert_refused(heard["for another patient"], "fhirAuthorization.patient")
    assert heard["for another patient"].outbound == ()
    assert "Observation" in kinds(heard["for this patient"])
    for name in ("SMART 1, no Observations", "SMART 2, no Observations"):
        assert heard[name].status == 200
        assert kinds(heard[name]) == ["Condition"], name
    assert kinds(heard["read, but no search"]) == ["Observation"]
    assert heard["expired"].status == 200
    assert heard["expired"].outbound == ()


def _open(world: World) -> Heard:
    return {
        "listed": world.call(prefetch=..., fhirServer=BASE),
        "not listed": world.call(prefetch=..., fhirServer="https://open.example/fhir"),
        "listed, plain http": world.call(prefetch=..., fhirServer=PLAIN_BASE),
    }


@ROWS.requires(
    "A7",
    "A FHIR server without token is read only if it is on the client's list.",
    hear=_open,
    faults={
        "one that is not listed is read": calls("https://open.example/fhir/Patient/x", "not listed"),
        "one that is listed is not": no_calls(),
        "a token from nowhere": calls(f"{BASE}/Condition", authorization="Bearer x"),
    },
)
def an_open_server_must_be_listed(heard: Heard) -> None:
    for name in ("listed", "listed, plain http"):
        assert heard[name].cards
        assert _sent_with_token(heard[name]) == {False}
    assert heard["not listed"].outbound == ()
    assert heard["not listed"].status == 412
