"""HL7's own examples of every FHIR R4 resource: nothing crashes, nobody is flagged, all is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from cds_service.demo.samples import ALL
from mappings.reading.bundles import unwrap
from tests.records.hl7_examples import Example, examples
from tests.records.whole_records import (
    TODAY,
    assessments,
    cards_for,
    faults_of,
    made_about,
    patient,
    read,
    received,
    subject_of,
    types_in,
)

pytestmark = [pytest.mark.records, pytest.mark.timeout(600)]
HER = "example"


@pytest.fixture(scope="module")
def everything() -> list[Example]:
    return list(examples())


def with_patient(document: Any) -> tuple[list[Any], str]:
    """A file beside the Patient that it is about, or beside one of whom it says nothing."""
    identity = subject_of(document) or HER
    return [patient(identity), document], identity


def of_her_alone(everything: Sequence[Example]) -> list[Any]:
    """All examples, out of their Bundles, as if they were about one woman; without the other Patients."""
    resources = unwrap([example.document for example in everything]).resources
    hers = [made_about(resource, HER) for resource in resources]
    return [patient(HER), *(one for one in hers if not (isinstance(one, dict) and is_patient(one)))]


def is_patient(resource: dict[str, Any]) -> bool:
    return resource.get("resourceType") == "Patient"


def test_every_example_is_there(everything: list[Example]) -> None:
    assert len(everything) == 5307
    assert len(types_in([example.document for example in everything])) > 130


def test_each_example_alone_is_read_counted_and_flags_nobody(everything: list[Example]) -> None:
    found = [faults_of(example.name, *with_patient(example.document)) for example in everything]
    assert [fault for fault in found if fault.what] == []


def test_each_example_alone_prefetched_gives_an_answer_without_card(everything: list[Example]) -> None:
    flagged = []
    for example in everything:
        documents, identity = with_patient(example.document)
        if cards_for(documents, patient(identity)):
            flagged.append(example.name)
    assert flagged == []


def test_all_examples_of_one_patient_together_flag_nobody(everything: list[Example]) -> None:
    by_patient: dict[str, list[Any]] = defaultdict(list)
    for example in everything:
        if subject_of(example.document):
            by_patient[subject_of(example.document)].append(example.document)
    assert max(len(documents) for documents in by_patient.values()) > 100
    for identity, documents in by_patient.items():
        together = [patient(identity), *documents]
        assert faults_of(identity, together, identity).what == []
        assert cards_for(together, patient(identity)) == [], identity


def test_all_examples_in_one_bundle_flag_nobody(everything: list[Example]) -> None:
    """As they come: most are about other patients, which is counted too."""
    entries = [{"resource": example.document} for example in everything]
    together = [patient(HER), {"resourceType": "Bundle", "type": "collection", "entry": entries}]
    assert faults_of("all", together, HER).what == []
    assert cards_for(together, patient(HER)) == []
    counts = read(together, HER).counts
    assert counts.other_patient > 100
    assert counts.irrelevant > 15_000


def test_all_examples_as_one_patient_s_own_flag_nobody(everything: list[Example]) -> None:
    """What no example does: every one of them about the same woman."""
    hers = of_her_alone(everything)
    assert faults_of("hers", hers, HER).what == []
    assert cards_for(hers, patient(HER)) == []
    counts = read(hers, HER).counts
    assert counts.read > 250
    assert counts.other_patient < 20  # those about a Group, a Device, a Location


def test_what_cannot_be_read_is_named_and_is_what_does_not_say_whose_it_is(everything: list[Example]) -> None:
    record = read(of_her_alone(everything), HER)
    said = {what for each in record.unreadable for what in [each.what] if each.reference == "entry"}
    assert said <= {"not a resource", "no resourceType"}
    unnamed = [each for each in record.unreadable if each.what == "does not say whose it is"]
    assert 0 < len(unnamed) < 60


def test_a_candidate_s_verdicts_stay_the_same_beside_all_examples_about_others(
    everything: list[Example],
) -> None:
    """The control: nothing else would show that a card can come at all."""
    bundle = next(sample for sample in ALL if sample.expects_card).build(TODAY)
    [her] = [entry["resource"] for entry in bundle["entry"] if is_patient(entry["resource"])]
    others = [example.document for example in everything]
    alone, among = [bundle], [bundle, *others]
    assert received(among) > received(alone) + 15_000
    before, after = assessments(alone, her["id"]), assessments(among, her["id"])
    assert [(c.id, c.verdict, c.reason) for c in before[0].criteria] == [
        (c.id, c.verdict, c.reason) for c in after[0].criteria
    ]
    assert len(cards_for(alone, her)) == len(cards_for(among, her)) == 1
