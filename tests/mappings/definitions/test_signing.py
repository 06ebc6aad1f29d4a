"""A physician's signature: what it is about, when it holds, and what has changed since."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mappings.definitions import DefinitionError, Mistake, load_catalog
from mappings.definitions.loading import load_definitions
from mappings.definitions.parsing.source import Plain
from mappings.definitions.signing import content
from mappings.definitions.signing.changes import Change, changes_between
from mappings.definitions.signing.signature import Signature, signature_path, signature_text
from mappings.units import spellings

GOOD = Path(__file__).resolve().parents[2] / "bad_definitions" / "_good"
TRIAL = "trials/T-GOOD.yaml"
REVIEWER, DAY = "Dr A. Weber", date(2026, 11, 23)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The good definitions, to be changed."""
    return Path(shutil.copytree(GOOD, tmp_path / "definitions"))


def sign(root: Path) -> Path:
    """Signs the trial as it stands; the path of the signature."""
    definitions = load_definitions(root=root, to_be_signed=True)
    path = signature_path(root / TRIAL, "T-GOOD")
    path.parent.mkdir(exist_ok=True)
    signature = Signature("T-GOOD", REVIEWER, DAY, definitions.contents["T-GOOD"])
    path.write_text(signature_text(signature), encoding="utf-8")
    return path


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def changes(root: Path) -> tuple[Change, ...]:
    definitions = load_definitions(root=root, to_be_signed=True)
    return changes_between(definitions.signatures["T-GOOD"].content, definitions.contents["T-GOOD"])


# --- when it holds


def test_a_signed_trial_names_its_reviewer_and_the_day(root: Path) -> None:
    assert load_catalog(root=root).trials[0].facts.reviewed_by == ""
    sign(root)
    facts = load_catalog(root=root).trials[0].facts
    assert (facts.reviewed_by, facts.reviewed_on) == (REVIEWER, DAY)


@pytest.mark.parametrize("status", ["reviewed", "active"])
def test_only_a_signed_definition_may_be_reviewed_or_active(status: str, root: Path) -> None:
    edit(root, TRIAL, "status: draft", f"status: {status}")
    with pytest.raises(DefinitionError, match="trialhook trials sign T-GOOD"):
        load_catalog(root=root)
    sign(root)
    assert load_catalog(root=root).trials[0].facts.status == status


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(TRIAL, "1000 mg/g", "1100 mg/g", id="a threshold of the trial"),
        pytest.param(TRIAL, "The latest result counts.", "Any result counts.", id="our reading"),
        pytest.param("concepts/basics.yaml", "mg/mmol: 1/113.12", "mg/mmol: 1/100", id="a conversion"),
        pytest.param("concepts/basics.yaml", "55464009:", "68815009:", id="a code"),
        pytest.param(TRIAL, "Willing?", "Is the patient willing?", id="a question of the worksheet"),
        pytest.param(TRIAL, "counts_for: 90 days", "counts_for: 1 year", id="how long an answer counts"),
        pytest.param(TRIAL, "strikes_count_for: 1 year", "strikes_count_for: 2 years", id="a strike's time"),
        pytest.param("scores/activity.yaml", "points: 1", "points: 2", id="the points of a score"),
    ],
)
def test_an_edit_loses_the_signature(file: str, old: str, new: str, root: Path) -> None:
    sign(root)
    edit(root, TRIAL, "status: draft", "status: active")
    load_catalog(root=root)
    edit(root, file, old, new)
    with pytest.raises(DefinitionError) as error:
        load_catalog(root=root)
    assert [fault.mistake for fault in error.value.faults] == [Mistake.NOT_SIGNED]
    assert "changed after Dr A. Weber signed it on 2026-11-23" in str(error.value)


def test_a_unit_that_is_read_in_another_way_loses_the_signature(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(root)
    table = spellings.unit_table()
    first = table.units[0]._replace(written=(*table.units[0].written, "g/gram of something"))
    monkeypatch.setattr(content, "unit_table", lambda: table._replace(units=(first, *table.units[1:])))
    assert load_catalog(root=root).trials[0].facts.reviewed_by == ""
    (change,) = changes(root)
    assert change.place[:2] == ("units", first.ucum)


def test_a_draft_whose_signature_was_lost_is_served_as_not_reviewed(root: Path) -> None:
    sign(root)
    edit(root, TRIAL, "1000 mg/g", "1100 mg/g")
    facts = load_catalog(root=root).trials[0].facts
    assert (facts.reviewed_by, facts.reviewed_on) == ("", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("status: draft", "status: closed"),
        ("{status: recruiting, ", "{status: full, "),
        ("sites: [Hangzhou]", "sites: [Hangzhou, Ningbo]"),
        ("schema: 1\n", "schema: 1  # read again in 2026\n"),
    ],
)
def test_status_recruitment_and_comments_are_no_part_of_what_is_signed(
    old: str, new: str, root: Path
) -> None:
    sign(root)
    edit(root, TRIAL, old, new)
    assert load_catalog(root=root).trials[0].facts.reviewed_by == REVIEWER


