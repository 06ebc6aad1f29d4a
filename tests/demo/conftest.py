"""Fixtures of the demo's tests: sample patients in a folder, servers on real sockets, a service that
answers by rote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.demo import samples
from cds_service.demo.ehr.hooks import HookClient
from cds_service.demo.ehr_page import Ehr, page
from cds_service.demo.fhir.client import FhirClient
from cds_service.demo.fhir_server import create_fhir_server, store_of
from cds_service.demo.servers import in_thread
from tests.demo.stub_service import create_stub


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, today: date) -> Path:
    """All sample patients as files."""
    path = tmp_path_factory.mktemp("patients")
    samples.write_folder(path, today)
    return path


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    """The FHIR server, without a socket."""
    return create_fhir_server(folder).test_client()


@dataclass
class Demo:
    """The page with everything around it."""

    page: FlaskClient
    service: Flask
    ehr: Ehr


@pytest.fixture
def demo(folder: Path, today: date) -> Iterator[Demo]:
    """The EHR page, its FHIR server and the stand-in service, the last two on real sockets."""
    app, service = create_fhir_server(folder), create_stub()
    with in_thread(app, 0) as base, in_thread(service, 0) as service_base:
        fhir = FhirClient(f"{base}/fhir")
        hooks = HookClient(service_base, f"{base}/fhir", fhir.get)
        with closing(fhir), closing(hooks):
            ehr = Ehr(store_of(app), fhir, hooks, samples.ALL, today)
            app.extensions["ehr"] = ehr
            app.register_blueprint(page)
            yield Demo(app.test_client(), service, ehr)
