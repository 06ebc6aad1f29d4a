"""fhirclient as transport: raw JSON from one FHIR server, for one hook call."""

from __future__ import annotations

from typing import Any

from fhirclient.server import FHIRServer

from cds_service.fhir.allow_list import FhirBase
from cds_service.fhir.faults import FOREIGN_LINK, FhirReadError, fault_of
from cds_service.fhir.transport import Transport


class _Server(FHIRServer):  # type: ignore[misc]  # fhirclient has no types
    """fhirclient's server, without the session that it makes for itself, and for bases of any length."""

    def __init__(self, base: FhirBase, transport: Transport) -> None:
        self.client = self.auth = None
        self.base_uri = self.aud = f"{base.url}/"
        self.session = transport


class FhirReader:
    """Reads resources and search pages below one base URL. Every failure is a FhirReadError."""

    def __init__(self, base: FhirBase, transport: Transport, seconds: float) -> None:
        self.base, self._seconds = base, seconds
        self._server = _Server(base, transport)

    def read(self, path: str) -> Any:
        """The JSON at a path below the base, or at an absolute URL that stays there."""
        url = self.base.own(path)
        if url is None:
            raise FhirReadError(FOREIGN_LINK)
        try:
            return self._server.request_json(url)
        except Exception as error:  # noqa: BLE001 -- fault_of raises again what is not the transport's
            raise fault_of(error, self._seconds) from None
