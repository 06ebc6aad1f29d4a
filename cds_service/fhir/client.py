"""fhirclient as transport: raw JSON from one FHIR server, for one hook call."""

from __future__ import annotations

from typing import Any

from fhirclient.server import FHIRServer

from cds_service.fhir.allow_list import FhirBase
from cds_service.fhir.faults import FOREIGN_LINK, FhirReadError, fault_of
from cds_service.fhir.transport import Transport


class FhirReader:
    """Reads resources and search pages below one base URL. Every failure is a FhirReadError."""

    def __init__(self, base: FhirBase, transport: Transport, seconds: float) -> None:
        self.base, self._seconds = base, seconds
        # fhirclient takes no base shorter than this one, but uses whatever stands there later.
        self._server = FHIRServer(None, base_uri="https://fhir.invalid/")
        self._server.base_uri = f"{base.url}/"
        self._server.session = transport

    def read(self, path: str) -> Any:
        """The JSON at a path below the base, or at an absolute URL that stays there."""
        url = self.base.own(path)
        if url is None:
            raise FhirReadError(FOREIGN_LINK)
        try:
            return self._server.request_json(url)
        except Exception as error:  # noqa: BLE001 -- fault_of raises again what is not the transport's
            raise fault_of(error, self._seconds) from None
