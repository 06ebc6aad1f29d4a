"""A registered service with HAPI: from the card to enrolment, with the hospital's own sign-in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewContext
from tests.browser.worlds import World

pytestmark = pytest.mark.browser


def test_a_card_comes_from_hapi(at_hospital: World, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(at_hospital.chart("lin-mei"))
    expect(page.get_by_role("article")).to_have_count(1)
