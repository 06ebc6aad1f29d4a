from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest

from cards.cds_hooks import Action, Card, Coding, InvalidCardError, Link, OverrideReason, Source, Suggestion

UUID_A, UUID_B, UUID_C = (f"00000000-0000-4000-8000-00000000000{n}" for n in "abc")
RESOURCE: dict[str, object] = {"resourceType": "ServiceRequest", "status": "draft"}
ACTION = Action("create", "Create a draft", RESOURCE)
SUGGESTION = Suggestion(UUID_B, "Refer", (ACTION,))
CARD = Card(UUID_A, "A summary", Source("trialhook"))


def with_suggestions(*suggestions: Suggestion, **changes: object) -> Card:
    known: dict[str, object] = {"selection_behavior": "any", **changes}
    return replace(CARD, suggestions=suggestions, **known)  # type: ignore[arg-type]


REFUSED: dict[str, Callable[[], object]] = {
    "a summary of 140 characters": lambda: replace(CARD, summary="x" * 140),
    "a summary of 140 UTF-16 units": lambda: replace(CARD, summary="🩺" * 70),
    "a blank summary": lambda: replace(CARD, summary=" \t"),
    "a summary of two lines": lambda: replace(CARD, summary="a\nb"),
    "a blank detail": lambda: replace(CARD, detail="  "),
    "an indicator that is not in the list": lambda: replace(CARD, indicator="success"),  # type: ignore[arg-type]
    "a card whose uuid is none": lambda: replace(CARD, uuid="card-1"),
    "suggestions without selectionBehavior": lambda: with_suggestions(SUGGESTION, selection_behavior=None),
    "an unknown selectionBehavior": lambda: with_suggestions(SUGGESTION, selection_behavior="all"),
    "selectionBehavior without suggestions": lambda: replace(CARD, selection_behavior="any"),
    "two recommended with at-most-one": lambda: with_suggestions(
        replace(SUGGESTION, is_recommended=True),
        replace(SUGGESTION, uuid=UUID_C, is_recommended=True),
        selection_behavior="at-most-one",
    ),
    "a uuid used twice": lambda: with_suggestions(SUGGESTION, SUGGESTION),
    "a suggestion without label": lambda: replace(SUGGESTION, label=""),
    "a suggestion without actions": lambda: replace(SUGGESTION, actions=()),
    "a suggestion whose uuid is none": lambda: replace(SUGGESTION, uuid=""),
    "an action without description": lambda: replace(ACTION, description=" "),
    "an action type in capitals": lambda: replace(ACTION, type="CREATE"),  # type: ignore[arg-type]
    "create without resource": lambda: replace(ACTION, resource=None),
    "create without resourceType": lambda: replace(ACTION, resource={"status": "draft"}),
    "update without id": lambda: replace(ACTION, type="update"),
    "delete with a resource": lambda: replace(ACTION, type="delete", resource_id="Task/1"),
    "delete without Type/id": lambda: Action("delete", "Remove", resource_id="1"),
    "resourceId on create": lambda: replace(ACTION, resource_id="Task/1"),
    "a null in a resource": lambda: replace(ACTION, resource={**RESOURCE, "code": None}),
    "an empty list in a resource": lambda: replace(ACTION, resource={**RESOURCE, "note": [{"text": []}]}),
    "appContext on an absolute link": lambda: Link("Page", "https://a.example", app_context="{}"),
    "a link without label": lambda: Link("", "https://a.example"),
    "a link to a script": lambda: Link("Page", "javascript:alert(1)"),
    "a relative link": lambda: Link("Page", "/page"),
    "a link with a space": lambda: Link("Page", "https://a.example/a b"),
    "a link that is neither absolute nor smart": lambda: Link("Page", "https://a.example", "web"),  # type: ignore[arg-type]
    "a source without label": lambda: Source(" "),
    "a source with a relative url": lambda: Source("trialhook", "about"),
    "a source whose icon is no address": lambda: Source("trialhook", icon="icon.png"),
    "a topic without code": lambda: Coding("https://a.example", ""),
    "an override reason without display": lambda: OverrideReason("https://a.example", "no", " "),
}


@pytest.mark.parametrize("build", REFUSED.values(), ids=REFUSED)
def test_it_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(InvalidCardError):
        build()


def test_a_summary_of_139_characters_can_be_built() -> None:
    assert replace(CARD, summary="x" * 139).to_json()["summary"] == "x" * 139


def test_members_without_value_are_left_out() -> None:
    assert CARD.to_json() == {
        "uuid": UUID_A,
        "summary": "A summary",
        "indicator": "info",
        "source": {"label": "trialhook"},
    }


def test_every_member_has_its_name_on_the_wire() -> None:
    card = replace(
        CARD,
        detail="*Words*",
        source=Source(
            "R", "https://r.example", "https://r.example/i.png", Coding("https://t.example", "t", "T")
        ),
        suggestions=(replace(SUGGESTION, is_recommended=False),),
        selection_behavior="at-most-one",
        override_reasons=(OverrideReason("https://o.example", "no", "No"),),
        links=(Link("App", "https://app.example/launch", "smart", "{}"), Link("Page", "https://p.example")),
    )

    assert card.to_json() == {
        "uuid": UUID_A,
        "summary": "A summary",
        "detail": "*Words*",
        "indicator": "info",
        "source": {
            "label": "R",
            "url": "https://r.example",
            "icon": "https://r.example/i.png",
            "topic": {"system": "https://t.example", "code": "t", "display": "T"},
        },
        "suggestions": [
            {
                "label": "Refer",
                "uuid": UUID_B,
                "isRecommended": False,
                "actions": [{"type": "create", "description": "Create a draft", "resource": RESOURCE}],
            }
        ],
        "selectionBehavior": "at-most-one",
        "overrideReasons": [{"system": "https://o.example", "code": "no", "display": "No"}],
        "links": [
            {"label": "App", "url": "https://app.example/launch", "type": "smart", "appContext": "{}"},
            {"label": "Page", "url": "https://p.example", "type": "absolute"},
        ],
    }


def test_delete_names_its_target_and_carries_no_resource() -> None:
    action = Action("delete", "Remove the draft", resource_id="ServiceRequest/1")

    assert action.to_json() == {
        "type": "delete",
        "description": "Remove the draft",
        "resourceId": "ServiceRequest/1",
    }


def test_a_card_cannot_be_changed_once_it_was_checked() -> None:
    with pytest.raises(FrozenInstanceError):
        CARD.summary = "x" * 200  # type: ignore[misc]
