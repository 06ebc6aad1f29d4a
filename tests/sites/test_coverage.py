"""``trialhook codes``: what of a hospital's records is read, what looks relevant, and what is not shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.codes.report import HIDDEN
from cds_service.demo import samples
from mappings.definitions import load_catalog
from mappings.definitions.sites import load_site
from tests.service.definitions import TODAY
from tests.sites.charts import (
    ANSWERS,
    DRUGS,
    LAB,
    LOINC,
    RXNORM,
    Json,
    bundle,
    coded,
    condition,
    order,
    patient,
    quantity,
    result,
)

UPCR = "urine-protein-creatinine-ratio"
KNOWN = coded(LOINC, "2890-2", "Protein/Creatinine [Mass Ratio] in Urine")
LOCAL = coded(LAB, "UPCR", "Protein/Creat Ratio Ur")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def write(folder: Path, *resources: Any, name: str = "chart.json") -> Path:
    path = folder / name
    path.write_bytes(orjson.dumps(bundle(*resources)))
    return path


def coverage(folder: Path, *resources: Any, more: tuple[object, ...] = ()) -> Json:
    """The JSON of what these resources hold."""
    answer = run("codes", "coverage", write(folder, *resources), "--json", *more)
    assert answer.exit_code == 0, answer.output
    return dict(orjson.loads(answer.stdout))


def found(document: Json, concept: str, how: str = "codes") -> list[tuple[str | None, int, str | None]]:
    return [(one["code"], one["times"], one["last"]) for one in document["concepts"][concept][how]]


# --- what is found


def test_the_codes_of_a_concept_are_counted_with_the_last_day(tmp_path: Path) -> None:
    results = [result(KNOWN, day=day) for day in ("2026-05-01", "2026-06-03T08:00:00Z", "2025-01-01")]
    document = coverage(tmp_path, patient(), *results)
    assert found(document, UPCR) == [("2890-2", 3, "2026-06-03")]
    assert document["concepts"]["complement-c3"] == {"label": "Complement C3", "codes": [], "by_name": []}
    assert document["site"] is None


def test_every_translation_that_is_known_is_told_and_the_code_counted_once(tmp_path: Path) -> None:
    both = {"coding": [*KNOWN["coding"], {"system": LOINC, "code": "34366-5"}, *LOCAL["coding"]]}
    document = coverage(tmp_path, patient(), result(both))
    assert found(document, UPCR) == [("2890-2", 1, "2026-06-01"), ("34366-5", 1, "2026-06-01")]
    assert (document["counts"]["codings"], document["counts"]["known"]) == (1, 1)
    assert document["unmapped"] == []


def test_what_is_read_by_its_words_is_found_by_name(tmp_path: Path) -> None:
    document = coverage(
        tmp_path, patient(), result(coded(LAB, "X1", "UPCR")), condition(coded("", "", "", "SLE"))
    )
    assert found(document, UPCR, "by_name") == [("X1", 1, "2026-06-01")]
    assert found(document, "sle", "by_name") == [(None, 1, "2025-03-02")]
    assert document["counts"]["by_name"] == 2


def test_components_and_panels_are_looked_into(tmp_path: Path) -> None:
    panel = result(coded(LAB, "PANEL", "Urine panel"))
    part = {"code": KNOWN, "valueQuantity": quantity(1.0, "g/g")}
    document = coverage(tmp_path, patient(), {**panel, "component": [part]})
    assert found(document, UPCR) == [("2890-2", 1, "2026-06-01")]


def test_drugs_are_found_by_their_codes_or_recognised_by_name(tmp_path: Path) -> None:
    document = coverage(
        tmp_path,
        patient(),
        order(coded(RXNORM, "8640")),
        order(coded(DRUGS, "YP1", "Prednisone tablets 5 mg")),
        order(coded(DRUGS, "YP2", "Triamcinolone 0.1 % cream")),
        {"resourceType": "Medication", "id": "m", "code": coded(RXNORM, "8640", "prednisone")},
    )
    assert [one[:2] for one in found(document, "prednisone")] == [("8640", 1), ("8640", 1)]
    assert [one[:2] for one in found(document, "prednisone", "by_name")] == [("YP1", 1)]
    assert document["concepts"]["triamcinolone"]["by_name"] == [], "a cream is no treatment, and no proposal"
    table = run("codes", "coverage", tmp_path / "chart.json").stdout
    assert "Drugs recognised only by the name" in table
    assert "Prednisone tablets 5 mg" in table


def test_what_looks_relevant_is_told_with_what_it_looks_like(tmp_path: Path) -> None:
    document = coverage(
        tmp_path, patient(), result(LOCAL), result(LOCAL), result(coded(LAB, "GLU", "Glucose"))
    )
    assert document["unmapped"] == [
        {
            "kind": "results",
            "system": LAB,
            "code": "UPCR",
            "display": "Protein/Creat Ratio Ur",
            "times": 2,
            "last": "2026-06-01",
            "like": [{"concept": UPCR, "sure": True}],
        }
    ]
    assert document["counts"]["irrelevant"] == 1


def test_answers_and_units_that_nothing_understands_are_told(tmp_path: Path) -> None:
    hcg = coded(LOINC, "2106-3")
    document = coverage(
        tmp_path,
        patient(),
        result(hcg, valueCodeableConcept=coded(ANSWERS, "A1", "reagiert")),
        result(hcg, valueCodeableConcept=coded("http://snomed.info/sct", "10828004", "Positive")),
        result(KNOWN, valueQuantity=quantity(120, "mg/mmol LAB7")),
        result(KNOWN, valueQuantity=quantity(120, "mg/mmol")),
    )
    assert document["answers_not_understood"] == [
        {"concept": "hcg", "system": ANSWERS, "code": "A1", "display": "reagiert", "times": 1}
    ]
    [unit] = document["units_not_converted"]
    assert (unit["concept"], unit["display"], unit["times"]) == (UPCR, "mg/mmol LAB7", 1)


def test_a_concentration_without_its_volume_is_no_unknown_unit(tmp_path: Path) -> None:
    concentration = result(coded(LOINC, "21482-5"), valueQuantity=quantity(0.8, "g/L"))
    document = coverage(tmp_path, patient(), concentration)
    assert document["units_not_converted"] == []
    assert found(document, "urine-protein-24h") == [("21482-5", 1, "2026-06-01")]


def test_the_counts_add_up(tmp_path: Path) -> None:
    everyone = [entry["resource"] for sample in samples.ALL for entry in sample.build(TODAY)["entry"]]
    counts = coverage(tmp_path, *everyone)["counts"]
    assert counts["resources"] == len(everyone)
    assert counts["patients"] == len(samples.ALL)
    assert counts["codings"] == sum(
        counts[key] for key in ("known", "by_name", "look_relevant", "irrelevant")
    )
    assert counts["known"] > 100


def test_several_files_are_counted_together(tmp_path: Path) -> None:
    one = write(tmp_path, patient(), result(KNOWN), name="a.json")
    other = write(tmp_path, patient("p2"), result(KNOWN, "p2", "2026-06-02"), name="b.json")
    document = orjson.loads(run("codes", "coverage", one, other, "--json").stdout)
    assert found(document, UPCR) == [("2890-2", 2, "2026-06-02")]
    assert document["counts"]["patients"] == 2


def test_a_bulk_export_has_its_patients_in_another_file(tmp_path: Path) -> None:
    path = tmp_path / "Observation.ndjson"
    rows = [result(KNOWN, whose) for whose in ("p1", "p2")]
    path.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    document = orjson.loads(run("codes", "coverage", path, "--json").stdout)
    assert found(document, UPCR) == [("2890-2", 2, "2026-06-01")]
    assert (document["counts"]["resources"], document["counts"]["patients"]) == (2, 2)


def test_what_is_nobody_s_is_counted_and_left_out(tmp_path: Path) -> None:
    nobody = {**result(KNOWN), "subject": None}
    document = coverage(tmp_path, patient(), nobody)
    assert found(document, UPCR) == []
    assert (document["counts"]["without_patient"], document["counts"]["codings"]) == (1, 0)


MALFORMED: list[Any] = [
    {**result(KNOWN), "code": "x"},
    {
        "resourceType": "Observation",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": "x", "text": 7},
    },
    {
        "resourceType": "Observation",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [None, {"code": []}]},
    },
    {"resourceType": "Observation", "subject": "Patient/p1", "code": LOCAL, "effectiveDateTime": ["x"]},
    {**result(KNOWN), "component": "x", "valueQuantity": "x", "effectiveDateTime": 2026},
    {**result(KNOWN), "component": [None, {"code": None}], "valueCodeableConcept": ["x"]},
    {**order(LOCAL), "medicationCodeableConcept": ["x"]},
    {"resourceType": "Medication", "ingredient": "x", "code": {"coding": {"code": "8640", "system": RXNORM}}},
    {"resourceType": ["Observation"]},
    "x",
    None,
]


@pytest.mark.parametrize("resource", MALFORMED, ids=range(len(MALFORMED)))
def test_whatever_a_record_holds_it_is_counted(resource: Any, tmp_path: Path) -> None:
    document = coverage(tmp_path, patient(), resource, result(KNOWN))
    assert document["counts"]["resources"] == 3
    assert ("2890-2", "2026-06-01") in {(code, last) for code, _, last in found(document, UPCR)}


# --- what is not shown

SECRET = "Frau Huber"


def patients_with(number: int, make: Any) -> list[Json]:
    return [one for n in range(number) for one in (patient(f"p{n}"), make(f"p{n}"))]


TYPED = [
    ("a text instead of a code", lambda p: result(coded("", "", "", f"UPCR {SECRET}"), p)),
    ("a text beside a code without display", lambda p: result(coded(LAB, "X", "", f"UPCR {SECRET}"), p)),
    ("a drug in words", lambda p: order(coded("", "", "", f"Prednisone for {SECRET}"), p)),
    ("a unit in a text", lambda p: result(KNOWN, p, valueString=f"2.1 mg/g {SECRET}")),
    ("an answer in words", lambda p: result(coded(LOINC, "2106-3"), p, valueString=f"of {SECRET}")),
    ("an answer without a code",
     lambda p: result(coded(LOINC, "2106-3"), p, valueCodeableConcept={"text": f"of {SECRET}"})),
]  # fmt: skip


@pytest.mark.parametrize("make", [make for _, make in TYPED], ids=[name for name, _ in TYPED])
@pytest.mark.parametrize("form", ["--json", "--snippet", "table"])
def test_words_that_were_typed_are_shown_only_if_five_patients_have_them(
    form: str, make: Any, tmp_path: Path
) -> None:
    more = [] if form == "table" else [form]
    four = run("codes", "coverage", write(tmp_path, *patients_with(4, make)), *more)
    assert four.exit_code == 0
    assert SECRET not in four.output
    five = run("codes", "coverage", write(tmp_path, *patients_with(5, make)), "--json")
    assert SECRET in five.stdout


def test_five_results_of_one_patient_are_not_five_patients(tmp_path: Path) -> None:
    rows = [result(coded("", "", "", f"UPCR ratio protein creatinine {SECRET}")) for _ in range(9)]
    document = coverage(tmp_path, patient(), *rows)
    assert [one["display"] for one in document["unmapped"]] == [HIDDEN]
    assert document["unmapped"][0]["times"] == 9


def test_a_code_with_many_displays_is_one_under_which_people_type(tmp_path: Path) -> None:
    def typed(number: int) -> list[Json]:
        return [result(coded(LAB, "TXT", f"Complement C3 {SECRET} {n}")) for n in range(number)]

    three = coverage(tmp_path, patient(), *typed(3))
    assert len(three["unmapped"]) == 3, "three are taken for the words of the code"
    four = coverage(tmp_path, patient(), *typed(4))
    assert [(one["display"], one["times"]) for one in four["unmapped"]] == [(HIDDEN, 4)]


def test_no_value_no_name_and_no_id_is_shown(tmp_path: Path) -> None:
    named = {**patient("secretid"), "name": [{"family": "Secretname"}]}
    rows = [named, result(LOCAL, "secretid"), result(KNOWN, "secretid")]
    for more in ([], ["--json"], ["--snippet"]):
        output = run("codes", "coverage", write(tmp_path, *rows), *more).output
        assert "UPCR" in output
        assert not [secret for secret in ("secretid", "Secretname", "98.25") if secret in output]


def test_what_steers_a_terminal_is_taken_out(tmp_path: Path) -> None:
    nasty = coded(LAB, "U\x1b[2J\u202e", "Protein/Creat Ratio \x1b[31mUr [bold]x[/bold]\n\n" + "y" * 200)
    output = run("codes", "coverage", write(tmp_path, patient(), result(nasty))).stdout
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert "y" * 100 not in output


# --- the snippet


def snippet(folder: Path, *resources: Json) -> str:
    answer = run("codes", "coverage", write(folder, *resources), "--snippet")
    assert answer.exit_code == 0, answer.output
    return answer.stdout


NASTY = 'Protein/Creat Ratio: "Ur" # {x}, - [y]'


def test_the_snippet_loads_and_what_it_names_is_then_found(tmp_path: Path) -> None:
    rows = [
        patient(),
        result(LOCAL),
        result(coded(LAB, "U: 1 #", NASTY)),
        result(coded(LAB, "C3", "C3 complement")),
        condition(coded("urn:x", "SLE", "Systemic lupus erythematosus")),
        order(coded(DRUGS, "YP1", "Prednisone 5 mg")),
        result(coded(LAB, "ANA", "ANA titer")),
    ]
    path = tmp_path / "ours.yaml"
    path.write_text(snippet(tmp_path, *rows), encoding="utf-8")
    site = load_site(path, load_catalog())
    assert set(site.codes) == {UPCR, "complement-c3", "sle", "prednisone", "ana"}
    assert f"{LAB}|ANA" in site.catalog.concepts["ana"].imprecise_when_positive
    after = coverage(tmp_path, *rows, more=("--site", path))
    assert after["site"] == {"name": "ours", "digest": site.facts.digest}
    assert found(after, UPCR)[0] == ("UPCR", 1, "2026-06-01")
    assert after["counts"]["by_name"] == 0


DOUBTFUL = [
    coded(LAB, "AB", "Anti-dsDNA IgG (ELISA)"),  # words are left over
    coded(LAB, "EGFR", "eGFR"),  # fits two
    coded(LOINC, "1-1", "C3 complement"),  # cannot be a LOINC code
    coded("local", "C3", "Complement C3"),  # no URI
    coded(LAB, "C" * 65, "C3 level"),  # too long to be shown whole
]


@pytest.mark.parametrize("code", DOUBTFUL, ids=lambda code: code["coding"][0]["display"])
def test_what_is_doubtful_is_proposed_as_a_comment(code: Json, tmp_path: Path) -> None:
    text = snippet(tmp_path, patient(), result(code))
    told = [line for line in text.splitlines() if code["coding"][0]["display"] in line]
    assert told
    assert all(line.lstrip().startswith("#") for line in told)
    assert not [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "sch"))
    ]


def test_answers_and_units_ask_what_they_mean(tmp_path: Path) -> None:
    text = snippet(
        tmp_path,
        patient(),
        result(coded(LOINC, "2106-3"), valueCodeableConcept=coded(ANSWERS, "A1", "reagiert")),
        result(KNOWN, valueQuantity=quantity(120, "mg/mmol LAB7")),
    )
    assert (
        f'# hcg: {{positive or negative?: [{{system: "{ANSWERS}", code: "A1", display: "reagiert"}}]}}'
        in text
    )
    assert f'# {UPCR}: {{"mg/mmol LAB7": which UCUM unit?}}' in text


# --- as commands


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("nothing", encoding="utf-8")
    answer = run("codes", "coverage", tmp_path / "x.json")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "x.json: is not JSON" in answer.stderr


def test_json_and_a_snippet_are_not_printed_at_once(tmp_path: Path) -> None:
    assert run("codes", "coverage", write(tmp_path, patient()), "--json", "--snippet").exit_code == 2


def test_the_table_tells_what_was_not_found_and_the_counts(tmp_path: Path) -> None:
    output = run("codes", "coverage", write(tmp_path, patient(), result(KNOWN))).stdout
    assert "Not found: " in output
    assert UPCR not in output.split("Not found: ")[1]
    assert output.endswith(
        "2 resources of 1 patients\n1 codings: 1 known, 0 known by name, 0 look relevant, 0 irrelevant\n"
    )


SITE = f"""\
schema: 1
concepts:
  {UPCR}:
    - {{system: "{LAB}", code: UPCR, display: x}}
    - {{system: loinc, code: 2890-2, display: x}}
"""


def test_check_tells_what_is_added_what_was_known_and_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(SITE, encoding="utf-8")
    answer = run("codes", "check", path)
    digest = load_site(path, load_catalog()).facts.digest
    assert (answer.exit_code, answer.stdout) == (0, f"site ours: ok, {digest}\n  codes of {UPCR} (1)\n")
    assert answer.stderr == (
        f"  {path.as_posix()}:5: concept '{UPCR}': the code '2890-2' is known already; it may be taken out\n"
    )


def test_check_tells_every_fault_with_exit_status_1(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("schema: 1\nconcepts: {x: [], y: []}\n", encoding="utf-8")
    answer = run("codes", "check", path)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert len(answer.stderr.splitlines()) == 2
