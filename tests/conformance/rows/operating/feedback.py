"""Section 8: feedback on cards. What became of it is told by the counts in the log line of the call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson

from tests.authentication.minting import PUBLIC_URL
from tests.conformance.faults import answers_as, body, changing, logs, status, without, worded
from tests.conformance.hospital.calls import FULL, body_of, feedback, path_of
from tests.conformance.hospital.keeping import what_is_kept
from tests.conformance.hospital.register import signed
from tests.conformance.hospital.service import Service
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Fault, Heard, Json, Rows, assert_refused, every

ROWS = Rows()

PATH = f"{path_of()}/feedback"
REASON = {
    "system": "https://trialhook.example/fhir/CodeSystem/override-reason",
    "code": "not-now",
    "display": "Not now: ask again later",
}


def counted(one: Exchange) -> dict[str, int]:
    """What the log line of a call says became of the items."""
    assert one.status == 200, f"answered {one.status}: {one.body[:200]!r}"
    return {
        name: int(found[1])
        for name in ("kept", "repeated", "unknown", "dropped")
        if (found := re.search(rf'"{name}":(\d+)', one.log))
    }


def counts(**expected: int) -> dict[str, int]:
    """These, and none of the others."""
    return {"kept": 0, "repeated": 0, "unknown": 0, "dropped": 0, **expected}


def other_counts(name: str, value: int, of: str = "") -> Fault:
    """Counts otherwise."""

    def change(one: Exchange) -> Exchange:
        return replace(one, log=re.sub(rf'"{name}":\d+', f'"{name}":{value}', one.log))

    return changing(change, of)


def new_card(world: World) -> Json:
    """A card that was just shown, of a patient who was never referred: else there would be none."""
    patient = f"{FULL}-{uuid4().hex[:8]}"
    prefetch = orjson.loads(orjson.dumps(world.prefetch()).replace(FULL.encode(), patient.encode()))
    [card] = world.call_as("hospital", patient, prefetch=prefetch).cards
    return card


def send(world: World, document: Any, path: str = PATH, audience: str = "") -> Exchange:
    """Feedback of the hospital."""
    headers = signed(path, **({"aud": audience} if audience else {}))
    return world.registered.post(path, document, headers=headers)


def each(items: Callable[[Json], dict[str, Json]]) -> Callable[[World], Heard]:
    """Each of the items by itself, each on a new card."""

    def hear(world: World) -> Heard:
        return {
            name: send(world, {"feedback": [items(new_card(world))[name]]}) for name in items(new_card(world))
        }

    return hear


def _endpoints(world: World) -> Heard:
    return {
        "of a service": send(world, {"feedback": [feedback(new_card(world))]}),
        "of a service that is none": send(world, {"feedback": []}, "/cds-services/nothing/feedback"),
        "GET": world.registered.get(PATH, headers=signed(PATH)),
    }


@ROWS.requires(
    "FB1",
    "Each service takes feedback at its own URL and `/feedback`.",
    hear=_endpoints,
    faults={
        "not found": status(404),
        "not kept": other_counts("kept", 0),
        "taken for a service that is none": answers_as("of a service", "of a service that is none"),
        "taken by GET": answers_as("of a service", "GET"),
    },
)
def each_service_takes_feedback(heard: Heard) -> None:
    assert counted(heard["of a service"]) == counts(kept=1)
    assert heard["of a service that is none"].status == 404
    assert heard["GET"].status == 405


def _envelopes(world: World) -> Heard:
    item = feedback(new_card(world))
    return {
        "an array in feedback": send(world, {"feedback": [item]}),
        "none": send(world, {"feedback": []}),
        "a bare array": send(world, b"[]"),
        "no feedback": send(world, {}),
        "an object": send(world, {"feedback": item}),
        "not JSON": send(world, b"{"),
    }


@ROWS.requires(
    "FB2",
    "The body is an object with the array `feedback`; another envelope is 400.",
    hear=_envelopes,
    faults={
        "the array is refused": answers_as("a bare array"),
        "an empty array is refused": answers_as("no feedback", "none"),
        "a bare array is taken": answers_as("none", "a bare array"),
        "no feedback is taken": answers_as("none", "no feedback"),
        "an object is taken": answers_as("none", "an object"),
        "500": status(500, "not JSON"),
    },
)
def the_envelope_is_an_object_with_an_array(heard: Heard) -> None:
    assert counted(heard["an array in feedback"]) == counts(kept=1)
    assert counted(heard["none"]) == counts()
    for name in ("no feedback", "an object"):
        assert_refused(heard[name], "feedback")
    assert {heard[name].status for name in ("a bare array", "not JSON")} == {400}


def _items(card: Json) -> dict[str, Json]:
    return {
        "accepted": feedback(card, "accepted"),
        "overridden": feedback(card),
        "with an offset": feedback(card, outcomeTimestamp="2026-06-15T11:30:00.123+02:00"),
        "no card": feedback(card, card=...),
        "a card that is no uuid": feedback(card, card="card-1"),
        "another outcome": feedback(card, outcome="ignored"),
        "no outcome": feedback(card, outcome=...),
        "no time": feedback(card, outcomeTimestamp=...),
        "a day for a time": feedback(card, outcomeTimestamp="2026-06-15"),
    }


@ROWS.requires(
    "FB3",
    "Each item has `card`, `outcome` (accepted or overridden) and `outcomeTimestamp` (RFC 3339). One that "
    "has not is dropped and counted.",
    hear=each(_items),
    faults={
        "acceptance is dropped": other_counts("kept", 0),
        "an offset is refused": status(400, "with an offset"),
        "another outcome is kept": other_counts("kept", 1, "another outcome"),
        "a day is taken for a time": other_counts("dropped", 0, "a day for a time"),
        "an item without card is an error": status(500, "no card"),
    },
)
def each_item_has_card_outcome_and_time(heard: Heard) -> None:
    good = ("accepted", "overridden", "with an offset")
    assert len(heard) > len(good)
    for name, one in heard.items():
        assert counted(one) == (counts(kept=1) if name in good else counts(dropped=1)), name


def _accepted(card: Json) -> dict[str, Json]:
    return {
        "the suggestion": feedback(card, "accepted"),
        "two suggestions": feedback(
            card, "accepted", acceptedSuggestions=[{"id": one["uuid"]} for one in card["suggestions"][:2]]
        ),
        "none named": feedback(card, "accepted", acceptedSuggestions=...),
        "an empty list": feedback(card, "accepted", acceptedSuggestions=[]),
        "labels": feedback(card, "accepted", acceptedSuggestions=[{"label": "Refer"}]),
    }


@ROWS.requires(
    "FB4",
    "An accepted item names its `acceptedSuggestions`; without them it is dropped and counted.",
    hear=each(_accepted),
    faults={
        "the suggestion is not kept": other_counts("kept", 0),
        "two are too many": status(400, "two suggestions"),
        "kept without a suggestion": other_counts("kept", 1, "none named"),
        "an empty list is enough": other_counts("dropped", 0, "an empty list"),
    },
)
def an_accepted_item_names_its_suggestions(heard: Heard) -> None:
    assert len(heard) == 5
    for name, one in heard.items():
        good = name in ("the suggestion", "two suggestions")
        assert counted(one) == (counts(kept=1) if good else counts(dropped=1)), name


def _reasons(card: Json) -> dict[str, Json]:
    bare = {"code": REASON["code"], "system": REASON["system"]}
    return {
        "a reason": feedback(card, overrideReason={"reason": REASON}),
        "a reason without display": feedback(card, overrideReason={"reason": bare}),
        "a comment alone": feedback(card, overrideReason={"userComment": "Seen last week."}),
        "neither": feedback(card, overrideReason={}),
        "no reason": feedback(card),
        "a reason of the client's own": feedback(
            card, overrideReason={"reason": {"code": "x1", "system": "urn:example:ehr"}}
        ),
        "a reason that is a text": feedback(card, overrideReason={"reason": "not now"}),
    }


@ROWS.requires(
    "FB5",
    "`overrideReason` may have a coding (`display` is not needed), a comment, both, or be absent; one that "
    "cannot be read costs the reason, not the override.",
    hear=each(_reasons),
    faults={
        "the display is required": other_counts("kept", 0, "a reason without display"),
        "a comment alone is dropped": other_counts("dropped", 1, "a comment alone"),
        "the reason is required": status(400, "no reason"),
        "a text is an error": status(500, "a reason that is a text"),
        "not tried": without("a reason without display"),
    },
)
def an_override_may_have_a_reason(heard: Heard) -> None:
    assert len(heard) == 7
    assert all(counted(one) == counts(kept=1) for one in every(heard))


def _repeats(world: World) -> Heard:
    first, second = new_card(world), new_card(world)
    once = feedback(first)
    return {
        "once": send(world, {"feedback": [once]}),
        "the same again": send(world, {"feedback": [once]}),
        "several cards, one of them again": send(world, {"feedback": [feedback(second), once]}),
        "twice in one body": send(world, {"feedback": [feedback(new_card(world))] * 2}),
    }


@ROWS.requires(
    "FB6",
    "Feedback may come again, and for several cards at once: each item counts once.",
    hear=_repeats,
    faults={
        "counted twice": other_counts("kept", 1, "the same again"),
        "a repeat is an error": status(409, "the same again"),
        "one of several is lost": other_counts("kept", 0, "several cards, one of them again"),
        "counted twice in one body": other_counts("kept", 2, "twice in one body"),
    },
)
def feedback_counts_once(heard: Heard) -> None:
    assert counted(heard["once"]) == counts(kept=1)
    assert counted(heard["the same again"]) == counts(repeated=1)
    assert counted(heard["several cards, one of them again"]) == counts(kept=1, repeated=1)
    assert counted(heard["twice in one body"]) == counts(kept=1, repeated=1)


def _audiences(world: World) -> Heard:
    service = f"{PUBLIC_URL}{path_of()}"

    def sent(audience: str) -> Exchange:
        return send(world, {"feedback": [feedback(new_card(world))]}, audience=audience)

    return {
        "the feedback endpoint": sent(f"{service}/feedback"),
        "the service": sent(service),
        "another service": sent(f"{PUBLIC_URL}{path_of('order-sign')}/feedback"),
        "feedback, for a call": world.registered.post(path_of(), body_of(), headers=signed(PATH)),
        "no token": world.registered.post(PATH, {"feedback": []}),
    }


@ROWS.requires(
    "FB8",
    "Feedback needs a token like any call; its `aud` may be the service or the feedback endpoint, because "
    "clients do both.",
    hear=_audiences,
    faults={
        "the endpoint is refused": status(401),
        "the service is refused": status(401, "the service"),
        "another service's token is taken": answers_as("the service", "another service"),
        "a token for feedback is good for a call": status(412, "feedback, for a call"),
        "no token is needed": answers_as("the service", "no token"),
    },
)
def feedback_is_authenticated(heard: Heard) -> None:
    assert {name: one.status for name, one in heard.items()} == {
        "the feedback endpoint": 200,
        "the service": 200,
        "another service": 401,
        "feedback, for a call": 401,
        "no token": 401,
    }


def _answers(world: World) -> Heard:
    card = new_card(world)
    return {
        "good": send(world, {"feedback": [feedback(card)]}),
        "a card that nobody was shown": send(world, {"feedback": [feedback(card, card=str(uuid4()))]}),
        "one good of three": send(
            world,
            {
                "feedback": [
                    feedback(new_card(world)),
                    feedback(card, "shown"),
                    feedback(card, card=str(uuid4())),
                ]
            },
        ),
        "another client's card": world.registered.post(
            PATH, {"feedback": [feedback(card)]}, headers=signed(PATH, "oldest")
        ),
        "malformed": send(world, {"feedback": "x"}),
    }


@ROWS.requires(
    "FB9",
    "The answer is 200 without a body. Unknown cards, and those that another client was shown, are counted "
    "as unknown; good items among bad ones are kept; a malformed envelope is 400.",
    hear=_answers,
    faults={
        "a body": body(b'{"kept": 1}'),
        "created": status(201),
        "an unknown card is an error": status(404, "a card that nobody was shown"),
        "one bad item costs the others": other_counts("kept", 0, "one good of three"),
        "another client's card counts": other_counts("kept", 1, "another client's card"),
        "a malformed envelope is taken": answers_as("good", "malformed"),
    },
)
def feedback_is_answered_with_nothing(heard: Heard) -> None:
    assert counted(heard["good"]) == counts(kept=1)
    assert counted(heard["a card that nobody was shown"]) == counts(unknown=1)
    assert counted(heard["one good of three"]) == counts(kept=1, unknown=1, dropped=1)
    assert counted(heard["another client's card"]) == counts(unknown=1)
    assert heard["malformed"].status == 400
    assert all(one.body == b"" for name, one in heard.items() if name != "malformed")


COMMENT = "Mrs. Secretname prefers the evening clinic"


def _commented(world: World) -> Heard:
    service = world.registered_with()
    [card] = service.post(path_of(), world.body(), headers=signed(path_of())).cards

    def sent(comment: Any) -> Exchange:
        item = feedback(card, overrideReason={"userComment": comment})
        return service.post(PATH, {"feedback": [item]}, headers=signed(PATH))

    return {
        "a comment": sent(COMMENT),
        "a comment of any length": sent("x" * 100_000),
        "a comment that is an object": sent({"text": COMMENT}),
        "called again": _called_again(service, world),
        "kept": what_is_kept(service),
    }


def _called_again(service: Service, world: World) -> Exchange:
    return service.post(path_of(), world.body(patient=FULL), headers=signed(path_of()))


@ROWS.requires(
    "FB10",
    "A comment may hold anything: it is taken at any length, encrypted where it is kept, and never in an "
    "answer or a log.",
    hear=_commented,
    faults={
        "in a log": logs(COMMENT),
        "in an answer": body(COMMENT.encode(), "a comment that is an object"),
        "on a card": worded("Met (5)", COMMENT, "called again"),
        "in the database as it came": worded("SQLite format", COMMENT, "kept"),
        "a long one is refused": status(413, "a comment of any length"),
        "nobody looked": without("kept"),
    },
)
def a_comment_is_kept_to_itself(heard: Heard) -> None:
    assert heard.keys() >= {"kept", "called again"}
    assert counted(heard["a comment"]) == counts(kept=1)
    assert heard["a comment of any length"].status == 200
    assert b"SQLite format" in heard["kept"].body
    for one in every(heard):
        assert "Secretname" not in one.log
        assert b"Secretname" not in one.body
