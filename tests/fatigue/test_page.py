"""docs/fatigue.md, which a clinician reads, says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from cards.wording import OVERRIDE_REASONS
from cds_service.fatigue.answers import NO_REASON, OTHER_REASON, REASONS, TESTS_ORDERED, Meaning
from cds_service.fatigue.policy import Policy
from cds_service.recruitment.reading import read_recruitment

PAGE = (Path(__file__).parents[2] / "docs" / "fatigue.md").read_text(encoding="utf-8")
ANSWERS = {
    cells[0].strip("*"): tuple(cells[1:])
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.partition("## What an answer does")[2].splitlines()
        if line.startswith("|")
    )
    if len(cells) == 5
}
WHOM = {"tenant": "everyone", "user": "this user"}
LASTS = {"for_good": "for good", "same_evidence": "until the evidence changes"}


def row(code: str, meaning: Meaning) -> tuple[str, str, str]:
    return code, WHOM[meaning.whom], LASTS.get(meaning.lasts, f"`{meaning.lasts}`")


@pytest.mark.parametrize(("code", "display"), OVERRIDE_REASONS)
def test_every_reason_of_a_card_stands_in_the_table_as_it_works(code: str, display: str) -> None:
    assert ANSWERS[display][:3] == row(f"`{code}`", REASONS[code])
    assert ANSWERS[display][3].startswith("never") == REASONS[code].final


def test_no_reason_is_known_that_a_card_does_not_offer() -> None:
    assert list(REASONS) != []
    assert set(REASONS) == {code for code, _ in OVERRIDE_REASONS}


@pytest.mark.parametrize(
    ("words", "code", "meaning"),
    [
        ("A referral was accepted", "–", REASONS["already-referred"]),
        ("Dismissed without a reason", "–", NO_REASON),
        ("A reason that is not the card's", "any other", OTHER_REASON),
        ("A test was ordered from the card", "–", TESTS_ORDERED),
    ],
)
def test_so_do_the_other_answers(words: str, code: str, meaning: Meaning) -> None:
    assert ANSWERS[words][:3] == row(code, meaning)


def test_every_number_of_the_policy_stands_there_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", PAGE, re.MULTILINE)
    assert rows == [(field.name, str(field.default)) for field in fields(Policy)]


def test_the_example_of_the_recruitment_file_can_be_used(tmp_path: Path) -> None:
    match = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    path = tmp_path / "recruitment.yaml"
    path.write_text(match[1], encoding="utf-8")
    read = read_recruitment(path, ["NCT06920433"])
    assert read.faults == ()
    assert set(yaml.safe_load(match[1])["trials"]["NCT06920433"]) == {
        *("state", "as_of", "from", "until", "places", "sites", "contacts", "silent")
    }
