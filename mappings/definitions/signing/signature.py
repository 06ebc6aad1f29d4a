"""Signatures as files: ``signatures/<trial id>.json`` beside the trial's own file.

A signature keeps what was signed, so that a reviewer can be shown what has changed since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mappings.definitions.faults import Mistake, Report
from mappings.definitions.signing.content import Content, digest_of

FOLDER = "signatures"
SCHEMA = "1"
LARGEST_FILE = 5_000_000
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which content of a trial, and on which day."""

    trial: str
    reviewed_by: str
    reviewed_on: date
    content: Content

    @property
    def digest(self) -> str:
        return digest_of(self.content)


def signature_path(trial_file: Path, trial_id: str) -> Path:
    """Where the signature of a trial lies."""
    return trial_file.parent / FOLDER / f"{trial_id}.json"


def signature_text(signature: Signature) -> str:
    """The signature as its file holds it; the same signature always gives the same text."""
    document = {
        "schema": SCHEMA,
        "trial": signature.trial,
        "reviewed_by": signature.reviewed_by,
        "reviewed_on": signature.reviewed_on.isoformat(),
        "digest": signature.digest,
        "signed": signature.content,
    }
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def fault_of_name(name: str) -> str:
    """Why this is no reviewer's name; empty if it is one."""
    if not name.strip():
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return "" if name.isprintable() else "holds control characters"


def read_signature(path: Path, trial_id: str, report: Report) -> Signature | None:
    """The signature of a trial; None if there is none, or, with the fault reported, none that can be used."""
    if not path.exists():
        return None
    try:
        document = _document(path)
        return _signature(document, trial_id)
    except _UnusableError as error:
        message = f"{error}; sign again with 'trialhook trials sign {trial_id}'"
        report.add(Mistake.BAD_SIGNATURE, 0, message)
        return None


class _UnusableError(Exception):
    """A signature file that cannot be used, and why."""


def _document(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        document = json.loads(content) if len(content) <= LARGEST_FILE else None
    except OSError as error:
        raise _UnusableError(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _UnusableError("is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _UnusableError(f"is not a signature of schema {SCHEMA}")
    return document


def _signature(document: dict[str, Any], trial_id: str) -> Signature:
    if document.get("trial") != trial_id:
        raise _UnusableError("is the signature of another trial")
    name, day, content = (document.get(key) for key in ("reviewed_by", "reviewed_on", "signed"))
    if not isinstance(name, str) or fault_of_name(name):
        raise _UnusableError("names no reviewer")
    if not isinstance(content, dict) or document.get("digest") != digest_of(content):
        raise _UnusableError("was changed after it was written: its digest is not that of what it holds")
    try:
        return Signature(trial_id, name, date.fromisoformat(day if isinstance(day, str) else ""), content)
    except ValueError:
        raise _UnusableError("has no day of the form 2026-11-23") from None
