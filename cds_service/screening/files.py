"""Files of FHIR JSON as one data set: Bundles, single resources, NDJSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from cds_service.fhir.json_text import read_json
from cds_service.screening.searches import gaps_of
from mappings.reading.bundles import Unwrapped, entries_of, unwrap_each
from mappings.results import Gap

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_NOT_UTF8 = "is not UTF-8 text; save it with that encoding"
_URN = "urn:uuid:"


class UnusableInputError(Exception):
    """Input that cannot be assessed; the message says which file, which line and why, never a value."""


@dataclass(slots=True)
class DataSet:
    """All resources of some files. ``gaps`` are rows that a search left in the server."""

    resources: list[Any] = field(default_factory=list)
    full_urls: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


def read_files(paths: Iterable[Path]) -> DataSet:
    """Everything that the files hold, or UnusableInputError."""
    documents = [document for path in paths for document in _documents(path)]
    everything = DataSet()
    answers: list[Unwrapped] = []
    for document in documents:
        _name_by_urn(document)
    for unwrapped in unwrap_each(documents):
        if unwrapped.bundles or unwrapped.outcomes:
            answers.append(unwrapped)
        everything.resources.extend(unwrapped.resources)
        everything.full_urls.update(unwrapped.full_urls)
    everything.gaps = gaps_of(answers)
    return everything


def _documents(path: Path) -> list[dict[str, Any]]:
    try:
        raw = path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise UnusableInputError(
            f"{path}: cannot be read ({error.strerror or type(error).__name__})"
        ) from None
    if not raw.strip():
        raise UnusableInputError(f"{path}: is empty")
    _check_encoding(raw, path)
    try:
        return [_resource(read_json(raw), str(path))]
    except orjson.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(raw.splitlines(), 1) if line.strip()]
        if not _is_json(lines[0][1]):
            raise UnusableInputError(f"{path}: is not JSON (line {error.lineno})") from None
    return [_line(line, f"{path}, line {number}") for number, line in lines]


def _check_encoding(raw: bytes, path: Path) -> None:
    if raw.startswith(_GZIP):
        raise UnusableInputError(f"{path}: is compressed (gzip); unpack it")
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise UnusableInputError(f"{path}: {_NOT_UTF8}") from None
    if b"\0" in raw[:4]:  # UTF-16 without its mark, which Latin letters leave decodable
        raise UnusableInputError(f"{path}: {_NOT_UTF8}")


def _is_json(text: bytes) -> bool:
    try:
        read_json(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _line(line: bytes, where: str) -> dict[str, Any]:
    try:
        return _resource(read_json(line), where)
    except orjson.JSONDecodeError:
        raise UnusableInputError(f"{where}: is not JSON") from None


def _resource(document: Any, where: str) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        raise UnusableInputError(
            f"{where}: is not a FHIR resource or Bundle; NDJSON has one of them on each line"
        )
    return document


def _entries(bundle: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (one for one in entries_of(bundle) or () if isinstance(one, dict))


def _name_by_urn(document: dict[str, Any]) -> None:
    """Gives resources of a transaction that have no id yet the uuid by which the others refer to them."""
    for entry in _entries(document):
        resource, url = entry.get("resource"), entry.get("fullUrl")
        named = isinstance(resource, dict) and resource.get("id")
        if isinstance(resource, dict) and not named and isinstance(url, str) and url.startswith(_URN):
            resource["id"] = url.removeprefix(_URN)
