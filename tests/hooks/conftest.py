"""The service of tests/service, for tests of every hook."""

from __future__ import annotations

from tests.service.conftest import client, new_client

__all__ = ["client", "new_client"]
