"""Conditions and procedures. The day is 15 June 2026."""

from __future__ import annotations

from functools import partial

import pytest

from mappings.dates import Window
from mappings.facts import Diagnosis, Performed
from mappings.rules import ConditionRule, Measurement, ProcedureRule
from mappings.trial_definition import Criterion
from tests.mappings.evaluation.small_world import (
    answer,
    bound,
    cut_short,
    diagnosis,
    on,
    record,
    said,
    upcr,
)

LUPUS = ConditionRule(("lupus",))
RECENT = ConditionRule(("lupus",), within=Window(30, "days"))
RELAPSE = ConditionRule(("lupus",), clinical_status=frozenset({"relapse", "recurrence"}))
NEWLY_RECORDED = ConditionRule(("lupus",), recorded_within=Window(90, "days"))
MENOPAUSE = ConditionRule(("lupus",), onset_age_at_least=45)

JUDGE = "unknown: needs_judgement"
relapsed = partial(diagnosis, status="relapse")
calm = partial(diagnosis, status="remission")
resolved = partial(diagnosis, status="resolved")
suspected = partial(diagnosis, confirmed=None)
FIVE_YEARS = ConditionRule(("lupus",), ever=True, within=Window(5, "years"), older_means_not_met=True)

CASES = [
    ("nothing recorded", LUPUS, [], "unknown: not_found"),
    ("active and confirmed", LUPUS, [diagnosis()], "met"),
    ("provisional", LUPUS, [diagnosis(confirmed=None)], "unknown: not_confirmed"),
    ("resolved", LUPUS, [diagnosis(status="resolved")], "unknown: not_found"),
    ("inactive", LUPUS, [diagnosis(status="inactive")], "unknown: not_found"),
    ("in remission: still the disease", LUPUS, [diagnosis(status="remission")], "met"),
    ("abated last year", LUPUS, [diagnosis(status="", abated="2025-01-01")], "unknown: not_found"),
    ("one resolved, one active", LUPUS, [diagnosis(status="resolved"), diagnosis()], "met"),
    ("onset next month is ignored", LUPUS, [diagnosis(onset="2026-07-01")], "unknown: not_found"),
    ("onset in the window", RECENT, [diagnosis(onset="2026-06-01")], "met"),
    ("onset before the window", RECENT, [diagnosis(onset="2020-06-01")], "unknown: too_old"),
    ("recorded in the window is not onset", RECENT, [diagnosis(recorded="2026-06-01")], "unknown: imprecise"),
    ("recorded before the window", RECENT, [diagnosis(recorded="2026-05-01")], "unknown: too_old"),
    ("not dated", RECENT, [diagnosis()], "unknown: imprecise"),
    ("over before the window", FIVE_YEARS, [resolved(abated="2011")], "not-met"),
    ("over in it", FIVE_YEARS, [resolved(abated="2023")], "unknown: imprecise"),
    ("recorded long after", FIVE_YEARS, [resolved(abated="2011", recorded="2026-06-15")], "not-met"),
    ("of 2008", FIVE_YEARS, [diagnosis(onset="2008")], "not-met"),
    ("of 2008 and of 2024", FIVE_YEARS, [diagnosis(onset="2008"), diagnosis(onset="2024")], "met"),
    ("of 2008 and suspected", FIVE_YEARS, [diagnosis(onset="2008"), suspected()], "unknown: not_confirmed"),
    ("nothing recorded within 5 years", FIVE_YEARS, [], "unknown: not_found"),
    ("back, in an entry of 2011", FIVE_YEARS, [relapsed(recorded="2011")], "unknown: imprecise"),
    ("back and over by 2012", FIVE_YEARS, [relapsed(recorded="2011", abated="2012")], "not-met"),
    ("relapse", RELAPSE, [diagnosis(status="relapse")], "met"),
    ("merely active", RELAPSE, [diagnosis()], "unknown: not_found"),
    ("a relapse that ended", RELAPSE, [relapsed(recorded="2018", abated="2019-01-01")], JUDGE),
    ("that may have ended", RELAPSE, [relapsed(abated="2026")], JUDGE),
    ("that will end next month", RELAPSE, [relapsed(abated="2026-07-15")], "met"),
    ("then in remission", RELAPSE, [relapsed(recorded="2015"), calm(recorded="2026-01-01")], JUDGE),
    ("then resolved", RELAPSE, [relapsed(recorded="2015"), resolved(abated="2026-01-01")], JUDGE),
    ("in remission before", RELAPSE, [calm(recorded="2015"), relapsed(recorded="2026-01-01")], "met"),
    ("in remission until it began", RELAPSE, [calm(abated="2020"), relapsed(onset="2026-05-01")], "met"),
    ("resolved, and back", RELAPSE, [resolved(abated="2020"), relapsed(recorded="2026-01-01")], "met"),
    ("remission of unknown day", RELAPSE, [calm(), relapsed(recorded="2026-01-01")], JUDGE),
    ("a relapse of unknown day, remission", RELAPSE, [calm(recorded="2015"), relapsed()], JUDGE),
    ("in remission next month", RELAPSE, [relapsed(recorded="2015"), calm(recorded="2026-07-01")], "met"),
    ("and active elsewhere", RELAPSE, [relapsed(recorded="2015"), diagnosis(recorded="2026-01-01")], "met"),
    ("recorded in 90 days", NEWLY_RECORDED, [diagnosis(recorded="2026-05-01")], "met"),
    ("recorded a year ago", NEWLY_RECORDED, [diagnosis(recorded="2025-05-01")], "unknown: too_old"),
    ("not said when recorded", NEWLY_RECORDED, [diagnosis()], "unknown: imprecise"),
]


