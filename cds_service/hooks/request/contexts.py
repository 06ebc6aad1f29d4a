"""The context of a hook call, read by the hook's own table of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cds_service.hooks.ids import fhir_id, user_reference
from cds_service.hooks.request.faults import Faults
from cds_service.hooks.specs import ContextField, FieldKind, HookSpec


def read_context(
    context: object, spec: HookSpec, faults: Faults, *, may_be_missing: bool
) -> Mapping[str, Any]:
    """The fields of a context that could be read; ``null`` counts as absent, unknown members are ignored.

    So does an empty text where the hook requires none: an EHR without an encounter may send one.

    ``may_be_missing``: an order hook's call without context, or without the orders in it, is no fault. The
    public sandbox sends such calls when a tab that is already open is clicked again.
    """
    lenient = may_be_missing and bool(spec.orders)
    if context is None:
        if not lenient:
            faults.missing("context")
        return {}
    if not isinstance(context, dict):
        faults.wrong_kind("context", "a JSON object")
        return {}
    read: dict[str, Any] = {}
    for field in spec.fields:
        value = context.get(field.name)
        where = f"context.{field.name}"
        if value == "" and not field.required:
            continue
        if value is not None:
            read[field.name] = _READERS[field.kind](value, field, where, faults)
        elif field.required and not (lenient and not field.is_token):
            faults.missing(where)
    return read


def _identity(value: object, field: ContextField, where: str, faults: Faults) -> str | None:
    identity = fhir_id(value, field.of[0])
    if identity is None:
        faults.add(where, "Must be a FHIR id: 1 to 64 letters, digits, '-' and '.'.")
    return identity


def _user(value: object, field: ContextField, where: str, faults: Faults) -> str | None:
    user = user_reference(value, field.of)
    if user is None:
        faults.add(where, f"Must be Type/id with the type {_listed(field.of)}.")
    return user


def _references(value: object, _: ContextField, where: str, faults: Faults) -> Sequence[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    faults.wrong_kind(where, "an array of references such as ServiceRequest/draft-1")
    return ()


def _resources(value: object, _: ContextField, where: str, faults: Faults) -> object:
    if not isinstance(value, dict | list):
        faults.wrong_kind(where, "a Bundle; an array of its resources is taken too")
    return value


_READERS: Mapping[FieldKind, Callable[[object, ContextField, str, Faults], Any]] = {
    "id": _identity,
    "user": _user,
    "references": _references,
    "resources": _resources,
}


def _listed(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}"
