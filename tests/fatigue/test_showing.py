"""What is asked of the past before a card is shown: with the policy and without it, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.answering.offers import offers_of
from cds_service.answering.showing import Asked, Judged, Showing
from cds_service.assessing import assess_resources
from cds_service.audit.key_ring import KeyRing
from cds_service.clients.registered import Client
from cds_service.fatigue.history import Answer, History, Referred
from cds_service.fatigue.policy import Policy
from cds_service.fatigue.tracing_evidence import traces_of
from cds_service.recruitment.states import TrialState
from cds_service.storage.records import StorageAwayError, Subject
from mappings.amounts import Bound
from mappings.dates import Window
from mappings.reading.record import read_record
from mappings.rules import Measurement
from mappings.trial_definition import Catalog, Criterion
from tests.service import charts
from tests.service.definitions import TRIAL, catalog

KATHMANDU = ZoneInfo("Asia/Kathmandu")
NOW = datetime(2026, 6, 15, 9, 30, tzinfo=KATHMANDU)
SHOWN_AT = datetime(2026, 6, 10, 8, 0, tzinfo=UTC)
RING = KeyRing.random()
ANY_IN_90_DAYS = Measurement("upcr", (Bound("greater_than", 1.0, "1.0 g/g"),), Window(90, "days"), pick="any")
FIRST = replace(
    TRIAL, criteria=(TRIAL.criteria[0], Criterion("proteinuria", "Proteinuria", "UPCR", (), ANY_IN_90_DAYS))
)
SECOND = replace(FIRST, facts=replace(FIRST.facts, id="NCT00000002"))
ONE, BOTH = catalog(FIRST), catalog(FIRST, SECOND)
# By the day of the call the first result is older than the window, and another is shown in its place: one
# that cannot be compared, since it has no unit.
WITHOUT_UNIT = {**charts.upcr(day="2026-05-01", identity="o2"), "valueQuantity": {"value": 3}}
CHART = [charts.patient(), charts.condition(), charts.upcr(1.8, "2026-03-15", "o1"), WITHOUT_UNIT]
CORRECTED = [*CHART[:2], charts.upcr(1.7, "2026-03-15", "o1"), WITHOUT_UNIT]


@dataclass
class Past:
    """A storage that knows these answers and referrals, and notes what it was asked."""

    answers: tuple[Answer, ...] = ()
    referrals: Mapping[str, Referred] = field(default_factory=dict)
    is_away: bool = False
    asked: list[Any] = field(default_factory=list)

    def history(
        self, subject: Subject, user: str, policies: Mapping[str, Policy], now: datetime, since: datetime
    ) -> History:
        self.asked.append(("history", sorted(policies), now, since))
        if self.is_away:
            raise StorageAwayError
        return History(self.answers, {}, {}, self.referrals)

    def referred(self, subject: Subject) -> Mapping[str, Referred]:
        self.asked.append("referred")
        if self.is_away:
            raise StorageAwayError
        return self.referrals


def judged(
    past: Past | None, *, policy: bool = True, definitions: Catalog = ONE, chart: Sequence[Any] = CHART
) -> Judged:
    offers = offers_of(Client("hospital"), definitions, serve_drafts=True)
    states = {one.id: TrialState(True, "", None) for one in offers.offered}
    assessments = assess_resources(chart, NOW.date(), trials=definitions.trials, catalog=definitions)
    record = read_record(chart, definitions, patient_id=charts.PATIENT_ID)
    asked = Asked(Subject("hospital", "", "", charts.PATIENT_ID), "Practitioner/1", NOW, record)
    return Showing(RING, past, policy=policy).judge(offers, assessments, states, asked)


def shown(result: Judged) -> dict[str, bool]:
    return {trial: decision.shown for trial, decision in result.decisions.items()}


def answered(trial: str, reason: str, chart: Sequence[Any] = CHART) -> Answer:
    """The card of the day on which it was shown, set aside."""
    [on_card] = [
        one
        for one in assess_resources(chart, SHOWN_AT.date(), trials=BOTH.trials, catalog=BOTH)
        if one.trial.id == trial
    ]
    return Answer(
        trial, "overridden", reason, SHOWN_AT, True, False, traces_of(on_card, RING), shown_at=SHOWN_AT
    )


def test_with_the_policy_the_history_since_the_client_s_midnight_counts() -> None:
    past = Past((answered(FIRST.id, "not-now"),))
    assert shown(judged(past)) == {FIRST.id: False}
    assert past.asked == [("history", [FIRST.id], NOW, datetime(2026, 6, 15, tzinfo=KATHMANDU))]


def test_without_the_policy_nobody_asks_what_was_answered() -> None:
    past = Past((answered(FIRST.id, "not-now"), answered(FIRST.id, "patient-declined")))
    assert shown(judged(past, policy=False)) == {FIRST.id: True}
    assert past.asked == ["referred"]


@pytest.mark.parametrize("policy", [True, False])
def test_who_is_referred_gets_no_card_with_the_policy_or_without(policy: bool) -> None:
    past = Past(referrals={FIRST.id: Referred("received", SHOWN_AT)})
    assert shown(judged(past, policy=policy)) == {FIRST.id: False}


@pytest.mark.parametrize("policy", [True, False])
@pytest.mark.parametrize("past", [None, Past(is_away=True)], ids=["nothing is kept", "away"])
def test_where_nothing_is_known_of_the_past_the_card_comes(past: Past | None, policy: bool) -> None:
    assert shown(judged(past, policy=policy)) == {FIRST.id: True}


@pytest.mark.parametrize("trial", [FIRST.id, SECOND.id])
def test_an_answer_that_holds_until_there_is_news_is_compared_with_its_own_trial_as_it_was(
    trial: str,
) -> None:
    """Only time has passed for the trial that was answered; the other one was never asked about."""
    on_card, now = (
        assess_resources(CHART, day, trials=ONE.trials, catalog=ONE)[0].criteria[1]
        for day in (SHOWN_AT.date(), date(2026, 6, 15))
    )
    assert [one.reference for one in on_card.evidence] != [one.reference for one in now.evidence]
    past = Past((answered(trial, "not-eligible"),))
    assert shown(judged(past, definitions=BOTH)) == {one.id: one.id != trial for one in (FIRST, SECOND)}


@pytest.mark.parametrize("trial", [FIRST.id, SECOND.id])
def test_what_was_corrected_since_is_news_to_the_trial_that_was_answered(trial: str) -> None:
    past = Past((answered(trial, "not-eligible"),))
    assert shown(judged(past, definitions=BOTH, chart=CORRECTED)) == {FIRST.id: True, SECOND.id: True}
