"""Section 2.1: the prefetch templates that discovery lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

import mappings
from tests.conformance.faults import answers_as, in_answer, put
from tests.conformance.hospital.calls import tokens_of
from tests.conformance.hospital.hearings import documents, for_2_0, for_3_0
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Fault, Heard, Rows, every

ROWS = Rows()

TOKENS = {
    "patient-view": ("userId", "patientId", "encounterId"),
    "encounter-start": ("userId", "patientId", "encounterId"),
    "order-select": ("userId", "patientId", "encounterId"),
    "order-sign": ("userId", "patientId", "encounterId"),
    "appointment-book": ("userId", "patientId", "encounterId"),
}
"""The context members that each published hook definition marks as prefetch tokens."""

USER_TOKENS = ("userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId")

_READ = re.compile(r"(?:[A-Z][A-Za-z]+/)?\{\{[^{}]+\}\}")
_SEARCH = re.compile(r"[A-Z][A-Za-z]+\?[A-Za-z_][^?\s=/]*=[^?\s]*")
_TODAY = re.compile(r"today\(\)(?: [+-] \d+ days)?")
_PATH = re.compile(r"(?:context|%[\w-]+)(?:\.\w+|\.ofType\([A-Z][A-Za-z]+\)|\.resolve\(\))+")


class Template(NamedTuple):
    """One template, with the hook and the key under which it is."""

    hook: str
    key: str
    text: str

    @property
    def kind(self) -> str:
        """The resource type."""
        return re.split(r"[?/]", self.text, maxsplit=1)[0]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Search parameters, none for a read. A plus sign is one."""
        return parse_qsl(self.text.partition("?")[2].replace("+", "%2B"), keep_blank_values=True)


def templates_in(one: Exchange) -> Iterator[Template]:
    """The templates of a discovery document."""
    for service in one.services:
        for key, text in service.get("prefetch", {}).items():
            assert isinstance(text, str)
            yield Template(service["hook"], key, text)


def every_template(heard: Heard) -> list[Template]:
    """The templates of all documents: there must be one at least."""
    found = [template for one in every(heard) for template in templates_in(one)]
    assert found, "there is no template"
    return found


def template(text: str, of: str = "", key: str = "patient", service: int = 0) -> Fault:
    """Puts a template into a document."""
    return in_answer(put(f"services.{service}.prefetch.{key}", text), of)


@ROWS.requires(
    "P1",
    "A template is one read or one search, relative to the FHIR server.",
    hear=documents,
    faults={
        "an absolute address": template("https://ehr.example/fhir/Patient/{{context.patientId}}"),
        "an operation": template("Patient/{{context.patientId}}/$everything"),
        "a history": template("Patient/{{context.patientId}}/_history"),
        "a slash in front": template("/Patient/{{context.patientId}}"),
        "a search of a compartment": template("Patient/{{context.patientId}}/Condition?_count=5"),
        "a search of everything": template("?patient={{context.patientId}}"),
        "two queries": template("Patient/{{context.patientId}} Condition?patient={{context.patientId}}"),
    },
)
def a_template_is_one_read_or_one_search(heard: Heard) -> None:
    for one in every_template(heard):
        filled = re.sub(r"\{\{[^{}]+\}\}", "x", one.text.partition("?")[2])
        search = f"{one.kind}?{filled}"
        assert _READ.fullmatch(one.text) or (
            _SEARCH.fullmatch(search) and one.text.startswith(f"{one.kind}?")
        ), one


@ROWS.requires(
    "P2",
    "Tokens stand between `{{` and `}}`, and every template has one: it is about this patient.",
    hear=documents,
    faults={
        "single braces": template("Patient/{context.patientId}"),
        "dollar and brace": template("Patient/${context.patientId}"),
        "one brace too few": template("Patient/{{context.patientId}"),
        "no braces": template("Patient/context.patientId"),
        "an empty token": template("Patient/{{}}"),
        "a patient of its own": template("Condition?patient=p1"),
    },
)
def tokens_stand_between_double_braces(heard: Heard) -> None:
    for one in every_template(heard):
        tokens = tokens_of(one.text)
        rest = one.text
        for token in tokens:
            rest = rest.replace("{{" + token + "}}", "")
        assert tokens, one
        assert all(token.strip() for token in tokens), one
        assert not re.search(r"[{}$]|context\.", rest), one


@ROWS.requires(
    "P3",
    "For clients before 3.0 a token is a member of the hook's context that its definition marks as one.",
    hear=for_2_0,
    faults={
        "a path into a resource": template("Medication/{{context.medication.id}}"),
        "a member that is no token": template("{{context.draftOrders}}", service=2),
        "selections": template("{{context.selections}}", service=2),
        "a resource instead of the context": template("Patient/{{Patient.id}}"),
        "a misspelt member": template("Patient/{{context.patientID}}", of="hospital"),
        "no context": template("Patient/{{patientId}}"),
    },
)
def a_token_is_one_of_the_hook_s(heard: Heard) -> None:
    for one in every_template(heard):
        assert all(_is_plain(token, one.hook) for token in tokens_of(one.text)), one


