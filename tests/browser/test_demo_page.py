"""The page that plays the EHR, and the way from its card to the pages of the service."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import NewContext
from tests.browser.worlds import World

pytestmark = pytest.mark.browser


def test_a_clinician_opens_a_chart_and_sees_the_card(demo: World, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(demo.ehr)
    page.get_by_role("navigation", name="Patients").get_by_role("link", name="Wang, Fang").click()
    card = page.get_by_role("article")
    expect(card).to_have_count(1)
    expect(card.get_by_role("heading")).to_contain_text("Possible candidate")


@pytest.mark.parametrize("path", ["/", "/patients/wang-fang", "/patients/guo-li"])
def test_the_demo_page_has_no_grave_fault_of_accessibility(
    demo: World, new_context: NewContext, path: str
) -> None:
    page = new_context().new_page()
    page.goto(f"{demo.ehr}{path}")
    assert violations_everywhere(page) == []
