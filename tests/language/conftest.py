"""The services of tests/service and tests/registered."""

from __future__ import annotations

from tests.registered.conftest import new_hospital
from tests.service.conftest import client, new_client

__all__ = ["client", "new_client", "new_hospital"]
