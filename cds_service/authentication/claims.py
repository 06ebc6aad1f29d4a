"""What a token claims, against what is registered. Pure: the time is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.authentication.refusal import Cause
from cds_service.clients.registered import Client

LEEWAY = 60.0
"""Seconds by which a client's clock may differ from ours."""

_LONGEST_ID = 256
_LATEST = 1e11  # the year 5138: seconds, not milliseconds by mistake in a year that can be compared


class Times(NamedTuple):
    """``iat`` and ``exp``, in seconds since 1970."""

    issued_at: float
    expires_at: float


def audience_fits(claims: Mapping[str, Any], client: Client, urls: Sequence[str]) -> bool:
    """Whether the token is for one of these URLs, or for an audience agreed with the client (J5, J15)."""
    named = claims.get("aud")
    listed = named if isinstance(named, list) else [named]
    return any(isinstance(one, str) and (one in urls or one in client.audiences) for one in listed)


def times_of(claims: Mapping[str, Any]) -> Times | None:
    """The token's times; None if one is missing, not a number, or they contradict each other."""
    issued_at, expires_at = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if issued_at is None or expires_at is None or expires_at <= issued_at:
        return None
    if "nbf" in claims and _seconds(claims["nbf"]) is None:
        return None
    return Times(issued_at, expires_at)


def fault_of_times(claims: Mapping[str, Any], times: Times, client: Client, now: float) -> Cause | None:
    """Why the token cannot be used now. ``nbf`` counts if it is there."""
    if times.expires_at <= now - LEEWAY:
        return "expired"
    if max(times.issued_at, _seconds(claims.get("nbf")) or 0.0) > now + LEEWAY:
        return "not_yet"
    if times.expires_at - times.issued_at > client.token_lifetime:
        return "lifetime"
    return None


def tenant_of(claims: Mapping[str, Any], client: Client) -> str | None:
    """The token's tenant, "" if it names none; None if it is not one of the client's."""
    tenant = claims.get("tenant", "")
    if not isinstance(tenant, str) or len(tenant) > _LONGEST_ID or not tenant.isprintable():
        return None
    return tenant if not client.tenants or tenant in client.tenants else None


def token_id_of(claims: Mapping[str, Any]) -> str | None:
    """The ``jti``: 1 to 256 printable characters."""
    jti = claims.get("jti")
    usable = isinstance(jti, str) and 0 < len(jti) <= _LONGEST_ID and jti.isprintable()
    return str(jti) if usable else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LATEST:
        return None
    return float(value)