def _is_plain(token: str, hook: str) -> bool:
    return token in USER_TOKENS or (token.removeprefix("context.") in TOKENS[hook] and "." in token)


@ROWS.requires(
    "P4",
    "A token for the user is one of the four that the specification has.",
    hear=documents,
    faults={
        "userId alone": template("{{userId}}"),
        "a resource type that has none": template("Organization/{{userOrganizationId}}"),
        "a path": template("{{userPractitioner.id}}", of="newest"),
        "another case": template("Practitioner/{{userPractitionerID}}"),
    },
)
def a_token_for_the_user_is_one_of_four(heard: Heard) -> None:
    tokens = [token for one in every_template(heard) for token in tokens_of(one.text)]
    assert all(token in USER_TOKENS for token in tokens if not token.startswith(("context.", "today()")))


@ROWS.requires(
    "P5",
    "For a client of 3.0 a token may also be a path of the FHIRPath subset.",
    hear=for_3_0,
    faults={
        "a function that is not in the subset": template("Condition?patient={{context.patientId.lower()}}"),
        "another clock": template("Condition?patient={{context.patientId}}&onset-date=ge{{now()}}"),
        "months": template("Condition?patient={{context.patientId}}&onset-date=ge{{today() - 6 months}}"),
        "an expression": template("Patient/{{iif(true, context.patientId, '')}}"),
    },
)
def a_token_of_3_0_is_in_the_subset(heard: Heard) -> None:
    for one in every_template(heard):
        assert all(_is_plain(token, one.hook) or _is_fhirpath(token) for token in tokens_of(one.text)), one


def _is_fhirpath(token: str) -> bool:
    return any(pattern.fullmatch(token) is not None for pattern in (_TODAY, _PATH))


_PORTABLE: dict[str, Callable[[str], bool]] = {
    "patient": lambda value: value == "{{context.patientId}}",
    "code": lambda value: bool(value) and not value.startswith(("<", ">")),
    "category": lambda value: re.fullmatch(r"[a-z,-]+", value) is not None,
    "date": lambda value: re.match(r"(?:eq|lt|gt|ge|le)(?:\d{4}|\{\{today\(\))", value) is not None,
    "_count": str.isdigit,
    "_sort": lambda value: re.fullmatch(r"-?date", value) is not None,
}
"""The parameters that we use, each with what its value may be in the portable subset."""


@ROWS.requires(
    "P6",
    "Templates stay in the portable subset of searches: reference, token and date parameters, `_count`, "
    "`_sort`.",
    hear=documents,
    faults={
        "a modifier": template("Condition?patient={{context.patientId}}&code:not=1"),
        "a prefix that few know": template("Observation?patient={{context.patientId}}&date=sa2026-01-01"),
        "a quantity": template("Observation?patient={{context.patientId}}&value-quantity=gt1"),
        "another result parameter": template("Condition?patient={{context.patientId}}&_summary=true"),
        "a composite": template("Observation?patient={{context.patientId}}&code-value-quantity=1$gt1"),
        "_has": template("Condition?_has:Encounter:diagnosis:patient={{context.patientId}}"),
    },
)
def searches_stay_in_the_portable_subset(heard: Heard) -> None:
    for one in every_template(heard):
        for name, value in one.parameters:
            assert name in _PORTABLE, (one.key, name)
            assert _PORTABLE[name](value), (one.key, name, value)


@ROWS.requires(
    "P7",
    "No included resources, no chains, no text search, and no parameter twice (the sandbox makes OR of AND).",
    hear=documents,
    faults={
        "_include": template("Observation?patient={{context.patientId}}&_include=Observation:encounter"),
        "_revinclude": template(
            "Condition?patient={{context.patientId}}&_revinclude=Provenance:target", of="newest"
        ),
        "a chain": template("Observation?subject.identifier={{context.patientId}}"),
        ":text": template("Condition?patient={{context.patientId}}&code:text=lupus"),
        "a parameter twice": template(
            "Observation?patient={{context.patientId}}&date=ge2025-01-01&date=le2026-01-01"
        ),
    },
)
def no_parameter_is_special_or_repeated(heard: Heard) -> None:
    for one in every_template(heard):
        names = [name for name, _ in one.parameters]
        assert len(names) == len(set(names)), one
        assert not any(set(".:") & set(name) or "include" in name for name in names), one


