"""A registered service with HAPI: from the card to enrolment, with the hospital's own sign-in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cds_service.demo.fhir.store import Resource
from tests.browser.conftest import NewContext
from tests.browser.hospital import ROLES, Hospital
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

# HAPI takes its time to start, and the first test waits for it.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(120, func_only=True)]

IN_FHIR = {
    "Received": ("received", "received", "candidate"),
    "Contacted": ("contacted", "accepted", "candidate"),
    "Pre-screening": ("pre-screening", "in-progress", "screening"),
    "Screening": ("screening", "in-progress", "screening"),
    "Enrolled": ("enrolled", "completed", "on-study"),
}
"""Of each state: the Task's businessStatus and status, and the ResearchSubject's status."""


@pytest.fixture
def doctor(at_hospital: Hospital, new_context: NewContext) -> Clinician:
    """A clinician of the hospital."""
    return Clinician(at_hospital, new_context())


@pytest.fixture
def team(at_hospital: Hospital, new_context: NewContext) -> StudyStaff:
    """A coordinator of the hospital."""
    return StudyStaff(at_hospital, new_context())


def test_a_flagged_patient_is_followed_from_the_card_to_enrolment_on_hapi(
    at_hospital: Hospital, doctor: Clinician, team: StudyStaff
) -> None:
    chart = doctor.chart("liu-na")
    sheet = doctor.worksheet(chart)
    answer(sheet, "ECOG performance status", "1")
    answer(sheet, "agree to contraception", "yes")
    answer(sheet, "major organs meet", "yes")
    save_answers(sheet)
    expect(said(sheet, "ECOG performance status")).to_contain_text("Dr Kim Lam")
    strike(sheet, "SLEDAI-2K", "Haematuria", "infection", "cystitis, treated")
    expect(score_row(sheet, "SLEDAI-2K", "Haematuria")).to_contain_text("infection")
    refer(sheet)
    at_hospital.await_record("QuestionnaireResponse", "liu-na", has_status("completed"))
    request = at_hospital.await_record("ServiceRequest", "liu-na", lambda one: bool(one.get("identifier")))
    task = at_hospital.await_record("Task", "liu-na", stands_at("referred"))
    assert (request["status"], task["status"]) == ("active", "requested")
    assert request["identifier"] == task["identifier"]

    worklist = team.worklist()
    team.open_row(worklist, "liu-na")
    for name, (business, status, subject) in IN_FHIR.items():
        move(worklist, name, f"On to {name}.")
        expect(state(worklist)).to_have_text(named(name))
        told = at_hospital.await_record("Task", "liu-na", stands_at(business))
        assert (told["id"], told["status"]) == (task["id"], status)
        at_hospital.await_record("ResearchSubject", "liu-na", has_status(subject))
    note(worklist, "Consent signed on paper.")

    for kind in ("ServiceRequest", "Task", "ResearchSubject"):
        assert len(at_hospital.on_record(kind, "liu-na")) == 1, kind
    again = doctor.chart("liu-na")
    expect(again.get_by_text("No cards.")).to_be_visible()
    expect(again.get_by_role("region", name="Clinical trials")).to_contain_text("on study")


def test_a_change_made_at_the_hospital_appears_in_the_worklist(
    at_hospital: Hospital, doctor: Clinician, team: StudyStaff
) -> None:
    refer(doctor.worksheet(doctor.chart("zhang-wei")))
    task = at_hospital.await_record("Task", "zhang-wei", stands_at("referred"))
    coding = {**task["businessStatus"]["coding"][0], "code": "contacted"}
    at_hospital.change({**task, "status": "accepted", "businessStatus": {"coding": [coding]}})
    worklist = team.worklist()
    team.open_row(worklist, "zhang-wei")
    until_shown(worklist, "Contacted")
    expect(worklist.get_by_role("region", name="History")).to_contain_text("EHR")


def has_status(status: str) -> Callable[[Resource], bool]:
    """Whether a resource has it."""
    return lambda resource: resource.get("status") == status


def until_shown(row: Page, name: str) -> None:
    """Reload until a state is shown: it comes with the next look at the FHIR server."""
    for _ in range(60):
        if named(name).match(state(row).inner_text()):
            return
        row.reload()
    raise AssertionError(f"{name} was not shown")


def test_an_ehr_without_smart_has_a_link_that_asks_for_sign_in_and_works_once(
    at_hospital: Hospital, new_context: NewContext, watch: Watch
) -> None:
    watch.expected.add(410)
    link = at_hospital.link_on_card("chen-jing")
    page = new_context().new_page()
    page.goto(link)
    expect(page.get_by_role("button", name=ROLES["clinician"])).to_be_visible()
    at_hospital.sign_in(page, "clinician")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Worksheet")
    expect(page.get_by_role("main")).to_contain_text("Chen")
    assert "chen" not in page.url.lower()

    other = new_context().new_page()
    answered = other.goto(link)
    assert answered is not None
    assert answered.status == 410
    expect(other.get_by_role("heading", level=1)).to_have_text("This link can no longer be used")
    expect(other.get_by_role("main")).not_to_contain_text("Chen")


def test_a_link_opens_no_worksheet_for_study_staff(
    at_hospital: Hospital, new_context: NewContext, watch: Watch
) -> None:
    watch.expected.add(403)
    page = new_context().new_page()
    page.goto(at_hospital.link_on_card("chen-jing"))
    at_hospital.sign_in(page, "coordinator")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Worksheet")
    expect(page.get_by_role("main")).not_to_contain_text("Chen")


@pytest.mark.parametrize(
    ("role", "sees"),
    [("coordinator", True), ("reader", True), ("administrator", False), ("nobody", False)],
)
def test_who_signs_in_sees_what_the_role_allows(
    at_hospital: Hospital, new_context: NewContext, watch: Watch, role: str, sees: bool
) -> None:
    watch.expected.add(403)
    page = new_context().new_page()
    page.goto(f"{at_hospital.service}/worklist")
    at_hospital.sign_in(page, role)
    heading = page.get_by_role("heading", name="Worklist", level=1)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(heading).to_have_count(int(sees))


def test_who_refuses_the_sign_in_is_let_in_nowhere(
    at_hospital: Hospital, new_context: NewContext, watch: Watch
) -> None:
    watch.expected.add(403)
    page = new_context().new_page()
    page.goto(f"{at_hospital.service}/worklist")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("heading", name="Worklist", level=1)).to_have_count(0)
    page.goto(f"{at_hospital.service}/worklist")
    expect(page.get_by_role("button", name="Refuse")).to_be_visible()


def test_a_card_comes_from_what_hapi_answers(doctor: Clinician) -> None:
    expect(card_of(doctor.chart("lin-mei"))).to_contain_text("11 of 15 applicable criteria met")
