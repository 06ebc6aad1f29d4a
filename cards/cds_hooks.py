"""The cards of CDS Hooks 2.0 as values that cannot be invalid.

A constructor refuses what the specification forbids (``InvalidCardError``); ``to_json`` leaves out every
member that has no value, so that no null and nothing empty is ever sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cards.text import utf16_length

Json = dict[str, object]
Indicator = Literal["info", "warning", "critical"]
SelectionBehavior = Literal["any", "at-most-one"]

SUMMARY_LIMIT = 139
"""The specification says fewer than 140 characters."""

_INDICATORS = frozenset({"info", "warning", "critical"})
_SELECTION_BEHAVIORS = frozenset({"any", "at-most-one"})
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{}|/?#@]+(?:[/?#][^\s<>\"\\^`{}|]*)?")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}")


class InvalidCardError(ValueError):
    """Something that a CDS Hooks card may not be."""


def is_web_address(url: str) -> bool:
    """Absolute, http or https, and without characters that a URL may not hold."""
    return url.isascii() and url.isprintable() and _WEB_ADDRESS.fullmatch(url) is not None


@dataclass(frozen=True, slots=True)
class Coding:
    """A code in a system; ``display`` may be absent."""

    system: str
    code: str
    display: str = ""

    def __post_init__(self) -> None:
        _need_words(self.system, "coding.system")
        _need_words(self.code, "coding.code")

    def to_json(self) -> Json:
        return _present(system=self.system, code=self.code, display=self.display)


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why a clinician may set a card aside. All three members are required."""

    system: str
    code: str
    display: str

    def __post_init__(self) -> None:
        _need_words(self.system, "overrideReason.system")
        _need_words(self.code, "overrideReason.code")
        _need_words(self.display, "overrideReason.display")

    def to_json(self) -> Json:
        return _present(system=self.system, code=self.code, display=self.display)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the guidance comes from."""

    label: str
    url: str = ""
    icon: str = ""
    topic: Coding | None = None

    def __post_init__(self) -> None:
        _need_words(self.label, "source.label")
        _need_address_or_nothing(self.url, "source.url")
        _need_address_or_nothing(self.icon, "source.icon")

    def to_json(self) -> Json:
        topic = self.topic.to_json() if self.topic else None
        return _present(label=self.label, url=self.url, icon=self.icon, topic=topic)


@dataclass(frozen=True, slots=True)
class Link:
    """A page (``absolute``) or a SMART app to launch (``smart``)."""

    label: str
    url: str
    type: Literal["absolute", "smart"] = "absolute"
    app_context: str = ""

    def __post_init__(self) -> None:
        _need_words(self.label, "link.label")
        _need(is_web_address(self.url), "link.url is not an absolute http(s) address")
        _need(self.type in {"absolute", "smart"}, "link.type is neither absolute nor smart")
        _need(self.type == "smart" or not self.app_context, "link.appContext is only for smart links")

    def to_json(self) -> Json:
        return _present(label=self.label, url=self.url, type=self.type, appContext=self.app_context)


@dataclass(frozen=True, slots=True)
class Action:
    """One change to the record: a whole resource to create or update, or the id of one to delete."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: Json | None = None
    resource_id: str = ""

    def __post_init__(self) -> None:
        _need(self.type in {"create", "update", "delete"}, "action.type is not create, update or delete")
        _need_words(self.description, "action.description")
        if self.type == "delete":
            _need(self.resource is None, "action.resource is not for delete")
            _need(_REFERENCE.fullmatch(self.resource_id) is not None, "action.resourceId is not Type/id")
            return
        _need(not self.resource_id, "action.resourceId is only for delete")
        resource = self.resource or {}
        _need(bool(resource.get("resourceType")), "action.resource is missing or has no resourceType")
        _need(self.type == "create" or bool(resource.get("id")), "action.resource has no id to update")
        _need_no_empty(self.resource)

    def to_json(self) -> Json:
        resource = dict(self.resource) if self.resource else None
        return _present(
            type=self.type, description=self.description, resource=resource, resourceId=self.resource_id
        )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One button. All its actions are taken together."""

    uuid: str
    label: str
    actions: tuple[Action, ...]
    is_recommended: bool | None = None

    def __post_init__(self) -> None:
        _need_uuid(self.uuid, "suggestion.uuid")
        _need_words(self.label, "suggestion.label")
        _need(bool(self.actions), "suggestion.actions is empty")

    def to_json(self) -> Json:
        actions = [action.to_json() for action in self.actions]
        return _present(label=self.label, uuid=self.uuid, isRecommended=self.is_recommended, actions=actions)


@dataclass(frozen=True, slots=True)
class Card:
    """A valid card. One with a 140-character summary cannot be built."""

    uuid: str
    summary: str
    source: Source
    detail: str = ""
    indicator: Indicator = "info"
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: SelectionBehavior | None = None
    override_reasons: tuple[OverrideReason, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        _need_uuid(self.uuid, "card.uuid")
        _need_words(self.summary, "card.summary")
        _need(utf16_length(self.summary) <= SUMMARY_LIMIT, "card.summary has 140 characters or more")
        _need(self.summary.isprintable(), "card.summary is not one line of printable characters")
        _need(self.indicator in _INDICATORS, "card.indicator is not info, warning or critical")
        _need(not self.detail or bool(self.detail.strip()), "card.detail is blank")
        self._check_suggestions()

    def _check_suggestions(self) -> None:
        if not self.suggestions:
            _need(self.selection_behavior is None, "card.selectionBehavior without suggestions")
            return
        _need(self.selection_behavior in _SELECTION_BEHAVIORS, "card.selectionBehavior is missing or unknown")
        recommended = sum(suggestion.is_recommended is True for suggestion in self.suggestions)
        _need(recommended <= 1 or self.selection_behavior == "any", "several isRecommended with at-most-one")
        uuids = {self.uuid, *(suggestion.uuid for suggestion in self.suggestions)}
        _need(len(uuids) == len(self.suggestions) + 1, "a uuid is used twice")

    def to_json(self) -> Json:
        return _present(
            uuid=self.uuid,
            summary=self.summary,
            detail=self.detail,
            indicator=self.indicator,
            source=self.source.to_json(),
            suggestions=[suggestion.to_json() for suggestion in self.suggestions],
            selectionBehavior=self.selection_behavior,
            overrideReasons=[reason.to_json() for reason in self.override_reasons],
            links=[link.to_json() for link in self.links],
        )


def _present(**members: object) -> Json:
    return {name: value for name, value in members.items() if value is False or value}


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise InvalidCardError(otherwise)


def _need_words(text: str, what: str) -> None:
    _need(bool(text) and not text.isspace(), f"{what} is blank")


def _need_uuid(text: str, what: str) -> None:
    _need(_UUID.fullmatch(text) is not None, f"{what} is not a uuid")


def _need_address_or_nothing(url: str, what: str) -> None:
    _need(not url or is_web_address(url), f"{what} is not an absolute http(s) address")


def _need_no_empty(value: object) -> None:
    """FHIR knows neither null nor empty strings, lists or objects."""
    if not value and value is not False and value != 0:
        raise InvalidCardError("action.resource holds a null or something empty")
    if isinstance(value, dict):
        for member in value.values():
            _need_no_empty(member)
    elif isinstance(value, list):
        for member in value:
            _need_no_empty(member)
