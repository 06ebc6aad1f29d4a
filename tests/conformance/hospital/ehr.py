"""The hospital's servers as the service meets them: everything that it sends ends here, and is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import responses
from requests import PreparedRequest

from cds_service.demo.fhir_server import create_fhir_server
from cds_service.demo.samples import write_folder
from tests.conformance.requirement import Json, Outbound

BASE = "https://ehr.example/fhir"
PLAIN_BASE = "http://plain.example/fhir"
"""A server that speaks http, where no token may go in demo mode."""
JWKS = "https://ehr.example/jwks.json"

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[PreparedRequest], Answer]
_EMBEDDED = b"http://localhost/fhir"


class Ehr:
    """The FHIR server with the sample patients as of a day."""

    def __init__(self, folder: Path, day: date) -> None:
        write_folder(folder, day)
        self._fhir = create_fhir_server(folder).test_client()

    def read(self, query: str) -> Json:
        """What a query below the base finds: a resource or a searchset Bundle."""
        found: Json = orjson.loads(self._answer(query)[2])
        return found

    def usual(self, request: PreparedRequest) -> Answer:
        """How both FHIR servers answer; nobody else does."""
        url = str(request.url)
        for base in (BASE, PLAIN_BASE):
            if url.startswith(f"{base}/"):
                return self._answer(url.removeprefix(f"{base}/"))
        raise requests.ConnectionError("nobody is there")

    def _answer(self, query: str) -> Answer:
        answer = self._fhir.get(f"/fhir/{query}")
        body = answer.data.replace(_EMBEDDED, BASE.encode())
        return answer.status_code, {"Content-Type": "application/fhir+json"}, body


@contextmanager
def listening(answering: Answering) -> Iterator[list[Outbound]]:
    """Answers all that is sent to anywhere, and notes it."""
    sent: list[Outbound] = []

    def answer(request: PreparedRequest) -> Any:
        names = {name.lower(): str(value) for name, value in request.headers.items()}
        sent.append(Outbound(str(request.url), names))
        return answering(request)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in (responses.GET, responses.POST):
            mock.add_callback(method, re.compile(".*"), callback=answer)
        yield sent


def answered_with(resource: object, status: int = 200, **headers: str) -> Answer:
    """A FHIR answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/fhir+json", **named}, orjson.dumps(resource)


def kind_of(url: str) -> str:
    """The resource type that a FHIR request is about."""
    return urlsplit(url).path.removeprefix("/fhir").strip("/").split("/")[0]
