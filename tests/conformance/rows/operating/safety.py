"""Section 13, continued: audit, limits, alert fatigue, and what a card must say of itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.conformance.faults import (
    answers_as,
    changing,
    drop,
    header,
    in_answer,
    put,
    status,
    without,
    worded,
)
from tests.conformance.hospital.calls import (
    FULL,
    NO_CANDIDATE,
    body_of,
    bundle,
    context_of,
    feedback,
    other_order,
    path_of,
    searchset,
)
from tests.conformance.hospital.ehr import BASE, answered_with
from tests.conformance.hospital.hearings import cards, refusals
from tests.conformance.hospital.keeping import audit_trail
from tests.conformance.hospital.register import signed
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, every_card
from tests.conformance.rows.operating.privacy import PATH, called

ROWS = Rows()


def _audited(world: World) -> Heard:
    service = world.registered_with()
    order = context_of("order-sign", draftOrders=bundle(other_order()))
    sign = path_of("order-sign")
    return {
        "a card": called(service, world.body()),
        "no candidate": called(service, world.body(patient=NO_CANDIDATE)),
        "an order of something else": service.post(
            sign, world.body("order-sign", context=order), headers=signed(sign)
        ),
        "no Patient": called(service, body_of()),
        "trail": audit_trail(service),
    }


@ROWS.requires(
    "SEC7",
    "Every call of a client leaves an audit event: when, which client, which hook instance and service, "
    "about whom (as a pseudonym), what definition, which cards, how long and with which status.",
    hear=_audited,
    faults={
        "no events": lambda heard: {**heard, "trail": _emptied(heard["trail"])},
        "an event is missing": in_answer(lambda events: events.pop(0), "trail"),
        "no time": in_answer(lambda events: [one.pop("recorded") for one in events], "trail"),
        "the patient's id": worded("k1.", f"{FULL} k1.", "trail"),
        "no pseudonym": worded("patient-pseudonym", "x", "trail"),
        "no client": worded("NamingSystem/client", "x", "trail"),
        "no definition": worded("definition-digest", "x", "trail"),
        "no card": lambda heard: {**heard, "a card": heard["no candidate"]},
        "no status": worded("HTTP 200", "ok", "trail"),
    },
)
def every_call_leaves_an_audit_event(heard: Heard) -> None:
    events: list[Json] = heard["trail"].answer
    assert events
    calls_made = {name: one for name, one in heard.items() if name != "trail"}
    assert len(calls_made) == 4
    for name, one in calls_made.items():
        instance = one.request["hookInstance"]
        found = [event for event in events if instance in str(event)]
        assert len(found) == 1, f"{len(found)} events for {name}"
        [event] = found
        assert event.get("recorded"), name
        for words in ("NamingSystem/client", "patient-pseudonym", "user-pseudonym", "trial-match-", "'ms'"):
            assert words in str(event), (name, words)
        assert event.get("outcomeDesc") == f"HTTP {one.status}"
    assert heard["a card"].cards
    assert all(card["uuid"] in str(events) for card in heard["a card"].cards)
    assert "definition-digest" in str(events)
    assert FULL not in str(events)


def _emptied(trail: Exchange) -> Exchange:
    return replace(trail, body=b"[]")


def _flooded(world: World) -> Heard:
    heard = {name: world.hear(refusals)[name] for name in ("413", "429")}
    deep = b'{"x":' + b"[" * 300 + b"]" * 300 + b"}"
    page = {"link": [{"relation": "next", "url": f"{BASE}/Condition?patient={FULL}&page=2"}]}
    small = world.demo_with(page_limit=3, bytes_limit=200_000)
    body = body_of(prefetch={"patient": world.prefetch()["patient"]}, fhirServer=BASE)

    def endless(_request: Any) -> Any:
        return answered_with(searchset(**page))

    def huge(_request: Any) -> Any:
        return answered_with(searchset(x="y" * 400_000))

    return {
        **heard,
        "too deep": world.demo.post(PATH, deep),
        "pages without end": small.post(PATH, body, answering=endless),
        "a huge page": small.post(PATH, body, answering=huge),
    }


@ROWS.requires(
    "SEC8",
    "There are limits: calls a minute of each client (429), size (413) and depth of a body, pages and "
    "bytes read from a FHIR server.",
    hear=_flooded,
    faults={
        "any number of calls": status(200, "429"),
        "any size": status(200, "413"),
        "no word of when to come back": header("Retry-After", None, "429"),
        "any depth": status(500, "too deep"),
        "any number of pages": changing(
            lambda one: _with_outbound(one, one.outbound * 50), "pages without end"
        ),
        "a flood is an error": status(500, "a huge page"),
        "not tried": without("pages without end"),
    },
)
def there_are_limits(heard: Heard) -> None:
    assert {name: one.status for name, one in heard.items()} == {
        "413": 413,
        "429": 429,
        "too deep": 400,
        "pages without end": 200,
        "a huge page": 200,
    }
    assert heard["429"].headers.get("retry-after", "").isdigit()
    assert len(heard["pages without end"].outbound) <= 14 * 3


def _with_outbound(one: Exchange, outbound: Any) -> Exchange:
    return replace(one, outbound=outbound)


DECLINED = {"system": "https://trialhook.example/fhir/CodeSystem/override-reason", "code": "patient-declined"}


def _answered(world: World) -> Heard:
    service = world.registered_with(policy=True)
    first = called(service, world.body())
    item = feedback(first.cards[0], overrideReason={"reason": DECLINED})
    path = f"{PATH}/feedback"
    told = service.post(path, {"feedback": [item]}, headers=signed(path))
    return {
        "first": first,
        "declined": told,
        "afterwards": called(service, world.body()),
        "another patient": called(service, world.body(patient="lin-mei")),
        "another client": service.post(PATH, world.body(), headers=signed(PATH, "oldest")),
    }


@ROWS.requires(
    "SEC9",
    "At most three cards, all `info`; a patient who declined brings no card again at that client, and "
    "others are not concerned (docs/fatigue.md).",
    hear=_answered,
    faults={
        "shown again": answers_as("first", "afterwards"),
        "nobody is shown any more": answers_as("afterwards", "another patient"),
        "another client is concerned": answers_as("afterwards", "another client"),
        "four cards": in_answer(lambda answer: answer.update(cards=answer["cards"] * 4)),
        "critical": in_answer(put("cards.0.indicator", "critical"), "another patient"),
        "the answer is not kept": status(503, "declined"),
    },
)
def a_no_is_remembered(heard: Heard) -> None:
    assert heard["declined"].status == 200
    counts = {name: len(one.cards) for name, one in heard.items() if name != "declined"}
    assert counts == {"first": 1, "afterwards": 0, "another patient": 1, "another client": 1}
    assert all(card["indicator"] == "info" for name in counts for card in heard[name].cards)


_DATE = re.compile(rb"\d{1,2} [A-Z][a-z]{2} \d{4}")


@ROWS.requires(
    "SEC10",
    "A card speaks of a possible candidate, lists what is met, what to check and what only the clinician "
    "can say, with the dates of the data and the day it was read; it says that it decides nothing, and "
    "that a draft is one.",
    hear=cards,
    faults={
        "eligible": worded("Possible candidate", "Eligible"),
        "nothing to check": worded("**To check", "**Open"),
        "no dates": changing(lambda one: replace(one, body=_DATE.sub(b"some time ago", one.body))),
        "no day": worded("Chart read on", "Chart of"),
        "a decision": worded("Not a decision on eligibility", "Eligible"),
        "not said to be a draft": worded("not yet reviewed by a physician", "reviewed"),
        "no detail": in_answer(drop("cards.0.detail")),
    },
)
def a_card_decides_nothing(heard: Heard) -> None:
    for card in every_card(heard):
        assert card["summary"].startswith("Possible candidate: ")
        detail = card.get("detail", "")
        for words in (
            "**Met (",
            "**Only you can say (",
            "Chart read on ",
            "Not a decision on eligibility: the study team decides.",
            "Criteria not yet reviewed by a physician.",
        ):
            assert words in detail, words
        assert _counts(card["summary"], r"(\d+) of \d+ applicable") == _counts(detail, r"\*\*Met \((\d+)\)")
        to_check = _counts(detail, r"\*\*(?:To check|Only you can say) \((\d+)\)")
        assert _counts(card["summary"], r"(\d+) to check") == to_check
        assert _DATE.search(detail.encode()), "no date of any data"
        assert not re.search(r"\bis eligible\b|\benrolled\b", card["summary"] + detail)


def _counts(text: str, pattern: str) -> int:
    """The sum of the numbers that a text has at a place."""
    return sum(int(number) for number in re.findall(pattern, text))
