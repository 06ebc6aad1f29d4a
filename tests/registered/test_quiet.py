"""A service that learns when to be quiet: what clinicians answered decides what comes next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.registered.conftest import NewHospital
from tests.registered.hospital import ISSUER, OTHER_ISSUER, Hospital, candidate, registered
from tests.service import charts
from tests.service.definitions import TRIAL, catalog

COLLEAGUE = "Practitioner/dr2"


@pytest.mark.parametrize(
    ("reason", "same_user", "colleague", "other_hospital"),
    [
        ("patient-declined", False, False, True),
        ("already-referred", False, False, True),
        ("not-now", False, True, True),
        ("", False, False, True),  # the referral was accepted
    ],
)
def test_an_answer_silences_those_whom_it_concerns(
    hospital: Hospital, reason: str, same_user: bool, colleague: bool, other_hospital: bool
) -> None:
    [card] = hospital.cards()
    assert hospital.answer(card, reason).status_code == 200
    assert bool(hospital.cards()) is same_user
    assert bool(hospital.cards(user=COLLEAGUE)) is colleague
    assert bool(hospital.cards(iss=OTHER_ISSUER)) is other_hospital


def test_a_decline_holds_for_one_tenant_only(new_hospital: NewHospital) -> None:
    clients = [registered("hospital", ISSUER, tenants=["north", "south"])]
    hospital = new_hospital(clients=clients)
    [card] = hospital.cards(tenant="north")
    hospital.answer(card, "patient-declined", tenant="north")
    assert hospital.cards(tenant="north") == []
    assert len(hospital.cards(tenant="south")) == 1


def test_feedback_counts_only_from_whom_the_card_was_shown_to(hospital: Hospital) -> None:
    [card] = hospital.cards()
    assert hospital.answer(card, "patient-declined", iss=OTHER_ISSUER).status_code == 200
    assert len(hospital.cards()) == 1


def test_not_eligible_holds_until_the_evidence_changes(hospital: Hospital) -> None:
    [card] = hospital.cards()
    hospital.answer(card, "not-eligible")
    assert hospital.cards() == []
    assert hospital.cards(user=COLLEAGUE) == []
    assert len(hospital.cards(prefetch=candidate(upcr=2.4, day="2026-06-14"))) == 1


def test_not_eligible_holds_when_the_keys_rotate(new_hospital: NewHospital) -> None:
    before = new_hospital()
    [card] = before.cards()
    before.answer(card, "not-eligible")
    [other] = before.cards("p2")
    before.answer(other, "patient-declined")
    newer = new_hospital().keys.replace("k1:", "k2:")
    after = new_hospital(keys=f"{newer},{before.keys}")
    assert after.cards() == []
    assert after.cards("p2") == []
    assert len(after.cards("p3")) == 1


def test_a_snoozed_card_comes_back_when_an_unknown_criterion_is_met_and_says_which(
    hospital: Hospital,
) -> None:
    without_upcr = {**candidate(), "observations-1": charts.bundle()}
    [card] = hospital.cards(prefetch=without_upcr)
    hospital.answer(card, "not-now")
    assert hospital.cards(prefetch=without_upcr) == []
    [back] = hospital.cards()
    assert "Shown again because more is met now: Proteinuria." in back["detail"]


def test_a_decline_is_not_undone_by_a_new_result(hospital: Hospital) -> None:
    without_upcr = {**candidate(), "observations-1": charts.bundle()}
    [card] = hospital.cards(prefetch=without_upcr)
    hospital.answer(card, "patient-declined")
    assert hospital.cards() == []


def test_a_user_sees_so_many_patients_a_day_and_each_as_often_as_they_like(
    new_hospital: NewHospital,
) -> None:
    trials = [{"id": TRIAL.id, "policy": {"patients_per_user_and_day": "2"}}]
    hospital = new_hospital(clients=[registered("hospital", ISSUER, trials=trials)])
    shown = [bool(hospital.cards(patient)) for patient in ("p1", "p2", "p1", "p2", "p3")]
    assert shown == [True, True, True, True, False]
    assert len(hospital.cards("p3", user=COLLEAGUE)) == 1


def test_at_most_so_many_cards_come_at_once(new_hospital: NewHospital) -> None:
    trials = [
        replace(TRIAL, facts=replace(TRIAL.facts, id=f"NCT0000000{number}", short_title=f"Trial {number}"))
        for number in range(1, 5)
    ]
    hospital = new_hospital(definitions=catalog(*trials))
    assert [card["summary"].split(": ")[1][:7] for card in hospital.cards()] == [
        "Trial 1",
        "Trial 2",
        "Trial 3",
    ]


def test_a_silent_trial_is_recorded_and_not_shown(new_hospital: NewHospital) -> None:
    hospital = new_hospital(
        clients=[registered("hospital", ISSUER, trials=[{"id": TRIAL.id, "silent": "yes"}])]
    )
    assert hospital.cards() == []
    records = hospital.records
    records.trail.close()
    [kept] = records.store.silent_candidates("hospital", TRIAL.id).patients
    assert (kept.subject.patient_id, kept.trial) == (charts.PATIENT_ID, TRIAL.id)


def test_the_kill_switch_and_the_end_of_recruitment_need_no_restart(
    new_hospital: NewHospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.recruitment.states.CHECK_EVERY", 0.0)
    file = tmp_path / "recruitment.yaml"

    def state(entry: str) -> None:
        file.write_text(f"schema: 1\ntrials:\n  {TRIAL.id}: {{{entry}}}\n")

    state("state: recruiting")
    hospital = new_hospital(settings={"recruitment": str(file)})
    assert len(hospital.cards()) == 1
    for entry in ("state: paused", "state: full", "state: closed", "until: 2026-06-14"):
        state(entry)
        assert hospital.cards() == [], entry
    state("state: rekruting")
    assert hospital.cards() == []
    assert hospital.http.get("/readyz").get_json()["recruitment"] == "faulty"
    state("state: recruiting, until: 2026-06-15")
    assert len(hospital.cards()) == 1


def test_the_local_contact_of_the_client_stands_on_the_card(new_hospital: NewHospital) -> None:
    trials = [{"id": TRIAL.id, "contact": "Study office, extension 4711"}]
    hospital = new_hospital(clients=[registered("hospital", ISSUER, trials=trials)])
    [card] = hospital.cards()
    assert "Study office, extension 4711" in card["detail"]


def test_a_client_sees_only_the_trials_that_it_is_offered(new_hospital: NewHospital) -> None:
    other = replace(TRIAL, facts=replace(TRIAL.facts, id="NCT00000002", short_title="The other trial"))
    clients = [
        registered("hospital", ISSUER, trials=[{"id": "NCT00000002"}]),
        registered("other", OTHER_ISSUER),
    ]
    hospital = new_hospital(definitions=catalog(TRIAL, other), clients=clients)
    assert [card["summary"].split(": ")[1][:5] for card in hospital.cards()] == ["The o"]
    assert len(hospital.cards(iss=OTHER_ISSUER)) == 2


@pytest.mark.parametrize("abilities", [{"suggestions": "no"}, {"action_types": ["delete"]}])
def test_a_client_gets_no_suggestion_that_it_cannot_take(
    new_hospital: NewHospital, abilities: dict[str, Any]
) -> None:
    hospital = new_hospital(clients=[registered("hospital", ISSUER, abilities=abilities)])
    [card] = hospital.cards()
    assert "suggestions" not in card
    assert "selectionBehavior" not in card
