"""A year in two small hospitals, played day by day: charts are opened, cards decided, answers given.

Deterministic: what happens depends on the seed alone. Only what the service itself would keep is kept, and
the history of a call is made from it as the store makes it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from random import Random
from typing import NamedTuple

from cds_service.clients.registered import TrialOffer
from cds_service.fatigue.candidates import Candidate
from cds_service.fatigue.deciding import Decision, decide
from cds_service.fatigue.history import Answer, CriterionTrace, History, Rate
from cds_service.fatigue.policy import Policy

FIRST_DAY = date(2026, 1, 1)
DAYS = 365
CRITERIA = ("age", "diagnosis", "proteinuria", "biopsy", "drugs", "hcg")
TRIALS = ("LUPUS", "KIDNEY")


@dataclass(frozen=True)
class Visit:
    """One chart that one user opens, and what became of each trial."""

    day: date
    at: datetime
    tenant: str
    user: str
    patient: str
    traces: tuple[CriterionTrace, ...]
    decisions: tuple[Decision, ...]

    def shows(self, trial: str) -> bool:
        return any(one.trial == trial and one.shown for one in self.decisions)

    @property
    def cards(self) -> int:
        return sum(one.shown for one in self.decisions)


class Given(NamedTuple):
    """What a user does with a card: accepted or overridden, why, and whether it was a referral."""

    outcome: str
    reason: str = ""
    referred: bool = False


Habit = Callable[[Random], Given | None]
"""How a user answers cards; None leaves a card unanswered, which no service ever hears of."""


class _Stored(NamedTuple):
    day: date
    tenant: str
    user: str
    patient: str
    answer: Answer


@dataclass
class Hospital:
    """One tenant: users with their habits, and patients whose charts grow."""

    tenant: str
    habits: dict[str, Habit]
    patients: tuple[str, ...]
    visits_a_day: int


@dataclass
class Year:
    """The driver. ``visits`` is all that happened, in order."""

    hospitals: tuple[Hospital, ...]
    policy: Policy = field(default_factory=Policy)
    seed: int = 1
    chart_changes: bool = True
    visits: list[Visit] = field(default_factory=list)
    answers: list[_Stored] = field(default_factory=list)
    of_day: dict[date, list[Visit]] = field(default_factory=lambda: defaultdict(list))
    of_patient: dict[tuple[str, str], list[_Stored]] = field(default_factory=lambda: defaultdict(list))

    def play(self, days: int = DAYS) -> Year:
        random = Random(self.seed)
        charts = {patient: _first_chart(random) for one in self.hospitals for patient in one.patients}
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            for patient, chart in charts.items():
                if self.chart_changes and random.random() < 1 / 40:
                    charts[patient] = _with_a_result(chart, number, random)
            for hospital in self.hospitals:
                for _ in range(hospital.visits_a_day):
                    user, patient = random.choice(list(hospital.habits)), random.choice(hospital.patients)
                    self._visit(day, hospital, user, patient, charts[patient], random)
        return self

    def _visit(
        self,
        day: date,
        hospital: Hospital,
        user: str,
        patient: str,
        chart: tuple[CriterionTrace, ...],
        random: Random,
    ) -> None:
        now = datetime.combine(day, time(8), UTC) + timedelta(minutes=5 * len(self.of_day[day]))
        offers = {trial: TrialOffer(trial, policy=self.policy) for trial in TRIALS}
        history = self.history(day, hospital.tenant, user, patient)
        decisions = decide([Candidate(trial, chart) for trial in TRIALS], history, offers, now, day)
        visit = Visit(day, now, hospital.tenant, user, patient, chart, decisions)
        self.visits.append(visit)
        self.of_day[day].append(visit)
        for number, decision in enumerate(decisions):
            given = hospital.habits[user](random) if decision.shown else None
            if given is not None:
                at = now + timedelta(minutes=number)
                card = f"card {len(self.answers)}"
                answer = Answer(
                    decision.trial, given.outcome, given.reason, at, True, given.referred, chart, card, now
                )
                stored = _Stored(day, hospital.tenant, user, patient, answer)
                self.answers.append(stored)
                self.of_patient[hospital.tenant, patient].append(stored)

    def history(self, day: date, tenant: str, user: str, patient: str) -> History:
        """What the store would find: by tenant and patient, by user and day, by trial at the client."""
        answers = [
            one.answer._replace(by_this_user=one.user == user)
            for one in reversed(self.of_patient[tenant, patient])
        ]
        today = [one for one in self.of_day[day] if (one.tenant, one.user) == (tenant, user)]
        others = {
            trial: len({one.patient for one in today if one.shows(trial)} - {patient}) for trial in TRIALS
        }
        return History(tuple(answers), others, {trial: self.rate(trial, day) for trial in TRIALS})

    def rate(self, trial: str, day: date) -> Rate:
        """How a trial's cards were answered by everybody in the days that the policy looks back."""
        first = day - timedelta(days=self.policy.back_off_days - 1)
        recent = takewhile(lambda one: one.day >= first, reversed(self.answers))
        counts = Counter(one.answer.outcome for one in recent if one.answer.trial == trial)
        return Rate(counts.total(), counts["overridden"])

    def with_policy(self, policy: Policy) -> Year:
        """The same year to come, under another policy."""
        return Year(self.hospitals, policy, self.seed, self.chart_changes)


def _first_chart(random: Random) -> tuple[CriterionTrace, ...]:
    return tuple(_trace(name, random.random() < 0.5, 0) for name in CRITERIA)


def _trace(name: str, met: bool, number: int) -> CriterionTrace:
    return CriterionTrace(name, *(("met", "value") if met else ("unknown", "not_found")), f"k1.{number:04x}")


def _with_a_result(
    chart: tuple[CriterionTrace, ...], number: int, random: Random
) -> tuple[CriterionTrace, ...]:
    """The chart with a result for one criterion: mostly it settles it, sometimes it leaves it open."""
    name = random.choice(CRITERIA)
    new = _trace(name, random.random() < 0.7, number + 1)
    return tuple(new if trace.id == name else trace for trace in chart)


def always(outcome: str, reason: str = "", *, referred: bool = False) -> Habit:
    """A user who answers every card in one way."""
    return lambda _random: Given(outcome, reason, referred)


def ignores(_random: Random) -> Given | None:
    return None


def mixed(random: Random) -> Given | None:
    """A user like those of the literature: half the cards go unanswered, most answers are overrides."""
    if random.random() < 0.5:
        return None
    return random.choices(
        [
            Given("accepted", referred=True),
            Given("accepted"),
            Given("overridden", "patient-declined"),
            Given("overridden", "not-eligible"),
            Given("overridden", "not-now"),
            Given("overridden", "other-study"),
            Given("overridden", "not-advised"),
            Given("overridden"),
        ],
        weights=[3, 2, 2, 4, 5, 1, 1, 4],
    )[0]
