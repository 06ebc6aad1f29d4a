"""A resource that is gone at the EHR is made again, and what stands beside it is still known."""

from __future__ import annotations

import pytest

from tests.synchronising.world import World

KINDS = ("ServiceRequest", "Task", "ResearchSubject")


@pytest.mark.parametrize("gone", KINDS)
def test_what_is_forgotten_of_a_referral_is_the_one_resource_that_is_gone(world: World, gone: str) -> None:
    referral, other = world.refer(), world.refer(patient="p2")
    world.turn()
    known = {one: world.remotes.all_of(one) for one in (referral.id, other.id)}
    world.remotes.drop(referral.id, gone)
    assert world.remotes.all_of(referral.id) == {
        kind: remote for kind, remote in known[referral.id].items() if kind != gone
    }
    assert world.remotes.all_of(other.id) == known[other.id]
