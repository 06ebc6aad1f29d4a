"""In how many ways calls may name one patient, and never another one's."""

from __future__ import annotations

import pytest

from cds_service.referrals.identity import spellings
from cds_service.storage.records import Subject

BASE, ELSEWHERE = "https://ehr.example/fhir", "https://other.example/fhir"


def named(base: str) -> Subject:
    return Subject("ehr", "north", base, "p1")


CASES = [
    # how the patient is named | the only server of the client, if any | the ways that mean this patient
    ("with the server", named(BASE), BASE, (named(BASE), named(""))),
    ("without a server", named(""), BASE, (named(BASE), named(""))),
    ("with another server: somebody else", named(ELSEWHERE), BASE, (named(ELSEWHERE),)),
    ("of a client with two servers", named(BASE), "", (named(BASE),)),
    ("without a server, of a client with two", named(""), "", (named(""),)),
]


@pytest.mark.parametrize(
    ("subject", "base", "ways"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_a_patient_without_a_server_is_that_of_the_only_server(
    subject: Subject, base: str, ways: tuple[Subject, ...]
) -> None:
    assert spellings(subject, base) == ways
