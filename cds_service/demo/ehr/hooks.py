"""The EHR's side of CDS Hooks: discovery, `patient-view` with or without prefetch, and feedback."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
import requests

from cds_service.demo.fhir.client import TIMEOUT, Resource, said

USER = "Practitioner/demo-clinician"
TOKEN = re.compile(r"\{\{\s*([^}]+?)\s*\}\}")


@dataclass(frozen=True)
class Exchange:
    """One hook call as it went over the wire. `problems` is empty if the service answered with cards.

    `language` is the one that the service says its answer is in.
    """

    service_url: str
    request: Resource
    status: int | None
    response: Any
    elapsed_ms: float
    problems: tuple[str, ...] = ()
    language: str = ""

    @property
    def hook_instance(self) -> str:
        """The uuid of this hook call."""
        return str(self.request["hookInstance"])

    @property
    def used_prefetch(self) -> bool:
        """Whether data went with the request; else the service had to pull them."""
        return "prefetch" in self.request

    @property
    def cards(self) -> list[Resource]:
        """The cards of the answer; whatever is not an object is left out."""
        cards = self.response.get("cards") if isinstance(self.response, dict) else None
        return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def fill(
    templates: Mapping[str, str], context: Mapping[str, str], read: Callable[[str], Resource | None]
) -> dict[str, Resource]:
    """The prefetch object: every template whose tokens can be filled and whose query is answered."""
    filled = {}
    for key, template in templates.items():
        names = {name.removeprefix("context.") for name in TOKEN.findall(template)}
        if not names <= set(context):
            continue
        query = TOKEN.sub(lambda token: context[token[1].removeprefix("context.")], template)
        answer = read(query)
        if answer is not None:
            filled[key] = answer
    return filled


class HookClient:
    """Calls one CDS service on behalf of a clinician."""

    def __init__(self, base: str, fhir_base: str, read: Callable[[str], Resource | None]) -> None:
        """`base` is where `/cds-services` lies; `read` answers prefetch queries from the FHIR server."""
        self.base = base
        self._fhir_base = fhir_base
        self._read = read
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def fire(self, patient_id: str, prefetch: bool, user: str = USER, language: str = "") -> Exchange:
        """Open the chart of a patient: one `patient-view` call. Never raises for what the service does.

        `language` is the one that the clinician reads; without it the call asks for none.
        """
        context = {"userId": user, "patientId": patient_id}
        request: Resource = {
            "hook": "patient-view",
            "hookInstance": str(uuid4()),
            "fhirServer": self._fhir_base,
            "context": context,
        }
        try:
            service = self._patient_view()
        except (requests.RequestException, ValueError, LookupError) as error:
            return _failed(f"{self.base}/cds-services", request, f"Discovery failed: {error}")
        if prefetch:
            request["prefetch"] = fill(service.get("prefetch", {}), context, self._read)
        return self._post(f"{self.base}/cds-services/{service['id']}", request, language)

    def feedback(self, service_url: str, item: Resource) -> int | None:
        """Tell the service what became of a card: its status code, or None if it could not be reached."""
        try:
            return self._session.post(
                f"{service_url}/feedback", json={"feedback": [item]}, timeout=TIMEOUT
            ).status_code
        except requests.RequestException:
            return None

    def _patient_view(self) -> Resource:
        answer = self._session.get(f"{self.base}/cds-services", timeout=TIMEOUT)
        answer.raise_for_status()
        services: list[Resource] = orjson.loads(answer.content)["services"]
        for service in services:
            if service["hook"] == "patient-view":
                return service
        raise LookupError("no service offers patient-view")

    def _post(self, url: str, request: Resource, language: str) -> Exchange:
        body = orjson.dumps(request)
        headers = {"Content-Type": "application/json", **({"Accept-Language": language} if language else {})}
        began = perf_counter()
        try:
            answer = self._session.post(url, data=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            return _failed(url, request, f"The service could not be reached: {error}")
        elapsed = (perf_counter() - began) * 1000
        return _read(url, request, answer, elapsed)


def _failed(url: str, request: Resource, problem: str) -> Exchange:
    return Exchange(url, request, None, None, 0.0, (problem,))


def _read(url: str, request: Resource, answer: requests.Response, elapsed: float) -> Exchange:
    try:
        body: Any = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return Exchange(
            url, request, answer.status_code, answer.text[:2000], elapsed, ("The answer is not JSON.",)
        )
    if answer.status_code != requests.codes.ok:
        problems = tuple(said(answer.content)) or ("The answer says nothing about the reason.",)
        return Exchange(url, request, answer.status_code, body, elapsed, problems)
    spoken = answer.headers.get("Content-Language", "")
    has_cards = isinstance(body, dict) and isinstance(body.get("cards"), list)
    problems = () if has_cards else ("The answer has no list of cards.",)
    return Exchange(url, request, answer.status_code, body, elapsed, problems, spoken)
