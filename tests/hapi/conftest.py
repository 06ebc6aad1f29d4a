"""One FHIR server, one run tag and one set of Synthea patients for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hapi.lupus_patients import default_patients
from tests.hapi.run_data import delete_run, load_synthea, new_run_tag
from tests.hapi.servers import start_hapi

GIVEN_SERVER = os.environ.get("HAPI_BASE_URL", "").rstrip("/")


@pytest.fixture(scope="session")
def hapi_base_url() -> Iterator[str]:
    """The FHIR server named by HAPI_BASE_URL, or one of our own."""
    if GIVEN_SERVER:
        yield GIVEN_SERVER
        return
    with start_hapi() as base_url:
        yield base_url


@pytest.fixture(scope="session")
def run_tag(hapi_base_url: str) -> Iterator[str]:
    """The tag of everything this session creates; on a server that stays, it is all deleted at the end."""
    tag = new_run_tag()
    yield tag
    if GIVEN_SERVER:
        delete_run(hapi_base_url, tag)


@pytest.fixture(scope="session")
def synthea_bundles() -> list[Path]:
    """Files to load in this order: hospitals, practitioners, then one for each of ten patients with lupus."""
    return default_patients()


@pytest.fixture(scope="session")
def synthea_patients(hapi_base_url: str, run_tag: str, synthea_bundles: list[Path]) -> dict[str, str]:
    """Synthea's patients on the server: the id in the file to the id there."""
    return load_synthea(hapi_base_url, synthea_bundles, run_tag)
