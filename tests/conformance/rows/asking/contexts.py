"""Section 4: the contexts of the hooks that we answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.conformance.faults import answers_as, in_answer, put, status
from tests.conformance.hospital.calls import (
    bundle,
    context_of,
    drug_order,
    other_order,
    proteinuria_order,
)
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Json, Rows, assert_refused, every

ROWS = Rows()

ANYONE = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
CLINICIANS = ANYONE[:2]


class Published(NamedTuple):
    """What the published definition of a hook requires, what may be absent, and who the user may be."""

    hook: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    users: tuple[str, ...]

    @property
    def words(self) -> str:
        """The row in words."""
        may = f" `{'`, `'.join(self.optional)}` may be absent." if self.optional else ""
        return f"`{'`, `'.join(self.required)}` must be there.{may} The user is a {' or '.join(self.users)}."


PUBLISHED = (
    Published("patient-view", ("userId", "patientId"), ("encounterId",), ANYONE),
    Published("encounter-start", ("userId", "patientId", "encounterId"), (), CLINICIANS),
    Published(
        "order-select", ("userId", "patientId", "selections", "draftOrders"), ("encounterId",), CLINICIANS
    ),
    Published("order-sign", ("userId", "patientId", "draftOrders"), ("encounterId",), CLINICIANS),
    Published("appointment-book", ("userId", "patientId", "appointments"), ("encounterId",), ANYONE),
)
_TOKENS = ("userId", "patientId", "encounterId")


def _call(world: World, hook: str, **members: Any) -> Exchange:
    """Called as a client that is not lenient, because demo mode forgives order hooks without orders."""
    return world.call_as("hospital", hook=hook, context=context_of(hook, **members))


def _spoken(hook: Published) -> Any:
    def hear(world: World) -> Heard:
        return {
            "complete": _call(world, hook.hook, encounterId="e1"),
            **{f"no {name}": _call(world, hook.hook, **{name: ...}) for name in hook.required},
            **{f"without {name}": _call(world, hook.hook, **{name: ...}) for name in hook.optional},
            **{f"a {kind} as user": _call(world, hook.hook, userId=f"{kind}/x") for kind in ANYONE},
            "an Organization as user": _call(world, hook.hook, userId="Organization/x"),
            "a patientId that is no id": _call(world, hook.hook, patientId="a/b"),
        }

    return hear


def _require(hook: Published) -> None:
    def check(heard: Heard) -> None:
        for name in ("complete", *(f"without {name}" for name in hook.optional)):
            assert len(heard[name].cards) == 1, name
        for name in hook.required:
            assert_refused(heard[f"no {name}"], f"context.{name}")
        for kind in ANYONE:
            one = heard[f"a {kind} as user"]
            if kind in hook.users:
                assert bool(one.cards) is (kind in CLINICIANS), kind
            else:
                assert_refused(one, "context.userId")
        assert_refused(heard["an Organization as user"], "context.userId")
        assert_refused(heard["a patientId that is no id"], "context.patientId")

    check.__name__ = f"the_context_of_{hook.hook.replace('-', '_')}_is_the_published_one"
    faults = {
        f"no {hook.required[-1]} is taken": answers_as("complete", f"no {hook.required[-1]}"),
        "500 without a patient": status(500, "no patientId"),
        "an organization is taken for the user": answers_as("complete", "an Organization as user"),
        "any text is taken for the patient": answers_as("complete", "a patientId that is no id"),
        "no card": in_answer(put("cards", [])),
    }
    if hook.optional:
        faults["the encounter is required"] = answers_as("no patientId", "without encounterId")
    if hook.users == CLINICIANS:
        faults["a patient is taken for the user"] = answers_as("complete", "a Patient as user")
    else:
        faults["a patient is refused as the user"] = answers_as("no userId", "a Patient as user")
    ROWS.requires(f"4.{hook.hook}", hook.words, hear=_spoken(hook), faults=faults)(check)


for _hook in PUBLISHED:
    _require(_hook)


def _shapes(world: World) -> Heard:
    draft, appointment = proteinuria_order(), {"resourceType": "Appointment", "status": "proposed"}
    orders: Json = {
        "a collection": bundle(draft),
        "a Bundle without type": bundle(draft, type=...),
        "an array": [draft],
    }
    return {
        **{name: world.call("order-sign", context=_orders(value)) for name, value in orders.items()},
        "appointments in a Bundle": world.call("appointment-book"),
        "appointments in an array": world.call(
            "appointment-book", context=context_of("appointment-book", appointments=[appointment])
        ),
        "an empty Bundle": world.call("order-sign", context=_orders(bundle(entry=...))),
        "a number": world.call("order-sign", context=_orders(7)),
    }


def _orders(drafts: Any) -> Json:
    return context_of("order-sign", draftOrders=drafts)


@ROWS.requires(
    "4.bundles",
    "Resources come as a Bundle of any type or none, or as an array.",
    hear=_shapes,
    faults={
        "the type is required": answers_as("a number", "a Bundle without type"),
        "arrays are refused": answers_as("a number", "an array"),
        "arrays are passed over": in_answer(put("cards", []), "an array"),
        "500 for an array of appointments": status(500, "appointments in an array"),
        "an empty Bundle is refused": answers_as("a number", "an empty Bundle"),
        "a number is taken": answers_as("a collection", "a number"),
    },
)
def bundles_and_arrays_are_taken(heard: Heard) -> None:
    assert len(every(heard)) == 7
    for name, one in heard.items():
        if name == "a number":
            assert_refused(one, "context.draftOrders")
        else:
            assert len(one.cards) == (name != "an empty Bundle"), name


def _lenient(world: World) -> Heard:
    drafts: Json = {
        "valid": proteinuria_order(),
        "category as an object": proteinuria_order(category={"text": "laboratory"}),
        "without status and intent": {
            name: value for name, value in proteinuria_order().items() if name not in ("status", "intent")
        },
        "nothing coded": proteinuria_order(code={"coding": [{}]}, reasonCode=[]),
        "a drug not chosen yet": {
            name: value
            for name, value in drug_order("MedicationRequest").items()
            if name != "medicationCodeableConcept"
        },
        "nothing that is a resource": 7,
    }
    return {name: world.call("order-sign", context=_orders(bundle(one))) for name, one in drafts.items()}


@ROWS.requires(
    "4.drafts",
    "Drafts need not be valid FHIR: what can be read of one counts, and none of them is an error.",
    hear=_lenient,
    faults={
        "400": status(400, "category as an object"),
        "500": status(500, "nothing that is a resource"),
        "a draft passed over for its category": in_answer(put("cards", []), "category as an object"),
        "a draft passed over for its status": in_answer(put("cards", []), "without status and intent"),
        "a card for a draft that says nothing": answers_as("valid", "nothing coded"),
    },
)
def drafts_need_not_be_valid(heard: Heard) -> None:
    readable = ("valid", "category as an object", "without status and intent")
    assert len(heard) > len(readable)
    for name, one in heard.items():
        assert len(one.cards) == (name in readable), name


def _versions(world: World) -> Heard:
    drafts: Json = {
        "R4 ServiceRequest": proteinuria_order(),
        "STU3 ProcedureRequest": proteinuria_order(resourceType="ProcedureRequest"),
        "R4 MedicationRequest": drug_order("MedicationRequest"),
        "DSTU2 MedicationOrder": drug_order("MedicationOrder"),
        "another order": other_order(),
    }
    return {name: world.call("order-sign", context=_orders(bundle(one))) for name, one in drafts.items()}


@ROWS.requires(
    "4.fhir-versions",
    "Draft orders are understood by the names that each version of FHIR has for them.",
    hear=_versions,
    faults={
        "a ProcedureRequest is passed over": in_answer(put("cards", []), "STU3 ProcedureRequest"),
        "a MedicationOrder is passed over": in_answer(put("cards", []), "DSTU2 MedicationOrder"),
        "a MedicationOrder is an error": status(400, "DSTU2 MedicationOrder"),
        "any order brings a card": answers_as("R4 ServiceRequest", "another order"),
    },
)
def orders_have_the_names_of_each_version(heard: Heard) -> None:
    assert len(every(heard)) == 5
    for name, one in heard.items():
        assert len(one.cards) == (name != "another order"), name
