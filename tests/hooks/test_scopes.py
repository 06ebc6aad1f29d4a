"""SMART scopes of both versions, and how much of a query each lets us read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.hooks.request.authorization import Authorization, Scopes
from mappings.needs import Query

PATIENT = Query("patient", "Patient")
CONDITIONS = Query("conditions", "Condition", (("_count", "500"),))
LABORATORY = Query("observations-laboratory", "Observation", (("category", "laboratory"), ("_count", "500")))
BY_CODE = Query("observations-1", "Observation", (("code", "http://loinc.org|2890-2"),))
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"

REACHES = [
    # scopes                                   Patient    Condition  laboratory by code
    ("", "all", "all", "all", "all"),
    ("launch openid fhirUser offline_access", "all", "all", "all", "all"),
    ("nonsense patient/ /*.read patient/*", "all", "all", "all", "all"),
    ("patient/*.read", "all", "all", "all", "all"),
    ("patient/*.*", "all", "all", "all", "all"),
    ("user/*.cruds", "all", "all", "all", "all"),
    ("system/*.rs", "all", "all", "all", "all"),
    ("patient/*.write", "nothing", "nothing", "nothing", "nothing"),
    ("patient/*.r", "all", "nothing", "nothing", "nothing"),
    ("patient/*.s", "nothing", "all", "all", "all"),
    ("patient/*.cud", "nothing", "nothing", "nothing", "nothing"),
    ("patient/Patient.read", "all", "nothing", "nothing", "nothing"),
    ("patient/Patient.r patient/Condition.s", "all", "all", "nothing", "nothing"),
    ("patient/Patient.read\tpatient/Observation.read\n", "all", "nothing", "all", "all"),
    ("patient/Observation.rs?category=laboratory", "nothing", "nothing", "all", "part"),
    (f"patient/Observation.rs?category={CATEGORY}|laboratory", "nothing", "nothing", "all", "part"),
    ("patient/Observation.rs?category=survey", "nothing", "nothing", "part", "part"),
    ("patient/Observation.rs?category=survey patient/Observation.s", "nothing", "nothing", "all", "all"),
    ("patient/Observation.rs?category=laboratory&status=final", "nothing", "nothing", "part", "part"),
    ("patient/Observation.rs?code=http://loinc.org|2890-2", "nothing", "nothing", "part", "all"),
    ("patient/Patient.read, patient/Observation.read", "all", "nothing", "all", "all"),
    ("patient/Patient.r,user/Condition.rs", "all", "all", "nothing", "nothing"),
    ("patient/Patient.r patient/Observation.sr", "all", "nothing", "all", "all"),
    ("patient/*.sdurc", "all", "all", "all", "all"),
    ("patient/*.duc", "nothing", "nothing", "nothing", "nothing"),
    ("patient/Observation.rs?category=survey,laboratory", "nothing", "nothing", "all", "part"),
    # a spelling that nobody knows proves nothing of its type, or of any type where it names none
    ("patient/Patient.read patient/Observation.Read", "all", "nothing", "all", "all"),
    ("patient/Patient.read patient/Observation", "all", "nothing", "all", "all"),
    ("patient/Patient.read patient/observation.read", "all", "all", "all", "all"),
    ("patient/Patient.read patient/", "all", "all", "all", "all"),
    ("patient/Patient.read patient/Observation.search?category=laboratory", "all", "nothing", "part", "part"),
    ("patient/Patient.read launch/patient openid patient", "all", "nothing", "nothing", "nothing"),
    ("patient/observation.read patient/Observation.sr", "all", "all", "all", "all"),
]


@pytest.mark.parametrize(("scope", "patient", "conditions", "laboratory", "by_code"), REACHES)
def test_each_scope_reaches_what_it_says(
    scope: str, patient: str, conditions: str, laboratory: str, by_code: str
) -> None:
    scopes = Scopes.parse(scope)
    found = [scopes.reach(query) for query in (PATIENT, CONDITIONS, LABORATORY, BY_CODE)]
    assert found == [patient, conditions, laboratory, by_code]


@given(
    st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.text()))
)
def test_whatever_is_sent_as_scope_is_read_without_an_error(scope: object) -> None:
    assert Scopes.parse(scope).reach(PATIENT) in ("all", "part", "nothing")


@given(
    st.sets(st.sampled_from(["Patient", "Condition", "Observation"])), st.sampled_from(["read", "rs", "*"])
)
def test_a_type_is_read_if_and_only_if_some_scope_names_it(kinds: set[str], may: str) -> None:
    scopes = Scopes.parse(" ".join(f"patient/{kind}.{may}" for kind in sorted(kinds)))
    for query in (PATIENT, CONDITIONS, BY_CODE):
        expected = "all" if not kinds or query.resource_type in kinds else "nothing"
        assert scopes.reach(query) == expected


def test_the_token_is_not_in_what_a_debugger_prints() -> None:
    assert "t0ken" not in repr(Authorization("t0ken"))
