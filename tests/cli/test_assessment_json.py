"""The JSON of ``trialhook assess --json`` is a contract: members may be added, never renamed or left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from cds_service.assessment_json import NOT_REVIEWED
from tests.cli.conftest import Run

DOCUMENT = {"patient", "as_of", "assessments"}
ASSESSMENT = {
    *("trial", "definition", "outcome", "record_reason", "gate", "counts", "criteria", "scores"),
    *("enrolment", "other_studies", "not_encoded", "not_retrieved", "unreadable"),
}
DEFINITION = {"version", "digest", "status", "reviewed_by", "note"}
CRITERION = {"id", "label", "verdict", "reason", "evidence", "to_settle"}
EVIDENCE = {
    "reference",
    "concept",
    "label",
    "value",
    "unit",
    "text",
    "date",
    "reason",
    "note",
    "counts_until",
}
SCORE = {"at_least", "at_most", "undecided", "basis"}
REASONS = {
    *("value", "not_found", "not_retrieved", "unreadable", "too_old", "imprecise", "censored"),
    *("unit_not_comparable", "conflicting", "not_confirmed", "needs_judgement", "attested", "not_applicable"),
    *("absent_by_rule", "score_undecided"),
}
DOCS = Path(__file__).resolve().parents[2] / "docs" / "assessment-json.md"


def assessed(run: Run, path: Path) -> list[dict[str, Any]]:
    result = run("assess", path, "--json", "--as-of", "2026-06-15")
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_every_document_has_exactly_the_members_of_the_contract(
    run: Run, written: Callable[[str, object], Path], bundles: dict[str, Any]
) -> None:
    everyone = [entry["resource"] for bundle in bundles.values() for entry in bundle["entry"]]
    documents = assessed(run, written("all.ndjson", everyone))
    assert len(documents) == len(bundles)
    for document in documents:
        assert set(document) == DOCUMENT
        assert document["patient"].startswith("Patient/")
        assert date.fromisoformat(document["as_of"]) == date(2026, 6, 15)
        for assessment in document["assessments"]:
            check_assessment(assessment)


def check_assessment(assessment: dict[str, Any]) -> None:
    assert set(assessment) == ASSESSMENT
    assert set(assessment["definition"]) == DEFINITION
    assert assessment["definition"]["note"] == NOT_REVIEWED
    assert assessment["outcome"] in ("possible-candidate", "needs-data", "ruled-out")
    assert assessment["record_reason"] in (None, "deceased", "inactive", "merged")
    assert assessment["gate"] in ("met", "not-met", "unknown")
    assert set(assessment["counts"]) == {"met", "unknown", "not_met"}
    for criterion in assessment["criteria"]:
        assert set(criterion) == CRITERION
        assert criterion["verdict"] in ("met", "not-met", "unknown")
        assert criterion["reason"] in REASONS
        for evidence in criterion["evidence"]:
            assert set(evidence) == EVIDENCE
            assert evidence["reason"] in REASONS
            assert "" not in evidence.values()
    for score in assessment["scores"].values():
        assert set(score) - {"entry"} == SCORE
        assert score["basis"] in ("recorded", "computed")
        assert score["at_least"] <= score["at_most"]
    for one in assessment["unreadable"]:
        assert set(one) == {"reference", "what"}


def test_both_scores_are_there_and_only_one_has_an_entry_criterion(
    run: Run, written: Callable[[str, object], Path], bundles: dict[str, Any]
) -> None:
    [document] = assessed(run, written("a.json", bundles["lin-mei"]))
    scores = document["assessments"][0]["scores"]
    assert set(scores) == {"sledai-2k", "eular-acr-2019"}
    assert "entry" not in scores["sledai-2k"]
    assert scores["eular-acr-2019"]["entry"] in ("met", "not-met", "unknown")


def test_every_member_is_in_the_documentation() -> None:
    told = set(re.findall(r"`([a-z_-]+)`", DOCS.read_text(encoding="utf-8")))
    wanted = DOCUMENT | ASSESSMENT | DEFINITION | CRITERION | EVIDENCE | SCORE | REASONS | {"entry", "what"}
    assert wanted <= told
