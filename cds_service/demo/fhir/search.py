"""FHIR search over resources in memory: tokens, references, names, addresses and dates, sorted. Strict about
what it does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

Resource = dict[str, Any]
Interval = tuple[datetime, datetime]

PREFIXES = ("eq", "lt", "le", "gt", "ge")


class SearchError(ValueError):
    """A search that cannot be answered as it was asked."""


@dataclass(frozen=True)
class Parameter:
    """How one search parameter reads a resource."""

    kind: Literal["token", "reference", "date", "uri", "string"]
    elements: tuple[str, ...]


def _token(*elements: str) -> Parameter:
    return Parameter("token", elements)


def _reference(*elements: str) -> Parameter:
    return Parameter("reference", elements)


def _date(*elements: str) -> Parameter:
    return Parameter("date", elements)


def _uri(*elements: str) -> Parameter:
    return Parameter("uri", elements)


def _string(*elements: str) -> Parameter:
    return Parameter("string", elements)


_SUBJECT = {"patient": _reference("subject"), "subject": _reference("subject")}
_EVENT = {**_SUBJECT, "code": _token("code"), "category": _token("category"), "status": _token("status")}
_DRUG = {
    **_SUBJECT,
    "code": _token("medicationCodeableConcept"),
    "medication": _reference("medicationReference"),
    "category": _token("category"),
    "status": _token("status"),
}
_EFFECTIVE = _date("effectiveDateTime", "effectivePeriod", "effectiveInstant")

SEARCH_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Patient": {
        "identifier": _token("identifier"),
        "name": _string("name"),
        "family": _string("name.family"),
        "given": _string("name.given"),
        "gender": _token("gender"),
        "birthdate": _date("birthDate"),
    },
    "Condition": {
        **_EVENT,
        "clinical-status": _token("clinicalStatus"),
        "verification-status": _token("verificationStatus"),
        "onset-date": _date("onsetDateTime", "onsetPeriod"),
        "recorded-date": _date("recordedDate"),
    },
    "Observation": {**_EVENT, "date": _EFFECTIVE},
    "DiagnosticReport": {**_EVENT, "date": _EFFECTIVE, "issued": _date("issued")},
    "Procedure": {**_EVENT, "date": _date("performedDateTime", "performedPeriod")},
    "MedicationRequest": {**_DRUG, "intent": _token("intent"), "authoredon": _date("authoredOn")},
    "MedicationStatement": {**_DRUG, "effective": _EFFECTIVE},
    "MedicationAdministration": {**_DRUG, "effective-time": _EFFECTIVE},
    "MedicationDispense": {**_DRUG, "whenhandedover": _date("whenHandedOver")},
    "Medication": {"code": _token("code"), "status": _token("status")},
    "Specimen": {**_SUBJECT, "type": _token("type"), "status": _token("status")},
    "ServiceRequest": {
        **_EVENT,
        "identifier": _token("identifier"),
        "intent": _token("intent"),
        "authored": _date("authoredOn"),
    },
    "Task": {
        "identifier": _token("identifier"),
        "patient": _reference("for"),
        "subject": _reference("for"),
        "focus": _reference("focus"),
        "owner": _reference("owner"),
        "code": _token("code"),
        "status": _token("status"),
        "business-status": _token("businessStatus"),
        "intent": _token("intent"),
        "authored-on": _date("authoredOn"),
        "modified": _date("lastModified"),
    },
    "QuestionnaireResponse": {
        **_SUBJECT,
        "identifier": _token("identifier"),
        "author": _reference("author"),
        "questionnaire": _uri("questionnaire"),
        "status": _token("status"),
        "authored": _date("authored"),
    },
    "ResearchStudy": {"identifier": _token("identifier"), "status": _token("status")},
    "ResearchSubject": {
        "identifier": _token("identifier"),
        "patient": _reference("individual"),
        "individual": _reference("individual"),
        "study": _reference("study"),
        "status": _token("status"),
        "date": _date("period"),
    },
    "Consent": {
        "patient": _reference("patient"),
        "category": _token("category"),
        "scope": _token("scope"),
        "status": _token("status"),
        "date": _date("dateTime"),
    },
}

OF_EVERY_TYPE = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated")}


def find(resources: Iterable[Resource], kind: str, query: Iterable[tuple[str, str]]) -> list[Resource]:
    """The resources that satisfy every parameter; a comma means "or". Unknown parameters are refused."""
    known = {**SEARCH_PARAMETERS[kind], **OF_EVERY_TYPE}
    found = list(resources)
    for name, value in query:
        if name not in known:
            raise SearchError(
                f"{kind} has no search parameter {name!r} here; known: {', '.join(sorted(known))}"
            )
        found = [item for item in found if _any_matches(item, known[name], value)]
    return found


def in_order(resources: list[Resource], kind: str, sort: str) -> list[Resource]:
    """Sorted by one date parameter or `_id`, descending after "-"; what has no date comes last."""
    name = sort.removeprefix("-")
    if name == "_id":
        return sorted(resources, key=lambda item: str(item["id"]), reverse=sort.startswith("-"))
    parameter = {**SEARCH_PARAMETERS[kind], **OF_EVERY_TYPE}.get(name)
    if parameter is None or parameter.kind != "date":
        raise SearchError(f"{kind} cannot be sorted by {name!r}; use _id or a date parameter")
    dated = [(min(spans)[0], item) for item in resources if (spans := list(_spans(item, parameter)))]
    undated = [item for item in resources if not list(_spans(item, parameter))]
    dated.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))
    return [item for _, item in dated] + undated


def _any_matches(item: Resource, parameter: Parameter, value: str) -> bool:
    wanted = [part for part in value.split(",") if part]
    matches = {"token": _has_token, "reference": _refers_to, "date": _is_dated, "uri": _is, "string": _begins}
    return any(matches[parameter.kind](item, parameter, part) for part in wanted)


def _values(item: Resource, parameter: Parameter) -> Iterator[Any]:
    for element in parameter.elements:
        found: list[Any] = [item]
        for name in element.split("."):
            steps = [one.get(name) for one in found if isinstance(one, dict)]
            found = [one for step in steps for one in (step if isinstance(step, list) else [step])]
        yield from (one for one in found if one is not None)


def _is_dated(item: Resource, parameter: Parameter, wanted: str) -> bool:
    return any(_falls(found, wanted) for found in _spans(item, parameter))


def _is(item: Resource, parameter: Parameter, wanted: str) -> bool:
    return any(str(value) == wanted for value in _values(item, parameter))


def _begins(item: Resource, parameter: Parameter, wanted: str) -> bool:
    """Whether a text, or any part of a name, begins so; capital letters are as small ones."""
    texts = [text for value in _values(item, parameter) for text in _texts(value)]
    return any(text.casefold().startswith(wanted.casefold()) for text in texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        parts = [value.get(name) for name in ("family", "given", "text", "prefix", "suffix")]
        yield from (
            str(one) for part in parts if part for one in (part if isinstance(part, list) else [part])
        )


def _has_token(item: Resource, parameter: Parameter, wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    for value in _values(item, parameter):
        for at, found in _codes(value):
            if (not bar or at == system) and (not code or found == code):
                return True
    return False


def _codes(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, Coding, CodeableConcept or Identifier."""
    if not isinstance(value, dict):
        yield "", str(value)
    elif "coding" in value or "text" in value:
        for coding in value.get("coding", []):
            yield str(coding.get("system", "")), str(coding.get("code", ""))
    else:
        yield str(value.get("system", "")), str(value.get("code", value.get("value", "")))


