"""The JSON of ``trialhook assess --json`` is a contract: members may be added, never renamed or left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, get_args

import orjson

from cds_service.assessment_json import NOT_REVIEWED
from mappings.results import How, NearMissKind, WantKind
from tests.cli.conftest import Run

DOCUMENT = {"patient", "as_of", "assessments"}
ASSESSMENT = {
    *("trial", "definition", "outcome", "record_reason", "gate", "counts", "criteria", "scores"),
    *("enrolment", "other_studies", "not_encoded", "not_retrieved", "unreadable"),
    *("next_steps", "near_misses", "answers"),
}
DEFINITION = {"version", "digest", "status", "reviewed_by", "note", "site"}
CRITERION = {"id", "label", "kind", "verdict", "reason", "evidence", "to_settle"}
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
SCORE = {"at_least", "at_most", "undecided", "basis", "struck"}
ANSWER = {"question", "text", "settles", "state", "evidence"}
STATES = {"current", "unsure", "conflicting", "unreadable", "too_old"}
NEXT_STEPS = {"sets", "more", "could_rule_out", "needs_a_person", "not_yet"}
SET = {"effort", "steps"}
STEP = {"how", "label", "effort", "facts", "orders"}
FACT = {"concept", "label", "how", "wanted", "criteria"}
WANT = {"kind", "limit", "answers"}
ORDER = {"concept", "system", "code", "display"}
NEAR_MISS = {"criterion", "kind", "concept", "label", "text", "limit", "amount", "unit", "date"}
KINDS = {*get_args(WantKind), *get_args(NearMissKind)}
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
        assert all(set(struck) == EVIDENCE | {"item"} for struck in score["struck"])
    for answer in assessment["answers"]:
        assert set(answer) == ANSWER
        assert answer["state"] in STATES
        assert all(set(evidence) == EVIDENCE for evidence in answer["evidence"])
    for one in assessment["unreadable"]:
        assert set(one) == {"reference", "what"}
    check_outlook(assessment)


def check_outlook(assessment: dict[str, Any]) -> None:
    steps = assessment["next_steps"]
    assert set(steps) == NEXT_STEPS
    for one in steps["sets"]:
        assert set(one) == SET
        assert one["effort"] == sum(step["effort"] for step in one["steps"])
        for step in one["steps"]:
            assert set(step) == STEP
            assert step["how"] in get_args(How)
            assert all(set(order) == ORDER for order in step["orders"])
    in_sets = [fact for one in steps["sets"] for step in one["steps"] for fact in step["facts"]]
    for fact in [*in_sets, *steps["could_rule_out"]]:
        assert set(fact) == FACT
        assert all(set(want) == WANT for want in fact["wanted"])
    for miss in assessment["near_misses"]:
        assert set(miss) == NEAR_MISS
        assert miss["kind"] in get_args(NearMissKind)
        assert "" not in miss.values()


def test_an_open_candidate_has_next_steps_and_one_who_is_ruled_out_has_none(
    run: Run, written: Callable[[str, object], Path], bundles: dict[str, Any]
) -> None:
    [zhou_yan] = assessed(run, written("a.json", bundles["zhou-yan"]))
    [xu_le] = assessed(run, written("b.json", bundles["xu-le"]))

    (first, *_) = zhou_yan["assessments"][0]["next_steps"]["sets"]
    assert [order["code"] for step in first["steps"] for order in step["orders"]] == [
        *("13945-1", "5821-4"),
        *("8116-6", "2118-8"),
    ]
    ruled_out = xu_le["assessments"][0]
    assert not any(ruled_out["next_steps"].values())
    assert {"criterion": "age", "kind": "reached_on", "date": "2028-03-10"}.items() <= (
        ruled_out["near_misses"][0].items()
    )


def test_both_scores_are_there_and_only_one_has_an_entry_criterion(
    run: Run, written: Callable[[str, object], Path], bundles: dict[str, Any]
) -> None:
    [document] = assessed(run, written("a.json", bundles["lin-mei"]))
    scores = document["assessments"][0]["scores"]
    assert set(scores) == {"sledai-2k", "eular-acr-2019"}
    assert "entry" not in scores["sledai-2k"]
    assert scores["eular-acr-2019"]["entry"] in ("met", "not-met", "unknown")


def test_every_member_is_in_the_documentation() -> None:
    told = set(re.findall(r"`([a-z0-9_-]+)`", DOCS.read_text(encoding="utf-8")))
    wanted = DOCUMENT | ASSESSMENT | DEFINITION | CRITERION | EVIDENCE | SCORE | REASONS | {"entry", "what"}
    outlook = NEXT_STEPS | SET | STEP | FACT | WANT | ORDER | NEAR_MISS | KINDS | set(get_args(How))
    assert wanted | outlook <= told
