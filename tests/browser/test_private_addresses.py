"""Without JavaScript from the card to a moved referral; and what addresses, titles and referrers tell."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.people import (
    NAMES,
    Clinician,
    StudyStaff,
    answer,
    move,
    named,
    note,
    refer,
    said,
    save_answers,
    state,
)
from tests.browser.watching import Watch
from tests.browser.worlds import World

pytestmark = pytest.mark.browser

PATIENT = "wang-fang"
"""Of addresses made up here."""
PARAMETERS = {
    "/smart/launch": {"iss", "launch", "client"},
    "/smart/callback": {"code", "state", "iss"},
    "/sign-in": {"next"},
    "/worksheet": {"said"},
    "/worklist": {"show", "trial", "site", "state", "attention", "age", "sort"},
}
"""All that may be asked of the service in an address."""


@pytest.mark.parametrize(("sample", "scripts"), [("sofia-almeida", False), ("gao-min", True)])
def test_a_referral_is_made_and_moved_and_no_address_tells_of_whom(
    demo: World, new_context: NewContext, watch: Watch, sample: str, scripts: bool
) -> None:
    clinician = Clinician(demo, new_context(java_script_enabled=scripts))
    # Without scripts from the card; the second has none, and is launched from the service.
    sheet = clinician.standalone(sample) if scripts else clinician.worksheet(clinician.chart(sample))
    answer(sheet, "major organs meet", "yes")
    save_answers(sheet)
    expect(said(sheet, "major organs meet")).to_contain_text("Dr Robin Demo")
    refer(sheet, "Wants to hear more.")

    staff = StudyStaff(demo, new_context(java_script_enabled=scripts))
    row = staff.worklist()
    staff.open_row(row, sample)
    move(row, "Received", "I have it.")
    expect(state(row)).to_have_text(named("Received"))
    note(row, "Phoned her.")
    row.goto(f"{demo.service}/worklist")
    row.get_by_role("button", name="Show these").click()
    row.goto(f"{demo.service}/worklist/funnel")
    expect(row.get_by_role("heading", level=1)).to_contain_text("Funnel")

    ours = [address for address in watch.addresses if address.startswith(demo.service)]
    cookies = [one["value"] for one in (*clinician.context.cookies(), *staff.context.cookies())]
    assert len(ours) > 20
    assert min(map(len, cookies)) > 30
    assert [one for one in ours if told_by(one, sample, demo, cookies)] == []
    assert watch.referrers == []
    assert {page.evaluate("document.referrer") for page in sheet.context.pages + row.context.pages} == {""}
    assert [title for title in titles(clinician, staff) if tells_of(title, sample, demo)] == []


def told_by(address: str, sample: str, demo: World, secrets: list[str]) -> bool:
    """Whether an address of the service names the patient, bears a secret, or asks what none may ask."""
    parts = urlsplit(address)
    # Where the EHR's FHIR server is, is no secret.
    rest = address.replace(demo.service, "").replace(demo.fhir, "")
    known = next((PARAMETERS[one] for one in PARAMETERS if parts.path.startswith(one)), set())
    unknown = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - known
    return bool(unknown or tells_of(rest, sample, demo) or any(one in address for one in (*secrets, "eyJ")))


def tells_of(text: str, sample: str, demo: World) -> bool:
    """Whether a text has the patient's id or a name of theirs."""
    names = [demo.patients[sample], *re.findall(r"\w+", NAMES[sample])]
    return any(re.search(rf"(?<![A-Za-z0-9]){one}(?![A-Za-z0-9])", text, re.IGNORECASE) for one in names)


def titles(*people: Clinician | StudyStaff) -> list[str]:
    """Of all pages of the service that they have open, as a browser's history keeps them."""
    pages: list[Page] = [page for one in people for page in one.context.pages]
    return [page.title() for page in pages if page.url.startswith(people[0].world.service)]


def test_a_referrer_is_seen(demo: World, new_context: NewContext, watch: Watch) -> None:
    new_context().new_page().goto(f"{demo.service}/sign-in", referer=f"{demo.ehr}/patients/{PATIENT}")
    assert watch.referrers == [f"{demo.ehr}/patients/{PATIENT}"]


@pytest.mark.parametrize(
    ("address", "tells"),
    [
        ("/worksheet/4XYZ?said=written", False),
        ("/worksheet/4XYZ?patient=7", True),
        ("/worklist/Wang", True),
        ("/worklist/wang-fang/", True),
        ("/smart/launch?iss=http%3A%2F%2Fehr%2Ffhir&launch=Qwang0", False),
        ("/worklist?q=Fang", True),
        ("/worklist/a-secret-of-a-cookie", True),
        ("/worklist?state=eyJhbGciOi", True),
    ],
)
def test_an_address_that_tells_is_seen(demo: World, address: str, tells: bool) -> None:
    found = told_by(f"{demo.service}{address}", PATIENT, demo, ["a-secret-of-a-cookie"])
    assert found is tells
