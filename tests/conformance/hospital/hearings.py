"""Exchanges that several requirements look at: answers with cards and without, discovery, refusals."""

from __future__ import annotations

from tests.conformance.hospital.calls import (
    FULL,
    HOOKS,
    NO_CANDIDATE,
    bundle,
    context_of,
    feedback,
    other_order,
    path_of,
)
from tests.conformance.hospital.ehr import BASE, answered_with
from tests.conformance.hospital.register import ORIGIN, SLOW_LIMIT, signed
from tests.conformance.hospital.service import DISCOVERY
from tests.conformance.hospital.world import MOST_BYTES, World
from tests.conformance.requirement import Exchange, Heard

CANDIDATES = (FULL, "lin-mei", "zhou-yan", "wang-fang", "zhang-wei", "liu-na", "sofia-almeida")
CLIENTS = ("hospital", "oldest", "newest", "plain-cards", "categories")
DEMO_PAGE = "http://localhost:8080"
"""A web origin that may read answers in demo mode, as the sandbox is served by its developers."""


def cards(world: World) -> Heard:
    """A full card first; then every hook, every candidate, and every kind of client."""
    return {
        **{hook: world.call(hook) for hook in HOOKS},
        **{patient: world.call(patient=patient) for patient in CANDIDATES[1:]},
        **{client: world.call_as(client) for client in CLIENTS},
    }


def no_cards(world: World) -> Heard:
    """Answers without guidance, for several reasons."""
    unrelated = context_of("order-sign", draftOrders=bundle(other_order()))
    return {
        "no candidate": world.call(patient=NO_CANDIDATE),
        "an order of something else": world.call("order-sign", context=unrelated),
        "no trials offered": world.call_as("no-trials"),
    }


def answers(world: World) -> Heard:
    """With cards and without."""
    return {**world.hear(cards), **world.hear(no_cards)}


def documents(world: World) -> Heard:
    """Discovery in demo mode first; then as each kind of client gets it."""
    names = ("hospital", "oldest", "newest", "new", "categories", "no-prefetch", "no-trials")
    return {
        "demo": world.demo.get(),
        "nobody in particular": world.registered.get(),
        **{name: world.discovery_of(name) for name in names},
    }


def for_2_0(world: World) -> Heard:
    """Discovery for clients that know nothing of 3.0."""
    return {name: one for name, one in world.hear(documents).items() if name not in ("newest", "new")}


def for_3_0(world: World) -> Heard:
    """Discovery for the clients of 3.0: one with FHIRPath in prefetch, one without."""
    return {name: world.hear(documents)[name] for name in ("newest", "new")}


def everything(world: World) -> Heard:
    """Cards, no cards, discovery, and refusals that have a body."""
    refused = {name: one for name, one in world.hear(refusals).items() if name != "401"}
    return {**world.hear(answers), **world.hear(discovery), **refused}


def discovery(world: World) -> Heard:
    """The documents, under names that no answer has."""
    return {f"discovery, {name}": one for name, one in world.hear(documents).items()}


def refusals(world: World) -> Heard:
    """Each way to refuse, by its status. Each call comes from a web page that may read the answer."""
    demo, page, pages = world.demo, {"Origin": DEMO_PAGE}, {"Origin": ORIGIN}
    service = path_of()
    return {
        "400": demo.post(service, b"{", headers=page),
        "401": world.registered.post(service, b"{}", headers=pages),
        "404": demo.post(f"{DISCOVERY}/nothing", b"{}", headers=page),
        "404 elsewhere": demo.get("/.well-known/cds-services", headers=page),
        "405": demo.get(service, headers=page),
        "412": demo.post(service, world.body(prefetch=...), headers=page),
        "413": demo.post(service, b" " * (MOST_BYTES + 1), headers=page),
        "415": demo.post(service, b"{}", headers={**page, "Content-Type": "text/plain"}),
        "429": _too_many(world),
        "500": world.demo_with(broken=True).post(service, world.body(), headers=page),
        "503": _database_away(world),
    }


def _too_many(world: World) -> Exchange:
    """One call more than the client may make in a minute."""
    path = path_of()
    for _ in range(SLOW_LIMIT):
        world.registered.post(path, b"{}", headers=signed(path, "slow"))
    return world.registered.post(path, b"{}", headers={**signed(path, "slow"), "Origin": ORIGIN})


def _database_away(world: World) -> Exchange:
    """Feedback while nobody can keep it."""
    away = world.registered_with(database="postgresql://nobody@127.0.0.1:9/none", storage_wait=0.05)
    path = f"{path_of()}/feedback"
    card = world.hear(cards)["hospital"].cards[0]
    headers = {**signed(path), "Origin": ORIGIN}
    return away.post(path, {"feedback": [feedback(card)]}, headers=headers)


def patient_server_down(world: World) -> Exchange:
    """A call without prefetch whose FHIR server only fails."""
    return world.demo.post(
        path_of(),
        world.body(prefetch=..., fhirServer=BASE),
        answering=lambda _request: answered_with({"resourceType": "OperationOutcome"}, 500),
    )
