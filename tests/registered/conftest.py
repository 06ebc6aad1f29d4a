"""A hospital's service, and others like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.registered.hospital import Hospital

NewHospital = Callable[..., Hospital]


@pytest.fixture
def new_hospital(tmp_path: Path) -> Iterator[NewHospital]:
    """Makes services; each is closed when the test is over."""
    made: list[Hospital] = []

    def make(**members: Any) -> Hospital:
        made.append(Hospital(tmp_path, **members))
        return made[-1]

    yield make
    for hospital in made:
        hospital.close()


@pytest.fixture
def hospital(new_hospital: NewHospital) -> Hospital:
    return new_hospital()
