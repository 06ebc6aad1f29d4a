"""Sections 6.4 to 6.7: suggestions, their actions, links, and system actions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from tests.conformance.faults import answers_as, both, drop, in_answer, put
from tests.conformance.hospital.calls import actions_of
from tests.conformance.hospital.hearings import cards
from tests.conformance.requirement import Heard, Json, Rows, every_card, is_text
from tests.conformance.rows.answering.cards import is_uuid4

ROWS = Rows()

REFER = "cards.0.suggestions.0"
ORDER = "cards.0.suggestions.1"
ACTION = f"{REFER}.actions.0"
LINK = "cards.0.links.0"
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_DOCUMENT = Path(__file__).parents[4] / "docs" / "clients.md"


def every_suggestion(heard: Heard) -> list[Json]:
    """All suggestions: there must be one at least."""
    found = [one for card in every_card(heard) for one in card.get("suggestions", [])]
    assert found, "there is no suggestion"
    return found


def every_action(heard: Heard) -> list[Json]:
    """All actions: there must be one at least."""
    found = [action for card in every_card(heard) for action in actions_of(card)]
    assert found, "there is no action"
    return found


@ROWS.requires(
    "SG1",
    "Each suggestion has a `label` that fits on a button.",
    hear=cards,
    faults={
        "none": in_answer(drop(f"{REFER}.label")),
        "blank": in_answer(put(f"{ORDER}.label", " "), "newest"),
        "too long for a button": in_answer(put(f"{REFER}.label", "x" * 81)),
        "two lines": in_answer(put(f"{REFER}.label", "Refer\nnow")),
        "an object": in_answer(put(f"{REFER}.label", {"text": "Refer"})),
    },
)
def each_suggestion_has_a_label(heard: Heard) -> None:
    for one in every_suggestion(heard):
        assert is_text(one.get("label"))
        assert len(one["label"]) <= 80
        assert len(one["label"].splitlines()) == 1


@ROWS.requires(
    "SG2",
    "Each suggestion has a `uuid` of its own, so that taking it can be reported.",
    hear=cards,
    faults={
        "none": in_answer(drop(f"{REFER}.uuid")),
        "a word": in_answer(put(f"{REFER}.uuid", "refer")),
        "the same for two": in_answer(
            lambda answer: answer["cards"][0]["suggestions"][0].update(
                uuid=answer["cards"][0]["suggestions"][1]["uuid"]
            )
        ),
        "that of the card": in_answer(
            lambda answer: answer["cards"][0]["suggestions"][0].update(uuid=answer["cards"][0]["uuid"])
        ),
    },
)
def each_suggestion_has_its_own_uuid(heard: Heard) -> None:
    uuids = [one.get("uuid") for one in every_suggestion(heard)]
    assert all(is_uuid4(one) for one in uuids)
    assert len({*uuids, *(card["uuid"] for card in every_card(heard))}) == len(uuids) + len(every_card(heard))


@ROWS.requires(
    "SG3",
    "`isRecommended` is a boolean, true of one suggestion at most where one may be taken. We recommend none.",
    hear=cards,
    faults={
        "a text": in_answer(put(f"{REFER}.isRecommended", "true")),
        "two of which one may be taken": in_answer(
            both(put(f"{REFER}.isRecommended", True), put(f"{ORDER}.isRecommended", True)), "oldest"
        ),
        "one that we recommend": in_answer(put(f"{REFER}.isRecommended", True)),
        "null": in_answer(put(f"{REFER}.isRecommended", None), "newest"),
    },
)
def no_suggestion_is_recommended(heard: Heard) -> None:
    assert all(one.get("isRecommended", False) is False for one in every_suggestion(heard))


@ROWS.requires(
    "SG4",
    "`actions` is an array that is never empty; all of a suggestion's actions belong together.",
    hear=cards,
    faults={
        "empty": in_answer(put(f"{REFER}.actions", [])),
        "none": in_answer(drop(f"{ORDER}.actions")),
        "one object": in_answer(put(f"{REFER}.actions", {"type": "create"})),
        "a text in it": in_answer(put(f"{REFER}.actions.0", "create"), "order-sign"),
        "the same action twice": in_answer(
            lambda answer: answer["cards"][0]["suggestions"][0]["actions"].extend(
                answer["cards"][0]["suggestions"][0]["actions"]
            )
        ),
    },
)
def actions_are_never_empty(heard: Heard) -> None:
    for one in every_suggestion(heard):
        actions = one.get("actions")
        assert isinstance(actions, list)
        assert actions
        assert all(isinstance(action, dict) for action in actions)
        assert all(action not in actions[:number] for number, action in enumerate(actions))


@ROWS.requires(
    "SG5",
    "`actionSelectionBehavior` goes only to the client whose registration says that it knows it; there it "
    "is a word of the specification.",
    hear=cards,
    faults={
        "to a client of 2.0": in_answer(put(f"{ORDER}.actionSelectionBehavior", "any"), "hospital"),
        "in demo mode": in_answer(put(f"{ORDER}.actionSelectionBehavior", "all")),
        "to a client of 1.0": answers_as("newest", "oldest"),
        "another word": in_answer(put(f"{ORDER}.actionSelectionBehavior", "some"), "newest"),
        "not even to that client": answers_as("hospital", "newest"),
    },
)
def choosing_among_actions_is_for_who_knows_it(heard: Heard) -> None:
    assert "newest" in heard
    for name, one in heard.items():
        found = [
            each.get("actionSelectionBehavior") for card in one.cards for each in card.get("suggestions", [])
        ]
        assert any(found) == (name == "newest"), name
        assert set(found) <= {None, "all", "any", "at-most-one"}


@ROWS.requires(
    "AC1",
    "The `type` of an action is `create`, `update` or `delete`.",
    hear=cards,
    faults={
        "capitals": in_answer(put(f"{ACTION}.type", "CREATE")),
        "another word": in_answer(put(f"{ACTION}.type", "order"), "newest"),
        "none": in_answer(drop(f"{ACTION}.type")),
        "a list": in_answer(put(f"{ACTION}.type", ["create"])),
    },
)
def each_action_has_a_known_type(heard: Heard) -> None:
    assert all(str(one.get("type")) in ("create", "update", "delete") for one in every_action(heard))


@ROWS.requires(
    "AC2",
    "Each action has a `description`.",
    hear=cards,
    faults={
        "none": in_answer(drop(f"{ACTION}.description")),
        "blank": in_answer(put(f"{ORDER}.actions.0.description", ""), "oldest"),
        "an object": in_answer(put(f"{ACTION}.description", {"text": "x"})),
    },
)
def each_action_is_described(heard: Heard) -> None:
    assert all(is_text(one.get("description")) for one in every_action(heard))


@ROWS.requires(
    "AC3",
    "`create` carries a new resource that is valid FHIR R4, under a temporary id of its own, and no "
    "`resourceId`.",
    hear=cards,
    faults={
        "no resource": in_answer(drop(f"{ACTION}.resource")),
        "a text": in_answer(put(f"{ACTION}.resource", '{"resourceType":"ServiceRequest"}')),
        "not valid: no intent": in_answer(drop(f"{ACTION}.resource.intent"), "newest"),
        "not valid: an unknown status": in_answer(put(f"{ACTION}.resource.status", "proposed")),
        "of R5": in_answer(put(f"{ACTION}.resource.reason", [{"concept": {"text": "x"}}])),
        "of a type that is none": in_answer(put(f"{ACTION}.resource.resourceType", "Referral")),
        "the id of a draft": in_answer(put(f"{ACTION}.resource.id", "draft-1"), "order-sign"),
        "one id for two": in_answer(
            lambda answer: _resource(answer, 0).update(id=_resource(answer, 1)["id"]),
        ),
        "a resourceId beside it": in_answer(put(f"{ACTION}.resourceId", "ServiceRequest/1")),
    },
)
def what_is_created_is_valid_fhir(heard: Heard) -> None:
    created = [one for one in every_action(heard) if one["type"] == "create"]
    assert created
    for one in created:
        assert "resourceId" not in one
        assert fault_of(one.get("resource")) == ""
    ids = [one["resource"].get("id") for one in created]
    assert all(is_uuid4(one) for one in ids)
    assert len(set(ids)) == len(ids)


def _resource(answer: Any, suggestion: int) -> Json:
    resource: Json = answer["cards"][0]["suggestions"][suggestion]["actions"][0]["resource"]
    return resource


_STATUSES = {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}


def fault_of(resource: object) -> str:
    """Why a resource is not R4; "" if it is. The models know no value sets of required codes."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return "not a resource"
    if resource.get("status") not in _STATUSES:
        return "an unknown status"
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except (
        ValidationError,
        ValueError,
        KeyError,
        AttributeError,
    ) as error:  # the last three: an unknown type
        return str(error)
    return ""


