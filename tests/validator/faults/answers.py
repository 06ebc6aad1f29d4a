"""Our own answers with one fault each, and what HL7's validator says: what its silence is worth."""

from __future__ import annotations

from dataclasses import dataclass

from tests.validator.faults.changes import Change, both, drop, put

CARD = "cards.0"
REFER = f"{CARD}.suggestions.0"
ORDER = f"{REFER}.actions.0"
DRAFT = f"{ORDER}.resource"
SERVICE = "services.0"


@dataclass(frozen=True)
class Fault:
    """A change that makes an answer bad; part of what the validator says, or why it says nothing."""

    change: Change
    said: str = ""
    unseen: str = ""


FAULTY_CARDS: dict[str, Fault] = {
    # the envelope
    "no list of cards": Fault(drop("cards"), said="must have some content"),
    "cards that are null": Fault(put("cards", None), said="must be an Array, not a Null"),
    "a card that is null": Fault(put(CARD, None), said="must be an Array, not a Null"),
    "a card that is a string": Fault(put(CARD, "text"), said="not a Primitive property"),
    "a member that no one knows": Fault(put("card", []), said="Unrecognized property"),
    "no system actions, as an empty list": Fault(put("systemActions", []), said="Array cannot be empty"),
    # the card
    "a summary of 140 characters": Fault(
        put(f"{CARD}.summary", "x" * 140),
        unseen="HL7's model names the limit in words only. `Card` refuses it when it is built.",
    ),
    "no summary": Fault(drop(f"{CARD}.summary"), said="cards.summary: minimum required = 1"),
    "a summary that is null": Fault(put(f"{CARD}.summary", None), said="not a Null"),
    "an empty summary": Fault(put(f"{CARD}.summary", ""), said="value cannot be empty"),
    "a blank summary": Fault(put(f"{CARD}.summary", "   "), said="should not only be whitespace"),
    "a summary that is a number": Fault(put(f"{CARD}.summary", 7), said="must be a string"),
    "an unknown indicator": Fault(put(f"{CARD}.indicator", "hard-stop"), said="('hard-stop') was not found"),
    "an indicator in capitals": Fault(put(f"{CARD}.indicator", "Info"), said="('Info') was not found"),
    "no indicator": Fault(
        drop(f"{CARD}.indicator"),
        unseen="HL7's model lets it be absent, CDS Hooks does not. `Card` always has one.",
    ),
    "a detail that is null": Fault(put(f"{CARD}.detail", None), said="not a Null"),
    "a detail with HTML": Fault(put(f"{CARD}.detail", "<script>alert(1)</script>"), said="embedded HTML tag"),
    "a card uuid that is not one": Fault(put(f"{CARD}.uuid", "card-1"), said="UUIDs must be valid"),
    "a card uuid with a prefix": Fault(
        put(f"{CARD}.uuid", "urn:uuid:88cc5d08-e067-4f91-938d-f2105f78a68e"), said="UUIDs must be valid"
    ),
    "no source": Fault(drop(f"{CARD}.source"), said="cards.source: minimum required = 1"),
    "an empty source": Fault(put(f"{CARD}.source", {}), said="must have some content"),
    "a source without label": Fault(drop(f"{CARD}.source.label"), said="source.label: minimum required = 1"),
    "a source that is a string": Fault(put(f"{CARD}.source", "ClinicalTrials.gov"), said="must be an Object"),
    "a source with a relative address": Fault(
        put(f"{CARD}.source.url", "/study/NCT06920433"),
        unseen="A FHIR url may be relative. `Source` refuses it when it is built.",
    ),
    "a topic without code": Fault(
        drop(f"{CARD}.source.topic.code"),
        unseen="A FHIR Coding may lack its code. `Coding` refuses it when it is built.",
    ),
    "a topic without system": Fault(
        drop(f"{CARD}.source.topic.system"), said="no system has no defined meaning"
    ),
    # suggestions
    "suggestions without selectionBehavior": Fault(drop(f"{CARD}.selectionBehavior"), said="cds-resp-6"),
    "an unknown selectionBehavior": Fault(
        put(f"{CARD}.selectionBehavior", "all"), said="('all') was not found"
    ),
    "selectionBehavior without suggestions": Fault(
        drop(f"{CARD}.suggestions"),
        unseen="HL7's model has the rule in one direction. `Card` refuses it when it is built.",
    ),
    "an empty list of suggestions": Fault(put(f"{CARD}.suggestions", []), said="Array cannot be empty"),
    "two recommended suggestions where one may be taken": Fault(
        both(
            put(f"{CARD}.selectionBehavior", "at-most-one"),
            both(put(f"{REFER}.isRecommended", True), put(f"{CARD}.suggestions.1.isRecommended", True)),
        ),
        said="cds-resp-1",
    ),
    "isRecommended as a string": Fault(put(f"{REFER}.isRecommended", "true"), said="must be a boolean"),
    "a suggestion without label": Fault(
        drop(f"{REFER}.label"), said="suggestions.label: minimum required = 1"
    ),
    "a suggestion with a uuid that is not one": Fault(put(f"{REFER}.uuid", "s1"), said="UUIDs must be valid"),
    "an empty list of actions": Fault(put(f"{REFER}.actions", []), said="Array cannot be empty"),
    # actions
    "an action without type": Fault(drop(f"{ORDER}.type"), said="actions.type: minimum required = 1"),
    "an action type in capitals": Fault(put(f"{ORDER}.type", "CREATE"), said="('CREATE') was not found"),
    "an action without description": Fault(drop(f"{ORDER}.description"), said="cds-resp-5"),
    "an action without resource": Fault(
        drop(DRAFT), unseen="HL7's model knows no rule for create. `Action` refuses it when it is built."
    ),
    "a resource as a string of JSON": Fault(
        put(DRAFT, '{"resourceType": "ServiceRequest"}'), said="must be an Object"
    ),
    "a delete with a resource": Fault(put(f"{ORDER}.type", "delete"), said="cds-resp-2"),
    # the resource in it
    "a resource without type": Fault(drop(f"{DRAFT}.resourceType"), said="Unable to find resourceType"),
    "a resource of a type that FHIR does not have": Fault(
        put(f"{DRAFT}.resourceType", "Referral"), said="unknown name 'Referral'"
    ),
    "a draft without status": Fault(
        drop(f"{DRAFT}.status"), said="ServiceRequest.status: minimum required = 1"
    ),
    "a draft with an unknown status": Fault(
        put(f"{DRAFT}.status", "proposed"), said="('proposed') was not found"
    ),
    "a draft without intent": Fault(
        drop(f"{DRAFT}.intent"), said="ServiceRequest.intent: minimum required = 1"
    ),
    "a draft without subject": Fault(
        drop(f"{DRAFT}.subject"), said="ServiceRequest.subject: minimum required = 1"
    ),
    "a draft for a study as reason": Fault(
        put(f"{DRAFT}.reasonReference", [{"reference": "ResearchStudy/1"}]),
        unseen="References are not followed: what they lead to lies on the EHR's server.",
    ),
    "a draft with a member of R5": Fault(
        put(f"{DRAFT}.reason", [{"concept": {"text": "x"}}]), said="Unrecognized property 'reason'"
    ),
    "a draft with an empty note": Fault(put(f"{DRAFT}.note", []), said="Array cannot be empty"),
    "a draft with a note that is null": Fault(put(f"{DRAFT}.note", None), said="not a Null"),
    "a draft with a date that is none": Fault(
        put(f"{DRAFT}.authoredOn", "15 June 2026"), said="Not a valid date/time"
    ),
    "a draft with a relative instantiatesUri": Fault(
        put(f"{DRAFT}.instantiatesUri", ["NCT 1"]), said="cannot have whitespace"
    ),
    # override reasons and links
    "an override reason without display": Fault(drop(f"{CARD}.overrideReasons.0.display"), said="cds-resp-4"),
    "an override reason without code": Fault(
        drop(f"{CARD}.overrideReasons.0.code"),
        unseen="A FHIR Coding may lack its code. `OverrideReason` refuses it when it is built.",
    ),
    "an override reason without system": Fault(
        drop(f"{CARD}.overrideReasons.0.system"), said="no system has no defined meaning"
    ),
    "an empty list of override reasons": Fault(
        put(f"{CARD}.overrideReasons", []), said="Array cannot be empty"
    ),
    "links that are null": Fault(put(f"{CARD}.links", None), said="not a Null"),
    "a link without label": Fault(drop(f"{CARD}.links.0.label"), said="links.label: minimum required = 1"),
    "a link without url": Fault(drop(f"{CARD}.links.0.url"), said="links.url: minimum required = 1"),
    "a link without type": Fault(
        drop(f"{CARD}.links.0.type"),
        unseen="HL7's model lets it be absent, CDS Hooks does not. `Link` always has one.",
    ),
    "a link of an unknown type": Fault(
        put(f"{CARD}.links.0.type", "relative"), said="('relative') was not found"
    ),
    "a link with a relative address": Fault(
        put(f"{CARD}.links.0.url", "study"),
        unseen="A FHIR url may be relative. `Link` refuses it when it is built.",
    ),
    "appContext on an absolute link": Fault(put(f"{CARD}.links.0.appContext", "x"), said="cds-resp-3"),
}

