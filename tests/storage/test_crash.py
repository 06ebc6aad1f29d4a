"""A process that dies right after it acknowledged feedback loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from cds_service.storage.store import Store
from tests.storage.samples import DAY_BEGAN, NEW_RING, NOW, POLICIES, USER, assessed, call, subject

DIE = """
import os, signal, sys
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from tests.storage.samples import NEW_RING, NOW, assessed, call, overridden
store = Store(Database(sys.argv[1], wait=20), NEW_RING)
cards = [assessed() for _ in range(3)]
store.record_shown([call(card) for card in cards])
for card in cards[:2]:
    assert store.add_feedback("ehr", "north", [overridden(card)], "", NOW).kept == 1
if sys.argv[2] == "in the middle":
    with store.database.durable() as connection:
        from cds_service.referrals.changing import Desk
        from cds_service.storage import answers
        sender = answers.Sender("ehr", "north")
        assert answers.add(Desk(connection, NEW_RING), sender, [overridden(cards[2])], NOW).kept == 1
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", ["after", "in the middle"])
def test_feedback_that_was_acknowledged_is_there_after_a_kill(
    ready_url: str, store: Store, when: str
) -> None:
    done = subprocess.run([sys.executable, "-c", DIE, ready_url, when], timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL
    mine = Store(store.database, NEW_RING)
    assert len(mine.history(subject(), USER, POLICIES, NOW, DAY_BEGAN).answers) == 2
    mine.record_shown([call(assessed())])
