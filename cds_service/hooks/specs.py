"""The hooks that this service answers, as data: one service for each.

Discovery, the reading of requests and the OpenAPI document are made from this table. Fields, their types and
whether they may stand in prefetch templates are those of the published hook definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mappings.language import message

FieldKind = Literal["id", "user", "references", "resources"]

CLINICIANS = ("Practitioner", "PractitionerRole")
NOT_CLINICIANS = ("Patient", "RelatedPerson")
ANYONE = (*CLINICIANS, *NOT_CLINICIANS)


@dataclass(frozen=True, slots=True)
class ContextField:
    """A member of a hook's context.

    ``kind``: an "id" of a resource, a "user" as Type/id, "references" (a list of Type/id), or "resources"
    (a Bundle; a bare list is taken too). ``of`` names the resource types. Only ids and users are tokens of
    prefetch templates.
    """

    name: str
    kind: FieldKind
    of: tuple[str, ...]
    meaning: str
    required: bool = True

    @property
    def is_token(self) -> bool:
        """Whether a prefetch template may name it."""
        return self.kind in ("id", "user")


@dataclass(frozen=True, slots=True)
class HookSpec:
    """A hook, and the words in which our service for it is listed. ``version`` is the hook's own.

    ``sentences`` describe the service; they and the title are messages.
    """

    hook: str
    title: str
    sentences: tuple[str, ...]
    fields: tuple[ContextField, ...]
    version: str = "1.0"

    @property
    def description(self) -> str:
        """The sentences in English."""
        return " ".join(self.sentences)

    @property
    def service_id(self) -> str:
        """The last part of the service's path."""
        return f"trial-match-{self.hook}"

    @property
    def orders(self) -> str:
        """The context member that holds draft orders; "" if the hook is not about orders."""
        return _DRAFTS.name if _DRAFTS in self.fields else ""

    @property
    def selections(self) -> str:
        """The context member that says which of the drafts it is about; "" if it is about all of them."""
        return _SELECTIONS.name if _SELECTIONS in self.fields else ""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The context members that prefetch templates may name, and always find."""
        return tuple(field.name for field in self.fields if field.is_token and field.required)


_PATIENT = ContextField("patientId", "id", ("Patient",), "The patient whose chart is open.")
_ENCOUNTER = ContextField("encounterId", "id", ("Encounter",), "The encounter.")
_MAY_ENCOUNTER = ContextField("encounterId", "id", ("Encounter",), "The encounter, if there is one.", False)
_USER = ContextField("userId", "user", ANYONE, "Who is working.")
_CLINICIAN = ContextField("userId", "user", CLINICIANS, "Who is working.")
_SELECTIONS = ContextField(
    "selections", "references", (), "The drafts that were just selected, as Type/id in draftOrders."
)
_DRAFTS = ContextField("draftOrders", "resources", (), "All orders that are not signed yet.")
_APPOINTMENTS = ContextField("appointments", "resources", ("Appointment",), "The appointments being booked.")

_FLAGS = message(
    "Flags possible candidates for open clinical trials: which published criteria the record meets, which "
    "still need to be checked, and the evidence for each."
)
_WHEN_SELECTED = message(
    "Speaks only when a selected order bears on an open trial (a drug, a biopsy or a test that its criteria "
    "name), and says why."
)
_WHEN_SIGNED = message(
    "Speaks only when a signed order bears on an open trial (a drug, a biopsy or a test that its criteria "
    "name), and says why."
)

HOOKS: tuple[HookSpec, ...] = (
    HookSpec(
        "patient-view", message("Clinical trial matching"), (_FLAGS,), (_PATIENT, _MAY_ENCOUNTER, _USER)
    ),
    HookSpec(
        "encounter-start",
        message("Clinical trial matching as an encounter starts"),
        (_FLAGS,),
        (_PATIENT, _ENCOUNTER, _CLINICIAN),
    ),
    HookSpec(
        "order-select",
        message("Clinical trial matching as orders are selected"),
        (_FLAGS, _WHEN_SELECTED),
        (_PATIENT, _MAY_ENCOUNTER, _CLINICIAN, _SELECTIONS, _DRAFTS),
    ),
    HookSpec(
        "order-sign",
        message("Clinical trial matching as orders are signed"),
        (_FLAGS, _WHEN_SIGNED),
        (_PATIENT, _MAY_ENCOUNTER, _CLINICIAN, _DRAFTS),
    ),
    HookSpec(
        "appointment-book",
        message("Clinical trial matching as appointments are booked"),
        (_FLAGS,),
        (_PATIENT, _MAY_ENCOUNTER, _USER, _APPOINTMENTS),
    ),
)
"""In the order in which discovery lists them."""

BY_HOOK: Mapping[str, HookSpec] = {spec.hook: spec for spec in HOOKS}
BY_SERVICE: Mapping[str, HookSpec] = {spec.service_id: spec for spec in HOOKS}
