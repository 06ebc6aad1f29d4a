"""The file with each trial's state of recruitment: what a deployment knows, beside what was signed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mappings.definitions.faults import Fault, Mistake, Report, suggestion
from mappings.definitions.parsing.fields import Fields, fields_of
from mappings.definitions.parsing.source import read_source

STATES = ("recruiting", "paused", "full", "closed")
_YES, _NO = ("yes", "true"), ("no", "false")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the file says of one trial; what it leaves out is as in the definition.

    ``first`` and ``last`` are the days between which it recruits, both in.
    """

    state: str = ""
    first: date | None = None
    last: date | None = None
    places: int | None = None
    sites: tuple[str, ...] | None = None
    contacts: tuple[str, ...] | None = None
    as_of: date | None = None
    silent: bool = False


class RecruitmentFile(NamedTuple):
    """A file as read: its sound entries, and what is wrong with the rest."""

    entries: Mapping[str, Entry]
    faults: tuple[Fault, ...]


class RecruitmentError(Exception):
    """A file that cannot be used at the start, with every fault in it."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_recruitment(path: Path, trials: Collection[str], name: str = "") -> RecruitmentFile:
    """Reads the file; ``trials`` are the ids that may be named. Never raises.

    ``name`` is what faults call the file, if not by its own name.
    """
    report = Report(name or path.name)
    root = read_source(path, report)
    listed = _listed(Fields(root, report), report) if root is not None else None
    entries: dict[str, Entry] = {}
    if listed is None:
        return RecruitmentFile(entries, tuple(report.faults))
    for trial, node in listed.node.entries.items():
        if trial not in trials:
            message = f"unknown trial {trial!r}{suggestion(trial, trials, 'known trials')}"
            report.add(Mistake.UNKNOWN_KEY, listed.line(trial), message)
            continue
        before = len(report.faults)
        fields = fields_of(node, "a trial", report.at(f"trial {trial!r}"))
        entry = _entry(fields) if fields else None
        if entry is not None and len(report.faults) == before:
            entries[trial] = entry
    return RecruitmentFile(entries, tuple(report.faults))


def _listed(fields: Fields, report: Report) -> Fields | None:
    fields.choice("schema", ("1",), needed=True)
    listed = fields.fields("trials", needed=True)
    fields.close()
    return None if report.faults else listed


def _entry(fields: Fields) -> Entry:
    entry = Entry(
        state=fields.choice("state", STATES),
        first=fields.date("from"),
        last=fields.date("until"),
        places=fields.whole_number("places"),
        sites=fields.texts("sites") if fields.get("sites") else None,
        contacts=fields.texts("contacts") if fields.get("contacts") else None,
        as_of=fields.date("as_of"),
        silent=fields.choice("silent", (*_YES, *_NO)) in _YES,
    )
    if entry.first and entry.last and entry.last < entry.first:
        message = f"'until' is {entry.last}, before 'from', {entry.first}"
        fields.report.add(Mistake.BOUNDS_CONTRADICT, fields.line("until"), message)
    fields.close()
    return entry
