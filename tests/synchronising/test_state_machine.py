"""Whatever happens in whatever order: nothing is lost or doubled, and both sides agree in the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from cds_service.referrals.records import NotAllowedError, Referral
from cds_service.referrals.states import State
from cds_service.synchronising.exchange.merging import code_of
from tests.storage.conftest import sqlite_url, upgraded
from tests.synchronising.fhir_server import Fault
from tests.synchronising.world import EVERYTHING, World, business, saying, with_terms

EXAMPLES = int(os.environ.get("TRIALHOOK_TEST_EXAMPLES", "30"))
STEPS = 30
KINDS = ("ServiceRequest", "Task", "ResearchSubject")
STATES = st.sampled_from([state for state in State if state is not State.SUGGESTED])
FAULTS = st.builds(
    Fault,
    status=st.sampled_from([0, 0, 500, 503, 429, 409]),
    applied=st.booleans(),
    only=st.sampled_from(["GET POST PUT", "POST", "PUT", "POST PUT"]),
)


class BothSides(RuleBasedStateMachine):
    """A service and an EHR. ``template`` is a database with our tables."""

    template = ""
    referrals: Bundle[Referral] = Bundle("referrals")

    @initialize(knows=st.booleans(), page=st.sampled_from([1, 3, 100]), looks=st.booleans())
    def begin(self, knows: bool, page: int, looks: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "ours.db")
        terms = replace(EVERYTHING, poll_seconds=60 if looks else 0)
        self.world = World(sqlite_url(self.folder / "ours.db"), terms)
        self.world.ehr.takes_if_none_exist = knows
        self.world.ehr.page = page
        self.known: dict[str, Referral] = {}
        self.moved: dict[str, list[str]] = {}
        self.changed: Counter[str] = Counter()
        self.histories: dict[str, list[Any]] = {}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.agree()
            self.world.database.close()
            shutil.rmtree(self.folder)

    # --- what people do

    @rule(target=referrals, patient=st.sampled_from(["p1", "p2"]))
    def refer(self, patient: str) -> Any:
        referral = self.world.refer(patient)
        new = referral.id not in self.known
        self.known[referral.id] = referral
        self.moved.setdefault(referral.id, [])
        return referral if new else multiple()

    @rule(referral=referrals, to=STATES)
    def move_here(self, referral: Referral, to: State) -> None:
        try:
            self.world.move(referral, to)
        except NotAllowedError:
            return
        self.moved[referral.id].append(to.value)

    @rule(referral=referrals, to=STATES, alone=st.booleans())
    def change_there(self, referral: Referral, to: State, alone: bool) -> None:
        task = self._task(referral)
        if task is not None:
            said = {"status": saying(to)["status"]} if alone else saying(to)
            self.changed[referral.id] += code_of({**task, **said}) != code_of(task)
            self.world.ehr.put_there(task, **said)

    @rule(referral=referrals)
    def remark_there(self, referral: Referral) -> None:
        task = self._task(referral)
        if task is not None:
            self.world.ehr.put_there(task, note=[{"text": "x"}])

    # --- what the machinery does

    @rule(seconds=st.sampled_from([5, 90, 4000]))
    def turn(self, seconds: int) -> None:
        self.world.turn(seconds=seconds)

    @rule(stops_after=st.integers(0, 5))
    def lose_the_lease(self, stops_after: int) -> None:
        left = iter([True] * stops_after)
        self.world.clock.forward(seconds=90)
        self.world.cycle.run(lambda: next(left, False))

    @rule()
    def notify(self) -> None:
        self.world.cursors.poke("ehr", KINDS, self.world.clock())

    @rule(referral=referrals, back=st.integers(0, 5))
    def hear_late(self, referral: Referral, back: int) -> None:
        task = self._task(referral)
        if task is not None:
            versions = [one for one in self.world.ehr.kept["Task", task["id"]] if one]
            old = versions[-1 - min(back, len(versions) - 1)]
            known = self.world.remotes.get(referral.id, "Task")
            if known is not None and known.id and _number(old) <= _number_of(known.version):
                self.world.parts.lookout._learner.take(self.world.now(referral), old, self.world.clock())

    @rule(fault=FAULTS)
    def trouble(self, fault: Fault) -> None:
        self.world.ehr.faults.append(fault)

    @rule(fault=FAULTS, seconds=st.sampled_from([90, 4000]))
    def trouble_at_once(self, fault: Fault, seconds: int) -> None:
        self.world.ehr.faults.append(fault)
        self.world.turn(seconds=seconds)

    @rule()
    def restart(self) -> None:
        self.world.restart()

    # --- what holds at any time

    @invariant()
    def each_is_there_once(self) -> None:
        if not hasattr(self, "world"):
            return
        for kind in KINDS:
            values = [one["identifier"][0]["value"] for one in self.world.ehr.all(kind)]
            assert len(values) == len(set(values))

    @invariant()
    def the_history_only_grows_and_has_no_gap(self) -> None:
        for ident in getattr(self, "known", {}):
            events = list(self.world.book.history(ident))
            assert [event.number for event in events] == list(range(1, len(events) + 1))
            before = self.histories.get(ident, [])
            assert events[: len(before)] == before
            self.histories[ident] = events

    @invariant()
    def nothing_is_learnt_that_nobody_did(self) -> None:
        for ident, events in getattr(self, "histories", {}).items():
            learnt = [one for one in events if one.kind == "learned" or one.reason == "differs-in-ehr"]
            assert len(learnt) <= self.changed[ident]

    # --- what holds in the end

    def agree(self) -> None:
        self.world.ehr.faults.clear()
        with_terms(self.world, poll_seconds=60)
        self.world.settle()
        assert self.world.outbox.waiting() == {}
        for ident, referral in self.known.items():
            current, events = self.world.now(referral), self.world.book.history(ident)
            done = [event.to_state for event in events if event.kind == "moved"]
            assert done[1:] == self.moved[ident]  # the first opened it
            for kind in KINDS:
                there = [one for one in self.world.ehr.all(kind) if _is_of(one, referral)]
                assert len(there) == 1, kind
            task = self._task(referral)
            assert task is not None
            known = self.world.remotes.get(ident, "Task")
            assert known is not None
            assert known.version == task["meta"]["versionId"]
            if "differs-in-ehr" not in current.attention:
                assert business(task) == current.state.value
            self._nothing_learnt_twice(events)
            written = [event.reason for event in events if event.kind == "written"]
            assert sorted(written) == sorted(KINDS)

    @staticmethod
    def _nothing_learnt_twice(events: Any) -> None:
        """After each change that was taken over, the next begins where it ended."""
        changes = [event for event in events if event.kind in ("moved", "learned")]
        for one, after in pairwise(changes):
            assert after.from_state == one.to_state

    def _task(self, referral: Referral) -> Any:
        found = [one for one in self.world.ehr.all("Task") if _is_of(one, referral)]
        return found[0] if found else None


def _is_of(resource: Any, referral: Referral) -> bool:
    return bool(resource["identifier"][0]["value"] == referral.identifier)


def _number(resource: Any) -> int:
    return _number_of(resource["meta"]["versionId"])


def _number_of(version: str) -> int:
    return int(version) if version.isdecimal() else 0


@pytest.mark.timeout(900)
def test_both_sides_agree_in_the_end_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    template = tmp_path / "template.db"
    upgraded(sqlite_url(template))
    BothSides.template = str(template)
    many = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BothSides, settings=many)


def test_a_status_that_comes_back_beside_a_refused_business_status_still_differs(tmp_path: Path) -> None:
    """The EHR's page sets the status alone; the business status stays, and is not that of the referral."""
    template = tmp_path / "template.db"
    upgraded(sqlite_url(template))
    BothSides.template = str(template)
    both = BothSides()
    try:
        both.begin(knows=False, page=1, looks=True)
        referral = cast(Referral, both.refer(patient="p1"))
        both.lose_the_lease(stops_after=5)
        both.change_there(referral=referral, to=State.SCREEN_FAILURE, alone=False)
        both.lose_the_lease(stops_after=2)
        both.change_there(referral=referral, to=State.REFERRED, alone=True)
        both.agree()
        assert "differs-in-ehr" in both.world.now(referral).attention
    finally:
        both.teardown()
