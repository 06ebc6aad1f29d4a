"""Who the patient is, as the FHIR server says now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from cards.text import plain
from cds_service.worksheet.view import words
from cds_service.worksheet.view.saying import Saying
from mappings.dates import complete_years, parse_when
from mappings.language.letters import has_han

_USES = ("official", "usual", "", "temp", "nickname", "anonymous", "maiden")
"""Of several names the first of these is shown. An old one is not."""
_NAME_LIMIT = 120


class PersonView(NamedTuple):
    """Name, birth date with age, and sex, in words."""

    name: str
    born: str
    sex: str


def person_view(patient: Mapping[str, Any] | None, today: date, saying: Saying) -> PersonView:
    """The header's words. What the resource lacks is said to be missing."""
    patient = patient or {}
    gender = patient.get("gender")
    sex = words.SEXES.get(gender, words.NOT_RECORDED) if isinstance(gender, str) else words.NOT_RECORDED
    return PersonView(
        name_of(patient) or saying.text(words.NO_NAME),
        _born(patient.get("birthDate"), today, saying),
        saying.text(sex),
    )


def name_of(patient: Mapping[str, Any] | None) -> str:
    """The name by which the patient is known now; "" if the resource has none."""
    names = (patient or {}).get("name")
    known = [one for one in names if isinstance(one, dict)] if isinstance(names, list) else []
    for use in _USES:
        for one in known:
            if (one.get("use") or "") == use and (said := _one_name(one)):
                return said
    return ""


def _one_name(name: Mapping[str, Any]) -> str:
    text, family, given = name.get("text"), name.get("family"), name.get("given")
    if isinstance(text, str) and plain(text):
        return plain(text, _NAME_LIMIT)
    first = " ".join(one for one in given if isinstance(one, str)) if isinstance(given, list) else ""
    last = family if isinstance(family, str) else ""
    # In Chinese characters a name is written family first and in one, whoever reads it.
    in_order = f"{last}{first}" if has_han(first + last) else f"{first} {last}"
    return plain(in_order, _NAME_LIMIT)


def _born(written: Any, today: date, saying: Saying) -> str:
    when = parse_when(written)
    if when is None:
        return saying.text(words.NOT_RECORDED)
    day = saying.day(when.text)
    least, most = complete_years(when, today)
    years = f"{least}" if least == most else f"{least}-{most}"
    return saying.text(words.BORN, day=day, years=years) if least >= 0 else day
