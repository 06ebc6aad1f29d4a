"""An EHR's FHIR server made of canned answers, for ``responses``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import responses
from requests import PreparedRequest

from tests.service import charts
from tests.service.conftest import BASE

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[PreparedRequest], Answer]


def json_answer(resource: object, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/fhir+json", **names}, orjson.dumps(resource)


def usual_answers() -> dict[str, Answer]:
    """A clear candidate of the tests' trial, by resource type; every other search finds nothing."""
    return {
        "Patient": json_answer(charts.patient()),
        "Condition": json_answer(charts.bundle(charts.condition())),
        "Observation": json_answer(charts.bundle(charts.upcr())),
        "MedicationRequest": json_answer(charts.bundle(charts.order())),
    }


class Sent:
    """The requests that were sent, to any host; still there when the mock has been taken down."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self._mock: responses.RequestsMock | None = mock
        self._kept: list[PreparedRequest] = []

    @property
    def requests(self) -> list[PreparedRequest]:
        return self._kept if self._mock is None else [one.request for one in self._mock.calls]

    def forget(self) -> None:
        """Starts to count anew."""
        assert self._mock is not None
        self._mock.calls.reset()

    def keep(self) -> None:
        """Copies the requests before the mock forgets them."""
        self._kept, self._mock = self.requests, None


@contextmanager
def ehr(**by_type: Answer | Answering | Exception) -> Iterator[Sent]:
    """Answers all requests to the base; ``Observation=...`` replaces what a resource type answers."""
    answers: dict[str, Any] = {**usual_answers(), **by_type}

    def answer(request: PreparedRequest) -> Any:
        kind = urlsplit(str(request.url)).path.removeprefix("/fhir").strip("/").split("/")[0]
        found = answers.get(kind, json_answer(charts.bundle()))
        if isinstance(found, Exception):
            raise found
        return found(request) if callable(found) else found

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.GET, re.compile(re.escape(BASE) + "(/.*|[?].*)?"), callback=answer)
        sent = Sent(mock)
        yield sent
        sent.keep()


def urls(sent: Sent) -> list[str]:
    return [str(request.url) for request in sent.requests]


def parameters(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
