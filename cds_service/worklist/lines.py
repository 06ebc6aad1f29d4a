"""Rows of the worklist in words, and in cells for the CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cards.wording import NAMES, VALUES
from cds_service.fatigue.history import CriterionTrace
from cds_service.referrals.states import OPEN
from cds_service.worklist import words
from cds_service.worklist.candidates import Candidate
from cds_service.worklist.listing import Closed, Row
from mappings.language import Language
from mappings.trial_definition import Catalog, TrialDefinition
from mappings.verdicts import Reason, Verdict

CODE_LETTERS = 6
_NAMED = 3
"""Missing criteria that a line names: an interpretation."""

CSV_COLUMNS = (
    "code",
    "trial",
    "site",
    "state",
    "reason",
    "source",
    "opened",
    "in_state_since",
    "changed",
    "days_open",
    "days_in_state",
    "attention",
    "missing",
    "next_action",
)


class Line(NamedTuple):
    """One row as people read it. ``state`` is the closed word, for its colour."""

    id: str
    code: str
    trial: str
    trial_title: str
    site: str
    state: str
    state_words: str
    age: str
    in_state: str
    missing: str
    attention: tuple[str, ...]
    next_action: str
    changed: str


class CandidateLine(NamedTuple):
    """One candidate as people read it."""

    id: str
    code: str
    trial: str
    trial_title: str
    site: str
    missing: str
    first_seen: str
    last_seen: str


class Wording:
    """Rows in one language, as of one moment."""

    def __init__(self, catalog: Catalog, language: Language, now: datetime, closed: Closed) -> None:
        self._language, self._now, self._closed = language, now, closed
        self._trials = {trial.id: trial for trial in catalog.trials}

    def line(self, row: Row) -> Line:
        """A referral."""
        return Line(
            row.id,
            code_of(row.id),
            row.trial,
            self.trial_title(row.trial),
            row.client,
            row.state,
            self.state(row.state),
            self.days_words(row.opened),
            self.days_words(row.entered),
            self._missing(row),
            self.attentions(row.trial, row.state, row.attention),
            self.next_action(row.state),
            self.day(row.changed),
        )

    def candidate(self, row: Candidate) -> CandidateLine:
        """A candidate of a silent trial."""
        names = self.missing_names(row.trial, row.traces)
        return CandidateLine(
            row.id,
            row.code,
            row.trial,
            self.trial_title(row.trial),
            row.client,
            self._short(names) if row.traces else self._language.text(words.NOT_ASSESSED),
            self.day(row.first_seen),
            self.day(row.last_seen),
        )

    def cells(self, row: Row) -> list[str]:
        """A line of the CSV file: closed words and plain numbers; in words only what has no other name."""
        return [
            code_of(row.id),
            row.trial,
            row.client,
            row.state,
            row.reason,
            row.source,
            _instant(row.opened),
            _instant(row.entered),
            _instant(row.changed),
            str(self.days(row.opened)),
            str(self.days(row.entered)),
            " ".join(self._looks(row.trial, row.state, row.attention)),
            "; ".join(self.missing_names(row.trial, row.traces)),
            self.next_action(row.state),
        ]

    def missing_names(self, trial: str, traces: Sequence[CriterionTrace]) -> list[str]:
        """The criteria that are unknown by name: what a person can only judge comes last."""
        labels = self.labels(trial)
        unknown = [trace for trace in traces if trace.verdict == Verdict.UNKNOWN.value]
        unknown.sort(key=lambda trace: trace.reason == Reason.NEEDS_JUDGEMENT.value)
        return [labels.get(trace.id, trace.id) for trace in unknown]

    def labels(self, trial: str) -> dict[str, str]:
        """The names of a trial's criteria, by id; none if it is served no more."""
        definition = self._trials.get(trial)
        say = self._language.text
        return {one.id: say(one.label or one.id) for one in definition.criteria} if definition else {}

    def state(self, state: str) -> str:
        """A state by its name."""
        return self._language.text(words.STATES.get(state, state))

    def attentions(self, trial: str, state: str, stored: Sequence[str]) -> tuple[str, ...]:
        """Why a referral needs a look: what is stored with it, and what its trial's recruitment says."""
        return tuple(map(self.attention, self._looks(trial, state, stored)))

    def attention(self, word: str) -> str:
        """One word that asks for a look."""
        return self._language.text(words.ATTENTION_WORDS.get(word, words.ATTENTION_OTHER))

    def _looks(self, trial: str, state: str, stored: Sequence[str]) -> tuple[str, ...]:
        closed = self._closed.why(trial) if state in OPEN else ""
        return (*stored, closed) if closed else tuple(stored)

    def next_action(self, state: str) -> str:
        """What comes next in a state."""
        return self._language.text(words.NEXT_ACTIONS.get(state, words.NO_ACTION))

    def trial_title(self, trial: str) -> str:
        """A trial's short title; "" if it is served no more."""
        definition: TrialDefinition | None = self._trials.get(trial)
        return self._language.text(definition.facts.short_title) if definition else ""

    def days(self, since: datetime) -> int:
        """Whole days that have passed; none for what lies ahead of this clock."""
        return max((self._now - since).days, 0)

    def days_words(self, since: datetime) -> str:
        """today, 1 day, 12 days."""
        none, one, several = words.DAYS
        days = self.days(since)
        say = self._language.text
        return say(none) if days == 0 else say(one) if days == 1 else say(several).format(count=days)

    def day(self, at: datetime) -> str:
        """12 Feb 2026, in the time zone of the clock."""
        return self._language.short_date(at.astimezone(self._now.tzinfo).date())

    def moment(self, at: datetime) -> str:
        """12 Feb 2026, 14:05."""
        local = at.astimezone(self._now.tzinfo)
        return f"{self._language.short_date(local.date())}{self._language.between(VALUES)}{local:%H:%M}"

    def missing_in_a_line(self, trial: str, traces: Sequence[CriterionTrace]) -> str:
        """All the criteria that are unknown, by name; "" if none is."""
        return self._language.between(NAMES).join(self.missing_names(trial, traces))

    def _missing(self, row: Row) -> str:
        if row.assessed is None:
            return self._language.text(words.NOT_ASSESSED)
        return self._short(self.missing_names(row.trial, row.traces))

    def _short(self, names: Sequence[str]) -> str:
        say = self._language.text
        if not names:
            return say(words.NOTHING_MISSING)
        shown = self._language.between(NAMES).join(names[:_NAMED])
        more = len(names) - _NAMED
        return say(words.MORE_MISSING).format(names=shown, count=more) if more > 0 else shown


def code_of(ident: str) -> str:
    """What people call a referral by: the beginning of its random id."""
    return ident[:CODE_LETTERS].upper()


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
