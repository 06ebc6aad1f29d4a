"""JSON schemas of what goes in and out, for the OpenAPI document.

What we send is described to the last member, so that an answer with any other is told from one that conforms.
What we take is described as the specification has it: real clients that deviate are often understood as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cards.cds_hooks import SUMMARY_LIMIT
from cds_service.hooks.specs import ContextField, HookSpec

Schema = dict[str, Any]

UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_ID = r"(?!\.{1,2}$)[A-Za-z0-9.\-]{1,64}$"
_WORDS: Schema = {"type": "string", "pattern": r"\S"}
_ADDRESS: Schema = {"type": "string", "format": "uri", "pattern": "^https?://"}


def ref(name: str) -> Schema:
    """A schema of this document by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def sent(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object that we send: these members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def some(items: Schema) -> Schema:
    """A list that is left out rather than sent empty."""
    return {"type": "array", "minItems": 1, "items": items}


_SERVICE = sent(
    {"hook": _WORDS, "id": _WORDS, "title": _WORDS, "description": _WORDS, "usageRequirements": _WORDS},
    {
        "version": _WORDS | {"description": "Sent to clients of CDS Hooks 3.0."},
        "hookVersion": _WORDS | {"description": "Sent to clients of CDS Hooks 3.0."},
        "prefetch": {"type": "object", "minProperties": 1, "additionalProperties": _WORDS},
    },
)
_ACTION = sent(
    {"type": {"enum": ["create"]}, "description": _WORDS, "resource": ref("FhirResource")},
)
_SUGGESTION = sent(
    {"label": _WORDS, "uuid": {"type": "string", "format": "uuid"}, "actions": some(ref("Action"))},
    {
        "isRecommended": {"type": "boolean"},
        "actionSelectionBehavior": {
            "enum": ["any"],
            "description": "Sent only to clients that are registered as knowing it.",
        },
    },
)
_LINK = sent(
    {"label": _WORDS, "url": _ADDRESS, "type": {"enum": ["absolute", "smart"]}},
    {"appContext": _WORDS},
)
_CARD = sent(
    {
        "uuid": {"type": "string", "format": "uuid"},
        "summary": _WORDS | {"maxLength": SUMMARY_LIMIT},
        "indicator": {"enum": ["info"]},
        "source": ref("Source"),
    },
    {
        "detail": _WORDS
        | {"description": "GitHub-flavoured Markdown without HTML, links or images from data."},
        "suggestions": some(ref("Suggestion")),
        "selectionBehavior": {"enum": ["any", "at-most-one"]},
        "overrideReasons": some(ref("OverrideReason")),
        "links": some(ref("Link")),
    },
) | {"dependentRequired": {"suggestions": ["selectionBehavior"], "selectionBehavior": ["suggestions"]}}

_AUTHORIZATION: Schema = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope", "subject"],
    "properties": {
        "access_token": {"type": "string", "pattern": "^[A-Za-z0-9._~+/=-]{1,8192}$"},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "description": "Seconds. With 0 or less the token is not used."},
        "scope": {
            "type": "string",
            "description": "SMART scopes of version 1 or 2. What they do not cover is not read.",
        },
        "subject": {"type": "string", "description": "The OAuth client id of this service."},
        "patient": {"type": "string", "pattern": f"^{_ID}", "description": "Must be context.patientId."},
    },
}
_FEEDBACK_ITEM: Schema = {
    "type": "object",
    "required": ["card", "outcome", "outcomeTimestamp"],
    "properties": {
        "card": {"type": "string", "format": "uuid", "description": "The uuid of the card."},
        "outcome": {"enum": ["accepted", "overridden"]},
        "outcomeTimestamp": {"type": "string", "format": "date-time"},
        "acceptedSuggestions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "format": "uuid"}},
            },
        },
        "overrideReason": {
            "type": "object",
            "properties": {"reason": {"type": "object"}, "userComment": {"type": "string"}},
        },
    },
}