FAULTY_DISCOVERY: dict[str, Fault] = {
    "services as an object": Fault(put("services", {}), said="must be a JSON Array, not an Object"),
    "no list of services": Fault(drop("services"), said="must have some content"),
    "a service without hook": Fault(drop(f"{SERVICE}.hook"), said="services.hook: minimum required = 1"),
    "a service without id": Fault(drop(f"{SERVICE}.id"), said="services.id: minimum required = 1"),
    "a service without description": Fault(
        drop(f"{SERVICE}.description"), said="services.description: minimum required = 1"
    ),
    "a title that is null": Fault(put(f"{SERVICE}.title", None), said="not a Null"),
    "an id with a space": Fault(put(f"{SERVICE}.id", "trial match "), said="whitespace rules"),
    "an empty prefetch": Fault(
        put(f"{SERVICE}.prefetch", {}),
        unseen="To HL7's model it is a list of no keys. tests/service/test_discovery.py reads the templates.",
    ),
    "a prefetch template that is null": Fault(put(f"{SERVICE}.prefetch.patient", None), said="not a Null"),
    "a prefetch template that is an object": Fault(
        put(f"{SERVICE}.prefetch.patient", {"a": "b"}), said="not an Object"
    ),
    "a member that no one knows": Fault(put(f"{SERVICE}.name", "trialhook"), said="Unrecognized property"),
    "an unknown hook": Fault(
        put(f"{SERVICE}.hook", "patient-veiw"), unseen="CDS Hooks leaves the names of hooks open."
    ),
}
