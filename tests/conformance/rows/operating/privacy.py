"""Section 13: what is kept, logged and sent of patients, and what a card must say of itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from tests.authentication.minting import header as token_header
from tests.authentication.minting import token
from tests.conformance.faults import (
    answers_as,
    calls,
    changing,
    in_answer,
    logs,
    put,
    status,
    without,
    worded,
)
from tests.conformance.hospital.calls import (
    FULL,
    body_of,
    context_of,
    feedback,
    path_of,
)
from tests.conformance.hospital.ehr import BASE, PLAIN_BASE, answered_with
from tests.conformance.hospital.keeping import what_is_kept
from tests.conformance.hospital.register import bearer, claims_of, signed
from tests.conformance.hospital.service import Service
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, every, every_card
from tests.conformance.rows.answering.cards import HOSTILE, hostile_chart
from tests.conformance.rows.asking.templates import templates_in
from tests.conformance.rows.data.fhir_access import SECRET
from tests.conformance.rows.data.fhir_access import token as access

ROWS = Rows()

PATH = path_of()
FAMILY_NAME = "Secretfamily"
PATIENT_ID = "secretpatient-1"


def called(service: Service, body: Json | bytes, **changed: Any) -> Exchange:
    return service.post(PATH, body, headers=signed(PATH, **changed))


def _with_tokens(world: World) -> Heard:
    service = world.registered_with()
    made = token(token_header(), claims_of(PATH))
    forged = token(token_header(), claims_of(PATH), key="P-384 evil")
    return {
        "answered": service.post(PATH, world.body(prefetch=..., **access()), headers=bearer(made)),
        "again": service.post(PATH, world.body(**access()), headers=bearer(made)),
        "forged": service.post(PATH, world.body(**access()), headers=bearer(forged)),
        "a bad body": called(service, {"hook": SECRET, **access()}),
        "a server that fails": service.post(
            PATH,
            world.body(prefetch=..., **access()),
            headers=signed(PATH),
            answering=lambda _: answered_with({"token": SECRET}, 500),
        ),
        "kept": what_is_kept(service),
    }


@ROWS.requires(
    "SEC2",
    "Tokens, the client's JWT and the FHIR access token, are in no log, answer, file or database.",
    hear=_with_tokens,
    faults={
        "the access token in a log": logs(f"Authorization: Bearer {SECRET}"),
        "the access token in the log of an error": logs(SECRET, "a server that fails"),
        "the JWT in a log": changing(
            lambda one: _logging(one, one.sent_headers["authorization"].split(" ")[1])
        ),
        "the JWT's signature in a log": changing(
            lambda one: _logging(one, one.sent_headers["authorization"].rpartition(".")[2]), "forged"
        ),
        "the access token in an answer": in_answer(put("issue.0.diagnostics", SECRET), "a bad body"),
        "the access token in a file": worded("SQLite format", SECRET, "kept"),
        "nobody looked": without("kept"),
    },
)
def tokens_are_nowhere(heard: Heard) -> None:
    assert {name: heard[name].status for name in ("answered", "again", "forged", "a bad body")} == {
        "answered": 200,
        "again": 401,
        "forged": 401,
        "a bad body": 400,
    }
    assert "kept" in heard
    kept = heard["kept"].body
    assert b"SQLite format" in kept
    for one in every(heard):
        jwt = one.sent_headers.get("authorization", "").removeprefix("Bearer ").split(".")
        for secret in (SECRET, *filter(None, jwt)):
            assert secret not in one.log
            assert secret.encode() not in one.body
            assert secret.encode() not in kept


def _logging(one: Exchange, text: str) -> Exchange:
    return replace(one, log=f"{one.log} {text}")


@ROWS.requires(
    "SEC3",
    "Texts from a chart are words on a card and nothing else, whatever a client's Markdown renderer lets "
    "through.",
    hear=lambda world: {"hostile": world.call(prefetch=hostile_chart(world))},
    faults={
        "the chart's own HTML": in_answer(lambda answer: answer["cards"][0].update(detail=HOSTILE)),
        "one tag": in_answer(lambda answer: _append(answer, "<img src=x onerror=alert(1)>")),
        "an end tag": in_answer(lambda answer: _append(answer, "</div>")),
        "a program in a link": in_answer(lambda answer: _append(answer, "[x](javascript:alert(1))")),
        "on a button": in_answer(put("cards.0.suggestions.0.label", "<b>Refer</b>")),
        "in the summary": in_answer(put("cards.0.summary", "<script>alert(1)</script>")),
    },
)
def texts_from_a_chart_are_words(heard: Heard) -> None:
    for card in every_card(heard):
        texts = [card["summary"], card["detail"], *(one["label"] for one in card.get("suggestions", []))]
        for text in texts:
            assert "<" not in text
            assert not re.search(r"(?<!\\)\]\(", text)
    assert "img src=x" in heard["hostile"].cards[0]["detail"], "the hostile text is not on the card"


def _append(answer: Any, words: str) -> None:
    answer["cards"][0]["detail"] += f"\n\n{words}"


def _read(world: World) -> Heard:
    return {
        "discovery": world.demo.get(),
        "read": world.call(prefetch=..., fhirServer=BASE),
        "no trials offered": world.registered.post(
            PATH, body_of(fhirServer=BASE), headers=signed(PATH, "no-trials")
        ),
    }


@ROWS.requires(
    "SEC4",
    "From the FHIR server nothing is read but what the templates name, and what the drugs and studies "
    "found there refer to. For a client that is offered no trial nothing is read.",
    hear=_read,
    faults={
        "all encounters": calls(f"{BASE}/Encounter?patient={FULL}", "read"),
        "all results": calls(f"{BASE}/Observation?patient={FULL}&_count=500", "read"),
        "the whole record": calls(f"{BASE}/Patient/{FULL}/$everything", "read"),
        "another patient": calls(f"{BASE}/Patient/someone-else", "read"),
        "read for no trial": calls(f"{BASE}/Patient/{FULL}", "no trials offered"),
        "nothing is read": answers_as("no trials offered", "read"),
    },
)
def no_more_is_read_than_the_templates_name(heard: Heard) -> None:
    templates = {one.text for one in templates_in(heard["discovery"]) if one.hook == "patient-view"}
    named = {_plain(text.replace("{{context.patientId}}", FULL)) for text in templates}
    asked = [_plain(one.url.removeprefix(f"{BASE}/")) for one in heard["read"].outbound]
    assert asked
    assert [query for query in asked if query not in named and not _REFERRED.fullmatch(query)] == []
    assert heard["no trials offered"].outbound == ()


_REFERRED = re.compile(
    r"(?:Medication|ResearchStudy)(?:/[A-Za-z0-9.-]+|\?_id=[A-Za-z0-9.,-]+(?:&_count=\d+)?)"
)


def _plain(query: str) -> str:
    return unquote(query)


def _redirected(world: World) -> Heard:
    elsewhere = {"Location": "https://elsewhere.example/fhir/Patient/x"}

    def answering(_request: Any) -> Any:
        return 302, elsewhere, b""

    body = world.body(prefetch=..., **access())
    return {
        "listed": world.demo.post(PATH, body),
        "a redirect": world.demo.post(PATH, body, answering=answering),
        "plain http": world.demo.post(PATH, {**body, "fhirServer": PLAIN_BASE}),
        "not listed": world.demo.post(PATH, {**body, "fhirServer": "https://elsewhere.example/fhir"}),
        "another client's": world.registered.post(
            PATH, {**body, "fhirServer": BASE}, headers=signed(PATH, "elsewhere")
        ),
    }


@ROWS.requires(
    "SEC5",
    "A token goes to the FHIR servers registered for this client, over https, and follows no redirect.",
    hear=_redirected,
    faults={
        "a redirect is followed": calls(
            "https://elsewhere.example/fhir/Patient/x", "a redirect", authorization=f"Bearer {SECRET}"
        ),
        "over plain http": calls(f"{PLAIN_BASE}/Patient/x", "plain http", authorization=f"Bearer {SECRET}"),
        "to a server that is not listed": calls("https://elsewhere.example/fhir/Patient/x", "not listed"),
        "to another client's server": answers_as("listed", "another client's"),
        "to nobody": answers_as("not listed", "listed"),
        "not tried": status(401, "another client's"),
    },
)
def a_token_goes_to_registered_servers_only(heard: Heard) -> None:
    assert heard["listed"].outbound
    assert {urlsplit(one.url).netloc for one in heard["a redirect"].outbound} == {"ehr.example"}
    for name in ("plain http", "not listed", "another client's"):
        assert heard[name].outbound == (), name
        assert heard[name].status == 412, name


def _secret_chart(world: World) -> Json:
    """A prefetch in which the patient's id and name can be searched for afterwards."""
    text = orjson.dumps(world.prefetch()).replace(FULL.encode(), PATIENT_ID.encode())
    prefetch: Json = orjson.loads(text)
    prefetch["patient"]["name"] = [{"family": FAMILY_NAME}]
    return prefetch


