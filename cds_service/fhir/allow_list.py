"""Which FHIR servers may be called, and which URLs belong to one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    from cds_service.clients.registered import FhirServer

# One strict pattern rather than a URL parser: two parsers that disagree about a host are how a request, with
# its token, ends up elsewhere. No user, no backslash, no white space, no control character, no fragment.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)"
    r"(?P<query>\?[\x21\x24-\x5b\x5d-\x7e]*)?",
    re.IGNORECASE,
)
_STEPS_OUT = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)|%2f|%5c", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class FhirBase:
    """A FHIR base URL in one normal form."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The base without a slash at its end."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"

    @property
    def keeps_secrets(self) -> bool:
        """Whether a token may be sent there: encrypted, or this very machine."""
        return self.scheme == "https" or self.host == "localhost" or _is_loopback(self.host)

    def covers(self, other: FhirBase) -> bool:
        """Whether the other base is this one or lies below it."""
        same = (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)
        return same and f"{other.path}/".startswith(f"{self.path}/")

    def own(self, link: str) -> str | None:
        """The absolute URL of a link if it stays at this base; None if it leads anywhere else."""
        if "\\" in link:
            return None
        url = urljoin(f"{self.url}/", link)
        target = _parse(url)
        return url if target is not None and self.covers(target) else None


def parse_base(text: object) -> FhirBase | None:
    """A FHIR base URL; None if the text is not a plain http(s) URL without query."""
    if not isinstance(text, str) or "?" in text:
        return None
    return _parse(text)


def _parse(text: str) -> FhirBase | None:
    match = _URL.fullmatch(text)
    if match is None or len(text) > 4096:
        return None
    scheme, path = match["scheme"].lower(), match["path"].rstrip("/")
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536 or _STEPS_OUT.search(path) or "//" in path:
        return None
    return FhirBase(scheme, match["host"].lower(), port, path)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class AllowList:
    """The FHIR servers that may be called for one client."""

    def __init__(self, servers: Iterable[FhirServer]) -> None:
        self._servers = tuple(servers)

    def find(self, text: object) -> FhirServer | None:
        """The server as it may be called, its base the one asked for; None if it may not.

        What lies below a registered base may be called by that base's rules. Of several registered bases
        the longest one counts. Plain http must be declared.
        """
        asked = parse_base(text)
        if asked is None:
            return None
        covering = [one for one in self._servers if one.base.covers(asked)]
        server = max(covering, key=lambda one: len(one.base.path), default=None)
        if server is None or not (asked.scheme == "https" or server.insecure_http):
            return None
        return replace(server, base=asked)
