"""One page of each kind, as somebody comes to it in use: what tests of looks and language look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect
from sqlalchemy import insert

from cds_service.clients.registered import Client
from cds_service.demo.servers import in_thread
from cds_service.fhir.allow_list import AllowList
from cds_service.fhir.fetching import Access
from cds_service.smart.backend_services import Backend
from cds_service.storage import sealing
from cds_service.storage.people import patient, rows_for
from cds_service.storage.records import Subject
from cds_service.storage.tables import silent_candidate
from tests.browser.chromium import PATIENCE_MS
from tests.browser.people import (
    Clinician,
    StudyStaff,
    answer,
    move,
    note,
    refer,
    save_answers,
    strike,
)
from tests.browser.worlds import World
from tests.worksheet.world import TRIAL
from tests.worksheet.world import World as Service
from tests.worksheet.world import world as service_with_backend

NAMES = (
    "sign-in",
    "signed out",
    "worksheet of a candidate",
    "worksheet with a struck item",
    "worksheet of a patient who is ruled out",
    "resource behind a piece of evidence",
    "refused answers",
    "about the trial",
    "empty worklist",
    "worklist with a filter that nothing passes",
    "full worklist",
    "search that found one",
    "search that is refused",
    "row",
    "row with a refused step",
    "row for who only reads",
    "funnel",
    "administration",
    "silent candidates",
    "silent candidate",
    "refusal 403",
    "refusal 404",
    "refusal 410",
)
"""The pages of the service, by what they show."""

REFERRED = "thomas-berg"


@dataclass(frozen=True)
class Place:
    """A page: where it is, in whose browser, and what brings it about there.

    ``state``: the cookies of that browser. ``then``: done on the page that is at the address.
    """

    address: str
    state: StorageState | None = None
    status: int = 200
    then: Callable[[Page], None] = lambda _: None

    def show(self, page: Page, language: str = "en") -> Page:
        """Open it in a page of a browser with those cookies, in a language."""
        page.goto(f"{self.address}{'&' if '?' in self.address else '?'}language={language}")
        self.then(page)
        return page


@contextmanager
def places(browser: Browser, demo: World, folder: Path) -> Iterator[Mapping[str, Place]]:
    """All of them: those of the demo, and those of a service with a silent trial."""
    with silent_service(folder) as (service, address):
        made = {**_of_clinician(browser, demo), **_of_staff(browser, demo)}
        made |= _of_silent_trial(browser, service, address)
        assert set(made) == set(NAMES)
        yield made


@contextmanager
def silent_service(folder: Path) -> Iterator[tuple[Service, str]]:
    """A service in this process with an EHR to read from, and its address. Its clock can be moved on."""

    def access(_self: Backend, client: Client, fhir_base: str) -> Access | None:
        server = AllowList(client.fhir_servers).find(fhir_base)
        return Access.to(server, "a-token") if server else None

    with (
        service_with_backend(folder, smart=False, backend=True) as service,
        patch.object(Backend, "access", access),
        in_thread(service.app, 0) as address,
    ):
        yield service, address


def _of_clinician(browser: Browser, demo: World) -> dict[str, Place]:
    with _somebody(browser) as context:
        clinician = Clinician(demo, context)
        plain = clinician.worksheet(clinician.chart("zhou-yan")).url
        sheet = clinician.standalone(REFERRED)
        answer(sheet, "agree to contraception", "yes")
        save_answers(sheet)
        strike(sheet, "2019 EULAR/ACR criteria", "Joint involvement", "infection", "a viral one")
        refer(sheet, "Wants to hear more.")
        ruled_out = clinician.standalone("sun-hua").url
        behind = sheet.get_by_role("link", name=re.compile("^Observation ")).first.get_attribute("href")
        state = context.storage_state()
    return {
        "sign-in": Place(f"{demo.service}/sign-in"),
        "signed out": Place(f"{demo.service}/signed-out"),
        "worksheet of a candidate": Place(_bare(plain), state),
        "worksheet with a struck item": Place(_bare(sheet.url), state),
        "worksheet of a patient who is ruled out": Place(_bare(ruled_out), state),
        "resource behind a piece of evidence": Place(f"{demo.service}{behind}", state),
        "refused answers": Place(_bare(plain), state, 400, _save_nothing),
        "about the trial": Place(f"{demo.service}/trials/{TRIAL}"),
    }


def _of_staff(browser: Browser, demo: World) -> dict[str, Place]:
    with _somebody(browser) as context:
        staff = StudyStaff(demo, context)
        row = staff.worklist()
        staff.open_row(row, REFERRED)
        move(row, "Received")
        note(row, "Consent signed on paper.")
        coordinator, opened = context.storage_state(), _bare(row.url)
    reader, administrator, clinician = (
        _signed_in(browser, demo, role) for role in ("reader", "administrator", "clinician")
    )
    listed = f"{demo.service}/worklist"
    return {
        "worklist with a filter that nothing passes": Place(f"{listed}?state=lost", coordinator),
        "full worklist": Place(f"{listed}?show=all", coordinator),
        "search that found one": Place(listed, coordinator, 200, lambda page: _search(page, "Berg")),
        "search that is refused": Place(listed, coordinator, 200, lambda page: _search(page, "L")),
        "row": Place(opened, coordinator),
        "row with a refused step": Place(opened, coordinator, 400, _end_without_words),
        "row for who only reads": Place(opened, reader),
        "funnel": Place(f"{listed}/funnel", coordinator),
        "administration": Place(f"{demo.service}/administration", administrator),
        "refusal 403": Place(listed, administrator, 403),
        "refusal 404": Place(f"{listed}/nothing", coordinator, 404),
        "refusal 410": Place(f"{demo.service}/worksheet/links/nothing", clinician, 410),
    }


def _of_silent_trial(browser: Browser, service: Service, address: str) -> dict[str, Place]:
    _keep_candidate(service, "lin-mei")
    listed = f"{address}/worklist?show=possible"
    with _somebody(browser) as context:
        page = context.new_page()
        page.goto(listed)
        page.get_by_role("button", name="Demo coordinator").click()
        page.get_by_role("link", name=re.compile("^Open ")).click()
        expect(page.get_by_role("region", name="Patient")).to_contain_text("Lin, Mei")
        state, opened = context.storage_state(), _bare(page.url)
    return {
        "empty worklist": Place(f"{address}/worklist", state),
        "silent candidates": Place(listed, state),
        "silent candidate": Place(opened, state),
    }


def _keep_candidate(service: Service, sample: str) -> None:
    """As a card of a silent trial leaves one behind."""
    records, ring = service.deployment.records, service.deployment.ring
    assert records is not None
    whom = Subject("demo", "", service.base, sample)
    seen = service.clock.now("")
    with records.database.relaxed() as connection:
        person = patient(whom)
        connection.execute(
            insert(silent_candidate).values(
                patient_id=rows_for(connection, ring, [person])[person],
                trial=TRIAL,
                client="demo",
                first_seen=seen,
                last_seen=seen,
                secret=sealing.encrypted(ring, whom),
            )
        )


@contextmanager
def _somebody(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()


def _signed_in(browser: Browser, demo: World, role: str) -> StorageState:
    with _somebody(browser) as context:
        page = context.new_page()
        page.goto(f"{demo.service}/sign-in")
        demo.sign_in(page, role)
        page.wait_for_url(re.compile("/(worklist|administration|start)"))
        return context.storage_state()


def _bare(address: str) -> str:
    """An address without what is said at it once."""
    return re.sub(r"[?#].*", "", address)


def _save_nothing(sheet: Page) -> None:
    sheet.locator("form[action$='/answers'] button[type=submit]").click()


def _search(worklist: Page, text: str) -> None:
    worklist.get_by_role("searchbox").fill(text)
    worklist.locator("form[role=search] button").click()


def _end_without_words(row: Page) -> None:
    """The choice "another reason" asks for a comment."""
    form = row.locator("form:has(#step-leave)")
    row.locator("details:has(#step-leave) > summary").click()
    other = form.locator("option[value$=':other']").first.get_attribute("value")
    form.locator("select").select_option(other)
    form.locator("button[type=submit]").click()
