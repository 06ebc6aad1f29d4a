"""Section 11: how long an answer takes, and that nothing of one patient's chart outlives it."""

from __future__ import annotations

import threading
from typing import Any

import orjson

from tests.conformance.faults import answers_as, header, in_answer, put, status, takes, without, worded
from tests.conformance.hospital.calls import body_of, path_of, without_uuids
from tests.conformance.hospital.ehr import BASE, kind_of
from tests.conformance.hospital.hearings import answers, refusals
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Rows, every

ROWS = Rows()

RESPONSIVE = 0.5
"""Seconds: the specification says on the order of 500 ms."""

DEADLINE, SPARE = 0.3, 3.0
"""Seconds that reading may take, and that a busy machine may take beside it."""


def _timed(world: World) -> Heard:
    return {f"call {number}": world.call() for number in range(1, 6)}


@ROWS.requires(
    "X1",
    "A call with prefetch is answered within 500 ms (the fastest of five, so that a busy machine says "
    "nothing; bench/RESULTS.md has the measurements).",
    hear=_timed,
    faults={
        "600 ms each": lambda heard: {name: _slower(one) for name, one in heard.items()},
        "fast because nothing was done": in_answer(put("cards", [])),
    },
)
def a_call_is_answered_quickly(heard: Heard) -> None:
    assert all(one.cards for one in every(heard))
    assert min(one.seconds for one in every(heard)) <= RESPONSIVE


def _slower(one: Exchange) -> Exchange:
    [slow] = takes(0.6)({"": one}).values()
    return slow


def _slow_server(world: World) -> Heard:
    """A FHIR server that answers the Patient, and nothing else before a test is over."""
    patience = threading.Event()

    def answering(request: Any) -> Any:
        if kind_of(str(request.url)) != "Patient":
            patience.wait(20)
        return world.ehr.usual(request)

    body = world.body(prefetch=..., fhirServer=BASE)
    service = world.demo_with(deadline=DEADLINE)
    try:
        slow = service.post(path_of(), body, answering=answering)
        patient = {"patient": world.prefetch()["patient"], "conditions": world.prefetch()["conditions"]}
        in_part = {**body, "prefetch": patient}
        partly = service.post(path_of(), in_part, answering=answering)
    finally:
        patience.set()
    return {"without prefetch": slow, "with part of it": partly}


@ROWS.requires(
    "X3",
    "All reading from a FHIR server ends at a deadline; then the answer is what is known, and what was not "
    "read is unknown.",
    hear=_slow_server,
    faults={
        "waits for the server": takes(20),
        "an error for a slow server": status(504, "with part of it"),
        "412 although the Patient came": status(412),
        "a card for what was not read": answers_as("with part of it"),
        "no word of what was not read": worded(
            "Could not be read from the chart", "All read from", "with part of it"
        ),
        "what is known is thrown away": in_answer(put("cards", []), "with part of it"),
    },
)
def a_slow_server_holds_up_nobody(heard: Heard) -> None:
    assert all(one.seconds < DEADLINE + SPARE for one in every(heard))
    assert heard["without prefetch"].cards == []
    assert len(heard["with part of it"].cards) == 1
    assert "Could not be read from the chart system" in heard["with part of it"].cards[0]["detail"]


def _twice(world: World) -> Heard:
    changed = {**world.prefetch(), "observations-1": None}
    return {
        "with the chart": world.call(),
        "the same patient, without a chart": world.demo.post(path_of(), body_of()),
        "the same patient, with another chart": world.demo.post(path_of(), body_of(prefetch=changed)),
        "with the chart again": world.call(),
    }


@ROWS.requires(
    "X4",
    "Nothing of a chart is kept for the next call: each is answered from its own data alone.",
    hear=_twice,
    faults={
        "answered from memory": answers_as("with the chart", "the same patient, without a chart"),
        "an old result counts": answers_as("with the chart", "the same patient, with another chart"),
        "a newer result is lost": answers_as("the same patient, with another chart", "with the chart again"),
    },
)
def nothing_is_kept_for_the_next_call(heard: Heard) -> None:
    assert heard["the same patient, without a chart"].status == 412
    [before], [after] = heard["with the chart"].cards, heard["with the chart again"].cards
    assert without_uuids([before]) == without_uuids([after])
    [changed] = heard["the same patient, with another chart"].cards
    assert "24-hour urine protein 1.4" in before["detail"]
    assert "24-hour urine protein 1.4" not in changed["detail"]


@ROWS.requires(
    "X5",
    "No answer about a patient may be kept by anybody on the way: `Cache-Control: no-store`, refusals "
    "included.",
    hear=lambda world: {**world.hear(answers), **world.hear(refusals)},
    faults={
        "no word of it": header("Cache-Control", None),
        "kept for a minute": header("Cache-Control", "max-age=60", "order-sign"),
        "kept by proxies": header("Cache-Control", "public", "newest"),
        "refusals are kept": header("Cache-Control", None, "412"),
        "a tag": header("ETag", '"x"'),
    },
)
def no_answer_is_kept(heard: Heard) -> None:
    assert every(heard)
    for name, one in heard.items():
        assert one.headers.get("cache-control") == "no-store", name
        assert "etag" not in one.headers


@ROWS.requires(
    "X7",
    "No white space between the parts of an answer.",
    hear=answers,
    faults={
        "a space after colons": worded('"cards":[', '"cards": ['),
        "indented": worded('{"cards"', '{\n  "cards"', "no candidate"),
        "a line end": worded("}]}", "}]}\n", "order-sign"),
        "not tried": without("order-sign"),
    },
)
def answers_have_no_white_space(heard: Heard) -> None:
    assert {"order-sign", "no candidate"} <= heard.keys()
    assert all(one.body == orjson.dumps(one.answer) for one in every(heard))
