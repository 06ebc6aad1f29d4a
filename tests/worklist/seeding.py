"""Many referrals at once, with their history, as years of work leave them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.identity import identifier_of
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.rows import sealed, written_attention
from cds_service.referrals.states import LEFT, Kind, State, moves
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from cds_service.storage.sealing import subject_in_parts
from cds_service.storage.shown import written_traces
from cds_service.storage.tables import pseudonym, shown
from cds_service.storage.workflow_tables import referral_event, trial_referral

Values = dict[str, Any]
_LOOKS = ((), (), (), (), ("no-longer-meets",), ("changed-in-ehr",), ("not-written", "meets-again"))
_NAMES = ("Rosa Feld", "Jo Ahn", "\u738b\u533b\u751f", "Dr Wu")


class Seeds:
    """Rows that are the same whenever they are made from the same seed."""

    def __init__(self, ring: KeyRing, now: datetime, places: Sequence[tuple[str, str]], base: str) -> None:
        self._ring, self._now, self._places, self._base = ring, now, places, base
        self._random = random.Random(20260615)
        self._criteria: Sequence[str] = ()

    def put(self, database: Database, count: int, criteria: Sequence[str], *, cards: int = 0) -> None:
        """Puts so many referrals, and so many cards that were shown, into an empty database.

        ``criteria``: the ids of those that assessments were about.
        """
        self._criteria = criteria
        referrals, events, people = [], [], []
        for number in range(1, count + 1):
            people.append(self._person(number))
            one, course = self._referral(number)
            referrals.append(one)
            events += course
        more = [self._person(number) for number in range(count + 1, count + cards + 1)]
        with database.relaxed() as connection:
            connection.execute(insert(pseudonym), people + more)
            for table, rows in (
                (trial_referral, referrals),
                (referral_event, events),
                (shown, list(self._cards(count, cards))),
            ):
                if rows:
                    connection.execute(insert(table), rows)

    def _person(self, number: int) -> Values:
        name = self._ring.pseudonym("patient", *self._subject(number))
        return {"id": number, "kind": "patient", "key_id": name.key_id, "digest": name.digest}

    def _subject(self, number: int) -> Subject:
        return Subject(self._places[number % len(self._places)][1], "", self._base, f"p{number}")

    def _referral(self, number: int) -> tuple[Values, list[Values]]:
        ident = f"{self._random.getrandbits(128):032x}"
        trial, site = self._places[number % len(self._places)]
        at = self._now - timedelta(days=self._random.uniform(1, 700))
        opened, state, version = at, State.REFERRED, 1
        events = [self._event(ident, 1, at, "", state, "")]
        reason = ""
        for _ in range(self._random.choice((0, 0, 1, 1, 2, 3, 4, 6))):
            at += timedelta(days=self._random.expovariate(0.12))
            onwards = [move.to for move in moves(state) if move.kind in (Kind.FORWARD, Kind.LEAVE)]
            if at >= self._now or not onwards:
                break
            to = onwards[0] if self._random.random() < 0.8 else self._random.choice(onwards)
            reasons = reasons_for(state, to)
            reason = self._random.choice(reasons).code if reasons else ""
            version += 1
            events.append(self._event(ident, version, at, state, to, reason))
            state = to
        entered = events[-1]["at"]
        row = {
            "id": ident,
            "identifier": identifier_of(self._ring, self._subject(number), trial),
            "client": site,
            "tenant": "",
            "trial": trial,
            "patient_id": number,
            "state": state.value,
            "version": version,
            "source": self._random.choice(("card", "worksheet", "worklist")),
            "opened": opened,
            "entered": entered,
            "changed": entered,
            "left_from": events[-1]["from_state"] if state in LEFT else "",
            "reason": reason if state in LEFT else "",
            "attention": written_attention(self._random.choice(_LOOKS)),
            "assessed": entered if number % 9 else None,
            "outcome": "possible-candidate",
            "gate": "met",
            "traces": written_traces(self._traces()),
            "secret": sealed(self._ring, {"subject": subject_in_parts(self._subject(number))}),
        }
        return row, events

    def _event(self, ident: str, number: int, at: datetime, old: str, new: State, reason: str) -> Values:
        return {
            "referral_id": ident,
            "number": number,
            "version": number,
            "at": at,
            "kind": "moved",
            "from_state": str(old),
            "to_state": new.value,
            "reason": reason,
            "staff_id": None,
            "role": "coordinator",
            "secret": sealed(self._ring, {"name": self._random.choice(_NAMES)}),
        }

    def _traces(self) -> list[CriterionTrace]:
        kinds = (("met", "value"), ("unknown", "not_found"), ("unknown", "needs_judgement"))
        return [CriterionTrace(one, *self._random.choice(kinds), "") for one in self._criteria]

    def _cards(self, first: int, count: int) -> Iterator[Values]:
        for number in range(count):
            trial, site = self._places[number % len(self._places)]
            yield {
                "call_id": f"{number:032x}",
                "at": self._now - timedelta(days=self._random.uniform(0, 700)),
                "client": site,
                "tenant": "",
                "hook": "patient-view",
                "hook_instance": "",
                "service": "trial-match-patient-view",
                "milliseconds": 12.5,
                "patient_id": first + 1 + self._random.randrange(max(count // 3, 1)),
                "user_id": None,
                "trial": trial,
                "version": "1",
                "digest": "",
                "outcome": "possible-candidate",
                "silenced": "",
                "card": f"{number:036x}",
                "traces": "[]",
            }
