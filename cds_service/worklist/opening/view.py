"""An opened row in words: what its template shows, whoever wrote it and whatever they wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from cards.wording import LINE, PHRASES, VALUES
from cds_service.fatigue.history import CriterionTrace
from cds_service.fatigue.tracing_evidence import EvidenceKeys, traces_of
from cds_service.referrals.changes import said
from cds_service.referrals.learning import DIFFERS
from cds_service.referrals.reasons import reason_display, reasons_for
from cds_service.referrals.records import Event, Referral
from cds_service.referrals.states import Kind, State, moves
from cds_service.synchronising.back_off import NEVER
from cds_service.synchronising.faults import in_words
from cds_service.worklist import words as list_words
from cds_service.worklist.lines import Wording
from cds_service.worklist.opening import words
from cds_service.worklist.opening.changes import Change, changes_between
from cds_service.worklist.opening.criteria import Group, answers_of, groups_of
from cds_service.worklist.opening.reading import PatientNow
from cds_service.worklist.opening.written import Writing
from mappings.language import Language
from mappings.language.record_words import gap_in
from mappings.results import Assessment

_LONGEST_SINCE = 300


class Choice(NamedTuple):
    """One step to choose: a state, or a state with a reason behind a colon."""

    value: str
    words: str


class Steps(NamedTuple):
    """What may come next. ``leaving`` has the reasons of each way of leaving, under its name."""

    onwards: tuple[Choice, ...]
    leaving: tuple[tuple[str, tuple[Choice, ...]], ...]
    back: tuple[Choice, ...]
    reopening: tuple[tuple[str, tuple[Choice, ...]], ...]

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return bool(self.onwards or self.leaving or self.back or self.reopening)


class Entry(NamedTuple):
    """One event of a history, in words. ``text`` is as somebody wrote it."""

    when_and_who: str
    what: str
    text: str


class Seen(NamedTuple):
    """A patient as read now, in words. ``trouble``: why something is missing, or ""."""

    now: PatientNow
    trouble: str
    gender: str
    birth_date: str
    gaps: str
    counts: str
    outcome: str
    record_reason: str
    draft: bool
    groups: tuple[Group, ...]
    changes: tuple[str, ...]
    answers: tuple[Markup, ...]


class RowWords:
    """One opened row, in a language as of a moment."""

    def __init__(self, wording: Wording, language: Language, ring: EvidenceKeys) -> None:
        self._wording, self._language, self._ring = wording, language, ring

    # --- the patient

    def seen(self, now: PatientNow, before: Sequence[CriterionTrace], trial: str) -> Seen:
        """What was read now, beside the traces of before (none: never assessed)."""
        say = self._language.text
        assessment = now.assessment
        return Seen(
            now,
            say(words.TROUBLES[now.trouble]) if now.trouble else "",
            say(words.GENDERS.get(now.person.gender, now.person.gender)) if now.person else "",
            self._birth_date(now.person.birth_date) if now.person else "",
            self._language.between(PHRASES).join(gap_in(self._language, gap) for gap in now.gaps),
            self._counts(assessment) if assessment else "",
            say(words.OUTCOMES[assessment.outcome]) if assessment else "",
            say(words.RECORD_REASONS[assessment.record_reason]) if assessment else "",
            assessment is not None and assessment.trial.status == "draft",
            groups_of(assessment, self._language) if assessment else (),
            self._changes(assessment, before, trial) if assessment else (),
            tuple(answers_of(assessment, self._language)) if assessment else (),
        )

    def _birth_date(self, written: str) -> str:
        """12 Feb 1990; as the record writes it where it is no whole day."""
        try:
            return self._language.short_date(date.fromisoformat(written))
        except ValueError:
            return written

    def _counts(self, assessment: Assessment) -> str:
        met, unknown, not_met = assessment.counts()
        return self._language.text(words.COUNTS).format(met=met, unknown=unknown, not_met=not_met)

    def _changes(
        self, assessment: Assessment, before: Sequence[CriterionTrace], trial: str
    ) -> tuple[str, ...]:
        labels = self._wording.labels(trial)
        changed = changes_between(before, traces_of(assessment, self._ring))
        return tuple(self._change(one, labels) for one in changed)

    def _change(self, change: Change, labels: Mapping[str, str]) -> str:
        say = self._language.text
        template = words.CHANGED_VERDICT if change.was != change.now else words.CHANGED_EVIDENCE
        if not change.was:
            template = words.NEW_CRITERION
        return say(template).format(
            criterion=labels.get(change.criterion, change.criterion),
            was=say(words.VERDICTS.get(change.was, change.was)),
            now=say(words.VERDICTS.get(change.now, change.now)),
        )

    def found(self, referral: Referral) -> tuple[str, ...]:
        """What the last assessment found no longer so, in sentences."""
        return tuple(said(change, self._language) for change in referral.changes)

    # --- steps

    def steps(self, state: State) -> Steps:
        """What may come next in a state."""
        by_kind: dict[Kind, list[State]] = {kind: [] for kind in Kind}
        for move in moves(state):
            by_kind[move.kind].append(move.to)
        return Steps(
            tuple(Choice(to.value, self._wording.state(to)) for to in by_kind[Kind.FORWARD]),
            tuple((self._wording.state(to), self._reasons(state, to)) for to in by_kind[Kind.LEAVE]),
            tuple(one for to in by_kind[Kind.CORRECT] for one in self._back(state, to)),
            tuple((self._wording.state(to), self._reasons(state, to)) for to in by_kind[Kind.REOPEN]),
        )

    def _reasons(self, state: State, to: State) -> tuple[Choice, ...]:
        say = self._language.text
        return tuple(Choice(f"{to}:{one.code}", say(one.display)) for one in reasons_for(state, to))

    def _back(self, state: State, to: State) -> Iterable[Choice]:
        for one in reasons_for(state, to):
            reason = self._language.text(one.display)
            yield Choice(
                f"{to}:{one.code}", f"{self._wording.state(to)}{self._language.between(LINE)}{reason}"
            )

    # --- in the EHR

    def writings(self, writings: Iterable[Writing]) -> tuple[str, ...]:
        """What of it is in the EHR, and what is not."""
        return tuple(self._writing(one) for one in writings)

    def _writing(self, one: Writing) -> str:
        say = self._language.text
        if one.waits and one.fault and one.next_at is not None:
            fault = say(in_words(one.fault))
            given_up = one.next_at >= NEVER
            time = say(words.ON_DEMAND) if given_up else self._wording.moment(one.next_at)
            return say(words.SYNC_FAILED).format(what=one.kind, fault=fault, attempts=one.attempts, time=time)
        if one.waits or one.done is None:
            return say(words.SYNC_WAITING).format(what=one.kind)
        return say(words.SYNC_DONE).format(what=one.kind, time=self._wording.moment(one.done))

    # --- history

    def history(self, events: Iterable[Event]) -> tuple[Entry, ...]:
        """All events but notes, the newest first."""
        told = [self._entry(event) for event in events if event.kind != "noted"]
        return tuple(reversed(told))

    def notes(self, events: Iterable[Event]) -> tuple[Entry, ...]:
        """The notes, the newest first."""
        return tuple(reversed([self._entry(event) for event in events if event.kind == "noted"]))

    def since(self, events: Iterable[Event]) -> tuple[Entry, ...]:
        """What happened meanwhile, the oldest first; long notes stand whole below."""
        return tuple(entry._replace(text=_beginning(entry.text)) for entry in map(self._entry, events))

    def _entry(self, event: Event) -> Entry:
        text = "" if event.kind == "looked" else event.why  # which are closed words, told by ``_what``
        when_and_who = (self._wording.moment(event.at), self._who(event))
        return Entry(self._language.between(VALUES).join(when_and_who), self._what(event), text)

    def _who(self, event: Event) -> str:
        say = self._language.text
        if not event.readable:
            return say(words.SOMEBODY)
        role = words.ROLES.get(event.role, event.role)
        if not event.name:
            return say(role)
        return f"{event.name}{say(list_words.OPENING)}{say(role)}{say(list_words.CLOSING)}"

    def _what(self, event: Event) -> str:
        say = self._language.text
        what = say(words.KINDS.get(event.kind, event.kind))
        if _not_written(event):
            what = say(words.NOT_WRITTEN)
        if event.to_state and event.to_state != event.from_state:
            new = self._wording.state(event.to_state)
            old = self._wording.state(event.from_state) if event.from_state else ""
            moved = say(words.MOVED).format(old=old, new=new) if old else new
            what = moved if event.kind == "moved" else f"{what}{self._language.between(LINE)}{moved}"
        reason = self._reason(event)
        together = words.WITH_KIND if event.kind == "written" else words.WITH_REASON
        return say(together).format(what=what, reason=reason) if reason else what

    def _reason(self, event: Event) -> str:
        """Why: of what was looked at the words that asked for it, of what was not written the fault."""
        if event.kind == "looked":
            looks = (self._wording.attention(word) for word in event.why.split())
            return self._language.between(PHRASES).join(looks)
        if event.kind == "refused":
            return self._language.text(in_words(event.reason)) if _not_written(event) else ""
        return self._language.text(reason_display(event.reason)) if event.reason else ""


def _not_written(event: Event) -> bool:
    """Whether the EHR did not take what we wrote; else it is a change made there that was not taken over."""
    return event.kind == "refused" and event.reason not in ("", DIFFERS)


def _beginning(text: str) -> str:
    return text if len(text) <= _LONGEST_SINCE else f"{text[:_LONGEST_SINCE]}\u2026"


class Head(NamedTuple):
    """What stands above everything else."""

    id: str
    code: str
    trial: str
    trial_title: str
    site: str
    state: str
    state_words: str
    opened: str
    age: str
    entered: str
    in_state: str
    source: str
    next_action: str
    reason: str
    version: int


def head_of(referral: Referral, code: str, wording: Wording, language: Language) -> Head:
    """A referral in words."""
    say = language.text
    return Head(
        referral.id,
        code,
        referral.trial,
        wording.trial_title(referral.trial),
        referral.client,
        referral.state.value,
        wording.state(referral.state),
        wording.day(referral.opened),
        wording.days_words(referral.opened),
        wording.day(referral.entered),
        wording.days_words(referral.entered),
        say(words.SOURCES.get(referral.source, referral.source)),
        wording.next_action(referral.state),
        say(reason_display(referral.reason)) if referral.reason else "",
        referral.version,
    )