def _used(world: World) -> Heard:
    service = world.registered_with()
    body = body_of(context=context_of("patient-view", PATIENT_ID), prefetch=_secret_chart(world))
    answered = called(service, body)
    told = service.post(
        f"{PATH}/feedback",
        {"feedback": [feedback(card) for card in answered.cards]},
        headers=signed(f"{PATH}/feedback"),
    )
    return {"called": answered, "told": told, "kept": what_is_kept(service)}


@ROWS.requires(
    "SEC6",
    "Data that came with a call serve that call: no name, id or value of the chart is kept, or logged.",
    hear=_used,
    faults={
        "the patient's id is kept": worded("SQLite format", f"SQLite format {PATIENT_ID}", "kept"),
        "a name is kept": worded("SQLite format", f"SQLite format {FAMILY_NAME}", "kept"),
        "a result is kept": worded("SQLite format", "SQLite format 24-hour urine protein 1.4", "kept"),
        "the id is logged": logs(f"Patient/{PATIENT_ID}"),
        "the user is logged": logs("Practitioner/demo-clinician", "told"),
        "nobody looked": without("kept"),
    },
)
def nothing_of_the_chart_is_kept(heard: Heard) -> None:
    assert heard.keys() == {"called", "told", "kept"}
    assert len(heard["called"].cards) == 1
    assert heard["told"].status == 200
    assert b"SQLite format" in heard["kept"].body
    birth = heard["called"].request["prefetch"]["patient"]["birthDate"]
    for secret in (PATIENT_ID, FAMILY_NAME, birth, "urine protein 1.4", "demo-clinician"):
        assert secret.encode() not in heard["kept"].body, secret
        assert all(secret not in one.log for one in every(heard)), secret
