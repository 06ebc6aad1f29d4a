"""What happened after a chart was opened: the cards that came, and what the clinician did with each."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from cds_service.demo.ehr.cards import Card, show
from cds_service.demo.ehr.hooks import Exchange

Resource = dict[str, Any]
KEPT = 200


@dataclass
class Visit:
    """One opening of a chart. It lives in memory and is forgotten when many newer ones have come."""

    patient_id: str
    exchange: Exchange
    language: str = ""
    accepted: set[str] = field(default_factory=set)
    dismissed: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    feedback: list[tuple[Resource, int | None]] = field(default_factory=list)

    @property
    def cards(self) -> list[Card]:
        """The cards as shown, in the order of the service."""
        return [show(card, position) for position, card in enumerate(self.exchange.cards)]

    def raw_card(self, uuid: str) -> Resource:
        """The card as the service sent it; KeyError if this visit has no such card."""
        for shown, card in zip(self.cards, self.exchange.cards, strict=True):
            if shown.uuid == uuid:
                return card
        raise KeyError(uuid)

    def raw_suggestion(self, card: str, uuid: str) -> Resource:
        """A suggestion as the service sent it; KeyError if the card has no such suggestion."""
        for suggestion in self.raw_card(card).get("suggestions", []):
            if suggestion.get("uuid") == uuid:
                return dict(suggestion)
        raise KeyError(uuid)

    def smart_link(self, card: str, position: int) -> Resource:
        """A link that launches an app, as the service sent it; KeyError if the card has none there."""
        links = self.raw_card(card).get("links", [])
        if not 0 <= position < len(links) or links[position].get("type") != "smart":
            raise KeyError(position)
        return dict(links[position])

    def choice_made(self, card: Card) -> bool:
        """Whether a card that allows one choice has had it."""
        return card.one_choice and any(s.uuid in self.accepted for s in card.suggestions)


class Visits:
    """The last visits, by hookInstance, which nobody else can guess."""

    def __init__(self) -> None:
        """Start with none."""
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._lock = Lock()

    def keep(self, visit: Visit) -> None:
        """Remember a visit, and forget the oldest if there are too many."""
        with self._lock:
            self._visits[visit.exchange.hook_instance] = visit
            while len(self._visits) > KEPT:
                self._visits.popitem(last=False)

    def get(self, hook_instance: str) -> Visit | None:
        """The visit, if it is still known."""
        return self._visits.get(hook_instance)
