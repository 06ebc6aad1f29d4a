"""The link of a card where the EHR launches no SMART apps: for a clinician, once, within 15 minutes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewContext
from tests.browser.places import silent_service
from tests.browser.watching import Watch
from tests.worksheet.test_card_links import links

pytestmark = pytest.mark.browser


def test_a_link_is_good_for_fifteen_minutes_and_an_old_one_says_what_to_do(
    new_context: NewContext, watch: Watch, tmp_path: Path
) -> None:
    with silent_service(tmp_path) as (service, address):
        first, second = (urlsplit(str(links(service)[0]["url"])).path for _ in range(2))
        page = new_context().new_page()
        service.clock.minutes = 14
        page.goto(address + first)
        page.get_by_role("button", name="Demo clinician").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Worksheet")

        watch.expected.add(410)
        service.clock.minutes = 15
        page.goto(address + second)
        expect(page.get_by_role("heading", level=1)).to_have_text("This link can no longer be used")
        expect(page.get_by_role("alert")).to_contain_text("Open the patient's chart again")
        expect(page.get_by_role("main")).not_to_contain_text("Lin")