@ROWS.requires(
    "AC4",
    "`update` carries the whole resource with its id. We send none; were one to come, this holds of it.",
    hear=cards,
    faults={
        "no id": in_answer(both(put(f"{ACTION}.type", "update"), drop(f"{ACTION}.resource.id"))),
        "a patch": in_answer(
            both(put(f"{ACTION}.type", "update"), put(f"{ACTION}.resource", {"id": "x", "status": "draft"}))
        ),
        "no resource": in_answer(both(put(f"{ACTION}.type", "update"), drop(f"{ACTION}.resource")), "newest"),
    },
)
def what_is_updated_is_whole(heard: Heard) -> None:
    for one in every_action(heard):
        if one.get("type") == "update":
            assert fault_of(one.get("resource")) == ""
            assert is_text(one["resource"].get("id"))


@ROWS.requires(
    "AC5",
    "`delete` names its target as `resourceId`, Type/id, and carries no resource. We send none; were one "
    "to come, this holds of it.",
    hear=cards,
    faults={
        "a resource": in_answer(put(f"{ACTION}.type", "delete")),
        "nothing": in_answer(both(put(f"{ACTION}.type", "delete"), drop(f"{ACTION}.resource"))),
        "an id without type": in_answer(
            both(
                both(put(f"{ACTION}.type", "delete"), drop(f"{ACTION}.resource")),
                put(f"{ACTION}.resourceId", "draft-1"),
            )
        ),
        "the text of before 2.0": in_answer(
            both(put(f"{ACTION}.type", "delete"), put(f"{ACTION}.resource", "ServiceRequest/draft-1")),
            "oldest",
        ),
    },
)
def what_is_deleted_is_named(heard: Heard) -> None:
    for one in every_action(heard):
        if one.get("type") == "delete":
            assert "resource" not in one
            assert _REFERENCE.fullmatch(one.get("resourceId", ""))
