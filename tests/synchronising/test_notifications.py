"""The endpoint for notifications: only with the client's own token, and only as a reason to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import application
from cds_service.clients.registered import Client, Clients, ReferralTerms
from cds_service.deployment import Deployment, deploy
from cds_service.settings import Settings
from cds_service.synchronising.cursors import Cursor, Cursors, Place
from cds_service.synchronising.notifications import MOST_PER_MINUTE, notification_token
from tests.synchronising.world import BASE, client

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TASKS = Place.at("ehr", BASE, "Task")
OTHERS = Place.at("quiet", BASE, "Task")
PATH = "/fhir-notifications/ehr"


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Two clients: one with a Subscription, one without."""
    made = deploy(Settings(policy=True, state_dir=str(tmp_path)), now=lambda _zone: NOW)
    asking = client(ReferralTerms(task=True, subscription=True))
    quiet = Client("quiet", referral=ReferralTerms(task=True))
    ours = replace(made, clients=Clients((asking, quiet), demo=True), limits=None)
    for place in (TASKS, OTHERS):
        cursors(ours).keep(Cursor(place, LATER))
    yield ours
    ours.close()


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    return application(deployment)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


def cursors(deployment: Deployment) -> Cursors:
    assert deployment.records is not None
    return Cursors(deployment.records.database)


def token(deployment: Deployment, client_id: str = "ehr") -> str:
    return f"Bearer {notification_token(deployment.ring, client_id)}"


def is_due(deployment: Deployment, place: Place = TASKS) -> bool:
    return cursors(deployment).get(place, NOW).due <= NOW


def test_a_notification_with_the_token_makes_its_client_due(
    http: FlaskClient, deployment: Deployment
) -> None:
    answer = http.post(PATH, headers={"Authorization": token(deployment)})
    assert (answer.status_code, answer.data) == (200, b"")
    assert is_due(deployment)
    assert not is_due(deployment, OTHERS)


@pytest.mark.parametrize("path", [PATH, "/fhir-notifications/quiet", "/fhir-notifications/nobody"])
@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {right}", "{right}", "Bearer é"]
)
def test_without_the_token_nobody_is_told_anything(
    http: FlaskClient, deployment: Deployment, path: str, sent: str
) -> None:
    right = notification_token(deployment.ring, "ehr")
    headers = {"Authorization": sent.format(right=right)} if sent else {}
    answer = http.post(path, headers=headers)
    assert (answer.status_code, answer.data) == (401, b"")
    assert not is_due(deployment)


def test_the_token_of_one_client_is_not_that_of_another(http: FlaskClient, deployment: Deployment) -> None:
    assert http.post(PATH, headers={"Authorization": token(deployment, "quiet")}).status_code == 401


def test_a_client_that_asked_for_no_subscription_has_no_endpoint(
    http: FlaskClient, deployment: Deployment
) -> None:
    headers = {"Authorization": token(deployment, "quiet")}
    assert http.post("/fhir-notifications/quiet", headers=headers).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"\xff" * 2_000_000, b'{"resourceType": "Task"}'])
def test_what_is_sent_along_is_thrown_away(http: FlaskClient, deployment: Deployment, body: bytes) -> None:
    headers = {"Authorization": token(deployment), "Content-Type": "application/fhir+json"}
    assert http.post(PATH, headers=headers, data=body).status_code == 200
    assert is_due(deployment)


def test_too_many_are_asked_to_come_again(http: FlaskClient, deployment: Deployment) -> None:
    headers = {"Authorization": token(deployment)}
    statuses = [http.post(PATH, headers=headers).status_code for _ in range(MOST_PER_MINUTE + 2)]
    assert statuses == [200] * MOST_PER_MINUTE + [429, 429]
    assert "Retry-After" in http.post(PATH, headers=headers).headers


def test_nothing_can_be_read_there(http: FlaskClient, deployment: Deployment) -> None:
    assert http.get(PATH, headers={"Authorization": token(deployment)}).status_code == 405
