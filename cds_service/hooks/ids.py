"""FHIR ids and references as callers send them."""

from __future__ import annotations

import re
from collections.abc import Collection

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_USER = re.compile(r"(?:([A-Za-z]+)/)?([A-Za-z0-9.-]{1,64})")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def fhir_id(value: object, resource_type: str) -> str | None:
    """The id in ``x`` or ``Type/x``; None if it is not a FHIR id."""
    if not isinstance(value, str):
        return None
    identity = value.removeprefix(f"{resource_type}/")
    return identity if _ID.fullmatch(identity) and identity not in (".", "..") else None


def user_reference(value: object, kinds: Collection[str]) -> str | None:
    """A user as ``Type/id`` of one of these types, or a bare id as some clients send it; else None."""
    match = _USER.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] in (".", "..") or (match[1] is not None and match[1] not in kinds):
        return None
    return match[0]


def is_uuid(value: object) -> bool:
    """8-4-4-4-12 hexadecimal digits, in either case, without a prefix."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None
