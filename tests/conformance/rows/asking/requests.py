"""Section 3: the members of a request, and what becomes of faulty ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.faults import answers_as, calls, changing, in_answer, no_calls, put, status
from tests.conformance.hospital.calls import FULL, context_of, path_of, without_uuids
from tests.conformance.hospital.ehr import BASE
from tests.conformance.hospital.register import signed
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, assert_refused, every

ROWS = Rows()
TOKEN = {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "us"}
EXTENSION = {"org.example.anything": {"deep": [1, {"er": "x"}]}}


def assert_same_cards(heard: Heard) -> None:
    """All answers are those to the first, whose cards they are beside their uuids."""
    first, *others = every(heard)
    assert first.cards
    assert others
    for one in others:
        assert without_uuids(one.cards) == without_uuids(first.cards)


@ROWS.requires(
    "R1",
    "`hook` must be there, and be the hook of the service that is called: 400 says so.",
    hear=lambda world: _each_with(world, "hook", {"null": None, "a number": 7, "another hook": "order-sign"}),
    faults={
        "no hook is taken": answers_as("as it should be", "absent"),
        "another hook is answered": answers_as("as it should be", "another hook"),
        "404 for a bad body": status(404, "another hook"),
        "500 for a number": status(500, "a number"),
        "a good call is refused": answers_as("absent"),
        "another member is named": in_answer(put("issue.0.expression", ["context"]), "absent"),
    },
)
def the_hook_must_be_that_of_the_service(heard: Heard) -> None:
    assert heard["as it should be"].cards
    for name in ("absent", "null", "a number", "another hook"):
        assert_refused(heard[name], "hook")


def _each_with(world: World, member: str, values: Json) -> Heard:
    """A good call, one without the member, and one with each of the values."""
    good = world.body()
    wrong = {name: {**good, member: value} for name, value in values.items()}
    absent = {name: value for name, value in good.items() if name != member}
    sent = {"as it should be": good, "absent": absent, **wrong}
    return {name: world.demo.post(path_of(), body) for name, body in sent.items()}


_INSTANCE = "0b5ffb0a-6a5a-4f0f-9a4f-6f8f2b3f7c11"


@ROWS.requires(
    "R2",
    "`hookInstance` must be a UUID without prefix, in either case. It is in the log, so that a call can be "
    "found.",
    hear=lambda world: _each_with(
        world,
        "hookInstance",
        {
            "in capitals": _INSTANCE.upper(),
            "null": None,
            "a word": "call-1",
            "with a prefix": f"urn:uuid:{_INSTANCE}",
            "without hyphens": _INSTANCE.replace("-", ""),
        },
    ),
    faults={
        "none is taken": answers_as("as it should be", "absent"),
        "any word is taken": answers_as("as it should be", "a word"),
        "a prefix is taken": answers_as("as it should be", "with a prefix"),
        "capitals are refused": answers_as("a word", "in capitals"),
        "nothing in the log": changing(lambda one: replace(one, log="")),
        "500": status(500, "null"),
    },
)
def the_hook_instance_must_be_a_uuid_and_is_logged(heard: Heard) -> None:
    for name in ("as it should be", "in capitals"):
        assert heard[name].cards
        assert heard[name].request["hookInstance"].lower() in heard[name].log
    for name in ("absent", "null", "a word", "with a prefix", "without hyphens"):
        assert_refused(heard[name], "hookInstance")


def _contexts(world: World) -> Heard:
    def sent(hook: str, context: Any) -> Exchange:
        return world.call(hook, context=context)

    clicked_again = context_of("order-select", selections=..., draftOrders=...)
    body = world.body("order-select", context=clicked_again)
    return {
        "as it should be": world.call(),
        "absent": sent("patient-view", ...),
        "a text": sent("patient-view", "p1"),
        "a list": sent("patient-view", [context_of("patient-view")]),
        "no patientId": sent("patient-view", context_of("patient-view", patientId=...)),
        "no userId": sent("patient-view", context_of("patient-view", userId=...)),
        "an order tab clicked again": sent("order-select", clicked_again),
        "the same of a client that is not lenient": world.registered.post(
            path_of("order-select"), body, headers=signed(path_of("order-select"))
        ),
    }


@ROWS.requires(
    "R3",
    "`context` must be an object with what the hook requires, else 400. Where the registration says so, "
    "and in demo mode, an order hook fired again without its orders gets no cards.",
    hear=_contexts,
    faults={
        "no context is taken": answers_as("as it should be", "absent"),
        "500 for a text": status(500, "a text"),
        "no patient is taken": answers_as("as it should be", "no patientId"),
        "no user is taken": answers_as("as it should be", "no userId"),
        "the sandbox is refused": answers_as("absent", "an order tab clicked again"),
        "cards without an order": answers_as("as it should be", "an order tab clicked again"),
        "all are treated as the sandbox": answers_as(
            "an order tab clicked again", "the same of a client that is not lenient"
        ),
    },
)
def the_context_must_be_there(heard: Heard) -> None:
    assert heard["as it should be"].cards
    for name in ("absent", "a text", "a list"):
        assert_refused(heard[name], "context")
    assert_refused(heard["no patientId"], "context.patientId")
    assert_refused(heard["no userId"], "context.userId")
    assert heard["an order tab clicked again"].cards == []
    strict = heard["the same of a client that is not lenient"]
    assert_refused(strict, "context.selections")
    assert_refused(strict, "context.draftOrders")


def _servers(world: World) -> Heard:
    def sent(**members: Any) -> Exchange:
        return world.call(prefetch=..., **members)

    return {
        "slash at the end": sent(fhirServer=f"{BASE}/", fhirAuthorization=TOKEN),
        "token without server": sent(fhirAuthorization=TOKEN),
        "not an address": sent(fhirServer="ehr"),
        "another host": sent(fhirServer="https://elsewhere.example/fhir", fhirAuthorization=TOKEN),
        "a host that begins alike": sent(fhirServer="https://ehr.example.org/fhir"),
        "a metadata service": sent(fhirServer="http://169.254.169.254/latest"),
    }


@ROWS.requires(
    "R4",
    "`fhirServer` must be there where `fhirAuthorization` is; a slash at its end does not matter; no "
    "server is called that is not registered for the client.",
    hear=_servers,
    faults={
        "a doubled slash": calls(f"{BASE}//Patient/{FULL}"),
        "no read at all": no_calls(),
        "a token without a server is taken": answers_as("slash at the end", "token without server"),
        "another host is called": calls("https://elsewhere.example/fhir/Patient/p1", "another host"),
        "a host that begins alike is called": answers_as("slash at the end", "a host that begins alike"),
        "the metadata service is called": calls("http://169.254.169.254/latest", "a metadata service"),
    },
)
def only_registered_servers_are_called(heard: Heard) -> None:
    good = heard["slash at the end"]
    assert good.cards
    assert good.outbound
    assert all(
        sent.url.startswith(f"{BASE}/") and "//" not in urlsplit(sent.url).path for sent in good.outbound
    )
    assert_refused(heard["token without server"], "fhirServer")
    assert_refused(heard["not an address"], "fhirServer")
    for name in ("another host", "a host that begins alike", "a metadata service"):
        assert heard[name].outbound == (), name
        assert heard[name].status == 412, name


@ROWS.requires(
    "R5",
    "`fhirAuthorization` may be absent. One that is no object, or without a bearer token, is 400.",
    hear=lambda world: _each_with_server(
        world,
        {
            "null": None,
            "a text": "Bearer t0ken",
            "no access_token": {**TOKEN, "access_token": None},
            "another type": {**TOKEN, "token_type": "mac"},
        },
    ),
    faults={
        "absent is refused": answers_as("a text", "absent"),
        "null is refused": answers_as("a text", "null"),
        "500 for a text": status(500, "a text"),
        "no token is taken for one": answers_as("as it should be", "no access_token"),
        "another type is sent as Bearer": answers_as("as it should be", "another type"),
    },
)
def the_authorization_may_be_absent(heard: Heard) -> None:
    for name in ("as it should be", "absent", "null"):
        assert heard[name].cards
    assert_refused(heard["a text"], "fhirAuthorization")
    assert_refused(heard["no access_token"], "fhirAuthorization.access_token")
    assert_refused(heard["another type"], "fhirAuthorization.token_type")


def _each_with_server(world: World, values: Json) -> Heard:
    good = world.body(fhirServer=BASE)
    wrong = {name: {**good, "fhirAuthorization": value} for name, value in values.items()}
    sent = {"as it should be": {**good, "fhirAuthorization": TOKEN}, "absent": good, **wrong}
    return {name: world.demo.post(path_of(), body) for name, body in sent.items()}


def _prefetches(world: World) -> Heard:
    return {
        "whole": world.call(),
        "absent, with FHIR access": world.call(prefetch=..., fhirServer=BASE),
        "null, with FHIR access": world.call(prefetch=None, fhirServer=BASE),
        "empty, with FHIR access": world.call(prefetch={}, fhirServer=BASE),
        "a text": world.call(prefetch="none"),
        "a list": world.call(prefetch=[]),
    }


@ROWS.requires(
    "R6",
    "`prefetch` may be absent; it must be an object.",
    hear=_prefetches,
    faults={
        "absent is refused": answers_as("a text", "absent, with FHIR access"),
        "null is refused": answers_as("a text", "null, with FHIR access"),
        "a text is taken": answers_as("whole", "a text"),
        "500 for a list": status(500, "a list"),
        "fewer cards without": in_answer(put("cards", []), "empty, with FHIR access"),
    },
)
def prefetch_may_be_absent(heard: Heard) -> None:
    assert_same_cards({name: one for name, one in heard.items() if not name.startswith("a ")})
    assert_refused(heard["a text"], "prefetch")
    assert_refused(heard["a list"], "prefetch")


def _extended(world: World) -> Heard:
    body = world.body(fhirServer=BASE, fhirAuthorization=TOKEN)
    return {
        "plain": world.demo.post(path_of(), body),
        "on the request": world.demo.post(path_of(), {**body, "extension": EXTENSION}),
        "on every object": world.demo.post(
            path_of(),
            {
                **body,
                "extension": EXTENSION,
                "context": {**body["context"], "extension": EXTENSION},
                "fhirAuthorization": {**TOKEN, "extension": EXTENSION},
                "prefetch": {**body["prefetch"], "extension": EXTENSION},
            },
        ),
    }


@ROWS.requires(
    "R7",
    "`extension` on any object of a request does no harm.",
    hear=_extended,
    faults={
        "400": status(400, "on the request"),
        "404, as it has been elsewhere": status(404, "on every object"),
        "other cards": in_answer(put("cards", []), "on every object"),
    },
)
def extensions_do_no_harm(heard: Heard) -> None:
    assert_same_cards(heard)


def _with_strangers(world: World) -> Heard:
    body = world.body()
    return {
        "plain": world.demo.post(path_of(), body),
        "unknown members": world.demo.post(
            path_of(), {**body, "hookVersion": "9", "futureMember": [None, {}], "subscription": {"x": 1}}
        ),
    }


@ROWS.requires(
    "R8",
    "Members of the request that we do not know are ignored.",
    hear=_with_strangers,
    faults={
        "400": status(400, "unknown members"),
        "other cards": in_answer(put("cards", []), "unknown members"),
    },
)
def unknown_members_are_ignored(heard: Heard) -> None:
    assert_same_cards(heard)


def _old(world: World) -> Heard:
    body = world.body()
    leftovers = {
        "user": "Practitioner/x",
        "patient": "someone-else",
        "encounter": "e9",
        "oauth": {"token": "x"},
    }
    return {
        "plain": world.demo.post(path_of(), body),
        "with leftovers": world.demo.post(path_of(), {**body, **leftovers}),
        "leftovers in place of the context": world.demo.post(
            path_of(), {**body, "context": {}, "user": "Practitioner/x", "patient": FULL}
        ),
    }


@ROWS.requires(
    "R9",
    "What requests had before 1.0 (`user`, `patient`, `encounter`, `oauth`) is ignored, and stands for "
    "nothing.",
    hear=_old,
    faults={
        "400": status(400, "with leftovers"),
        "another patient's cards": in_answer(
            put("cards.0.suggestions.0.actions.0.resource.subject.reference", "Patient/someone-else"),
            "with leftovers",
        ),
        "taken for the context": answers_as("plain", "leftovers in place of the context"),
    },
)
def leftovers_are_ignored(heard: Heard) -> None:
    assert_same_cards({name: heard[name] for name in ("plain", "with leftovers")})
    assert_refused(heard["leftovers in place of the context"], "context.patientId")
