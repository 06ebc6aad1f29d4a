"""What worksheets give to cards: the links that lead to them, and the answers that were given on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from cards.context import NO_PAGES, PageLinks
from cds_service.clients.registered import Client
from cds_service.storage.records import Subject
from mappings.results import Gap


class Said(NamedTuple):
    """Responses that clinicians gave about a patient, as resources; a gap where they could not be read."""

    resources: Sequence[Any] = ()
    gaps: Sequence[Gap] = ()


NOTHING_SAID = Said()


class Worksheets(Protocol):
    """A service that has worksheets."""

    def links(self, client: Client, subject: Subject, trial: str) -> PageLinks:
        """For a card that is shown. Never raises for want of a database."""

    def said(self, client: Client, subject: Subject) -> Said:
        """What was answered so far. Never raises for want of a database."""


class NoWorksheets:
    """A service that keeps nothing has none."""

    def links(self, _client: Client, _subject: Subject, _trial: str) -> PageLinks:
        """No card leads anywhere here."""
        return NO_PAGES

    def said(self, _client: Client, _subject: Subject) -> Said:
        """Nothing."""
        return NOTHING_SAID
