"""The whole way in the demo: a clinician finds and refers a patient, a coordinator follows up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    Clinician,
    StudyStaff,
    answer,
    card_of,
    move,
    named,
    note,
    refer,
    said,
    save_answers,
    score_row,
    stands_at,
    state,
    strike,
)
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


def test_a_flagged_patient_is_followed_from_the_card_to_enrolment(
    clinician: Clinician, coordinator: StudyStaff
) -> None:
    chart = clinician.chart("lin-mei")
    expect(card_of(chart)).to_contain_text("11 of 15 applicable criteria met, 4 to check")

    sheet = clinician.worksheet(chart)
    answer(sheet, "ECOG performance status", "1")
    answer(sheet, "agree to contraception", "yes")
    answer(sheet, "major organs meet", "yes")
    save_answers(sheet)
    expect(said(sheet, "agree to contraception")).to_contain_text("Dr Robin Demo")
    expect(sheet.get_by_role("region", name="Overview")).to_contain_text("13 of 15 applicable criteria met")
    strike(sheet, "SLEDAI-2K", "Haematuria", "infection", "cystitis, treated")
    expect(sheet.locator("details.score[open]")).to_have_count(1)
    expect(score_row(sheet, "SLEDAI-2K", "Haematuria")).to_contain_text("infection")
    refer(sheet, "Wants to hear more.")

    worklist = coordinator.worklist()
    expect(worklist.get_by_role("main")).not_to_contain_text("Lin")
    coordinator.open_row(worklist, "lin-mei")
    for step in ("Received", "Contacted", "Pre-screening", "Screening", "Enrolled"):
        move(worklist, step, f"On to {step}.")
        expect(state(worklist)).to_have_text(named(step))
    note(worklist, "Consent signed on paper; <b>copy</b> in the study folder.")
    history = worklist.get_by_role("region", name="History")
    expect(history).to_contain_text("Dr Robin Demo")
    expect(history).to_contain_text("Wants to hear more.")
    expect(history).to_contain_text("On to Enrolled.")

    again = clinician.chart("lin-mei")
    expect(again.get_by_text("No cards.")).to_be_visible()
    expect(card_of(again)).to_have_count(0)


def test_the_chart_says_where_a_referral_stands(clinician: Clinician, coordinator: StudyStaff) -> None:
    chart = clinician.chart("zhang-wei")
    card_of(chart).get_by_role("button", name="Refer for screening").click()
    expect(chart.get_by_role("status")).to_contain_text("added")
    worklist = coordinator.worklist()
    coordinator.open_row(worklist, "zhang-wei")
    move(worklist, "Contacted")
    expect(state(worklist)).to_have_text(named("Contacted"))

    clinician.world.await_record("Task", "zhang-wei", stands_at("contacted"))
    trials = clinician.chart("zhang-wei").get_by_role("region", name="Clinical trials")
    expect(trials).to_contain_text("Contacted")


def test_of_two_coordinators_at_once_the_second_is_told_what_changed(
    clinician: Clinician, coordinator: StudyStaff, watch: Watch
) -> None:
    watch.expected.add(409)
    refer(clinician.worksheet(clinician.chart("chen-jing")))
    first = coordinator.worklist()
    coordinator.open_row(first, "chen-jing")
    second = coordinator.context.new_page()
    second.goto(first.url)
    move(first, "Received", "I have it.")
    expect(state(first)).to_have_text(named("Received"))
    move(second, "Contacted", "Phoned her.")
    alert = second.get_by_role("alert")
    expect(alert).to_contain_text("Somebody else changed this referral meanwhile")
    expect(alert).to_contain_text(re.compile("Received"))
    expect(alert).to_contain_text("I have it.")
    expect(state(second)).to_have_text(named("Received"))
    expect(second.get_by_label("Comment").first).to_have_value("Phoned her.")
    move(second, "Contacted", "Phoned her.")
    expect(state(second)).to_have_text(named("Contacted"))
