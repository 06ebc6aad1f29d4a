"""Each requirement of CDS Hooks: the service meets it, and the test of it fails where something does not."""

from __future__ import annotations

import pytest

from tests.conformance.hospital.world import World
from tests.conformance.requirement import Requirement
from tests.conformance.rows import ALL

FAULTS = [(one, name) for one in ALL for name in one.faults]


@pytest.mark.parametrize("requirement", ALL, ids=lambda one: one.id)
def test_the_service_meets(requirement: Requirement, world: World) -> None:
    requirement.check(world.hear(requirement.hear))


@pytest.mark.parametrize(("requirement", "fault"), FAULTS, ids=[f"{one.id}-{name}" for one, name in FAULTS])
def test_the_check_bites(requirement: Requirement, fault: str, world: World) -> None:
    """The exchanges are real but for the fault, and pass without it."""
    heard = world.hear(requirement.hear)
    requirement.check(heard)
    faulty = requirement.faults[fault](heard)
    with pytest.raises(AssertionError):
        requirement.check(faulty)


@pytest.mark.parametrize("requirement", ALL, ids=lambda one: one.id)
def test_a_check_that_hears_nothing_fails(requirement: Requirement) -> None:
    with pytest.raises((AssertionError, KeyError, ValueError)):
        requirement.check({})