def _refers_to(item: Resource, parameter: Parameter, wanted: str) -> bool:
    target = _local(wanted)
    return any(_local(value.get("reference", "")).endswith(target) for value in _values(item, parameter))


def _local(reference: str) -> str:
    """The last "Type/id" of a reference; a bare id becomes "/id"."""
    parts = reference.split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 else f"/{reference}"


def _spans(item: Resource, parameter: Parameter) -> Iterator[Interval]:
    for value in _values(item, parameter):
        if isinstance(value, dict):
            start, end = value.get("start"), value.get("end")
            open_start, open_end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
            yield (span(start)[0] if start else open_start, span(end)[1] if end else open_end)
        else:
            yield span(str(value))


def span(text: str) -> Interval:
    """The first and last moment that a FHIR date or dateTime can mean; without a zone it is taken in UTC."""
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment, moment
        parts = [int(part) for part in text.split("-")]
        first = date(*parts, *[1] * (3 - len(parts)))
        after = _next_start(first, len(parts))
    except (ValueError, TypeError) as error:
        raise SearchError(f"{text!r} is not a FHIR date") from error
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return start, datetime(after.year, after.month, after.day, tzinfo=UTC) - timedelta(seconds=1)


def _next_start(first: date, precision: int) -> date:
    if precision == 1:
        return date(first.year + 1, 1, 1)
    if precision == 2:
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first + timedelta(days=1)


def _falls(found: Interval, wanted: str) -> bool:
    prefix = wanted[:2] if wanted[:2] in PREFIXES else "eq"
    low, high = span(wanted.removeprefix(prefix))
    return {
        "eq": low <= found[0] and found[1] <= high,
        "lt": found[0] < low,
        "le": found[0] <= high,
        "gt": found[1] > high,
        "ge": found[1] >= low,
    }[prefix]
