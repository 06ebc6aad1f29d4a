"""Everything that the requirements hear: deployments, made once for each process, and what they answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from cds_service.audit.key_ring import KeyRing
from cds_service.settings import Settings
from tests.authentication.minting import PUBLIC_URL
from tests.conformance.hospital.calls import FULL, body_of, context_of, path_of, prefetched
from tests.conformance.hospital.ehr import BASE, PLAIN_BASE, Ehr
from tests.conformance.hospital.register import signed, write_register
from tests.conformance.hospital.service import DAY, DISCOVERY, Service
from tests.conformance.requirement import Exchange, Heard, Json

MOST_BYTES = 300_000
DEADLINE = 1.0


class World:
    """The hospital, and our service beside it in demo mode and with registered clients."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._services: list[Service] = []
        self._heard: dict[Callable[[Any], Heard], Heard] = {}
        self._discovered: dict[str, Exchange] = {}

    def hear(self, hearing: Callable[[Any], Heard]) -> Heard:
        """What a hearing hears; the first time it is made."""
        if hearing not in self._heard:
            self._heard[hearing] = hearing(self)
        return self._heard[hearing]

    def close(self) -> None:
        """Ends all services."""
        for service in self._services:
            service.close()

    @cached_property
    def ehr(self) -> Ehr:
        """The hospital's FHIR server."""
        return Ehr(self._folder / "charts", DAY)

    @cached_property
    def demo(self) -> Service:
        """Demo mode: no clients are registered."""
        return self.demo_with()

    def demo_with(self, *, broken: bool = False, **settings: Any) -> Service:
        """Demo mode with other settings; ``broken``: with a bug that every call meets."""
        options = {"today": _broken} if broken else {}
        usual = {"fhir_hosts": (BASE, PLAIN_BASE), "deadline": DEADLINE, "max_body": MOST_BYTES}
        return self._kept(Service(Settings(**{**usual, **settings}), self.ehr, **options))

    @cached_property
    def registered(self) -> Service:
        """Registered clients, and every card shown."""
        return self.registered_with()

    def registered_with(self, **settings: Any) -> Service:
        """Registered clients with other settings, and a state of its own."""
        state = self._folder / f"state-{len(self._services)}"
        state.mkdir()
        usual = {
            "clients": str(write_register(state)),
            "public_url": PUBLIC_URL,
            "keys": KeyRing.new_key_text(),
            "state_dir": str(state),
            "serve_drafts": True,
            "calls_per_minute": 100_000,
            "deadline": DEADLINE,
            "max_body": MOST_BYTES,
        }
        return self._kept(Service(Settings(**{**usual, **settings}), self.ehr))

    def _kept(self, service: Service) -> Service:
        self._services.append(service)
        return service

    # --- calls as a client makes them

    @cached_property
    def templates(self) -> dict[str, Json]:
        """The prefetch templates of demo mode, by hook."""
        return {one["hook"]: one["prefetch"] for one in self.demo.get().services}

    def prefetch(self, hook: str = "patient-view", patient: str = FULL, /, **changed: Any) -> Json:
        """A whole prefetch for a patient; ``observations_1=...`` changes a key, and ... leaves it out."""
        filled = prefetched(self.templates[hook], self.ehr, context_of(hook, patient))
        keys = {name.replace("_", "-"): value for name, value in changed.items()}
        return {key: value for key, value in {**filled, **keys}.items() if value is not ...}

    def call(self, hook: str = "patient-view", /, patient: str = FULL, **members: Any) -> Exchange:
        """A call in demo mode, with the whole prefetch unless it is given."""
        return self.demo.post(path_of(hook), self.body(hook, patient, **members))

    def body(self, hook: str = "patient-view", /, patient: str = FULL, **members: Any) -> Json:
        """The body of such a call."""
        given = {} if "prefetch" in members else {"prefetch": self.prefetch(hook, patient)}
        return body_of(hook, patient, **given, **members)

    def call_as(
        self, client: str, patient: str = FULL, hook: str = "patient-view", **members: Any
    ) -> Exchange:
        """A call of a registered client, with the whole prefetch unless it is given."""
        path = path_of(hook)
        if "prefetch" not in members:
            members["prefetch"] = prefetched(
                self._templates_of(client, hook), self.ehr, context_of(hook, patient)
            )
        return self.registered.post(path, self.body(hook, patient, **members), headers=signed(path, client))

    def _templates_of(self, client: str, hook: str) -> Json:
        """What discovery told this client; none if it does not prefetch."""
        if client not in self._discovered:
            self._discovered[client] = self.discovery_of(client)
        [service] = [one for one in self._discovered[client].services if one["hook"] == hook]
        templates: Json = service.get("prefetch", {})
        return templates

    def discovery_of(self, client: str) -> Exchange:
        """Discovery as a registered client gets it."""
        return self.registered.get(headers=signed(DISCOVERY, client))


def _broken() -> Any:
    raise RuntimeError("a bug")