SCHEMAS: Mapping[str, Schema] = {
    "Discovery": sent({"services": {"type": "array", "items": ref("Service")}}),
    "Service": _SERVICE,
    "CardsResponse": sent({"cards": {"type": "array", "items": ref("Card")}}),
    "Card": _CARD,
    "Source": sent({"label": _WORDS}, {"url": _ADDRESS, "icon": _ADDRESS, "topic": ref("Coding")}),
    "Coding": sent({"system": _WORDS, "code": _WORDS}, {"display": _WORDS}),
    "OverrideReason": sent({"system": _WORDS, "code": _WORDS, "display": _WORDS}),
    "Suggestion": _SUGGESTION,
    "Action": _ACTION,
    "Link": _LINK,
    "FhirResource": {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string", "pattern": "^[A-Z][A-Za-z]+$"}},
        "description": "A FHIR R4 resource.",
    },
    "FhirAuthorization": _AUTHORIZATION,
    "Feedback": {
        "type": "object",
        "required": ["feedback"],
        "properties": {"feedback": {"type": "array", "items": _FEEDBACK_ITEM}},
    },
    "Health": sent({"status": {"const": "ok"}}),
    "Readiness": sent(
        {
            "status": {"enum": ["ready", "degraded"]},
            "database": {"enum": ["up", "away", "none"]},
            "recruitment": {"enum": ["ok", "faulty"]},
        }
    ),
    "OperationOutcome": sent(
        {
            "resourceType": {"const": "OperationOutcome"},
            "issue": some(
                sent(
                    {
                        "severity": {"enum": ["fatal", "error"]},
                        "code": _WORDS,
                        "details": sent({"text": _WORDS}),
                    },
                    {"expression": some(_WORDS)},
                )
            ),
        }
    )
    | {"description": "Every fault of the request: what, where, what to do. Never what was sent."},
}
"""All named schemas but the requests, which come from the table of hooks."""


def request_schema(spec: HookSpec) -> Schema:
    """The body of a call of the service for a hook."""
    return {
        "type": "object",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": {"const": spec.hook},
            "hookInstance": {"type": "string", "pattern": UUID},
            "context": _context_schema(spec),
            "fhirServer": _ADDRESS,
            "fhirAuthorization": ref("FhirAuthorization"),
            "prefetch": {
                "type": "object",
                "description": "Results of the templates in discovery, by key. null: nothing on record. A "
                "key that is absent is read from fhirServer if that is allowed, else criteria stay unknown.",
                "additionalProperties": {"anyOf": [ref("FhirResource"), {"type": "null"}]},
            },
            "extension": {"type": "object", "description": "Ignored."},
        },
        "dependentRequired": {"fhirAuthorization": ["fhirServer"]},
    }


def _context_schema(spec: HookSpec) -> Schema:
    return {
        "type": "object",
        "required": [field.name for field in spec.fields if field.required],
        "properties": {
            field.name: _FIELD_SCHEMAS[field.kind](field) | {"description": field.meaning}
            for field in spec.fields
        },
    }


def _id_schema(_: ContextField) -> Schema:
    return {"type": "string", "pattern": f"^{_ID}"}


def _user_schema(field: ContextField) -> Schema:
    return {"type": "string", "pattern": f"^({'|'.join(field.of)})/{_ID}"}


def _references_schema(_: ContextField) -> Schema:
    return {"type": "array", "items": {"type": "string", "pattern": f"^[A-Za-z]+/{_ID}"}}


def _resources_schema(_: ContextField) -> Schema:
    bundle = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {
            "resourceType": {"const": "Bundle"},
            "entry": {
                "type": "array",
                "items": {"type": "object", "properties": {"resource": ref("FhirResource")}},
            },
        },
    }
    return {"anyOf": [bundle, {"type": "array", "items": ref("FhirResource")}]}


_FIELD_SCHEMAS = {
    "id": _id_schema,
    "user": _user_schema,
    "references": _references_schema,
    "resources": _resources_schema,
}
