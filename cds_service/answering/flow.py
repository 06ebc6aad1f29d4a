"""One hook call of an authenticated client, from what was sent to cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

from cards.cds_hooks import Card
from cards.composing import compose_cards
from cards.context import PageLinks
from cards.wording import NAMES
from cds_service.answering.counting import counts_of, order_counts, read_counts
from cds_service.answering.offers import ClientOffers, Offered, card_context
from cds_service.answering.showing import Asked, Judged, Showing
from cds_service.answering.turns import Turns
from cds_service.answering.worksheets import NoWorksheets, Said, Worksheets
from cds_service.assessing import Failures, assess_each
from cds_service.clients.caller import Caller
from cds_service.fatigue.deciding import Decision
from cds_service.fhir.fetching import FhirFetcher
from cds_service.hooks.call import HookCall
from cds_service.hooks.fhir_version import is_dstu2
from cds_service.hooks.gathering import Gathered, gather
from cds_service.hooks.tailoring import card_json, queries_for, tailored
from cds_service.observing.stages import stage
from cds_service.recruitment.states import RecruitmentStates, TrialState
from cds_service.storage.records import Subject
from mappings.facts import PatientRecord
from mappings.language import ENGLISH, Language, message
from mappings.reading.record import read_record
from mappings.results import Assessment

BACK_EARLY = message("Shown again because more is met now: {criteria}.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Cards in wire form, the counts that the log may show, and what there is to record."""

    cards: list[dict[str, Any]]
    counts: dict[str, Any]
    judged: Judged | None = None
    composed: Mapping[str, Card] | None = None


class _Call(NamedTuple):
    """A call with what is fixed for it. By the id of a trial: ``identifier`` of the patient's referral to it,
    and ``pages`` that a card about it leads to."""

    call: HookCall
    caller: Caller
    offers: ClientOffers
    now: datetime
    prompts: Mapping[str, str]
    states: Mapping[str, TrialState]
    language: Language
    identifier: Callable[[str], str]
    pages: Callable[[str], PageLinks]

    @property
    def offered(self) -> list[Offered]:
        """The trials that this call is about."""
        return [one for one in self.offers.offered if one.id in self.states]


class Answering:
    """Answers the calls of all clients: one per process, its lock and its connections shared by all calls."""

    def __init__(
        self,
        fetcher: FhirFetcher,
        showing: Showing,
        states: RecruitmentStates,
        now: Callable[[str], datetime],
        deadline: float,
    ) -> None:
        self._fetcher, self._showing, self._states = fetcher, showing, states
        self._now, self._deadline = now, deadline
        self._worksheets: Worksheets = NoWorksheets()
        self.turns = Turns()

    def with_worksheets(self, worksheets: Worksheets) -> None:
        """Called as the application gets its pages: from now on cards lead to them, and answers count."""
        self._worksheets = worksheets

    def answer(
        self, caller: Caller, offers: ClientOffers, call: HookCall, language: Language = ENGLISH
    ) -> Answer:
        """The cards for a call, inside its turn and in a language; RefusalError 412 if there is no Patient.

        What needs no chart is answered before anything is read: a call by a patient or a relative, for whom
        the cards are not written; orders that bear on no trial; trials none of which takes anybody now.
        """
        if call.by_patient_or_relative:
            return Answer([], {"not_answered": "not_a_clinician", "cards": 0})
        until = monotonic() + self._deadline
        asked = self._call(caller, offers, call, language)
        if not asked.states:
            return Answer([], order_counts(call, asked.prompts) | {"cards": 0})
        with stage("gather"):
            queries = queries_for(offers.needs, caller.client.abilities)
            gathered = gather(call, queries, self._fetcher, until, caller.client, self.turns.given_away)
        if is_dstu2(gathered.resources):
            return Answer([], read_counts(gathered) | {"not_answered": "dstu2", "cards": 0})
        return self._judged(asked, gathered)

    def _call(self, caller: Caller, offers: ClientOffers, call: HookCall, language: Language) -> _Call:
        now = self._now(caller.client.time_zone)
        prompts = {} if call.orders is None else offers.prompts.reasons(call.orders, language)
        states = {
            one.id: state
            for one in offers.offered
            if (call.orders is None or one.id in prompts)
            and (state := self._states.of(one.trial, now.date())).open
        }
        identifier = partial(self._showing.identifier, caller.client, subject_of(caller, call))
        pages = partial(self._worksheets.links, caller.client, subject_of(caller, call))
        return _Call(call, caller, offers, now, prompts, states, language, identifier, pages)

    def _judged(self, asked: _Call, gathered: Gathered) -> Answer:
        call, failures = asked.call, Failures(len(asked.states))
        with stage("assess"):
            said = self._worksheets.said(asked.caller.client, subject_of(asked.caller, call))
            record, assessments = _assessed(asked, gathered, said, failures)
        with stage("decide"):
            who = Asked(subject_of(asked.caller, call), call.user, asked.now, record)
            judged = self._showing.judge(asked.offers, assessments, asked.states, who)
        with stage("compose"):
            composed = _composed(asked, judged, failures)
            cards = [card_json(card, asked.caller.client.abilities) for card in composed.values()]
        counts = counts_of(call, asked.prompts, gathered, judged, failures)
        return Answer(cards, counts, judged, composed)


def _assessed(
    asked: _Call, gathered: Gathered, said: Said, failures: Failures
) -> tuple[PatientRecord, list[Assessment]]:
    record = read_record(
        [*gathered.resources, *said.resources],
        asked.offers.catalog,
        patient_id=asked.call.patient_id,
        full_urls=gathered.full_urls,
        gaps=[*gathered.gaps, *said.gaps],
    )
    trials = [one.trial for one in asked.offered]
    return record, assess_each(trials, record, asked.now.date(), asked.offers.catalog, failures)


def _composed(asked: _Call, judged: Judged, failures: Failures) -> dict[str, Card]:
    """The cards that are shown, best first, by trial."""
    offered = {one.id: one for one in asked.offered}
    assessments = {one.trial.id: one for one in judged.assessments}
    composed: dict[str, Card] = {}
    for trial, decision in judged.decisions.items():
        if decision.shown:
            compose = partial(_card, asked, offered[trial], assessments[trial], decision)
            card = failures.attempt(trial, compose)
            if card is not None:
                composed[trial] = card
    return composed


def _card(asked: _Call, offered: Offered, assessment: Assessment, decision: Decision) -> Card | None:
    language = asked.language
    openings = [asked.prompts[offered.id]] if offered.id in asked.prompts else []
    if decision.newly_met:
        labels = _labels(assessment, decision.newly_met, language)
        openings.append(language.text(BACK_EARLY).format(criteria=labels))
    state, today = asked.states[offered.id], asked.now.date()
    context = card_context(offered, state, asked.call, today, openings, language)
    context = replace(context, referral=asked.identifier(offered.id), pages=asked.pages(offered.id))
    cards = compose_cards(assessment, context, lambda: str(uuid4()))
    return tailored(cards[0], asked.caller.client.abilities) if cards else None


def _labels(assessment: Assessment, criteria: Sequence[str], language: Language) -> str:
    labels = {one.id: language.text(one.label or one.id) for one in assessment.criteria}
    return language.between(NAMES).join(labels.get(one, one) for one in criteria)


def subject_of(caller: Caller, call: HookCall) -> Subject:
    """The patient as the client names it."""
    return Subject(caller.client.id, caller.tenant, call.fhir_server or "", call.patient_id)
