"""trialhook assess: patients from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.demo import samples
from tests.cli.conftest import Run

DAY = ("--as-of", "2026-06-15")
Write = Callable[[str, object], Path]
Bundles = dict[str, Any]


def documents(output: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in output.splitlines()]


def resources_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"]]


def searchset(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"https://ehr.example/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.mark.parametrize("sample", samples.ALL, ids=lambda sample: sample.id)
def test_every_sample_patient_has_the_outcome_of_the_story(
    run: Run, written: Write, bundles: Bundles, sample: samples.Sample
) -> None:
    result = run("assess", written("a.json", bundles[sample.id]), "--json", *DAY)
    assert result.exit_code == 0, result.stderr
    [document] = documents(result.stdout)
    [assessment] = document["assessments"]
    assert document["as_of"] == "2026-06-15"
    assert assessment["outcome"] == sample.expected_outcome
    assert assessment["record_reason"] == sample.expected_record_reason


@pytest.mark.parametrize(
    "form", ["searchset", "collection", "transaction", "ndjson", "resources", "two files"]
)
def test_every_form_of_input_gives_the_same_assessment(
    run: Run, written: Write, bundles: Bundles, form: str
) -> None:
    bundle = bundles["lin-mei"]
    resources = resources_of(bundle)
    files = {
        "searchset": lambda: [written("a.json", searchset(resources))],
        "collection": lambda: [written("a.json", {**bundle, "type": "collection"})],
        "transaction": lambda: [written("a.json", as_transaction(resources))],
        "ndjson": lambda: [written("a.ndjson", resources)],
        "resources": lambda: [written(f"{number}.json", one) for number, one in enumerate(resources)],
        "two files": lambda: [
            written("a.ndjson", resources[1::2]),
            written("b.json", searchset([resources[0], *resources[2::2]])),
        ],
    }[form]()
    result = run("assess", *files, "--json", *DAY)
    assert result.exit_code == 0, result.stderr
    [expected] = documents(run("assess", written("x.json", bundle), "--json", *DAY).stdout)
    [document] = documents(result.stdout)
    assert [c["verdict"] for c in document["assessments"][0]["criteria"]] == [
        c["verdict"] for c in expected["assessments"][0]["criteria"]
    ]
    assert document["assessments"][0]["outcome"] == "possible-candidate"


def as_transaction(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """As senders make it: no ids, and references by the uuid of the entry."""
    urns = {f"{one['resourceType']}/{one['id']}": f"urn:uuid:00000000-0000-4000-8000-{number:012}"
            for number, one in enumerate(resources)}  # fmt: skip
    text = orjson.dumps([{k: v for k, v in one.items() if k != "id"} for one in resources]).decode()
    for reference, urn in urns.items():
        text = text.replace(f'"{reference}"', f'"{urn}"')
    entries = [
        {"fullUrl": urn, "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for urn, one in zip(urns.values(), orjson.loads(text), strict=True)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_several_patients_are_one_line_each_and_never_mixed(
    run: Run, written: Write, bundles: Bundles
) -> None:
    names = ["lin-mei", "ma-jun", "gao-min"]
    mixed = [one for name in names for one in resources_of(bundles[name])]
    mixed = mixed[::2] + mixed[1::2]
    result = run("assess", written("all.ndjson", mixed), "--json", *DAY)
    found = {one["patient"]: one["assessments"][0]["outcome"] for one in documents(result.stdout)}
    assert found == {
        "Patient/lin-mei": "possible-candidate",
        "Patient/ma-jun": "ruled-out",
        "Patient/gao-min": "needs-data",
    }
    for document in documents(result.stdout):
        references = {
            evidence["reference"]
            for criterion in document["assessments"][0]["criteria"]
            for evidence in criterion["evidence"]
            if evidence["reference"]
        }
        assert all(document["patient"].split("/")[1] in reference for reference in references)


def test_records_without_a_patient_are_counted_on_stderr(run: Run, written: Write, bundles: Bundles) -> None:
    nobodys = [
        {"resourceType": "Observation", "id": "x1", "status": "final"},
        {"resourceType": "Condition", "id": "x2", "subject": {"reference": "Patient/unknown"}},
        {"resourceType": "Organization", "id": "x3"},
    ]
    result = run(
        "assess", written("a.json", bundles["lin-mei"]), written("b.ndjson", nobodys), "--json", *DAY
    )
    assert result.exit_code == 0
    assert len(documents(result.stdout)) == 1
    assert "2 records without a patient" in result.stderr


def test_the_table_is_readable_by_a_person(run: Run, written: Write, bundles: Bundles) -> None:
    result = run("assess", written("a.json", bundles["lin-mei"]), *DAY)
    assert result.exit_code == 0
    for words in (
        "Patient/lin-mei",
        "possible-candidate",
        "proteinuria",
        "met",
        "not yet reviewed by a physician",
    ):
        assert words in result.stdout


def test_text_of_a_record_cannot_steer_the_terminal(run: Run, written: Write, bundles: Bundles) -> None:
    bundle = orjson.loads(orjson.dumps(bundles["lin-mei"]))
    for resource in resources_of(bundle):
        if "code" in resource:
            resource["code"]["text"] = "\x1b[2J[red]evil[/red]\r\n\u202e"
    result = run("assess", written("a.json", bundle), *DAY)
    assert result.exit_code == 0
    assert "\x1b[2J" not in result.stdout
    assert "\u202e" not in result.stdout


def test_a_page_whose_next_page_is_not_among_the_files_is_not_retrieved(
    run: Run, written: Write, bundles: Bundles
) -> None:
    following = "https://ehr.example/Observation?page=2"
    page = {**bundles["lin-mei"], "link": [{"relation": "next", "url": following}]}
    alone = documents(run("assess", written("a.json", page), "--json", *DAY).stdout)
    assert any("first pages" in what for what in alone[0]["assessments"][0]["not_retrieved"])
    rest = {**searchset([]), "link": [{"relation": "self", "url": following}]}
    both = documents(run("assess", written("a.json", page), written("b.json", rest), "--json", *DAY).stdout)
    assert both[0]["assessments"][0]["not_retrieved"] == []


ORDERS = "https://ehr.example/MedicationRequest?patient=lin-mei"
TIMEOUT = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
FAILED = {"type": "batch-response", "entry": [{"response": {"status": "500", "outcome": TIMEOUT}}]}
EVERY = 13


def linked(relation: str, url: str = ORDERS) -> dict[str, Any]:
    return {"link": [{"relation": relation, "url": url}]}


def answer(*rows: Any, **members: Any) -> dict[str, Any]:
    entries = [{"resource": row, "search": {"mode": "match"}} for row in rows]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def order(bundles: Bundles) -> dict[str, Any]:
    return next(one for one in resources_of(bundles["lin-mei"]) if one["resourceType"] == "MedicationRequest")


# A name, the answer to a search (ORDER stands for a row), of how many types rows are missing, and why.
ORDER: dict[str, Any] = {}
BOTH = [{"resource": ORDER}, {"response": {"status": "404"}}]
ANSWERS: list[tuple[str, dict[str, Any], int, str]] = [
    ("a row", answer(ORDER, total=1), 0, ""),
    ("a row, uncounted", answer(ORDER), 0, ""),
    ("nothing", answer(total=0, **linked("self")), 0, ""),
    ("a batch", {**answer(answer(ORDER, total=1)), "type": "batch-response"}, 0, ""),
    ("one of three", answer(ORDER, total=3), 1, "fewer rows"),
    ("one of three, three times", answer(ORDER, ORDER, ORDER, total=3), 1, "fewer rows"),
    ("one of three, in a batch", {**answer(answer(ORDER, total=3)), "type": "batch-response"}, 1, "fewer"),
    ("none of three", answer(total=3), EVERY, "fewer rows"),
    ("none of three, and what was asked for", answer(total=3, **linked("self")), 1, "fewer rows"),
    ("an empty first page", answer(**linked("next")), 1, "first pages"),
    ("a first page of a search that is not told", answer(**linked("next", "?page=2")), EVERY, "first pages"),
    ("a next page without address", answer(ORDER, link={"relation": "next"}), 1, "rows are missing"),
    ("an error beside a row", answer(ORDER, TIMEOUT), 1, "rows are missing"),
    ("a warning beside a row", answer(ORDER, {**TIMEOUT, "issue": [{"severity": "warning"}]}), 0, ""),
    ("an error alone", TIMEOUT, EVERY, "rows are missing"),
    ("an error in a Bundle", answer(TIMEOUT), EVERY, "rows are missing"),
    ("a batch of which a part failed", {**answer(ORDER) | FAILED, "entry": [*BOTH]}, EVERY, "are missing"),
    ("a batch that failed", {"resourceType": "Bundle", **FAILED}, EVERY, "rows are missing"),
    ("entries that are none", answer() | {"entry": "x"} | linked("self"), 1, "was not a search result"),
]


@pytest.mark.parametrize("row", ANSWERS, ids=[name for name, *_ in ANSWERS])
def test_what_a_saved_search_lacks_is_not_retrieved(
    run: Run, written: Write, bundles: Bundles, row: tuple[str, dict[str, Any], int, str]
) -> None:
    name, said, types, why = row
    resource = b'"resource":' + orjson.dumps(order(bundles))
    searched = orjson.dumps(said).replace(b'"resource":{}', resource)
    files = written("a.json", bundles["lin-mei"]), written("b.json", searched)
    [document] = documents(run("assess", *files, "--json", *DAY).stdout)
    gaps = document["assessments"][0]["not_retrieved"]
    assert len({gap.partition(":")[0] for gap in gaps}) == len(gaps) == types, name
    assert all(why in gap for gap in gaps)


def test_one_row_that_is_not_in_a_list_is_read(run: Run, written: Write, bundles: Bundles) -> None:
    rows = [one for one in bundles["lin-mei"]["entry"] if one["resource"] != order(bundles)]
    whole, less = [*rows, {"resource": order(bundles)}], [{**answer(), "entry": rows}]
    alone = {**answer(), "entry": {"resource": order(bundles)}}
    assert documents(
        run("assess", written("a.json", less[0]), written("b.json", alone), "--json", *DAY).stdout
    ) == documents(run("assess", written("c.json", {**answer(), "entry": whole}), "--json", *DAY).stdout)


def test_half_a_character_in_one_line_costs_only_itself(run: Run, written: Write, bundles: Bundles) -> None:
    patient, *rest = resources_of(bundles["lin-mei"])
    lines = [orjson.dumps(one) for one in (patient, *rest)]
    broken = [b'{"note":[{"text":"\\ud83d"}],' + line[1:] for line in lines]
    good = documents(run("assess", written("a.ndjson", b"\n".join(lines)), "--json", *DAY).stdout)
    assert documents(run("assess", written("b.ndjson", b"\n".join(broken)), "--json", *DAY).stdout) == good
    marked = b"\n".join(b"\xef\xbb\xbf" + line for line in lines)
    assert documents(run("assess", written("c.ndjson", marked), "--json", *DAY).stdout) == good


def test_a_byte_order_mark_does_no_harm(run: Run, written: Write, bundles: Bundles) -> None:
    path = written("a.json", b"\xef\xbb\xbf" + orjson.dumps(bundles["lin-mei"]))
    assert run("assess", path, "--json", *DAY).exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"", "is empty"),
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"<Bundle/>", "is not JSON"),
        ("a.json", b"\xff\xfe", "is not UTF-8"),
        ("a.json", b"[" * 5000, "is not JSON"),
        ("a.json", [], "is not a FHIR resource"),
        ("a.json", {"secret": 1}, "is not a FHIR resource"),
        ("a.json", {"resourceType": 7}, "is not a FHIR resource"),
        ("a.ndjson", b'{"resourceType":"Patient","id":"p"}\n{"resourceType":\n', "line 2: is not JSON"),
        ("a.ndjson", b'{"resourceType":"Patient","id":"p"}\n7\n', "line 2: is not a FHIR resource"),
        ("a.json", {"resourceType": "Bundle"}, "no Patient"),
        ("a.json", {"resourceType": "Bundle", "entry": "x"}, "no Patient"),
        ("a.json", {"resourceType": "Bundle", "entry": [None, {"resource": 7}]}, "no Patient"),
        ("a.json", {"resourceType": "Patient"}, "no Patient"),
    ],
)
def test_unusable_input_is_2_with_a_clear_error(
    run: Run, written: Write, name: str, content: object, said: str
) -> None:
    result = run("assess", written(name, content), "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "secret" not in result.stderr


def test_a_file_that_is_not_there_is_2(run: Run, tmp_path: Path) -> None:
    result = run("assess", tmp_path / "none.json")
    assert result.exit_code == 2
    assert "No such file" in result.stderr
    assert run("assess", tmp_path).exit_code == 2
    assert run("assess").exit_code == 2


def test_one_bad_entry_does_not_spoil_the_file(run: Run, written: Write, bundles: Bundles) -> None:
    bundle = {**bundles["lin-mei"], "entry": [7, {"resource": None}, *bundles["lin-mei"]["entry"]]}
    result = run("assess", written("a.json", bundle), "--json", *DAY)
    assert result.exit_code == 0
    assert documents(result.stdout)[0]["assessments"][0]["outcome"] == "possible-candidate"
    assert "2 entries are not FHIR resources" in result.stderr


def test_only_the_trial_that_was_asked_for_is_assessed(run: Run, written: Write, bundles: Bundles) -> None:
    path = written("a.json", bundles["lin-mei"])
    [document] = documents(run("assess", path, "--trial", "NCT06920433", "--json", *DAY).stdout)
    assert [one["trial"] for one in document["assessments"]] == ["NCT06920433"]
    result = run("assess", path, "--trial", "NCT1", "--json")
    assert result.exit_code == 2
    assert "known: NCT06920433" in result.stderr


def test_a_day_that_is_none_is_2(run: Run, written: Write, bundles: Bundles) -> None:
    assert run("assess", written("a.json", bundles["lin-mei"]), "--as-of", "15.06.2026").exit_code == 2


def test_facts_after_the_day_are_not_seen(run: Run, written: Write, bundles: Bundles) -> None:
    path = written("a.json", bundles["lin-mei"])
    [document] = documents(run("assess", path, "--as-of", "2000-01-01", "--json").stdout)
    assert document["as_of"] == "2000-01-01"
    assert document["assessments"][0]["outcome"] != "possible-candidate"


def test_a_bad_setting_is_told_and_not_traced(
    run: Run, written: Write, bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALHOOK_TIMEZONE", "Europe/Berlin")
    result = run("assess", written("a.json", bundles["lin-mei"]))
    assert result.exit_code == 2
    assert "did you mean TRIALHOOK_TIME_ZONE?" in result.stderr
