"""Section 1: JSON as it is sent and taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.conformance.faults import (
    answers_as,
    body,
    drop,
    header,
    in_answer,
    put,
    request_header,
    status,
    without,
    worded,
)
from tests.conformance.hospital.calls import path_of
from tests.conformance.hospital.ehr import BASE
from tests.conformance.hospital.hearings import answers, cards, discovery, everything
from tests.conformance.hospital.world import MOST_BYTES, World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, every, is_text
from tests.conformance.rows.asking.requests import EXTENSION, assert_same_cards

ROWS = Rows()

MAY_BE_EMPTY = ("cards", "services")
OPTIONAL = {
    "answer": ("systemActions", "extension"),
    "card": ("uuid", "detail", "suggestions", "selectionBehavior", "overrideReasons", "links", "extension"),
    "source": ("url", "icon", "topic"),
    "suggestion": ("uuid", "isRecommended", "actions", "actionSelectionBehavior"),
    "action": ("resource", "resourceId"),
    "link": ("appContext", "autolaunchable"),
    "service": ("title", "prefetch", "usageRequirements", "version", "hookVersion", "extension"),
}
REQUIRED = {
    "answer": MAY_BE_EMPTY,
    "card": ("summary", "indicator", "source"),
    "source": ("label",),
    "suggestion": ("label",),
    "action": ("type", "description"),
    "link": ("label", "url", "type"),
    "service": ("hook", "id", "description"),
}
_FIRST_SUGGESTION = "cards.0.suggestions.0"


def members(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every member of an answer and of what is in it, but nothing inside FHIR resources."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield f"{path}.{name}", one
            if name != "resource":
                yield from members(one, f"{path}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield path, one
            yield from members(one, path)


@ROWS.requires(
    "G1",
    "Everything that is sent is JSON (RFC 8259) in UTF-8, and says so in `Content-Type`.",
    hear=everything,
    faults={
        "HTML": header("Content-Type", "text/html"),
        "no media type": header("Content-Type", None, "no candidate"),
        "another media type for errors": header("Content-Type", "text/plain", "404"),
        "single quotes": body(b"{'cards': []}"),
        "NaN": body(b'{"cards": [NaN]}'),
        "a name twice": body(b'{"cards": [], "cards": []}'),
        "a byte order mark": body(b'\xef\xbb\xbf{"cards": []}'),
        "Latin-1": body('{"cards": ["é"]}'.encode("latin-1")),
        "more after the end": body(b'{"cards": []}{}', "order-sign"),
        "nothing": body(b"", "412"),
    },
)
def everything_is_json(heard: Heard) -> None:
    for one in every(heard):
        assert one.headers.get("content-type", "").partition(";")[0] == "application/json"
        assert isinstance(one.answer, dict)


@ROWS.requires(
    "G2",
    "No member is `null`.",
    hear=everything,
    faults={
        "null as links": in_answer(put("cards.0.links", None)),
        "null as a uuid": in_answer(put(f"{_FIRST_SUGGESTION}.uuid", None), "newest"),
        "null as a card": in_answer(put("cards.0", None), "order-select"),
        "null as cards": in_answer(put("cards", None), "no candidate"),
        "null as a title": in_answer(put("services.0.title", None), "discovery, demo"),
        "null in an error": in_answer(put("issue.0.diagnostics", None), "400"),
    },
)
def no_member_is_null(heard: Heard) -> None:
    found = [path for one in every(heard) for path, value in members(one.answer) if value is None]
    assert found == []


@ROWS.requires(
    "G3",
    "No string, array or object is empty, but for `cards` and `services`.",
    hear=everything,
    faults={
        "no links, as a list": in_answer(put("cards.0.links", [])),
        "an empty detail": in_answer(put("cards.0.detail", "")),
        "an empty topic": in_answer(put("cards.0.source.topic", {})),
        "no actions, as a list": in_answer(put(f"{_FIRST_SUGGESTION}.actions", [])),
        "no system actions, as a list": in_answer(put("systemActions", []), "no candidate"),
        "no prefetch, as an object": in_answer(put("services.0.prefetch", {}), "discovery, no-prefetch"),
    },
)
def nothing_is_empty_but_cards_and_services(heard: Heard) -> None:
    found = [
        path
        for one in every(heard)
        for path, value in members(one.answer)
        if value in ("", [], {}) and path.removeprefix(".") not in MAY_BE_EMPTY
    ]
    assert found == []


def _of_each_kind(one: Exchange) -> Iterator[tuple[str, Json]]:
    """The objects in an answer that have optional members, with what they are."""
    yield "answer", one.answer
    yield from (("service", service) for service in one.answer.get("services", []))
    for card in one.answer.get("cards", []):
        yield "card", card
        yield "source", card["source"]
        yield from (("link", link) for link in card.get("links", []))
        for suggestion in card.get("suggestions", []):
            yield "suggestion", suggestion
            yield from (("action", action) for action in suggestion.get("actions", []))


@ROWS.requires(
    "G4",
    "An optional member without a value is left out: no suggestions, no `suggestions`; no guidance, "
    "nothing but `cards`.",
    hear=lambda world: {**world.hear(answers), **world.hear(discovery)},
    faults={
        "an empty list": in_answer(put("cards.0.suggestions", []), "plain-cards"),
        "false for none": in_answer(put("cards.0.links", False), "plain-cards"),
        "null": in_answer(put("cards.0.selectionBehavior", None), "plain-cards"),
        "a behavior of no suggestions": in_answer(put("cards.0.selectionBehavior", "any"), "plain-cards"),
        "system actions that are none": in_answer(put("systemActions", []), "no candidate"),
        "a blank link context": in_answer(put("cards.0.links.0.appContext", "")),
        "no prefetch, said": in_answer(put("services.0.prefetch", {}), "discovery, no-prefetch"),
    },
)
def what_has_no_value_is_left_out(heard: Heard) -> None:
    for one in every(heard):
        for kind, value in _of_each_kind(one):
            present = [value[name] for name in OPTIONAL[kind] if name in value]
            assert all(_has_value(member) for member in present), kind
    assert [set(heard[name].answer) for name in ("no candidate", "no trials offered")] == [{"cards"}] * 2
    [plain] = heard["plain-cards"].cards
    assert not {"suggestions", "selectionBehavior"} & plain.keys()


def _has_value(member: Any) -> bool:
    """False of ``isRecommended`` is a value; of anything else it stands for none."""
    return member is True or bool(member)


@ROWS.requires(
    "G5",
    "Required strings and addresses are not blank.",
    hear=lambda world: {**world.hear(cards), **world.hear(discovery)},
    faults={
        "a blank summary": in_answer(put("cards.0.summary", "   ")),
        "a blank label": in_answer(put(f"{_FIRST_SUGGESTION}.label", "\t"), "newest"),
        "a blank address": in_answer(put("cards.0.links.0.url", " ")),
        "a blank description": in_answer(put("services.0.description", "\n"), "discovery, demo"),
        "a blank display": in_answer(put("cards.0.overrideReasons.0.display", " ")),
        "a no-break space": in_answer(put("cards.0.source.label", "\u00a0")),
    },
)
def no_string_is_blank(heard: Heard) -> None:
    texts = [(path, value) for one in every(heard) for path, value in members(one.answer)]
    strings = [(path, value) for path, value in texts if isinstance(value, str)]
    assert strings
    assert [path for path, value in strings if not is_text(value)] == []


@ROWS.requires(
    "G6",
    "A resource in an answer is a JSON object with its `resourceType`, never a text that holds JSON.",
    hear=cards,
    faults={
        "a text": in_answer(
            put(f"{_FIRST_SUGGESTION}.actions.0.resource", '{"resourceType": "ServiceRequest"}')
        ),
        "a list": in_answer(put(f"{_FIRST_SUGGESTION}.actions.0.resource", []), "lin-mei"),
        "no type": in_answer(drop(f"{_FIRST_SUGGESTION}.actions.0.resource.resourceType")),
        "null inside": in_answer(put(f"{_FIRST_SUGGESTION}.actions.0.resource.note", None)),
        "empty inside": in_answer(put(f"{_FIRST_SUGGESTION}.actions.0.resource.note", [])),
    },
)
def resources_are_objects(heard: Heard) -> None:
    found = [
        value for one in every(heard) for path, value in members(one.answer) if path.endswith(".resource")
    ]
    assert found
    for resource in found:
        assert isinstance(resource, dict)
        assert is_text(resource.get("resourceType"))
        assert not [path for path, value in members(resource) if value in (None, "", [], {})]


@ROWS.requires(
    "G7",
    "No comments and no trailing commas.",
    hear=everything,
    faults={
        "a trailing comma": body(b'{"cards": [],}'),
        "a trailing comma in a list": body(b'{"services": [{},]}', "discovery, demo"),
        "a comment": body(b'{"cards": [] /* none */}'),
        "a line of comment": body(b'// cards\n{"cards": []}', "400"),
    },
)
def there_are_no_comments(heard: Heard) -> None:
    assert all(isinstance(one.answer, dict) for one in every(heard))


def _with_junk(world: World) -> Heard:
    plain = world.body(fhirServer=BASE)
    junk: Json = {"x-member": [None, "", {}], "extension": EXTENSION, "nothing": None}
    prefetch = {
        key: {**value, **junk, "_id": {"extension": []}} if isinstance(value, dict) else value
        for key, value in plain["prefetch"].items()
    }
    everywhere = {**plain, **junk, "context": {**plain["context"], **junk}, "prefetch": prefetch}
    return {
        "plain": world.demo.post(path_of(), plain),
        "on the request": world.demo.post(path_of(), {**plain, **junk}),
        "on every object": world.demo.post(path_of(), everywhere),
    }


@ROWS.requires(
    "G8",
    "Unknown members anywhere in a request change nothing.",
    hear=_with_junk,
    faults={
        "400": status(400, "on the request"),
        "500": status(500, "on every object"),
        "other cards": worded("5 of 15", "4 of 15", "on every object"),
        "a resource with an unknown member is passed over": in_answer(put("cards", []), "on every object"),
    },
)
def unknown_members_change_nothing(heard: Heard) -> None:
    assert_same_cards(heard)


def _bodies(world: World) -> Heard:
    good = world.body()

    def sent(raw: Any, media_type: str, **headers: str) -> Exchange:
        named = {"Content-Type": media_type, **headers}
        return world.demo.post(path_of(), raw, headers=named)

    return {
        "plain": sent(good, "application/json"),
        "charset": sent(good, "application/json; charset=UTF-8"),
        "FHIR's media type": sent(good, "application/fhir+json"),
        "Latin-1": sent(good, "application/json; charset=iso-8859-1"),
        "a form": sent(b"hook=patient-view", "application/x-www-form-urlencoded"),
        "compressed": sent(good, "application/json", **{"Content-Encoding": "gzip"}),
        "bytes that are not UTF-8": sent(b'{"hook": "\xff"}', "application/json"),
        "too large": sent(b" " * (MOST_BYTES + 1), "application/json"),
        "too deep": sent(b'{"x":' + b"[" * 2000 + b"]" * 2000 + b"}", "application/json"),
    }


_BODY_STATUS = {
    "plain": 200,
    "charset": 200,
    "FHIR's media type": 200,
    "Latin-1": 415,
    "a form": 415,
    "compressed": 415,
    "bytes that are not UTF-8": 400,
    "too large": 413,
    "too deep": 400,
}


@ROWS.requires(
    "G9",
    "Bodies are taken with a charset, and as `application/fhir+json`; UTF-8 only; size and depth have "
    "limits.",
    hear=_bodies,
    faults={
        "a charset is refused": status(415, "charset"),
        "FHIR's media type is refused": status(415, "FHIR's media type"),
        "Latin-1 is taken": answers_as("plain", "Latin-1"),
        "a form is taken": status(400, "a form"),
        "no limit of size": answers_as("plain", "too large"),
        "the depth breaks it": status(500, "too deep"),
        "not tried": without("compressed"),
        "sent without a media type": request_header("Content-Type", "application/json", "charset"),
    },
)
def bodies_have_media_types_and_limits(heard: Heard) -> None:
    assert {name: one.status for name, one in heard.items()} == _BODY_STATUS
    assert "charset" in heard["charset"].sent_headers["content-type"]
    assert_same_cards({name: heard[name] for name in ("plain", "charset", "FHIR's media type")})


def extensions_in(one: Exchange) -> list[Any]:
    """The value of every member that is named extension."""
    return [value for path, value in members(one.answer) if path.endswith(".extension")]


@ROWS.requires(
    "12.object",
    "No answer has an `extension`; were one to come, it would be an object.",
    hear=everything,
    faults={
        "a text": in_answer(put("cards.0.extension", "x")),
        "a list, as FHIR has it": in_answer(put("cards.0.extension", [{"url": "x"}]), "newest"),
        "any at all": in_answer(put("extension", EXTENSION), "no candidate"),
        "on a service": in_answer(put("services.0.extension", EXTENSION), "discovery, demo"),
    },
)
def there_are_no_extensions(heard: Heard) -> None:
    assert [extension for one in every(heard) for extension in extensions_in(one)] == []


@ROWS.requires(
    "12.names",
    "No member of ours is outside the specification: nothing is sent under a name that others might use "
    "for another thing.",
    hear=lambda world: {**world.hear(answers), **world.hear(discovery)},
    faults={
        "a member of our own on a card": in_answer(put("cards.0.trialId", "NCT06920433")),
        "on the answer": in_answer(put("assessment", {"met": 5}), "no candidate"),
        "on a service": in_answer(put("services.0.name", "trialhook"), "discovery, demo"),
        "on a link": in_answer(put("cards.0.links.0.target", "_blank"), "newest"),
        "on an action": in_answer(put(f"{_FIRST_SUGGESTION}.actions.0.title", "x")),
    },
)
def no_member_is_of_our_own(heard: Heard) -> None:
    for one in every(heard):
        for kind, value in _of_each_kind(one):
            strangers = value.keys() - {*OPTIONAL[kind], *REQUIRED[kind]}
            assert not strangers, (kind, strangers)
