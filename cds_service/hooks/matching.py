"""One patient-view call, from what was sent to cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from time import monotonic
from typing import Any
from uuid import uuid4

from cards.composing import compose_cards
from cards.context import CardContext
from cards.wording import recruitment_line
from cds_service.assessing import Failures, assess_each, served_trials
from cds_service.fhir.fetching import FhirFetcher
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import Gathered, gather
from cds_service.settings import Settings
from mappings.needs import Query, needs_of
from mappings.reading.record import read_record
from mappings.results import Assessment
from mappings.trial_definition import Catalog, TrialDefinition


@dataclass(frozen=True, slots=True)
class Answer:
    """Cards in wire form, and the counts that the log may show."""

    cards: list[dict[str, Any]]
    counts: dict[str, Any]


class PatientViewMatching:
    """The service behind the patient-view hook: trials, what they need, and how it is had."""

    def __init__(
        self, catalog: Catalog, settings: Settings, fetcher: FhirFetcher, today: Callable[[], date]
    ) -> None:
        self._catalog, self._settings, self._fetcher, self._today = catalog, settings, fetcher, today
        self._trials = served_trials(catalog, settings.serve_drafts)
        # Threads are for waiting on networks. Two computations at once only take turns at one interpreter
        # and push each other's document out of the caches: one after the other, both are done sooner.
        self._computing = Lock()
        self.queries: tuple[Query, ...] = needs_of(self._trials, catalog).queries()

    def answer(self, call: HookCall) -> Answer:
        """The cards for a call; RefusalError 412 if there is no Patient."""
        until = monotonic() + self._settings.deadline
        gathered = gather(call, self.queries, self._fetcher, until)
        with self._computing:
            return self._answer(call, gathered)

    def _answer(self, call: HookCall, gathered: Gathered) -> Answer:
        today = self._today()
        record = read_record(
            gathered.resources,
            self._catalog,
            patient_id=call.patient_id,
            full_urls=gathered.full_urls,
            gaps=gathered.gaps,
        )
        failures = Failures(len(self._trials))
        assessments = assess_each(self._trials, record, today, self._catalog, failures)
        cards = [card for one in assessments for card in self._cards(one, call, today, failures)]
        return Answer(cards, _counts(gathered, assessments, cards, failures))

    def _cards(
        self, assessment: Assessment, call: HookCall, today: date, failures: Failures
    ) -> list[dict[str, Any]]:
        trial = self._catalog.trial(assessment.trial.id)

        def compose() -> list[dict[str, Any]]:
            cards = compose_cards(assessment, _context(trial, call, today), lambda: str(uuid4()))
            return [card.to_json() for card in cards]

        return failures.attempt(trial.id, compose) or []


def _context(trial: TrialDefinition, call: HookCall, today: date) -> CardContext:
    recruitment = trial.recruitment
    if recruitment is None:
        return CardContext(call.patient_id, today, call.encounter_id, call.user)
    return CardContext(
        call.patient_id,
        today,
        call.encounter_id,
        call.user,
        recruitment_line(recruitment.status, date.fromisoformat(recruitment.as_of)),
        recruitment.sites,
        recruitment.contacts,
    )


def _counts(
    gathered: Gathered, assessments: Sequence[Assessment], cards: Sequence[Any], failures: Failures
) -> dict[str, Any]:
    return {
        "prefetched": gathered.from_prefetch,
        "fetched": gathered.fetched,
        "searches": len(gathered.searches),
        "gaps": len(gathered.gaps),
        "outcomes": dict(Counter(assessment.outcome for assessment in assessments)),
        "cards": len(cards),
        "failed": failures.count,
    }