# --- its file


def test_signing_twice_writes_the_same_file(root: Path) -> None:
    assert sign(root).read_bytes() == sign(root).read_bytes()


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("schema", "2", "is not a signature of schema 1"),
        ("trial", "T-OTHER", "is the signature of another trial"),
        ("reviewed_by", "", "names no reviewer"),
        ("reviewed_by", "Dr\n A", "names no reviewer"),
        ("reviewed_by", ["Dr A"], "names no reviewer"),
        ("reviewed_on", "23 November", "has no day of the form"),
        ("reviewed_on", None, "has no day of the form"),
        ("digest", "sha256:00", "was changed after it was written"),
        ("signed", {"trial": {}}, "was changed after it was written"),
        ("signed", [], "was changed after it was written"),
    ],
)
def test_a_signature_that_cannot_be_used_is_told(member: str, value: Any, said: str, root: Path) -> None:
    path = sign(root)
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(document | {member: value}), encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        load_catalog(root=root)
    (fault,) = error.value.faults
    assert fault.mistake is Mistake.BAD_SIGNATURE
    assert fault.file == "definitions/trials/signatures/T-GOOD.json"
    assert fault.message.startswith(said)
    assert fault.message.endswith("sign again with 'trialhook trials sign T-GOOD'")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_signature_file_of_anything_else_is_told(content: bytes, root: Path) -> None:
    sign(root).write_bytes(content)
    with pytest.raises(DefinitionError, match=r"signatures/T-GOOD\.json"):
        load_catalog(root=root)


# --- what has changed


def test_nothing_has_changed_after_signing(root: Path) -> None:
    sign(root)
    assert changes(root) == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "change"),
    [
        (
            TRIAL,
            "greater_than: 1000 mg/g",
            "greater_than: 1 g/g",
            Change(
                (
                    "trial",
                    "inclusion",
                    "proteinuria",
                    "require",
                    "any",
                    "of",
                    "1",
                    "measurement",
                    "greater_than",
                ),
                "1000 mg/g",
                "1 g/g",
            ),
        ),
        (
            TRIAL,
            "not_encoded: [Something is left out.]",
            "not_encoded: [Something is left out., Another thing.]",
            Change(("trial", "not_encoded", "2"), None, "Another thing."),
        ),
        (
            TRIAL,
            "  - {id: age, label: Adult, protocol: Age 18",
            "  - {id: age, protocol: Age 18",
            Change(("trial", "inclusion", "age", "label"), "Adult", None),
        ),
        (
            "concepts/basics.yaml",
            "mg/mmol: 1/113.12",
            "mg/mmol: 1/113",
            Change(("concepts", "upcr", "conversions", "mg/mmol"), "1/113.12", "1/113"),
        ),
    ],
)
def test_a_change_is_shown_in_its_place(file: str, old: str, new: str, change: Change, root: Path) -> None:
    sign(root)
    edit(root, file, old, new)
    assert changes(root) == (change,)


def test_criteria_that_change_places_are_one_change_of_order() -> None:
    one: Plain = {"id": "age", "x": "1"}
    other: Plain = {"id": "sex", "x": "2"}
    found = changes_between({"trial": [one, other]}, {"trial": [other, one]})
    assert found == (Change(("trial", "(order)"), "age, sex", "sex, age"),)


def test_a_criterion_put_before_another_is_one_change() -> None:
    one: Plain = {"id": "age"}
    other: Plain = {"id": "sex"}
    (change,) = changes_between({"trial": [other]}, {"trial": [one, other]})
    assert change == Change(("trial", "age"), None, '{"id": "age"}')


def test_an_entry_put_before_others_is_one_change() -> None:
    assert changes_between({"x": ["b", "c"]}, {"x": ["a", "b", "c"]}) == (Change(("x", "1"), None, "a"),)
