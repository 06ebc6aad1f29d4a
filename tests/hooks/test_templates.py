"""A linter for prefetch templates: what any CDS Client can fill in, for each hook and kind of client.

Tokens of the hook's own table, the portable query subset, no parameter twice (the public sandbox makes OR of
AND), and an address that every server takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote

import pytest

from cds_service.clients.registered import Abilities
from cds_service.hooks.specs import HOOKS, HookSpec
from cds_service.hooks.tailoring import service_entry
from mappings.definitions import load_catalog
from mappings.needs import LONGEST_ID, URL_LIMIT, Needs, needs_of
from tests.service.definitions import catalog

TOKEN = re.compile(r"\{\{(.*?)\}\}")
TODAY = re.compile(r"today\(\) - [1-9][0-9]* days")
PORTABLE = {"patient", "code", "category", "_sort", "_count"}
TYPES = {
    *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "Procedure"),
    *("MedicationAdministration", "MedicationDispense", "DiagnosticReport", "Consent", "ResearchSubject"),
}
SMALL, REAL = catalog(), load_catalog()
NEEDS = {
    "small": needs_of(SMALL.trials, SMALL),
    "installed": needs_of(REAL.trials, REAL),
    "none": needs_of((), SMALL),
}
CLIENTS = [
    Abilities(prefetch="codes"),
    Abilities(prefetch="categories"),
    Abilities(prefetch="none"),
    Abilities(prefetch="codes", fhirpath_prefetch=True, cds_hooks="3.0"),
    Abilities(prefetch="categories", fhirpath_prefetch=True, cds_hooks="3.0"),
]


def faults_of(template: str, spec: HookSpec, *, fhirpath: bool) -> Iterator[str]:
    """What is wrong with a template for a hook, in words."""
    allowed = {f"context.{name}" for name in spec.tokens}
    for token in TOKEN.findall(template):
        if token not in allowed and not (fhirpath and TODAY.fullmatch(token)):
            yield f"token {token} is not in the table of {spec.hook}"
    if "{{" in TOKEN.sub("", template) or "}}" in TOKEN.sub("", template):
        yield "braces that are no token"
    kind, question, query = template.partition("?")
    if not question:
        if TOKEN.sub("x", template) != f"{kind.partition('/')[0]}/x":
            yield "neither a read nor a search"
        kind = kind.partition("/")[0]
    if kind not in TYPES:
        yield f"unknown resource type {kind}"
    yield from _faults_of_query(query, fhirpath)
    filled = TOKEN.sub("x" * LONGEST_ID, template)
    if len(quote(filled, safe=":/?&=,")) > URL_LIMIT:
        yield "too long"


def _faults_of_query(query: str, fhirpath: bool) -> Iterator[str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        yield "a parameter twice"
    if any(not value for _, value in pairs):
        yield "a parameter without value"
    for name, value in pairs:
        if name == "date" and fhirpath:
            if not value.startswith("ge"):
                yield "a date that is not a look-back"
        elif name not in PORTABLE:
            yield f"parameter {name} is not portable"


@pytest.mark.parametrize("needs", NEEDS.values(), ids=list(NEEDS))
@pytest.mark.parametrize("abilities", CLIENTS)
@pytest.mark.parametrize("spec", HOOKS, ids=lambda spec: spec.hook)
def test_every_template_can_be_filled_in_by_the_client_that_gets_it(
    needs: Needs, abilities: Abilities, spec: HookSpec
) -> None:
    templates = service_entry(spec, needs, abilities).get("prefetch", {})
    assert bool(templates) == (abilities.prefetch != "none")
    for template in templates.values():
        assert list(faults_of(template, spec, fhirpath=abilities.fhirpath_prefetch)) == []
        assert template.count("{{context.patientId}}") == 1


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("Patient/{{Patient.id}}", "token Patient.id"),
        ("Patient/{{context.patient.id}}", "token context.patient.id"),
        ("Encounter/{{context.encounterId}}", "token context.encounterId"),
        ("Observation?patient={{context.patientId}}&date=ge{{today() - 90 days}}", "token today()"),
        ("Patient/{context.patientId}", "neither a read nor a search"),
        ("Patient/{{context.patientId}}}}", "braces"),
        ("Observation?patient={{context.patientId}}&code:in=x", "code:in is not portable"),
        (
            "Observation?patient={{context.patientId}}&_include=Observation:encounter",
            "_include is not portable",
        ),
        ("Observation?patient={{context.patientId}}&code=a&code=b", "twice"),
        ("Observation?patient={{context.patientId}}&code=", "without value"),
        ("Observation?patient={{context.patientId}}&sort:desc=date", "not portable"),
        ("Observations?patient={{context.patientId}}", "unknown resource type"),
        (f"Observation?patient={{{{context.patientId}}}}&code={'x' * 1500}", "too long"),
    ],
)
def test_the_linter_sees_a_template_that_clients_stumble_on(template: str, fault: str) -> None:
    assert any(fault in found for found in faults_of(template, HOOKS[0], fhirpath=False))


def test_a_look_back_is_seen_through_only_where_the_client_knows_it() -> None:
    template = "Observation?patient={{context.patientId}}&date=ge{{today() - 90 days}}"
    assert list(faults_of(template, HOOKS[0], fhirpath=True)) == []
    for wrong in ("le{{today() - 90 days}}", "ge{{today() + 90 days}}", "ge{{today()}}"):
        faulty = template.replace("ge{{today() - 90 days}}", wrong)
        assert list(faults_of(faulty, HOOKS[0], fhirpath=True)) != []


def test_the_encounter_is_a_token_only_where_there_always_is_one() -> None:
    assert [spec.hook for spec in HOOKS if "encounterId" in spec.tokens] == ["encounter-start"]
    assert all({"patientId", "userId"} <= set(spec.tokens) for spec in HOOKS)
    assert not any({"draftOrders", "selections", "appointments"} & set(spec.tokens) for spec in HOOKS)
