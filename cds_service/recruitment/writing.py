"""Changing one trial's entry in the file, whole or not at all. Comments and the other entries stay."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cds_service.recruitment.reading import Entry, RecruitmentError, read_recruitment
from cds_service.whole_files import beside, put
from mappings.definitions.faults import Report
from mappings.definitions.parsing.source import MapNode, plain, read_source

WAIT = 5.0
"""Seconds to wait for another one who is changing the file."""

_HEAD = "# Each trial's state of recruitment; read again when it changes. See docs/operate.md\n"
_SCALAR = re.compile(r"(?P<before>\s*[a-z_]+\s*:\s+)(?P<value>[^\s#]+)(?P<after>\s*|\s+#.*)")


class BusyError(Exception):
    """Somebody else is changing the file and does not finish."""


class Change(NamedTuple):
    """What to set in an entry; None leaves it as it is."""

    state: str | None = None
    last: date | None = None
    as_of: date | None = None
    silent: bool | None = None

    def applied_to(self, entry: Entry) -> Entry:
        changes: dict[str, Any] = {name: value for name, value in self._asdict().items() if value is not None}
        return replace(entry, **changes)

    def written(self) -> dict[str, str]:
        """The keys of the file with their texts."""
        texts = {
            "state": self.state,
            "until": self.last.isoformat() if self.last else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "silent": None if self.silent is None else ("yes" if self.silent else "no"),
        }
        return {key: text for key, text in texts.items() if text is not None}


def change_entry(path: Path, trial: str, change: Change, trials: Collection[str]) -> Entry:
    """Changes a trial's entry, makes the entry or the file if need be, and gives what then holds.

    The file is edited as text, so that comments stay. Where that does not give what was asked, and only that
    (an entry written on one line, say), it is written anew: a pause must work however a file is written.
    Raises RecruitmentError if the file or the result has faults, BusyError, OSError.
    """
    path = path.resolve()
    with _locked(path.parent):
        before = read_recruitment(path, trials) if path.exists() else None
        if before is not None and before.faults:
            raise RecruitmentError(before.faults)
        known = before.entries if before is not None else {}
        wanted = {**known, trial: change.applied_to(known.get(trial, Entry()))}
        faults = RecruitmentError(())
        for text in _texts(path, trial, change.written()):
            with beside(path, text) as draft:
                after = read_recruitment(draft, trials, path.name)
                if not after.faults and after.entries == wanted:
                    put(draft, path)
                    return wanted[trial]
                faults = RecruitmentError(after.faults)
        raise faults


def _texts(path: Path, trial: str, written: Mapping[str, str]) -> Iterator[str]:
    """What the file could say after the change, the gentlest edit first."""
    root = read_source(path, Report(path.name)) if path.exists() else None
    if root is None:
        yield _HEAD + _dumped({"schema": "1", "trials": {trial: dict(written)}})
        return
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    listed = root.entries["trials"]
    if isinstance(listed, MapNode):
        yield "\n".join([*_edited(lines, root, listed, trial, written), ""])
    content: Any = plain(root)
    content["trials"] = {**content["trials"], trial: {**content["trials"].get(trial, {}), **written}}
    head = [line for line in lines[: root.line - 1] if line.startswith("#")]
    yield "\n".join([*head, _dumped(content)])


def _dumped(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=False)


def _edited(
    lines: Sequence[str], root: MapNode, listed: MapNode, trial: str, written: Mapping[str, str]
) -> list[str]:
    """The lines with the values replaced, and keys that are new put right below the trial's id."""
    edited = list(lines)
    entry = listed.entries.get(trial)
    if not isinstance(entry, MapNode):
        indent = _indent(lines, listed) or "  "
        block = [f"{indent}{trial}:", *(f"{indent}  {key}: {text}" for key, text in written.items())]
        return [*edited[: root.lines["trials"]], *block, *edited[root.lines["trials"] :]]
    new = []
    for key, text in written.items():
        number = entry.lines.get(key)
        if number is None:
            new.append(f"{_indent(lines, entry)}{key}: {text}")
        elif match := _SCALAR.fullmatch(edited[number - 1]):
            edited[number - 1] = f"{match['before']}{text}{match['after']}"
    place = listed.lines[trial]
    return [*edited[:place], *new, *edited[place:]]


def _indent(lines: Sequence[str], node: MapNode) -> str:
    """How far the first key of a mapping is indented."""
    first = min(node.lines.values(), default=0)
    line = lines[first - 1] if first else ""
    return line[: len(line) - len(line.lstrip(" "))]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One change at a time, by a lock on the folder, which leaves nothing behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + WAIT
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise BusyError from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)
