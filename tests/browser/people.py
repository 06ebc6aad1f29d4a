"""What people do on the pages, by what they see: names of buttons, links and fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Locator, Page, expect

from cds_service.demo.fhir.store import Resource
from tests.browser.worlds import World

CARD = "Open the worksheet"
REFER = "Refer for screening"


@dataclass
class Clinician:
    """Somebody with the EHR open, in a browser of their own."""

    world: World
    context: BrowserContext

    def chart(self, sample: str) -> Page:
        """Open a patient's chart."""
        page = self.context.new_page()
        page.goto(self.world.chart(sample))
        return page

    def worksheet(self, chart: Page) -> Page:
        """Open the worksheet from the card, as a SMART app in a new tab."""
        with self.context.expect_page() as opened:
            card_of(chart).get_by_role("link", name=CARD).click()
        sheet = opened.value
        expect(sheet.get_by_role("heading", level=1)).to_contain_text("Worksheet")
        return sheet

    def standalone(self, sample: str) -> Page:
        """Open the worksheet without a card: from the service, with the patient chosen at the EHR."""
        page = self.context.new_page()
        page.goto(f"{self.world.service}/smart/launch?client=demo")
        page.get_by_label("Patient").select_option(self.world.patients[sample])
        page.get_by_role("button", name="Demo").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Worksheet")
        return page


@dataclass
class StudyStaff:
    """Somebody of the study team, in a browser of their own."""

    world: World
    context: BrowserContext

    def worklist(self, role: str = "coordinator") -> Page:
        """Come to the worklist by signing in."""
        page = self.context.new_page()
        page.goto(f"{self.world.service}/worklist")
        self.world.sign_in(page, role)
        expect(page.get_by_role("heading", name="Worklist", level=1)).to_be_visible()
        return page

    def open_row(self, page: Page, sample: str) -> Locator:
        """Look for a patient's referral by name, open it, and see what it says of the patient."""
        name = NAMES[sample]
        page.get_by_role("searchbox").fill(name.partition(",")[0])
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name=re.compile("^Open ")).click()
        patient = page.get_by_role("region", name="Patient")
        expect(patient).to_contain_text(name)
        return patient


NAMES = {
    "lin-mei": "Lin, Mei",
    "zhang-wei": "Zhang, Wei",
    "chen-jing": "Chen, Jing",
    "liu-na": "Liu, Na",
    "wang-fang": "Wang, Fang",
    "sofia-almeida": "Almeida, Sofia",
    "thomas-berg": "Berg, Thomas",
    "gao-min": "Gao, Min",
}


def card_of(chart: Page) -> Locator:
    """The card of the trial in a chart."""
    return chart.get_by_role("article").filter(has=chart.get_by_role("link", name="NCT06920433"))


def answer(sheet: Page, question: str, choice: str) -> None:
    """Choose an answer; it is not saved yet."""
    group = sheet.get_by_role("group", name=re.compile(question))
    group.get_by_role("radio", name=choice, exact=True).check()


def said(sheet: Page, question: str) -> Locator:
    """What stands beside a question now."""
    return sheet.get_by_role("group", name=re.compile(question)).locator(".whole").first


def save_answers(sheet: Page) -> None:
    """Send the form, and see that it is taken."""
    sheet.get_by_role("button", name="Save the answers").click()
    expect(sheet.get_by_role("status")).to_be_visible()


def strike(sheet: Page, score: str, item: str, cause: str, words: str) -> None:
    """Say that an item of a score comes of something else."""
    row = score_row(sheet, score, item)
    row.get_by_text(re.compile("^Another cause")).click()
    row.get_by_role("combobox").select_option(label=cause)
    row.get_by_role("textbox").fill(words)
    row.get_by_role("button", name="Strike this item").click()
    expect(sheet.get_by_role("status")).to_be_visible()


def score_row(sheet: Page, score: str, item: str) -> Locator:
    """A score's row of an item, with the score's table opened."""
    table = sheet.locator("details.score", has=sheet.get_by_text(re.compile(f"^{score}: its items")))
    if table.get_attribute("open") is None:
        table.locator("summary").first.click()
    return table.get_by_role("row").filter(has=sheet.get_by_role("rowheader", name=item, exact=True))


def refer(sheet: Page, why: str = "") -> None:
    """Refer the patient from the worksheet."""
    sheet.get_by_label("Why, for the study team").fill(why)
    sheet.get_by_role("button", name=REFER).click()
    expect(sheet.get_by_role("status")).to_contain_text("referral is made")


def state(row: Page) -> Locator:
    """Where a referral stands, beside its code."""
    return row.locator(".heading-row .chip")


def named(name: str) -> re.Pattern[str]:
    """A state as the pages call it, however they put it; "Screening" is not "Pre-screening"."""
    return re.compile(rf"^\W*(in )?{name}( to follow-up)?\W*$", re.IGNORECASE)


def stands_at(code: str) -> Callable[[Resource], bool]:
    """Whether a Task says by its businessStatus that the referral stands there."""

    def stands(task: Resource) -> bool:
        return code in [coding["code"] for coding in task.get("businessStatus", {}).get("coding", [])]

    return stands


def move(row: Page, to: str, why: str = "") -> None:
    """Choose the next state and send it; what comes of it is for the test to see."""
    step = row.get_by_role("region", name="Move on")
    step.get_by_role("radio", name=named(to)).check()
    step.get_by_label("Comment").first.fill(why)
    step.get_by_role("button", name="Move", exact=True).first.click()


def note(row: Page, text: str) -> None:
    """Add a note."""
    row.get_by_label("New note").fill(text)
    row.get_by_role("button", name="Add note").click()
    expect(row.get_by_role("region", name="Notes")).to_contain_text(text)
