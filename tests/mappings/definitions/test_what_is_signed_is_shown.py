"""What a physician signs stands on the sheet: what decides, by the names that the author gave it."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from mappings.concept import Concept
from mappings.definitions import load_catalog
from mappings.definitions.review.doubts import doubts_about
from mappings.definitions.review.sheet import describe
from mappings.definitions.uses import groups_in
from mappings.rules import DrugRule, Named, Not, written_in
from mappings.trial_definition import Catalog

GOOD = Path(__file__).resolve().parents[2] / "bad_definitions" / "_good"
TRIAL, BASICS = "trials/T-GOOD.yaml", "concepts/basics.yaml"
Edit = tuple[str, str, str]
"""A file, a text in it, and what is to stand there instead."""


def changed(folder: Path, *edits: Edit) -> Catalog:
    """The good definitions with these changes."""
    root = Path(shutil.copytree(GOOD, folder / "definitions", dirs_exist_ok=True))
    for name, old, new in edits:
        path = root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_catalog(root=root)


def sheet_of(catalog: Catalog) -> str:
    return describe(catalog.trials[0], catalog)


def without_digest(sheet: str) -> str:
    return re.sub(r"sha256:\w+", "", sheet)


def excluding(rule: str) -> Edit:
    """A further exclusion criterion, with this rule."""
    criterion = f"  - {{id: more, label: More, protocol: Age 18 or older, exclude: {rule}}}\n"
    return TRIAL, "exclusion:\n", f"exclusion:\n{criterion}"


# --- nothing that decides is left out


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param((BASICS, "members: [prednisone, prednisolone]", "members: [prednisone]"), id="a group"),
        pytest.param((BASICS, "    unit: g/g\n", "    unit: g/g\n    cannot_exceed: 50 g/g\n"), id="most"),
        pytest.param((BASICS, "    unit: Cel\n", "    unit: Cel\n    cannot_be_below: 30 Cel\n"), id="least"),
        pytest.param((BASICS, "    order: {loinc: 2890-2}\n", ""), id="what is ordered"),
        pytest.param((TRIAL, "  short_title: Nothing\n", "  short_title: Less\n"), id="the title on a card"),
        pytest.param(
            ("scores/activity.yaml", "domain: general,", "domain: general, group: kidney,"),
            id="the group that a score needs",
        ),
        pytest.param((BASICS, "kind: finding, pathology: yes,", "kind: finding,"), id="who reads a biopsy"),
    ],
)
def test_what_changes_the_digest_changes_the_sheet(edit: Edit, tmp_path: Path) -> None:
    asked = excluding("{finding: {of: biopsy-class, is: recorded}}")
    before, after = sheet_of(changed(tmp_path / "1", asked)), sheet_of(changed(tmp_path / "2", asked, edit))
    assert re.findall(r"Digest: (.*)", before) != re.findall(r"Digest: (.*)", after)
    assert without_digest(before) != without_digest(after)


def test_every_key_of_a_concept_stands_on_the_sheet() -> None:
    """One that it forgets would be signed unseen. Spellings of units are a site's, not the author's."""
    folder = Path(__file__).resolve().parents[3] / "mappings" / "definitions" / "review"
    text = (folder / "concept_prose.py").read_text(encoding="utf-8")
    members = {member.name for member in fields(Concept)} - {"unit_spellings"}
    assert {name for name in members if f".{name}" not in text} == set()


def test_a_conversion_that_adds_says_so(tmp_path: Path) -> None:
    unit = "    unit: g/g\n    conversions: {mg/mmol: 1/113.12}\n"
    plus = "    unit: g/g\n    conversions: {mg/mmol: {times: 1/113.12, plus: 2.152}}\n"
    sheet = sheet_of(changed(tmp_path, (BASICS, unit, plus)))
    assert (
        "- A number in `mg/mmol` is multiplied by 0.00884016973, then 2.152 is added: it is then in `g/g`\n"
        in (sheet)
    )
    assert "1 `mg/mmol` is" not in sheet


def test_two_groups_whose_members_change_places_make_another_sheet(tmp_path: Path) -> None:
    def sheet(steroid: str, other: str) -> str:
        groups = f"members: [{steroid}]}}\n  - {{id: others, display: Others, members: [{other}]}}"
        edits = (BASICS, "members: [prednisone, prednisolone]}", groups), excluding("{drug: {of: others}}")
        return without_digest(sheet_of(changed(tmp_path / steroid, *edits)))

    sheets = sheet("prednisone", "prednisolone"), sheet("prednisolone", "prednisone")
    assert sheets[0] != sheets[1]
    assert "- Glucocorticoids (`steroids`): Prednisone\n" in sheets[0]
    assert "- Glucocorticoids (`steroids`): Prednisolone\n" in sheets[1]


def test_every_group_of_the_packaged_trials_is_told_with_its_members() -> None:
    catalog = load_catalog()
    for trial in catalog.trials:
        sheet, named = describe(trial, catalog), groups_in(trial, catalog)
        assert named
        for group in (catalog.groups[name] for name in named):
            line = next(line for line in sheet.splitlines() if line.startswith(f"- {group.display} (`"))
            for member in group.members:
                assert catalog.concepts[member].display in line


def test_concepts_of_one_name_always_stand_in_the_same_order() -> None:
    catalog = load_catalog()
    heads = re.findall(
        r"^### Bilirubin, total \(`(.*)`\)$", describe(catalog.trials[0], catalog), re.MULTILINE
    )
    assert heads == sorted(heads)
    assert len(heads) == 2


# --- drugs are called what the author called them


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("[prednisone, prednisolone]", "Prednisone or Prednisolone"),
        ("[prednisolone, azathioprine, prednisone]", "Prednisolone, Azathioprine or Prednisone"),
        ("steroids", "Glucocorticoids"),
        ("[azathioprine, steroids]", "Azathioprine or Glucocorticoids"),
    ],
)
def test_a_list_is_named_by_a_group_only_if_its_author_named_the_group(
    written: str, named: str, tmp_path: Path
) -> None:
    catalog = changed(tmp_path, excluding(f"{{drug: {{of: {written}}}}}"))
    assert f"- A drug was given: {named}, at any time or still." in sheet_of(catalog)


def test_the_author_s_names_are_kept_beside_the_members(tmp_path: Path) -> None:
    catalog = changed(tmp_path, excluding("{drug: {of: [azathioprine, steroids]}}"))
    rule = next(one.require for one in catalog.trials[0].criteria if one.id == "more")
    assert isinstance(rule, Not)
    assert isinstance(rule.of, DrugRule)
    assert rule.of.of == ("azathioprine", "prednisone", "prednisolone")
    assert written_in(rule.of.of) == ("azathioprine", "steroids")
    assert written_in(Named(["prednisone"])) == written_in(("prednisone",)) == ("prednisone",)


# --- nothing is said that is not so


def test_a_criterion_without_a_reading_is_not_said_to_add_nothing(tmp_path: Path) -> None:
    sheet = sheet_of(changed(tmp_path))
    assert "- No reading is written down.\n" in sheet
    assert "nothing added" not in sheet


def test_the_sheet_says_that_remission_counts(tmp_path: Path) -> None:
    sheet = sheet_of(changed(tmp_path))
    assert (
        "- A confirmed diagnosis: Lactation, not inactive or resolved (remission counts as present).\n"
        in sheet
    )
    assert "past or present (remission" not in sheet


def test_how_long_a_treatment_must_last_is_no_age_of_a_fact(tmp_path: Path) -> None:
    sheet = sheet_of(changed(tmp_path))
    assert "| treated | Glucocorticoids and Azathioprine | more than 6 months, without a break |\n" in sheet
    assert "| treated | Azathioprine | 6 months |\n" in sheet


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([], "The criterion is met by the answer yes, and not met by no."),
        (
            [
                (TRIAL, "settles: willing,", "settles: more,"),
                excluding("{judgement: {question: Is surgery planned?}}"),
            ],
            "The criterion is met by the answer no, and not met by yes.",
        ),
        (
            [
                (TRIAL, "least: 0, most: 3, counts_for", "least: 0, most: 5, settles: more, counts_for"),
                excluding("{measurement: {of: activity-index, at_least: 2}}"),
            ],
            "The criterion is met by the answer 0 to 1, and not met by 2 to 5.",
        ),
        (
            [
                (TRIAL, "least: 0, most: 3, counts_for", "least: 0, most: 3, settles: more, counts_for"),
                excluding("{measurement: {of: activity-index, at_least: 2, at_most: 2}}"),
            ],
            "The criterion is met by the answer 0 to 1 or 3, and not met by 2.",
        ),
    ],
    ids=["required", "excluded", "a number excluded", "a number in the middle"],
)
def test_the_sheet_says_which_answer_does_what(edits: list[Edit], said: str, tmp_path: Path) -> None:
    assert f"- {said}\n" in sheet_of(changed(tmp_path, *edits))


# --- what an author may have overlooked


def doubts(folder: Path, *edits: Edit) -> tuple[str, ...]:
    return doubts_about(changed(folder, *edits).trials[0])


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("{drug: {of: prednisone, within: 6 months}}", "'within: 6 months'"),
        ("{drug: {of: prednisone, within: 18 months, older_means: not_met}}", "'older_means'"),
        ("{condition: {of: sle, recorded_within: 1 year}}", "'recorded_within: 1 year'"),
    ],
)
def test_a_look_back_or_a_claim_without_a_reading_is_told(rule: str, what: str, tmp_path: Path) -> None:
    told = f"criterion 'more': no 'interpretation' says why its rule has {what}"
    assert told in doubts(tmp_path, excluding(rule))


@pytest.mark.parametrize("rule", ["{drug: {of: prednisone, within: 18 months}}", "{drug: {of: prednisone}}"])
def test_a_look_back_in_the_protocol_s_own_words_needs_no_reading(rule: str, tmp_path: Path) -> None:
    assert not any("'more'" in doubt for doubt in doubts(tmp_path, excluding(rule)))


def test_a_question_in_other_words_than_its_judgement_is_told_with_what_yes_does(tmp_path: Path) -> None:
    assert (
        "question 'willing' is not in the words of the judgement of 'willing'; 'yes' makes the criterion met"
    ) in doubts(tmp_path)
    same = (TRIAL, 'question: "Willing?"', 'question: "Is the patient willing?"')
    assert not any("question" in doubt for doubt in doubts(tmp_path / "same", same))


def test_the_packaged_trials_leave_no_doubt() -> None:
    assert [doubts_about(trial) for trial in load_catalog().trials] == [()]
