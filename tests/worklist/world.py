"""A service with pages, in demo mode, with referrals at several sites for several trials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from sqlalchemy import insert

from cds_service.app import application
from cds_service.audit.rows import read_events
from cds_service.deployment import Deployment, Records, deploy
from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import Opening, Referral, Who
from cds_service.referrals.states import PATH, State
from cds_service.settings import Settings
from cds_service.signing_in.staff import Grant, Role
from cds_service.storage import sealing
from cds_service.storage.people import patient, rows_for
from cds_service.storage.records import Subject
from cds_service.storage.tables import silent_candidate
from mappings.trial_definition import Catalog
from tests.pages.browser import Browser, grant
from tests.service.conftest import BASE
from tests.service.definitions import TODAY, TRIAL, catalog

ONE, OTHER = TRIAL.id, "NCT00000002"
DATABASE = "trialhook.db"
HERE, THERE = "demo", "south"
"""The one registered client of demo mode, and a site that is registered no more."""
CLINICIAN = Who("Practitioner/7", "Dr Wu", "clinician")
SOMEBODY = Who("https://login.example|c7", "Rosa Feld", "coordinator")
TRACES = (
    CriterionTrace("age", "met", "value", "k1.aa"),
    CriterionTrace("activity", "unknown", "needs_judgement", ""),
    CriterionTrace("proteinuria", "unknown", "not_found", ""),
    CriterionTrace("steroid", "met", "value", "k1.bb"),
)


def two_trials() -> Catalog:
    """The tests' trial, and another like it."""
    other = replace(TRIAL, facts=replace(TRIAL.facts, id=OTHER, short_title="Another trial"))
    return catalog(TRIAL, other)


def subject(name: str = "p1", client: str = HERE) -> Subject:
    """A patient of a site."""
    return Subject(client, "north", BASE, name)


class World:
    """Makes the service in a folder. ``now`` can be moved on."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.now = datetime.combine(TODAY, clock_time(12)).astimezone()
        usual = {
            "database": f"sqlite:///{folder / DATABASE}",
            "state_dir": str(folder),
            "storage_wait": 5.0,
            "demo_smart": True,
            "public_url": "http://localhost",
            "fhir_hosts": (BASE,),
        }
        self.deployment: Deployment = deploy(
            Settings(**{**usual, **settings}), two_trials(), lambda _zone: self.now
        )
        self.app: Flask = application(self.deployment)

    @property
    def records(self) -> Records:
        assert self.deployment.records is not None
        return self.deployment.records

    def close(self) -> None:
        self.deployment.close()

    def browser(self, role: str = "coordinator", *grants: Grant) -> Browser:
        """Somebody signed in; with these grants instead of their role everywhere."""
        grant(self.app, role, *(grants or (Grant(Role(role)),)))
        return Browser(self.app).sign_in(role)

    def refer(
        self, name: str = "p1", *, client: str = HERE, trial: str = ONE, days_ago: float = 0, **members: Any
    ) -> Referral:
        """A referral made some days ago."""
        usual: dict[str, Any] = {
            "subject": subject(name, client),
            "trial": trial,
            "who": CLINICIAN,
            "source": "worksheet",
            "at": self.now - timedelta(days=days_ago),
            "traces": TRACES,
            "gate": "met",
            "outcome": "possible-candidate",
            "assessed": self.now - timedelta(days=days_ago),
        }
        return self.records.book.open(Opening(**{**usual, **members}))

    def move(self, referral: Referral, *states: State, days_ago: float = 0) -> Referral:
        """The same in the last of these states, each for the first reason that there is."""
        for state in states:
            reasons = reasons_for(referral.state, state)
            referral = self.records.book.move(
                referral.id,
                referral.version,
                state,
                SOMEBODY,
                self.now - timedelta(days=days_ago),
                reason=reasons[0].code if reasons else "",
                why="so it is",
            )
        return referral

    def along(self, referral: Referral, state: State, days_ago: float = 0) -> Referral:
        """The same, moved along the path step by step."""
        steps = PATH[PATH.index(referral.state) + 1 : PATH.index(state) + 1]
        return self.move(referral, *steps, days_ago=days_ago)

    def candidate(
        self, name: str = "s1", *, client: str = HERE, trial: str = ONE, days_ago: float = 0
    ) -> None:
        """A candidate of a silent trial, seen some days ago."""
        whom, ring = subject(name, client), self.deployment.ring
        seen = self.now - timedelta(days=days_ago)
        with self.records.database.relaxed() as connection:
            person = patient(whom)
            row = rows_for(connection, ring, [person])[person]
            connection.execute(
                insert(silent_candidate).values(
                    patient_id=row,
                    trial=trial,
                    client=client,
                    first_seen=seen,
                    last_seen=seen,
                    secret=sealing.encrypted(ring, whom),
                )
            )

    def audited(self, kind: str) -> list[dict[str, Any]]:
        """What the audit trail says of a kind."""
        return [
            orjson.loads(event.body) for event in read_events(self.records.database) if event.kind == kind
        ]


@contextmanager
def world_in(folder: Path, **settings: Any) -> Iterator[World]:
    """A service that is closed at the end."""
    made = World(folder, **settings)
    try:
        yield made
    finally:
        made.close()
