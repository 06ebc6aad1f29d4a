"""The table of efforts: what it may not say, and that it says enough for the trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mappings.concept import Concept
from mappings.definitions import load_catalog
from mappings.needs import concepts_of
from mappings.next_steps import efforts
from mappings.next_steps.efforts import packaged, read_efforts

CATALOG = load_catalog()
TEXT = Path(efforts.__file__).with_name("efforts.yaml").read_text(encoding="utf-8")


def test_a_biopsy_weighs_more_than_everything_else_together() -> None:
    table = packaged()
    tests = {test.id for test in table.tests.values()}
    of_steps = [table.weights[how] for how in table.weights if how != "biopsy"]
    of_tests = [table.weights[how] for how in table.by_concept.values() if how != "biopsy"]

    assert table.weights["biopsy"] > sum(of_steps) + sum(of_tests)
    assert tests


def test_every_result_that_the_trials_ask_for_has_its_place() -> None:
    table = packaged()
    asked = [CATALOG.concepts[name] for name in concepts_of(CATALOG.trials, CATALOG)]
    results = {one.id for one in asked if one.kind in ("measurement", "finding")}

    assert results - table.by_concept.keys() == set()


def test_the_table_names_only_concepts_that_there_are() -> None:
    table = packaged()
    named = {*table.by_concept, *table.tests, *table.said_by, *table.said_by.values()}

    assert named - CATALOG.concepts.keys() == {"age", "sex"}


def test_what_is_had_from_a_sample_that_can_be_ordered_is_had_from_a_sample() -> None:
    table = packaged()
    orderable = {name for name, concept in CATALOG.concepts.items() if concept.orderable is not None}

    assert {table.by_concept[name] for name in orderable} <= {"urine", "blood", "urine-24h"}


def test_a_kidney_biopsy_is_ordered_under_a_code_of_its_concept() -> None:
    (order,) = packaged().orders(["nih-activity-index"], CATALOG.concepts)

    assert (order.system, order.code, order.display) == ("http://snomed.info/sct", "7246002", "Kidney biopsy")


@pytest.mark.parametrize(
    ("wanted", "ordered"),
    [
        (["complement-c3"], ["complement-c3", "complement-c4"]),
        (["complement-ch50"], ["complement-ch50"]),
        (["urine-red-cells"], ["urine-red-cells", "urine-white-cells"]),
        (["urine-casts"], []),
        (["cd19-b-cells", "bcma-b-cells"], ["cd19-b-cells"]),
        (["ecog"], []),
    ],
)
def test_tests_that_belong_together_are_ordered_together(wanted: list[str], ordered: list[str]) -> None:
    assert [order.concept for order in packaged().orders(wanted, CATALOG.concepts)] == ordered


def test_a_concept_that_the_table_does_not_name_goes_by_its_kind() -> None:
    table = packaged()

    assert table.how("new-test", CATALOG.concepts["hcg"]) == "blood"
    assert table.how("new-score", CATALOG.concepts["ecog"]) == "bedside"
    assert table.how("new-diagnosis", CATALOG.concepts["sle"]) == "records"
    assert table.how("treatment", None) == "records"


def test_a_concept_may_say_itself_how_it_is_had() -> None:
    """The extent of fibrosis is seen on a scan: nobody asks or measures it at the bedside."""
    extent = Concept("hrct-extent", "Extent of fibrosis", "measurement", unit="%")
    assert packaged().how(extent.id, extent) == "bedside"
    assert packaged().how(extent.id, replace(extent, effort="imaging")) == "imaging"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("  imaging: 12\n", "  imaging: 0\n", "weight of 1 or more"),
        ("  biopsy: 1000\n", "  biopsy: 1000\n  scan: 3\n", "nothing else"),
        ("  imaging: [serosal-effusion", "  scan: [serosal-effusion", "'scan' is no effort"),
        ("  imaging: [", "  imaging: [ecog, ", "ecog stands under bedside and imaging"),
        ("also_order: [complement-c3,", "also_order: [hcg,", "complement orders what it does not give"),
        ("gives: [cd19-b-cells,", "gives: [ecog,", "not had in one way"),
        ("gives: [cd19-b-cells,", "gives: [complement-c3,", "given by complement and b-cells"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(before: str, after: str, fault: str) -> None:
    assert before in TEXT

    with pytest.raises(ValueError, match=fault):
        read_efforts(TEXT.replace(before, after))
