"""Clinicians who open charts at a steady pace, check every card, and answer some of them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
import requests

from bench.load.registration import Registration

SERVICE = "/cds-services/trial-match-patient-view"
FEEDBACK = f"{SERVICE}/feedback"
_TIMEOUT = 15.0


class Chart(NamedTuple):
    """A patient as the load knows it: what is sent along, and the card's summary on a good day, or ""."""

    patient_id: str
    prefetch: Mapping[str, Any]
    summary: str


@dataclass
class Seen:
    """What the callers have seen. Filled by their threads under one lock."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unanswered: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refused_feedback: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Callers:
    """Threads that send calls at a steady rate until a time is over."""

    def __init__(
        self, base: str, fhir_base: str, registration: Registration, charts: Sequence[Chart]
    ) -> None:
        self._base, self._fhir_base, self._registration = base, fhir_base, registration
        self._charts = charts
        self.seen = Seen()

    def run(self, threads: int, rate: float, seconds: float) -> None:
        """``rate`` calls a second in all, each thread on its own schedule."""
        until = time.monotonic() + seconds
        workers = [
            threading.Thread(target=self._steadily, args=(number, threads / rate, until))
            for number in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _steadily(self, number: int, pause: float, until: float) -> None:
        chance = random.Random(number)
        due = time.monotonic() + chance.random() * pause
        with requests.Session() as session:
            session.trust_env = False
            while due < until:
                time.sleep(max(0.0, due - time.monotonic()))
                due += pause
                self._open(session, chance.choice(self._charts), prefetch=chance.random() < 0.5)

    def open_once(self, chart: Chart) -> list[Any]:
        """The cards of one call with everything prefetched, unanswered; RuntimeError if it is refused."""
        with requests.Session() as session:
            answer = self._post(session, SERVICE, self._body(chart, prefetch=True))
        if answer is None or answer.status_code != requests.codes.ok:
            raise RuntimeError(f"{chart.patient_id}: {answer.status_code if answer else 'no answer'}")
        cards: list[Any] = orjson.loads(answer.content)["cards"]
        return cards

    def _body(self, chart: Chart, *, prefetch: bool) -> dict[str, Any]:
        return {
            "hook": "patient-view",
            "hookInstance": str(uuid4()),
            "fhirServer": self._fhir_base,
            # Everybody opens one chart: the budget of a user is not what is measured here.
            "context": {"userId": f"Practitioner/{uuid4()}", "patientId": chart.patient_id},
            **({"prefetch": chart.prefetch} if prefetch else {}),
        }

    def _open(self, session: requests.Session, chart: Chart, *, prefetch: bool) -> None:
        began = time.monotonic()
        answer = self._post(session, SERVICE, self._body(chart, prefetch=prefetch))
        if answer is None:
            return
        with self.seen.lock:
            self.seen.milliseconds.append((time.monotonic() - began) * 1000)
            self.seen.statuses[f"call {answer.status_code}"] += 1
        if answer.status_code == 200:
            cards = orjson.loads(answer.content)["cards"]
            self._check(cards, chart, prefetch)
            if cards:
                self._answer(session, cards[0])

    def _check(self, cards: Sequence[Any], chart: Chart, prefetch: bool) -> None:
        """A wrong card: one for a patient who gets none, or one that says more than on a good day."""
        summaries = [card["summary"] for card in cards]
        wrong = bool(summaries) and not chart.summary
        if summaries and chart.summary:
            wrong = len(summaries) > 1 or _met(summaries[0]) > _met(chart.summary)
        if prefetch and chart.summary and not summaries:
            wrong = True
        if wrong:
            with self.seen.lock:
                self.seen.wrong.append(f"{chart.patient_id}: {summaries}")

    def _answer(self, session: requests.Session, card: Mapping[str, Any]) -> None:
        reason = {name: value for name, value in card["overrideReasons"][-1].items() if name != "display"}
        item = {
            "card": card["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": reason},
            "outcomeTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        answer = self._post(session, FEEDBACK, {"feedback": [item]})
        if answer is None:
            return
        with self.seen.lock:
            self.seen.statuses[f"feedback {answer.status_code}"] += 1
            if answer.status_code == 200:
                self.seen.acknowledged.append(card["uuid"])

    def _post(self, session: requests.Session, path: str, body: Any) -> requests.Response | None:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._registration.token(path)}",
        }
        try:
            return session.post(
                f"{self._base}{path}", data=orjson.dumps(body), headers=headers, timeout=_TIMEOUT
            )
        except requests.RequestException:
            with self.seen.lock:
                self.seen.unanswered.append(time.monotonic())
            return None


def _met(summary: str) -> int:
    """The number of criteria that a summary says are met."""
    words = summary.rsplit(". ", 1)[-1].split()
    return int(words[0]) if words and words[0].isdigit() else 0
