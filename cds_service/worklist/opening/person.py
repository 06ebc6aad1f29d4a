"""Who a patient is, for whoever opens the row: name, birth date, sex and identifiers of a FHIR Patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cards.text import plain

_NAME_LIMIT = 120
_IDENTIFIERS = 5
"""Names, numbers and telephones shown of each kind: an interpretation."""
_OLD_NAMES = frozenset({"old", "maiden", "nickname", "anonymous"})


class Person(NamedTuple):
    """One line of text each, without control or bidi characters; "" where the record does not say."""

    name: str
    birth_date: str
    gender: str
    identifiers: tuple[str, ...]
    phones: tuple[str, ...]
    deceased: bool


def person_of(patient: Mapping[str, Any]) -> Person:
    """What a Patient resource says, whatever else is in it."""
    names = sorted(_objects(patient.get("name")), key=_name_rank)
    name = next((words for one in names if (words := _name(one))), "")
    numbers = [words for one in _objects(patient.get("identifier")) if (words := _text(one.get("value")))]
    phones = [
        words
        for one in _objects(patient.get("telecom"))
        if one.get("system") == "phone" and (words := _text(one.get("value")))
    ]
    return Person(
        name,
        _text(patient.get("birthDate")),
        _text(patient.get("gender")),
        tuple(dict.fromkeys(numbers))[:_IDENTIFIERS],
        tuple(dict.fromkeys(phones))[:_IDENTIFIERS],
        patient.get("deceasedBoolean") is True or bool(patient.get("deceasedDateTime")),
    )


def _name_rank(name: Mapping[str, Any]) -> int:
    """The official name first, what the patient is called no more last."""
    use = name.get("use")
    return 0 if use == "official" else 2 if use in _OLD_NAMES else 1


def _name(name: Mapping[str, Any]) -> str:
    """As the record writes it whole; else family name first, which reads right in every language."""
    if words := _text(name.get("text")):
        return words
    given = name.get("given")
    parts = [_text(part) for part in given] if isinstance(given, list) else []
    first = " ".join(part for part in parts if part)
    return ", ".join(part for part in (_text(name.get("family")), first) if part)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def _text(value: Any) -> str:
    return plain(value, _NAME_LIMIT) if isinstance(value, str) else ""
