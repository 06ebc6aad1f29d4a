"""Next steps ask for drugs by the names that the author of the trial gave them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.facts import PatientFacts, PatientRecord
from mappings.results import NextSteps

SECOND = Path(__file__).resolve().parents[2] / "drawing" / "second_trial" / "T-SECOND.yaml"
EMPTY = PatientRecord(PatientFacts("Patient/none", None, ""))
WRITTEN = pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("[anifrolumab, obinutuzumab, voclosporin]", {"Anifrolumab", "Obinutuzumab", "Voclosporin"}),
        ("antimalarials", {"Antimalarial drugs"}),
        ("[antimalarials, rituximab]", {"Antimalarial drugs", "Rituximab"}),
        ("[hydroxychloroquine, chloroquine]", {"Hydroxychloroquine", "Chloroquine"}),
    ],
)
"""The first list has the members of a group that another trial names."""


def steps_of(folder: Path, rule: str, *, after: str) -> NextSteps:
    """What would settle the second trial with one more criterion, for a patient without records."""
    more = f"{after}:\n  - {{id: more, label: More, protocol: more, {rule}}}\n"
    text = SECOND.read_text(encoding="utf-8").replace(f"{after}:\n", more)
    (folder / SECOND.name).write_text(text, encoding="utf-8")
    catalog = load_catalog([folder])
    return assess(catalog.trials[0], EMPTY, date(2026, 6, 15), catalog).next_steps


@WRITTEN
@pytest.mark.parametrize("kind", ["drug", "treatment"])
def test_a_drug_that_would_do_is_named_as_the_author_wrote_it(
    kind: str, written: str, asked: set[str], tmp_path: Path
) -> None:
    steps = steps_of(tmp_path, f"require: {{{kind}: {{of: {written}}}}}", after="inclusion")
    facts = [fact for one in steps.sets for step in one.steps for fact in step.facts]
    named = {fact.label for fact in facts if "more" in fact.criteria}
    assert named
    assert named <= asked


@WRITTEN
@pytest.mark.parametrize("kind", ["drug", "treatment"])
def test_a_drug_that_would_rule_out_is_named_as_the_author_wrote_it(
    kind: str, written: str, asked: set[str], tmp_path: Path
) -> None:
    steps = steps_of(tmp_path, f"exclude: {{{kind}: {{of: {written}}}}}", after="exclusion")
    assert {fact.label for fact in steps.could_rule_out if "more" in fact.criteria} == asked