@ROWS.requires(
    "P8",
    "Of FHIRPath we use `today()` less a number of days. Were one key to use another (`%key`), it would "
    "come after it.",
    hear=lambda world: {"newest": world.hear(for_3_0)["newest"]},
    faults={
        "a key used before it is there": template("Encounter/{{%encounters.encounter}}"),
        "a key that is nowhere": template("Encounter/{{%nothing.encounter}}", key="zzz"),
        "a cycle": template("{{%patient.id}}"),
        "a type that FHIR does not have": template("{{context.patientId.ofType(patient)}}"),
        "days without a number": template(
            "Condition?patient={{context.patientId}}&date=ge{{today() - days}}"
        ),
    },
)
def fhirpath_is_used_as_defined(heard: Heard) -> None:
    assert any("{{today() - " in one.text for one in every_template(heard)), "nothing is used of it"
    for service in heard["newest"].services:
        keys = list(service["prefetch"])
        for position, text in enumerate(service["prefetch"].values()):
            assert set(re.findall(r"%([\w-]+)", text)) <= set(keys[:position])
            assert all(_is_plain(one, service["hook"]) or _is_fhirpath(one) for one in tokens_of(text))


def _is_of_2_0(one: Exchange) -> bool:
    return all(_is_plain(token, each.hook) for each in templates_in(one) for token in tokens_of(each.text))


@ROWS.requires(
    "P9",
    "FHIRPath is only for the client whose registration says that it knows it; all others get templates of "
    "2.0.",
    hear=documents,
    faults={
        "FHIRPath in demo mode": template("Condition?patient={{context.patientId}}&date=ge{{today()}}"),
        "for a client of 3.0 that does not say so": answers_as("newest", "new"),
        "for a client of 2.0": answers_as("newest", "hospital"),
        "not even for that client": answers_as("hospital", "newest"),
    },
)
def fhirpath_is_only_for_who_knows_it(heard: Heard) -> None:
    assert [name for name, one in heard.items() if not _is_of_2_0(one)] == ["newest"]


_FOLDER = Path(mappings.__file__).parent
_CONCEPTS = {
    word
    for path in (_FOLDER / "concepts").glob("*.yaml")
    for word in re.findall(r"[A-Za-z0-9][\w.-]*", path.read_text(encoding="utf-8"))
}
_KINDS_OF_THE_TRIAL = {
    *("Patient", "ResearchSubject", "Condition", "Observation", "Procedure", "DiagnosticReport", "Consent"),
    *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"),
}
"""What NCT06920433 is about: age and sex, other studies, diagnoses, results, biopsies, consent, drugs."""


def _with_trials_and_without(world: World) -> Heard:
    heard = world.hear(documents)
    return {"demo": heard["demo"], "no-trials": heard["no-trials"], "categories": heard["categories"]}


@ROWS.requires(
    "P10",
    "Only what the trials' criteria ask about is asked for: these kinds of resources, and results by the "
    "codes of their concepts. A client that is offered no trial is asked for the Patient and studies alone.",
    hear=_with_trials_and_without,
    faults={
        "another kind": template("Immunization?patient={{context.patientId}}", key="immunizations"),
        "all results": template("Observation?patient={{context.patientId}}", key="all"),
        "a result that no criterion names": template(
            "Observation?patient={{context.patientId}}&code=http://loinc.org|4548-4", key="hba1c"
        ),
        "a chart for no trial": answers_as("demo", "no-trials"),
    },
)
def no_more_is_asked_for_than_the_criteria_need(heard: Heard) -> None:
    assert {one.kind for one in templates_in(heard["no-trials"])} <= {"Patient", "ResearchSubject"}
    for one in every_template(heard):
        parameters = dict(one.parameters)
        assert one.kind in _KINDS_OF_THE_TRIAL
        assert one.kind != "Observation" or {"code", "category"} & parameters.keys(), one
        for code in filter(None, parameters.get("code", "").split(",")):
            assert code.rpartition("|")[2] in _CONCEPTS, code


@ROWS.requires(
    "P11",
    "Sorting is written as FHIR R4 has it: `_sort=-date`.",
    hear=documents,
    faults={
        "as in the specification's own example": template(
            "Observation?patient={{context.patientId}}&sort:desc=date"
        ),
        "as in DSTU2": template("Observation?patient={{context.patientId}}&_sort:desc=date", of="categories"),
        "two words": template("Observation?patient={{context.patientId}}&_sort=date desc"),
        "without sorting": in_answer(
            lambda document: [service.pop("prefetch") for service in document["services"]], "demo"
        ),
    },
)
def sorting_is_that_of_r4(heard: Heard) -> None:
    assert every_template(heard)
    for name, one in heard.items():
        sorts = [item for each in templates_in(one) for item in each.parameters if "sort" in item[0]]
        assert all(item in (("_sort", "-date"), ("_sort", "date")) for item in sorts), name
        assert sorts or name in ("no-prefetch", "no-trials"), name
