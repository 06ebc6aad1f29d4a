"""Demo mode answers this machine only: no client is registered, so nobody else may see a chart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

from cds_service.web.problems import ONLY_HERE, RefusalError

_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9.-]+)|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")


def refuse_others(environ: Mapping[str, Any]) -> None:
    """403 unless peer and Host header are this machine, and no proxy stands between.

    The Host header is checked because any web page may point a name of its own at 127.0.0.1.
    """
    through_proxy = any(name.startswith(("HTTP_FORWARDED", "HTTP_X_FORWARDED")) for name in environ)
    if through_proxy or not is_loopback(environ.get("REMOTE_ADDR")) or not _is_here(environ.get("HTTP_HOST")):
        raise RefusalError(ONLY_HERE)


def is_loopback(address: object) -> bool:
    """Whether a network address is this machine, in either version of IP."""
    try:
        parsed = ip_address(str(address))
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def _is_here(host: object) -> bool:
    match = _HOST.fullmatch(host) if isinstance(host, str) else None
    if match is None:
        return False
    name = match["name"] or match["six"]
    return name.lower() == "localhost" or is_loopback(name)
