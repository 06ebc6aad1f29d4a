"""A service with worksheets, the demo's FHIR server on a socket, and a browser that has one open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cds_service.app import application
from cds_service.clients.registered import BackendAccess, SmartApp
from cds_service.demo.fhir.store import FhirStore
from cds_service.demo.fhir_server import create_fhir_server, store_of
from cds_service.demo.samples import write_folder
from cds_service.demo.servers import in_thread
from cds_service.deployment import Deployment, deploy
from cds_service.fhir.fetching import Access
from cds_service.settings import Settings
from cds_service.signing_in.sessions import WorksheetAccess, current_sessions
from cds_service.smart.backend_services import Backend
from cds_service.storage.records import Subject
from tests.pages.browser import Browser

TODAY = date(2026, 6, 15)
TRIAL = "NCT06920433"
SCOPES = "patient/*.rs patient/QuestionnaireResponse.c patient/ServiceRequest.c"
READ_ONLY = "patient/*.rs"
USER, USER_NAME = "Practitioner/dr-chen", "Dr Chen"
PUBLIC_URL = "http://localhost"


@dataclass
class Clock:
    """Noon of a day, here, and as many minutes later as a test lets pass."""

    day: date
    minutes: int = 0

    def now(self, zone: str) -> datetime:
        noon = datetime.combine(self.day, clock_time(12)).astimezone()
        now = noon + timedelta(minutes=self.minutes)
        return now.astimezone(ZoneInfo(zone)) if zone else now


@dataclass
class World:
    """The service, its EHR's data, and what to open worksheets with."""

    deployment: Deployment
    app: Flask
    base: str
    store: FhirStore
    clock: Clock

    def __repr__(self) -> str:
        return "World()"

    def browser(self) -> Browser:
        return Browser(self.app)

    def access(self, patient: str = "lin-mei", ident: str = "w1", **more: Any) -> WorksheetAccess:
        """What a launch would have put into the session."""
        usual: dict[str, Any] = {
            "id": ident,
            "subject": Subject("demo", "", self.base, patient),
            "user": USER,
            "user_name": USER_NAME,
            "trial": TRIAL,
            "via": "launch",
            "access_token": "secret-token",
            "scope": SCOPES,
            "expires_at": time.time() + 3600,
        }
        return WorksheetAccess(**{**usual, **more})

    def opened(self, patient: str = "lin-mei", browser: Browser | None = None, **more: Any) -> Browser:
        """A browser in which the worksheet ``w1`` of a patient is open."""
        browser = browser or self.browser()
        browser.token()
        name = self.app.extensions["trialhook-sessions"].cookie_name
        with self.app.test_request_context(headers={"Cookie": f"{name}={browser.cookie}"}):
            sessions = current_sessions()
            sessions.put_worksheet(self.access(patient, **more))
            change = sessions.cookie_change()
        if change:
            browser.cookie = change
        return browser

    def page(self, patient: str = "lin-mei", query: str = "", **more: Any) -> TestResponse:
        """The worksheet of a patient in a browser of its own."""
        return self.opened(patient, **more).get(f"/worksheet/w1{query}")


@contextmanager
def world(
    folder: Path, *, smart: bool = True, backend: bool = False, today: date = TODAY, **settings: Any
) -> Iterator[World]:
    """The service and its EHR while the block runs, on that day."""
    write_folder(folder / "samples", today)
    ehr = create_fhir_server(folder / "samples")
    with in_thread(ehr, 0) as address:
        clock = Clock(today)
        deployment = deployed(folder, address, clock, smart=smart, backend=backend, **settings)
        app = application(deployment)
        try:
            yield World(deployment, app, f"{address}/fhir", store_of(ehr), clock)
        finally:
            app.extensions["trialhook-close"]()


def deployed(
    folder: Path, address: str, clock: Clock, *, smart: bool, backend: bool, **settings: Any
) -> Deployment:
    """A service in demo mode whose one client has the abilities of a registered one."""
    usual: dict[str, Any] = {
        "database": f"sqlite:///{folder / 'trialhook.db'}",
        "state_dir": str(folder),
        "storage_wait": 5.0,
        "fhir_hosts": (address,),
        "public_url": PUBLIC_URL,
        "sync": False,
    }
    deployment = deploy(Settings(**{**usual, **settings}), now=clock.now)
    client = next(iter(deployment.clients))
    client = replace(
        client,
        smart=SmartApp("worksheet") if smart else None,
        backend=BackendAccess("trialhook") if backend else None,
        abilities=replace(client.abilities, smart_links=smart),
    )
    offers = {client.id: replace(deployment.offers[client.id], client=client)}
    return replace(deployment, clients=replace(deployment.clients, registered=(client,)), offers=offers)


@contextmanager
def without_smart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An EHR without SMART, which gives us access by ourselves."""
    with world(folder, smart=False, backend=True) as made:
        server = made.deployment.offers["demo"].client.fhir_servers[0]
        monkeypatch.setattr(Backend, "access", lambda *_: Access.to(server, "backend-token"))
        yield made
