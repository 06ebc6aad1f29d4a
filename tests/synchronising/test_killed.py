"""A process may be killed at any point: what it had begun is finished by the next, once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from cds_service.referrals.states import State
from tests.synchronising.dying import POINTS
from tests.synchronising.fhir_server import served
from tests.synchronising.world import World, saying

KINDS = ("ServiceRequest", "Task", "ResearchSubject")
WRITING = [point for point in POINTS if point not in ("after it was learnt", "before the cursor moves")]


def killed(world: World, what: str, where: str) -> None:
    """Another process works on the same database and the same FHIR server, until it is killed."""
    with served(world.ehr) as base:
        command = [sys.executable, "-m", "tests.synchronising.dying", world.url, base, what, where]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    world.ehr.base = "https://ehr.example/fhir"
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


@pytest.mark.parametrize("where", WRITING)
def test_a_referral_is_written_once_wherever_the_writer_was_killed(world: World, where: str) -> None:
    world.ehr.takes_if_none_exist = False
    killed(world, "refer", where)
    (referral,) = world.book.open_of("ehr")
    world.settle()
    assert [len(world.ehr.all(kind)) for kind in KINDS] == [1, 1, 1]
    assert world.outbox.waiting() == {}
    assert world.kinds(referral) == ["moved", "written", "written", "written"]


@pytest.mark.parametrize("where", [one for one in WRITING if one != "before it is told"])
def test_a_move_is_written_wherever_the_writer_was_killed(world: World, where: str) -> None:
    referral = world.refer()
    world.turn()
    killed(world, "move", where)
    world.settle()
    assert (world.state(referral), world.state_there()) == (State.CONTACTED, "contacted")
    assert not {"learned", "refused"} & set(world.kinds(referral))


@pytest.mark.parametrize("where", ["after it was learnt", "before the cursor moves"])
@pytest.mark.parametrize("to", [State.CONTACTED, State.ENROLLED])
def test_a_change_made_there_is_learnt_once_wherever_the_reader_was_killed(
    world: World, where: str, to: State
) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(**saying(to))
    killed(world, "look", where)
    world.settle()
    events = world.kinds(referral)
    assert events.count("learned") + events.count("refused") == 1
    assert world.state(referral) is (to if to is State.CONTACTED else State.REFERRED)
