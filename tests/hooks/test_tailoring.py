"""What a client gets depends on what it can do: discovery, queries and cards."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, Literal

import orjson
import pytest

from cards.cds_hooks import Action, Card, Link, Source, Suggestion
from cds_service.clients.registered import Abilities
from cds_service.hooks.specs import HOOKS
from cds_service.hooks.tailoring import card_json, queries_for, service_entry, tailored, templates_for
from cds_service.web.discovery import DiscoveryDocument, document_for
from mappings.needs import RESULT_CATEGORIES, needs_of
from tests.service.definitions import catalog

Version = Literal["1.0", "2.0", "3.0"]
Style = Literal["codes", "categories", "none"]
VERSIONS: tuple[Version, ...] = ("1.0", "2.0", "3.0")
STYLES: tuple[Style, ...] = ("codes", "categories", "none")
NEEDS = replace(
    needs_of(catalog().trials, catalog()),
    recent_codes=frozenset({"http://loinc.org|2890-2"}),
    recent_days=456,
)
EVERY = [
    Abilities(version, suggestions, types, smart, style, fhirpath, selection)
    for version, suggestions, types, smart, style, fhirpath, selection in product(
        VERSIONS,
        (True, False),
        (frozenset[str](), frozenset({"create"}), frozenset({"update"})),
        (True, False),
        STYLES,
        (True, False),
        (True, False),
    )
]


def uuid(number: int) -> str:
    return f"0b5ffb0a-6a5a-4f0f-9a4f-{number:012d}"


def action(kind: Any = "create") -> Action:
    if kind == "delete":
        return Action("delete", "Take back", resource_id="ServiceRequest/s1")
    return Action(kind, "Create", {"resourceType": "ServiceRequest", "id": "s1"})


REFER = Suggestion(uuid(1), "Refer", (action(),))
ORDER = Suggestion(uuid(2), "Order two tests", (action(), action()))
CHANGE = Suggestion(uuid(3), "Change", (action(), action("update")))
LINKS = (
    Link("Study", "https://example.org/study"),
    Link("Worksheet", "https://example.org/launch", "smart", "trial=1"),
)
CARD = Card(
    uuid(0), "Possible candidate", Source("Registry"), "Detail", suggestions=(REFER, ORDER),
    selection_behavior="any", links=LINKS,
)  # fmt: skip


def labels(card: Card) -> list[str]:
    return [one.label for one in card.suggestions]


def test_the_usual_client_gets_the_card_as_it_is_but_for_smart_links() -> None:
    assert tailored(CARD, Abilities()) == replace(CARD, links=LINKS[:1])
    assert tailored(CARD, Abilities(smart_links=True)) == CARD


@pytest.mark.parametrize(
    "abilities",
    [
        Abilities(suggestions=False),
        Abilities(action_types=frozenset()),
        Abilities(action_types=frozenset({"update", "delete"})),
    ],
)
def test_a_client_that_cannot_take_suggestions_gets_none_and_no_selection_behavior(
    abilities: Abilities,
) -> None:
    card = card_json(tailored(CARD, abilities), abilities)
    assert not {"suggestions", "selectionBehavior"} & card.keys()
    assert card["summary"] == CARD.summary


def test_a_suggestion_goes_as_a_whole_if_one_of_its_actions_cannot_be_taken() -> None:
    card = replace(CARD, suggestions=(REFER, CHANGE))
    assert labels(tailored(card, Abilities())) == ["Refer"]
    both = Abilities(action_types=frozenset({"create", "update"}))
    assert labels(tailored(card, both)) == ["Refer", "Change"]


def test_a_client_of_version_1_is_told_at_most_one_which_is_all_that_it_knows() -> None:
    old = Abilities(cds_hooks="1.0")
    recommended = replace(
        CARD, suggestions=(replace(REFER, is_recommended=True), replace(ORDER, is_recommended=True))
    )
    assert tailored(CARD, old).selection_behavior == "at-most-one"
    assert [one.is_recommended for one in tailored(recommended, old).suggestions] == [None, None]
    assert [one.is_recommended for one in tailored(recommended, Abilities()).suggestions] == [True, True]
    one = replace(CARD, suggestions=(replace(REFER, is_recommended=True), ORDER))
    assert [each.is_recommended for each in tailored(one, old).suggestions] == [True, None]


def test_only_a_client_that_knows_it_may_pick_among_the_orders_of_a_suggestion() -> None:
    for abilities, said in ((Abilities(), [None, None]), (Abilities(action_selection=True), [None, "any"])):
        card = card_json(tailored(CARD, abilities), abilities)
        assert [one.get("actionSelectionBehavior") for one in card["suggestions"]] == said


def test_whatever_a_client_can_do_its_card_is_valid_and_holds_nothing_empty() -> None:
    for abilities in EVERY:
        card = card_json(tailored(replace(CARD, suggestions=(REFER, ORDER, CHANGE)), abilities), abilities)
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert "null" not in orjson.dumps(card).decode()
        assert all(value not in ([], {}, "", None) for value in card.values())
        if abilities.cds_hooks == "1.0":
            assert card.get("selectionBehavior", "at-most-one") == "at-most-one"


# --- discovery


def services(abilities: Abilities) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(DiscoveryDocument(NEEDS, abilities).body)["services"]
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("fhirpath", [True, False])
def test_the_document_of_each_client_lists_every_service_with_what_that_client_knows(
    version: Version, style: Style, fhirpath: bool
) -> None:
    abilities = Abilities(cds_hooks=version, prefetch=style, fhirpath_prefetch=fhirpath)
    listed = services(abilities)
    assert [one["id"] for one in listed] == [spec.service_id for spec in HOOKS]
    for service, spec in zip(listed, HOOKS, strict=True):
        newer = {"version", "hookVersion"} if version == "3.0" else set()
        prefetch = set() if style == "none" else {"prefetch"}
        assert set(service) == {"hook", "id", "title", "description", "usageRequirements"} | newer | prefetch
        assert all(service.values())
        assert service.get("hookVersion", spec.version) == "1.0"
    assert ("today()" in str(listed)) == (fhirpath and style == "codes")


def test_the_semantic_version_named_is_that_of_the_ballot() -> None:
    [first, *_] = services(Abilities(cds_hooks="3.0"))
    assert first["version"] == "3.0.0-ballot"


def test_an_unknown_caller_sees_what_a_client_of_version_2_sees() -> None:
    assert DiscoveryDocument(NEEDS).body == DiscoveryDocument(NEEDS, Abilities()).body


def test_a_document_is_made_once_and_each_has_a_tag_of_its_own() -> None:
    assert document_for(NEEDS, Abilities()) is document_for(NEEDS, Abilities())
    some = (Abilities(), Abilities(cds_hooks="3.0"), Abilities(prefetch="none"))
    assert len({document_for(NEEDS, one).etag for one in some}) == 3


# --- queries


def keys(abilities: Abilities) -> list[str]:
    return [query.key for query in queries_for(NEEDS, abilities)]


def test_results_are_asked_for_by_category_where_the_client_wants_it_so() -> None:
    by_category = [key for key in keys(Abilities(prefetch="categories")) if key.startswith("observations")]
    assert by_category == [f"observations-{category}" for category in RESULT_CATEGORIES]
    assert "code=" not in str(templates_for(NEEDS, Abilities(prefetch="categories")))


def test_a_client_without_prefetch_is_searched_by_codes_and_given_no_template() -> None:
    assert templates_for(NEEDS, Abilities(prefetch="none")) == {}
    assert keys(Abilities(prefetch="none")) == keys(Abilities())


def test_the_keys_that_a_client_is_given_are_those_that_are_read_from_it() -> None:
    for abilities in EVERY:
        given = templates_for(NEEDS, abilities)
        assert list(given) == ([] if abilities.prefetch == "none" else keys(abilities))
        assert service_entry(HOOKS[0], NEEDS, abilities).get("prefetch", {}) == given
