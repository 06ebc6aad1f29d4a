"""What each client gets of our queries, of discovery and of a card: no more than it can handle."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from cards.cds_hooks import Card, Suggestion
from cards.wording import SENTENCES
from cds_service.clients.registered import Abilities
from cds_service.hooks.specs import HookSpec
from mappings.language import ENGLISH, Language, message
from mappings.needs import Needs, ObservationStyle, Query

SPECIFICATION = "3.0.0-ballot"
"""The version of CDS Hooks that the additions for a 3.0 client are taken from."""

_USAGE = message(
    "FHIR R4. Works from prefetch, from FHIR read access, or from both; what is not supplied leaves criteria "
    "unknown. Only the Patient is required."
)


@lru_cache(maxsize=256)
def queries_for(needs: Needs, abilities: Abilities) -> tuple[Query, ...]:
    """What is prefetched by this client, or else searched for on its server: the same queries.

    A client without prefetch is searched by codes; what it prefetches all the same is used.
    """
    style: ObservationStyle = "categories" if abilities.prefetch == "categories" else "codes"
    return needs.queries(style, dated=abilities.fhirpath_prefetch)


def templates_for(needs: Needs, abilities: Abilities) -> dict[str, str]:
    """The prefetch templates that this client is given, by key; empty for one that does not prefetch."""
    if abilities.prefetch == "none":
        return {}
    return {query.key: query.dated_template for query in queries_for(needs, abilities)}


def service_entry(
    spec: HookSpec, needs: Needs, abilities: Abilities, language: Language = ENGLISH
) -> dict[str, Any]:
    """One of our services as discovery lists it for this client."""
    newer = {"version": SPECIFICATION, "hookVersion": spec.version} if abilities.cds_hooks == "3.0" else {}
    templates = templates_for(needs, abilities)
    return {
        "hook": spec.hook,
        "id": spec.service_id,
        "title": language.text(spec.title),
        "description": language.between(SENTENCES).join(map(language.text, spec.sentences)),
        "usageRequirements": language.text(_USAGE),
        **newer,
        **({"prefetch": templates} if templates else {}),
    }


def tailored(card: Card, abilities: Abilities) -> Card:
    """The card without what this client cannot do: suggestions, kinds of actions, SMART links.

    A suggestion is one decision: it goes as a whole if one of its actions is of a kind that the client cannot
    take. CDS Hooks 1.0 knows ``at-most-one`` only, and a client must treat what it does not know as an error.
    """
    suggestions = tuple(one for one in card.suggestions if _can_take(one, abilities))
    behavior = card.selection_behavior if suggestions else None
    if behavior is not None and abilities.cds_hooks == "1.0":
        behavior = "at-most-one"
        suggestions = _at_most_one_recommended(suggestions)
    links = tuple(link for link in card.links if link.type == "absolute" or abilities.smart_links)
    return replace(card, suggestions=suggestions, selection_behavior=behavior, links=links)


def _can_take(suggestion: Suggestion, abilities: Abilities) -> bool:
    return abilities.suggestions and all(
        action.type in abilities.action_types for action in suggestion.actions
    )


def _at_most_one_recommended(suggestions: tuple[Suggestion, ...]) -> tuple[Suggestion, ...]:
    if sum(one.is_recommended is True for one in suggestions) <= 1:
        return suggestions
    return tuple(replace(one, is_recommended=None) for one in suggestions)


def card_json(card: Card, abilities: Abilities) -> dict[str, Any]:
    """A tailored card in wire form.

    To a client that knows ``actionSelectionBehavior`` a suggestion of several orders says that any of them
    may be taken; to others all of them are taken together, as the specification has it without that member.
    """
    written: dict[str, Any] = card.to_json()
    if abilities.action_selection:
        for suggestion in written.get("suggestions", ()):
            if len(suggestion["actions"]) > 1:
                suggestion["actionSelectionBehavior"] = "any"
    return written
