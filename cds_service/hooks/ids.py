"""FHIR ids and references as callers send them."""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_USER = re.compile(r"(?:(?:Practitioner|PractitionerRole|Patient|RelatedPerson)/)?([A-Za-z0-9.-]{1,64})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def fhir_id(value: object, resource_type: str) -> str | None:
    """The id in ``x`` or ``Type/x``; None if it is not a FHIR id."""
    if not isinstance(value, str):
        return None
    identity = value.removeprefix(f"{resource_type}/")
    return identity if _ID.fullmatch(identity) and identity not in (".", "..") else None


def user_reference(value: object) -> str | None:
    """A user as ``Type/id``, or a bare id as some clients send it; None if it is neither."""
    match = _USER.fullmatch(value) if isinstance(value, str) else None
    return match[0] if match and match[1] not in (".", "..") else None


def is_uuid(value: object) -> bool:
    """8-4-4-4-12 hexadecimal digits, in either case, without a prefix."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None
