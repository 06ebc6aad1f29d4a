"""HL7's good patient-view request with one fault each: what its validator says, and what we do."""

from __future__ import annotations

from dataclasses import dataclass

from tests.validator.faults.changes import Change, both, drop, put


@dataclass(frozen=True)
class Case:
    """A change; part of what HL7 says, if anything; the member that we refuse, if any; why, if we differ."""

    change: Change
    hl7: str = ""
    refused_at: str = ""
    why: str = ""

    @property
    def agrees(self) -> bool:
        """Whether HL7 and we take it or refuse it alike."""
        return bool(self.hl7) == bool(self.refused_at)


GOOD_REQUEST = "cdshooks-request-pv-good"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
TOKEN = "fhirAuthorization"

ABSENT = "`null` counts as absent: some clients send every member they know."
BROKEN = "It counts as not prefetched and is read from the FHIR server, or said to be missing on the card."
UNREADABLE = "One bad entry is one unreadable entry, and no reason to leave the chart unread."

CASES: dict[str, Case] = {
    "no hook": Case(drop("hook"), hl7="hook: minimum required = 1", refused_at="hook"),
    "a hook that is null": Case(put("hook", None), hl7="not a Null", refused_at="hook"),
    "a hook that is a number": Case(put("hook", 7), hl7="must be a string", refused_at="hook"),
    "a hook in capitals": Case(
        put("hook", "Patient-View"), hl7="No Type specifier matched", refused_at="hook"
    ),
    "no hookInstance": Case(
        drop("hookInstance"), hl7="hookInstance: minimum required = 1", refused_at="hookInstance"
    ),
    "a hookInstance that is null": Case(
        put("hookInstance", None), hl7="not a Null", refused_at="hookInstance"
    ),
    "a hookInstance that is not a UUID": Case(
        put("hookInstance", "call-1"), hl7="UUIDs must be valid", refused_at="hookInstance"
    ),
    "a hookInstance with a prefix": Case(
        put("hookInstance", f"urn:uuid:{INSTANCE}"), hl7="UUIDs must be valid", refused_at="hookInstance"
    ),
    "a hookInstance without hyphens": Case(
        put("hookInstance", INSTANCE.replace("-", "")), hl7="UUIDs must be valid", refused_at="hookInstance"
    ),
    "a hookInstance in capitals": Case(
        put("hookInstance", INSTANCE.upper()),
        hl7="UUIDs must be valid and lowercase",
        why="A UUID may be read in either case (RFC 9562).",
    ),
    "no context": Case(drop("context"), hl7="context: minimum required = 1", refused_at="context"),
    "a context that is null": Case(put("context", None), hl7="not a Null", refused_at="context"),
    "a context that is a list": Case(put("context", []), hl7="not an Array", refused_at="context"),
    "an empty context": Case(
        put("context", {}), hl7="must have some content", refused_at="context.patientId"
    ),
    "an unknown member in the context": Case(
        put("context.practitioner", "x"),
        hl7="Unrecognized property 'practitioner'",
        why="Members that are not known are ignored: later versions add some.",
    ),
    "no userId": Case(
        drop("context.userId"), hl7="userId: minimum required = 1", refused_at="context.userId"
    ),
    "a userId that is null": Case(put("context.userId", None), hl7="not a Null", refused_at="context.userId"),
    "a userId that is an object": Case(
        put("context.userId", {"reference": "Practitioner/example"}),
        hl7="not an Object",
        refused_at="context.userId",
    ),
    "a userId without type": Case(put("context.userId", "example")),
    "a userId of another type": Case(
        put("context.userId", "Organization/example"),
        refused_at="context.userId",
        why="CDS Hooks names the four types of users; to HL7's model it is any url.",
    ),
    "an absolute userId": Case(
        put("context.userId", "https://ehr.example/fhir/Practitioner/example"),
        refused_at="context.userId",
        why="CDS Hooks wants Type/id; to HL7's model it is any url.",
    ),
    "no patientId": Case(
        drop("context.patientId"), hl7="patientId: minimum required = 1", refused_at="context.patientId"
    ),
    "a patientId that is null": Case(
        put("context.patientId", None), hl7="not a Null", refused_at="context.patientId"
    ),
    "an empty patientId": Case(
        put("context.patientId", ""), hl7="value cannot be empty", refused_at="context.patientId"
    ),
    "a patientId with an underscore": Case(
        put("context.patientId", "1288_992"), hl7="is not valid", refused_at="context.patientId"
    ),
    "a patientId with a space at its end": Case(
        put("context.patientId", "1288992 "), hl7="is not valid", refused_at="context.patientId"
    ),
    "a patientId that is a number": Case(
        put("context.patientId", 1288992), hl7="must be a string", refused_at="context.patientId"
    ),
    "a patientId that is too long": Case(
        put("context.patientId", "1" * 65), hl7="is not valid", refused_at="context.patientId"
    ),
    "a patientId that climbs": Case(
        put("context.patientId", ".."),
        refused_at="context.patientId",
        why="Two dots are a FHIR id by its letters, and another address in a URL.",
    ),
    "a patientId with its type": Case(
        put("context.patientId", "Patient/1288992"),
        hl7="is not valid",
        why="Real clients send it, and it can mean one thing only.",
    ),
    "an encounterId with its type": Case(
        put("context.encounterId", "Encounter/89284"),
        hl7="is not valid",
        why="Real clients send it, and it can mean one thing only.",
    ),
    "an encounterId that is null": Case(put("context.encounterId", None), hl7="not a Null", why=ABSENT),
    "an encounterId with a space": Case(
        put("context.encounterId", "89 284"), hl7="is not valid", refused_at="context.encounterId"
    ),
    "a fhirServer that is null": Case(
        both(put("fhirServer", None), drop(TOKEN)), hl7="not a Null", why=ABSENT
    ),
    "a fhirServer that is a number": Case(
        put("fhirServer", 7), hl7="must be a string", refused_at="fhirServer"
    ),
    "a fhirServer without scheme": Case(
        put("fhirServer", "ehr.example/fhir"),
        refused_at="fhirServer",
        why="To HL7's model any text is a url. We are to call this one.",
    ),
    "a fhirServer with a password": Case(
        put("fhirServer", "https://user:secret@ehr.example/fhir"),
        refused_at="fhirServer",
        why="To HL7's model any text is a url. We are to call this one.",
    ),
    "a fhirServer with a query": Case(
        put("fhirServer", "https://ehr.example/fhir?a=b"),
        refused_at="fhirServer",
        why="To HL7's model any text is a url. We are to call this one.",
    ),
    "a token without fhirServer": Case(drop("fhirServer"), hl7="cds-r-1", refused_at="fhirServer"),
    "a token that is null": Case(put(TOKEN, None), hl7="not a Null", why=ABSENT),
    "a token that is a string": Case(
        put(TOKEN, "some-opaque-fhir-access-token"), hl7="must be an Object", refused_at="fhirAuthorization"
    ),
    "no access_token": Case(
        drop(f"{TOKEN}.access_token"),
        hl7="accessToken: minimum required = 1",
        refused_at="fhirAuthorization.access_token",
    ),
    "an access_token that is null": Case(
        put(f"{TOKEN}.access_token", None), hl7="not a Null", refused_at="fhirAuthorization.access_token"
    ),
    "an access_token that is a number": Case(
        put(f"{TOKEN}.access_token", 7), hl7="must be a string", refused_at="fhirAuthorization.access_token"
    ),
    "an access_token with a space": Case(
        put(f"{TOKEN}.access_token", "a b"),
        refused_at="fhirAuthorization.access_token",
        why="It would not fit into the header in which it is sent (RFC 6750).",
    ),
    "no token_type": Case(
        drop(f"{TOKEN}.token_type"),
        hl7="tokenType: minimum required = 1",
        why="Bearer is the only type that there is.",
    ),
    "a token_type in small letters": Case(
        put(f"{TOKEN}.token_type", "bearer"),
        hl7="fixed to 'Bearer'",
        why="OAuth reads it in either case (RFC 6749), and servers hand it out so.",
    ),
    "another token_type": Case(
        put(f"{TOKEN}.token_type", "MAC"), hl7="fixed to 'Bearer'", refused_at="fhirAuthorization.token_type"
    ),
    "no expires_in": Case(
        drop(f"{TOKEN}.expires_in"),
        hl7="expiresIn: minimum required = 1",
        why="It is taken where it can be read: clients send it in many forms.",
    ),
    "an expires_in in words": Case(
        put(f"{TOKEN}.expires_in", "soon"),
        hl7="must be a number",
        why="It is taken where it can be read: clients send it in many forms.",
    ),
    "no scope": Case(
        drop(f"{TOKEN}.scope"),
        hl7="scope: minimum required = 1",
        why="Everything may be tried; what the token may read, the FHIR server says.",
    ),
    "no subject": Case(
        drop(f"{TOKEN}.subject"),
        hl7="subject: minimum required = 1",
        why="It is our own client id at the EHR, which we do not use.",
    ),
    "a patient scope without patient": Case(put(f"{TOKEN}.scope", "patient/*.read")),
    "a patient scope in capitals without patient": Case(
        put(f"{TOKEN}.scope", "Patient/Observation.read"),
        hl7="cds-r-2",
        why="CDS Hooks says SHOULD; what a token may read, the FHIR server says.",
    ),
    "a token for another patient": Case(
        put(f"{TOKEN}.patient", "someone-else"),
        refused_at="fhirAuthorization.patient",
        why="Two charts must not mix. HL7's model compares no members.",
    ),
    "a token for the patient with its type": Case(
        put(f"{TOKEN}.patient", "Patient/1288992"),
        hl7="is not valid",
        why="Real clients send it, and it can mean one thing only.",
    ),
    "a prefetch that is null": Case(put("prefetch", None), hl7="not a Null", why=ABSENT),
    "a prefetch that is a list": Case(put("prefetch", [1]), hl7="not an Array", refused_at="prefetch"),
    "a prefetch that is a string": Case(
        put("prefetch", "all"), hl7="not a Primitive property", refused_at="prefetch"
    ),
    "a prefetch value that is null": Case(put("prefetch.conditions", None)),
    "a prefetch value that is a string": Case(
        put("prefetch.conditions", "none"), hl7="not a Primitive property", why=BROKEN
    ),
    "a prefetch value that is a list": Case(put("prefetch.conditions", [1]), hl7="not an Array", why=BROKEN),
    "a prefetch value that is an empty object": Case(
        put("prefetch.conditions", {}), hl7="must have some content", why=BROKEN
    ),
    "a prefetch value in the wrapper of old": Case(
        put("prefetch.patient", {"response": {"status": "200 OK"}, "resource": {"resourceType": "Patient"}}),
        hl7="Unable to find resourceType",
        why=BROKEN,
    ),
    "a prefetched patient who is another": Case(
        put("prefetch.patient", {"resourceType": "Patient", "id": "someone-else"}),
        refused_at="prefetch.patient",
        why="Two charts must not mix. HL7's model compares no members.",
    ),
    "a prefetched resource with an unknown member": Case(
        put("prefetch.patientToGreet.oddity", 1), hl7="Unrecognized property 'oddity'", why=UNREADABLE
    ),
    "a prefetched patient with a date that is none": Case(
        put("prefetch.patientToGreet.birthDate", "X1925"), hl7="Not a valid date format", why=UNREADABLE
    ),
    "members from before 1.0": Case(
        both(put("user", "Practitioner/example"), put("oauth", None)),
        hl7="Unrecognized property 'user'",
        why="Members that are not known are ignored: earlier versions had some.",
    ),
    "an extension that no one knows": Case(
        put("extension", {"com.example.x": {"a": 1}}),
        hl7="Unrecognized property 'com.example.x'",
        why="Extensions are agreed between two sides; the others ignore them.",
    ),
    "an empty extension": Case(
        put("extension", {}),
        hl7="must have some content",
        why="Extensions are agreed between two sides; the others ignore them.",
    ),
}
