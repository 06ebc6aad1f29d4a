"""Single values of clients.yaml, read from text. A fault is a ValueError: ``what is wrong; what to do``.

The message goes after the key: ``'time_zone' must be ...``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.authentication.algorithms import ALGORITHMS
from cds_service.clients.registered import Network
from cds_service.fhir.allow_list import FhirBase, parse_base
from mappings.definitions.faults import suggestion
from mappings.definitions.parsing.values import parse_number, parse_whole_number

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_ANSWERS = {"yes": True, "true": True, "no": False, "false": False}
_LONGEST = 512


def text(value: object) -> str:
    """One line of printable text."""
    if not isinstance(value, str):
        raise ValueError("must be a text, not a list or a mapping")
    if not value:
        raise ValueError("is empty; give it a value, or leave the key out")
    if len(value) > _LONGEST or not value.isprintable():
        raise ValueError(f"must be one line of at most {_LONGEST} printable characters")
    return value


def word(value: object) -> str:
    """A text that is compared with what a token says: no blanks, so that none is overlooked."""
    found = text(value)
    if " " in found:
        raise ValueError("must not hold blanks; it is compared exactly with what the token says")
    return found


def identifier(value: object) -> str:
    found = text(value)
    if not _ID.fullmatch(found):
        raise ValueError(f"cannot be {found!r}; use letters, digits, dots and hyphens, 64 at most")
    return found


def site_name(value: object) -> str:
    """The name of a file in the folder ``sites``, without its end: never a path."""
    found = text(value)
    if not _ID.fullmatch(found) or "." in found:
        what = "is the name alone of sites/NAME.yaml, beside this file: letters, digits and hyphens"
        raise ValueError(f"cannot be {found!r}; it {what}")
    return found


def yes_or_no(value: object) -> bool:
    found = text(value).lower()
    if found not in _ANSWERS:
        raise ValueError(f"cannot be {value!r}; write yes or no")
    return _ANSWERS[found]


def one_of(*choices: str) -> Callable[[object], str]:
    """One of a closed list of words."""

    def read(value: object) -> str:
        found = text(value)
        if found not in choices:
            hint = suggestion(found, choices, "one of").removeprefix("; ")
            raise ValueError(f"cannot be {found!r}; {hint}")
        return found

    return read


def algorithm(value: object) -> str:
    """A signature algorithm that can be allowed."""
    found = text(value)
    if found.upper().startswith("HS") or found.lower() == "none":
        raise ValueError(
            f"cannot be {found!r}; only algorithms with a public key are accepted: {', '.join(ALGORITHMS)}"
        )
    return one_of(*ALGORITHMS)(found)


def whole_number(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        found = parse_whole_number(text(value))
        if found is None or not least <= found <= most:
            raise ValueError(f"cannot be {value!r}; write a whole number from {least} to {most}")
        return found

    return read


def share(value: object) -> float:
    """A part of a whole: more than 0, at most 1."""
    found = parse_number(text(value))
    if found is None or not 0 < found <= 1:
        raise ValueError(f"cannot be {value!r}; write a share such as 0.9, more than 0 and at most 1")
    return found


def base_url(value: object) -> FhirBase:
    base = parse_base(text(value))
    if base is None:
        raise ValueError(
            "is not a base URL; write one such as https://ehr.example/fhir/r4, without user, query or '..'"
        )
    return base


def keys_url(value: object) -> str:
    """The address of a JWKS, as written: a token's ``jku`` must be these very characters."""
    found = word(value)
    base = parse_base(found)
    if base is None or base.scheme != "https":
        raise ValueError("must be an https URL without user or query, such as https://ehr.example/jwks.json")
    return found


def network(value: object) -> Network:
    found = text(value)
    try:
        read: Network = ip_network(found)
    except ValueError:
        raise ValueError(f"holds {found!r}, which is not a network; {_network_hint(found)}") from None
    if not read.prefixlen:
        raise ValueError(f"holds {found!r}, which is every address; name the hospital's own networks")
    if read.is_link_local:
        raise ValueError(f"holds {found!r}; link-local and metadata addresses are never called")
    return read


def _network_hint(found: str) -> str:
    try:
        return f"did you mean '{ip_network(found, strict=False)}'?"
    except ValueError:
        return "write one such as 10.1.0.0/16"


def origin(value: object) -> str:
    """A web origin as browsers send it: scheme, host and a port that is not the usual one."""
    found = text(value)
    match = _ORIGIN.fullmatch(found)
    if match is None:
        raise ValueError(
            f"holds {found!r}, which is not an origin; write one such as https://ehr.example, in lower "
            "case, without a path or a slash at its end"
        )
    scheme, host, port = match.groups()
    if scheme == "http" and host not in _LOOPBACK:
        raise ValueError(f"holds {found!r}; a page that came over http may be anybody's, use https")
    if port == {"http": "80", "https": "443"}[scheme]:
        raise ValueError(f"holds {found!r}; browsers leave the usual port out, so do here")
    return found


def time_zone(value: object) -> str:
    found = text(value)
    try:
        ZoneInfo(found)
    except (OSError, ValueError, KeyError):  # a zone that is not found is a KeyError
        raise ValueError(
            f"cannot be {found!r}; write the name of a time zone such as Europe/Berlin"
        ) from None
    return found


def each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list that names nothing twice."""
    repeated = [str(value) for number, value in enumerate(values) if value in values[:number]]
    if repeated:
        raise ValueError(f"names {repeated[0]!r} twice; take one out")
    return values
