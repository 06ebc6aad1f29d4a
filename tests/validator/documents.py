"""Everything that HL7's validator is to look at, under names; one run of it takes as long as ten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.validator.faults.answers import FAULTY_CARDS, FAULTY_DISCOVERY
from tests.validator.faults.changes import Change, changed, put
from tests.validator.faults.requests import CASES, GOOD_REQUEST
from tests.validator.hl7_samples import Hl7Sample
from tests.validator.hl7_validator import REQUEST, RESOURCE, RESPONSE, SERVICES, Document
from tests.validator.our_service import REFUSALS, Exchange, Json
from tests.validator.request_answers import OVER_TLS

FULL_CARD = "chen-jing"
"""The sample patient whose card has a referral and two lots of tests to order."""

MODELLED_HOOKS = ("patient-view", "order-select", "order-sign")
"""HL7's models hold the contexts of these. Another hook's context they refuse as a whole."""

Named = Iterator[tuple[str, Document]]


def of_hl7(samples: Mapping[str, Hl7Sample]) -> Named:
    """HL7's own samples."""
    for name, sample in samples.items():
        yield f"hl7/{name}", sample.document


def of_ours(discovery: Json, calls: Mapping[str, list[Exchange]]) -> Named:
    """Our discovery, the calls of all sample patients, their answers, and every resource in a suggestion."""
    yield "discovery", _document(discovery, SERVICES)
    for patient_id, exchanges in calls.items():
        for exchange in exchanges:
            name = f"{patient_id}/{exchange.request['hook']}"
            if exchange.request["hook"] in MODELLED_HOOKS:
                yield f"request/{name}", _document(_looked_at(exchange.request), REQUEST)
            yield f"response/{name}", Document(exchange.answer.text, RESPONSE)
            for number, resource in enumerate(exchange.resources, 1):
                yield f"resource/{name}/{number}", _document(resource, RESOURCE)


def of_refusals() -> Named:
    """Our error bodies."""
    for name, (_, refuse) in REFUSALS.items():
        yield f"refusal/{name}", Document(refuse().text, RESOURCE)


def of_faulty_answers(discovery: Json, calls: Mapping[str, list[Exchange]]) -> Named:
    """Our answers with one fault each."""
    response = calls[FULL_CARD][0].answer.get_json()
    for name, fault in FAULTY_CARDS.items():
        yield f"faulty card/{name}", _changed(response, fault.change, RESPONSE)
    for name, fault in FAULTY_DISCOVERY.items():
        yield f"faulty discovery/{name}", _changed(discovery, fault.change, SERVICES)


def of_faulty_requests(samples: Mapping[str, Hl7Sample]) -> Named:
    """HL7's good request with one fault each. Its FHIR server gets https, because of the token."""
    good = changed(json.loads(samples[GOOD_REQUEST].document.text), put("fhirServer", OVER_TLS))
    yield "faulty request/", _document(good, REQUEST)
    for name, case in CASES.items():
        yield f"faulty request/{name}", _changed(good, case.change, REQUEST)


def _looked_at(request: Json) -> Json:
    """The prefetch is the same for every hook, so it is looked at once."""
    return request if request["hook"] == "patient-view" else {**request, "prefetch": {}}


def _changed(document: object, change: Change, model: str) -> Document:
    return _document(changed(document, change), model)


def _document(body: Any, model: str) -> Document:
    return Document(json.dumps(body), model)