@pytest.mark.parametrize(("rule", "facts", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_condition_counts_by_its_status_confirmation_and_onset(
    rule: ConditionRule, facts: list[Diagnosis], expected: str
) -> None:
    assert said(answer(rule, record(facts))) == expected


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ("2022-01-01", "met"),
        ("2012-01-01", "unknown: needs_judgement"),
        (None, "unknown: imprecise"),
        ("2015", "unknown: imprecise"),
    ],
)
def test_menopause_counts_only_from_45_years_on(onset: str | None, expected: str) -> None:
    """Born 1 March 1970, 45 on 1 March 2015: earlier amenorrhoea may be drug-induced."""
    patient = record([diagnosis(onset=onset)], born="1970-03-01")
    assert said(answer(MENOPAUSE, patient)) == expected


def test_absence_of_a_condition_means_no_only_if_the_author_says_so_and_all_was_read() -> None:
    claimed = ConditionRule(("lupus",), absent_means_not_met=True)
    assert said(answer(claimed, record())) == "not-met: absent_by_rule"
    assert said(answer(claimed, record([diagnosis(status="resolved")]))) == "not-met: absent_by_rule"
    assert said(answer(claimed, record(gap=cut_short(newest_first=True)))) == "unknown: not_retrieved"


def test_only_older_diagnoses_mean_no_only_if_the_author_says_so_and_all_was_read() -> None:
    old = diagnosis(onset="2008")
    unclaimed = ConditionRule(("lupus",), ever=True, within=Window(5, "years"))
    assert said(answer(unclaimed, record([old]))) == "unknown: too_old"
    found = answer(FIVE_YEARS, record([old]))
    assert [(each.reason.value, each.reference) for each in found.evidence] == [("too_old", old.reference)]
    assert (
        said(answer(FIVE_YEARS, record([old], gap=cut_short(newest_first=True)))) == "unknown: not_retrieved"
    )


ACTIVITY = Criterion(
    "proteinuria", "Proteinuria", "", (), Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"))
)
REMISSION = ConditionRule(("lupus",), clinical_status=frozenset({"remission"}), followed_by=("proteinuria",))


@pytest.mark.parametrize(
    ("abated", "result_day", "expected"),
    [
        ("2026-03-01", "2026-06-01", "met"),
        ("2026-06-01", "2026-05-20", "unknown: too_old"),
        ("2026-06-01", "2026-06-01", "unknown: too_old"),
        (None, "2026-06-01", "unknown: imprecise"),
    ],
)
def test_activity_reappears_only_by_a_result_after_the_remission(
    abated: str | None, result_day: str, expected: str
) -> None:
    """The day on which the Condition was recorded, long before, is not that of the remission."""
    remission = diagnosis(status="remission", abated=abated, recorded="2015-03-01")
    patient = record([remission, upcr(1.4, result_day)])
    assert said(answer(REMISSION, patient, [ACTIVITY])) == expected


@pytest.mark.parametrize(
    ("performed", "expected"),
    [
        ([], "unknown: not_found"),
        ([Performed("hysterectomy", "Procedure/1", "", on("2010"), True)], "met"),
        ([Performed("hysterectomy", "Procedure/1", "", on("2010"), None)], "unknown: not_confirmed"),
        ([Performed("hysterectomy", "Procedure/1", "", on("2027"), True)], "unknown: not_found"),
    ],
)
def test_a_procedure_counts_when_it_is_completed(performed: list[Performed], expected: str) -> None:
    assert said(answer(ProcedureRule(("hysterectomy",)), record(performed))) == expected
