"""Draft orders as real clients send them: which are in focus, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.hooks.orders.drafts import read_orders
from cds_service.hooks.orders.prompting import OrderPrompts
from tests.hooks.calling import collection, draft, other_order
from tests.service.definitions import catalog

ONE, TWO = draft(), other_order(id="draft-2")
URL = "urn:uuid:2f6b1d2c-9d6e-4f4e-8a57-0f3f3f0d3c77"


def ids(drafts: Any, selections: list[str] | None = None) -> list[str]:
    return [one["id"] for one in read_orders(drafts, selections, "p1").about]


SHAPES: list[tuple[str, Any]] = [
    ("Bundle without type", {"resourceType": "Bundle", "entry": [{"resource": ONE}, {"resource": TWO}]}),
    (
        "Bundle of any type",
        {"resourceType": "Bundle", "type": "x", "entry": [{"resource": ONE}, {"resource": TWO}]},
    ),
    ("no resourceType", {"entry": [{"resource": ONE}, {"resource": TWO}]}),
    ("bare array", [ONE, TWO]),
    ("array of entries", [{"resource": ONE}, {"fullUrl": URL, "resource": TWO}]),
    ("entries that are resources", {"resourceType": "Bundle", "entry": [ONE, TWO]}),
    ("Bundle in a Bundle", collection(collection(ONE), TWO)),
    ("Bundle in an array", [collection(ONE, TWO)]),
    ("junk among them", [None, 7, "x", [], {}, {"resource": None}, {"resource": 7}, ONE, {"resource": TWO}]),
]


@pytest.mark.parametrize(("shape", "drafts"), SHAPES, ids=[row[0] for row in SHAPES])
def test_drafts_are_found_in_whatever_holds_them(shape: str, drafts: Any) -> None:
    assert ids(drafts) == ["draft-1", "draft-2"]


@pytest.mark.parametrize(
    "drafts",
    [None, {}, [], "x", 7, {"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": None},
     {"resourceType": "Bundle", "entry": "x"}, {"entry": {}}, {"entry": [[ONE]]}],
)  # fmt: skip
def test_where_there_are_none_there_is_nothing_to_say(drafts: Any) -> None:
    assert ids(drafts) == []


def test_one_order_by_itself_or_as_the_only_entry_is_taken() -> None:
    assert ids(ONE) == ids({"resourceType": "Bundle", "entry": {"resource": ONE}}) == ["draft-1"]


@pytest.mark.parametrize(
    ("selections", "selected"),
    [
        (["MedicationRequest/draft-1"], ["draft-1"]),
        (["ServiceRequest/draft-2"], ["draft-2"]),
        (["ServiceRequest/draft-2", "MedicationRequest/draft-1"], ["draft-1", "draft-2"]),
        (["https://ehr.example/fhir/MedicationRequest/draft-1"], ["draft-1"]),
        (["MedicationRequest/draft-1/_history/2"], ["draft-1"]),
        (["draft-1"], ["draft-1"]),
        ([URL], ["draft-2"]),
        (["MedicationRequest/draft-2"], []),
        (["MedicationRequest/draft-3"], []),
        ([""], []),
        ([], []),
        (None, ["draft-1", "draft-2"]),
    ],
)
def test_only_what_was_selected_is_in_focus(selections: list[str] | None, selected: list[str]) -> None:
    drafts = {"resourceType": "Bundle", "entry": [{"resource": ONE}, {"fullUrl": URL, "resource": TWO}]}
    assert ids(drafts, selections) == selected


@pytest.mark.parametrize(
    ("members", "ours"),
    [
        ({"subject": {"reference": "Patient/p1"}}, True),
        ({"subject": {"reference": "https://ehr.example/fhir/Patient/p1"}}, True),
        ({"subject": ...}, True),
        ({"subject": {}}, True),
        ({"subject": "Patient/p2"}, True),
        ({"subject": {"display": "someone"}}, True),
        ({"subject": {"reference": "Patient/p2"}}, False),
        ({"subject": {"reference": "https://ehr.example/fhir/Patient/p2"}}, False),
        ({"subject": {"reference": "Group/p1"}}, False),
        ({"subject": ..., "patient": {"reference": "Patient/p1"}}, True),
        ({"subject": ..., "patient": {"reference": "Patient/p2"}}, False),
    ],
)
def test_a_draft_that_names_another_patient_is_left_out_and_counted(
    members: dict[str, Any], ours: bool
) -> None:
    orders = read_orders(collection(draft(**members), TWO), None, "p1")
    assert [one["id"] for one in orders.about] == (["draft-1"] if ours else []) + ["draft-2"]
    assert orders.foreign == (0 if ours else 1)


@pytest.mark.parametrize(
    ("members", "counts"),
    [
        ({"status": ...}, True),
        ({"status": "active"}, True),
        ({"status": "on-hold"}, True),
        ({"status": ["draft"]}, True),
        ({"doNotPerform": False}, True),
        ({"intent": "plan"}, True),
        ({"status": "cancelled"}, False),
        ({"status": "revoked"}, False),
        ({"status": "stopped"}, False),
        ({"status": "entered-in-error"}, False),
        ({"doNotPerform": True}, False),
    ],
)
def test_an_order_that_is_taken_back_is_none(members: dict[str, Any], counts: bool) -> None:
    assert ids(collection(draft(**members))) == (["draft-1"] if counts else [])


def test_medications_beside_the_orders_are_kept_by_reference_and_full_url() -> None:
    medication = {"resourceType": "Medication", "id": "m1"}
    drafts = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": URL, "resource": medication}, {"resource": ONE}],
    }
    orders = read_orders(drafts, None, "p1")
    assert orders.medications == {"Medication/m1": medication, URL: medication}
    assert [one["id"] for one in orders.about] == ["draft-1"]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just("MedicationRequest")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["resourceType", "entry", "resource", "fullUrl", "id", "status", "subject", "reference",
                 "code", "coding", "system", "text", "display", "medicationCodeableConcept",
                 "medicationReference", "medication", "concept", "contained", "item", "dosageInstruction",
                 "category", "reasonCode"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=30,
)  # fmt: skip
KINDS = ("MedicationRequest", "MedicationOrder", "ServiceRequest", "DiagnosticOrder", "Bundle", "Medication")
PROMPTS = OrderPrompts(catalog().trials, catalog())


@given(JSON, st.sampled_from(KINDS), st.one_of(st.none(), st.lists(st.text(max_size=5), max_size=2)))
def test_no_draft_whatever_it_holds_is_an_error(value: Any, kind: str, selections: list[str] | None) -> None:
    shaped = {**value, "resourceType": kind} if isinstance(value, dict) else value
    for drafts in (value, shaped, [shaped], collection(shaped)):
        PROMPTS.reasons(read_orders(drafts, selections, "p1"))


def test_a_draft_nested_deeper_than_any_client_nests_is_no_error() -> None:
    deep: Any = ONE
    for _ in range(100):
        deep = collection(deep)
    assert ids(deep) == []
