"""Which possible candidates of one call are shown: history, policy, recruitment, silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from typing import NamedTuple, Protocol

from cds_service.answering.offers import ClientOffers
from cds_service.assessing import Failures, assess_each
from cds_service.audit.key_ring import KeyRing
from cds_service.clients.registered import Client
from cds_service.fatigue.candidates import Candidate, candidate_of, offers_for
from cds_service.fatigue.deciding import Decision, decide, safe_default, without_policy
from cds_service.fatigue.history import CriterionTrace, History, Referred
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.tracing_evidence import carried_over, traces_of
from cds_service.recruitment.states import TrialState
from cds_service.referrals.identity import base_of, identifier_of, resolved
from cds_service.storage.records import StorageAwayError, Subject
from mappings.facts import PatientRecord
from mappings.results import Assessment


class Histories(Protocol):
    """What is known of earlier answers; StorageAwayError if that cannot be had now."""

    def history(
        self, subject: Subject, user: str, policies: Mapping[str, Policy], now: datetime, since: datetime
    ) -> History:
        """Everything that the policies of these trials decide by."""

    def referred(self, subject: Subject) -> Mapping[str, Referred]:
        """The patient's referrals by trial, which count with and without the policy."""


class Judged(NamedTuple):
    """The assessments of a call with their traces, and what becomes of each candidate."""

    assessments: Sequence[Assessment]
    traces: Mapping[str, tuple[CriterionTrace, ...]]
    decisions: Mapping[str, Decision]


class Showing:
    """Decides for the calls of all clients. ``histories`` None: nothing is kept, so there is no history."""

    def __init__(self, ring: KeyRing, histories: Histories | None, *, policy: bool) -> None:
        self._ring, self._histories, self._policy = ring, histories, policy

    def judge(
        self,
        offers: ClientOffers,
        assessments: Sequence[Assessment],
        states: Mapping[str, TrialState],
        asked: Asked,
    ) -> Judged:
        """What becomes of each candidate among the assessments."""
        traces = {one.trial.id: traces_of(one, self._ring) for one in assessments}
        candidates = [
            candidate
            for one in assessments
            if (candidate := candidate_of(one, traces[one.trial.id], states[one.trial.id])) is not None
        ]
        decisions = self._decide(offers, candidates, assessments, asked) if candidates else ()
        return Judged(assessments, traces, {one.trial: one for one in decisions})

    def identifier(self, client: Client, subject: Subject, trial: str) -> str:
        """What the patient's referral to the trial will be known by, "" where none can be kept."""
        if self._histories is None:
            return ""
        return identifier_of(self._ring, resolved(subject, base_of(client)), trial)

    def _decide(
        self,
        offers: ClientOffers,
        candidates: Sequence[Candidate],
        assessments: Sequence[Assessment],
        asked: Asked,
    ) -> Sequence[Decision]:
        offered = offers_for(offers.client, [one.trial for one in candidates])
        if not self._policy or self._histories is None:
            return without_policy(candidates, offered, self._referred(asked.subject), asked.now)
        policies = {trial: offer.policy for trial, offer in offered.items()}
        midnight = asked.now.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            history = self._histories.history(asked.subject, asked.user, policies, asked.now, midnight)
        except StorageAwayError:
            return safe_default(candidates, offered)
        as_of = partial(_assessed_as_of, offers, asked.record)
        history = carried_over(history, assessments, self._ring, as_of, asked.zone)
        return decide(candidates, history, offered, asked.now, asked.now.date())

    def _referred(self, subject: Subject) -> Mapping[str, Referred]:
        if self._histories is None:
            return {}
        try:
            return self._histories.referred(subject)
        except StorageAwayError:
            return {}


class Asked(NamedTuple):
    """Of whom, by whom and when. ``now`` is in the client's time zone."""

    subject: Subject
    user: str
    now: datetime
    record: PatientRecord

    @property
    def zone(self) -> tzinfo | None:
        return self.now.tzinfo


def _assessed_as_of(offers: ClientOffers, record: PatientRecord, trial: str, day: date) -> Assessment | None:
    offered = next((one for one in offers.offered if one.id == trial), None)
    if offered is None:
        return None
    assess = partial(assess_each, [offered.trial], record, day, offers.catalog)
    # Of two, so that one trial's fault is logged and costs no other trial's card.
    return next(iter(assess(Failures(2))), None)
