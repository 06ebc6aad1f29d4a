"""Whether a trial takes patients now, changed by an edit of a file and without a restart."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple, cast

from cds_service.recruitment.reading import Entry, RecruitmentError, RecruitmentFile, read_recruitment
from mappings.trial_definition import Recruitment, TrialDefinition

WHY_CLOSED = ("paused", "closed", "full", "ended", "not_started")
"""Why a trial takes nobody, in the order in which one is told before the others."""

CHECK_EVERY = 1.0
"""Seconds between looks at the file: an edit counts at most this much later."""

_LOG = logging.getLogger("trialhook.recruitment")
_FAULTS_TOLD = 5
_Signature = tuple[int, ...]


class TrialState(NamedTuple):
    """Whether a trial takes patients on a day; if not, ``why`` is a word of ``WHY_CLOSED``, else "".

    ``recruitment`` is the definition's with what the file says put over it. ``silent``: assess and record,
    show nothing.
    """

    open: bool
    why: str
    recruitment: Recruitment | None
    silent: bool = False


class RecruitmentStates:
    """The states of all trials. Thread-safe; nothing is read more than once a second.

    ``enrolled`` counts who is enrolled in a trial, over all clients: one with as many places is full.

    A faulty file is an error at the start. Of a bad edit later the sound entries count, every other trial
    keeps its last good state, and what is wrong is in ``fault`` and logged once.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        trials: Collection[str] | None = None,
        enrolled: Callable[[str], int] | None = None,
    ) -> None:
        self._path, self._clock, self._enrolled = path, clock, enrolled
        self._trials = frozenset(_installed() if trials is None and path is not None else trials or ())
        self._checking = Lock()
        self._entries: Mapping[str, Entry] = {}
        self._fault = ""
        self._signature: _Signature = ()
        self._checked = clock()
        if path is not None:
            self._signature = _signature_of(path)
            read = read_recruitment(path, self._trials, path.as_posix())
            if read.faults:
                raise RecruitmentError(read.faults)
            self._entries = read.entries

    def of(self, trial: TrialDefinition, day: date) -> TrialState:
        """The trial's state on a day."""
        self._refresh()
        state = state_of(trial, self._entries.get(trial.id, Entry()), day)
        places = state.recruitment.places if state.recruitment else None
        if state.open and places is not None and self._enrolled and self._enrolled(trial.id) >= places:
            return state._replace(open=False, why="full")
        return state

    def places(self, trial: TrialDefinition) -> int | None:
        """How many patients the trial takes in all; None if nobody has said."""
        self._refresh()
        recruitment = _overlaid(trial, self._entries.get(trial.id, Entry()))
        return recruitment.places if recruitment else None

    @property
    def fault(self) -> str:
        """What is wrong with the file now, with its line; "" if nothing is."""
        self._refresh()
        return self._fault

    def _refresh(self) -> None:
        """Looks at the file if it is time to. One thread does; the others go on with what is known."""
        path, now = self._path, self._clock()
        if path is None or now - self._checked < CHECK_EVERY or not self._checking.acquire(blocking=False):
            return
        try:
            self._checked = now
            signature = _signature_of(path)  # before reading: an edit in between is then seen next time
            if signature != self._signature:
                self._take(read_recruitment(path, self._trials))
                self._signature = signature
        finally:
            self._checking.release()

    def _take(self, read: RecruitmentFile) -> None:
        # What a faulty file leaves out may be what its fault hides: a paused trial whose id was misspelt.
        self._entries = {**self._entries, **read.entries} if read.faults else read.entries
        fault = "; ".join(map(str, read.faults[:_FAULTS_TOLD]))
        if fault:
            _LOG.error("the last good state of recruitment is kept: %s", fault)
        else:
            _LOG.info("states of recruitment: %s", in_words(self._entries) or "as in the definitions")
        self._fault = fault


def state_of(trial: TrialDefinition, entry: Entry, day: date) -> TrialState:
    """A trial's state on a day from its definition and what the file says of it."""
    recruitment = _overlaid(trial, entry)
    state = entry.state or (recruitment.status if recruitment else "unknown")
    over = entry.last is not None and day > entry.last
    early = entry.first is not None and day < entry.first
    reasons = {
        "paused": state == "paused",
        "closed": state == "closed",
        "full": state == "full",
        "ended": over,
        "not_started": early,
    }
    why = next((word for word in WHY_CLOSED if reasons[word]), "")
    return TrialState(not why, why, recruitment, entry.silent)


def in_words(entries: Mapping[str, Entry]) -> str:
    """One word or two for each trial of the file, for a log line."""
    return ", ".join(
        f"{trial} {entry.state or 'as in its definition'}{' (silent)' if entry.silent else ''}"
        for trial, entry in sorted(entries.items())
    )


def _overlaid(trial: TrialDefinition, entry: Entry) -> Recruitment | None:
    if entry == Entry():
        return trial.recruitment
    base = trial.recruitment or Recruitment("unknown", trial.facts.registry_copy_of.isoformat(), (), ())
    # A pause is no state that a card names: while it lasts there is no card.
    status = "unknown" if entry.state == "paused" else entry.state or base.status
    return replace(
        base,
        status=cast(Literal["recruiting", "full", "closed", "unknown"], status),
        as_of=entry.as_of.isoformat() if entry.as_of else base.as_of,
        sites=base.sites if entry.sites is None else entry.sites,
        contacts=base.contacts if entry.contacts is None else entry.contacts,
        places=base.places if entry.places is None else entry.places,
    )


def _signature_of(path: Path) -> _Signature:
    """What changes whenever the file does, by edit or by replacement; () while there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev, status.st_size


def _installed() -> Collection[str]:
    from cds_service.assessing import definitions  # noqa: PLC0415 -- loads every definition

    return [trial.id for trial in definitions().trials]
