"""Who calls."""

from __future__ import annotations

from typing import NamedTuple

from cds_service.clients.registered import Client


class Caller(NamedTuple):
    """An authenticated client, and the tenant that its token names ("" if none)."""

    client: Client
    tenant: str = ""
