"""A site's file at work: in hook calls of a registered client, on the command line, and in the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cds_service.answering.offers import offers_of
from cds_service.audit.rows import read_events
from cds_service.cli import main
from cds_service.demo import samples
from cds_service.storage.tables import shown
from mappings.definitions import load_catalog
from mappings.definitions.sites import load_site
from mappings.reading.record import RecordReader, read_record
from mappings.trial_definition import Catalog
from tests.registered.conftest import NewHospital
from tests.registered.conftest import new_hospital as new_hospital  # noqa: PLC0414 -- a fixture
from tests.registered.hospital import ISSUER, Hospital, registered
from tests.service import charts
from tests.service.definitions import TODAY, catalog

LAB = "urn:oid:2.999.7"
SITE = f"""\
schema: 1
concepts:
  upcr: [{{system: "{LAB}", code: U-PC, display: Protein/creatinine}}]
  sle: [{{system: "{LAB}", code: SLE, display: Lupus}}]
units:
  upcr: {{mg/mmol LAB7: mg/g}}
"""
PROTEINURIA = "proteinuria"


def local_chart(unit: str = "mg/mmol LAB7", code: str = "U-PC") -> dict[str, Any]:
    """A clear candidate, known by the laboratory's code and unit, and by the hospital's code for lupus."""
    result = charts.upcr()
    result["code"]["coding"] = [{"system": LAB, "code": code}]
    result["valueQuantity"] = {"value": 1800, "unit": unit}
    condition = charts.condition()
    condition["code"]["coding"] = [{"system": LAB, "code": "SLE"}]
    return charts.full_prefetch(conditions=charts.bundle(condition), observations_1=charts.bundle(result))


def hospital_with(new_hospital: NewHospital, folder: Path, site: str = "") -> Hospital:
    (folder / "sites").mkdir()
    (folder / "sites/lab.yaml").write_text(SITE, encoding="utf-8")
    more = {"site": site} if site else {}
    return new_hospital(clients=[registered("hospital", ISSUER, **more)])


def trials_in_the_trail(hospital: Hospital) -> list[dict[str, Any]]:
    hospital.records.trail.close()
    calls = [event for event in read_events(hospital.records.database) if event.kind == "call"]
    return [trial for event in calls for trial in orjson.loads(event.body)["trials"]]


def test_a_card_comes_from_local_codes_and_units(new_hospital: NewHospital, tmp_path: Path) -> None:
    [card] = hospital_with(new_hospital, tmp_path, "lab").cards(prefetch=local_chart())
    assert "1800 mg/mmol LAB7" in card["detail"]


def test_without_the_site_the_same_chart_needs_data(new_hospital: NewHospital, tmp_path: Path) -> None:
    hospital = hospital_with(new_hospital, tmp_path)
    assert hospital.cards(prefetch=local_chart()) == []
    [trial] = trials_in_the_trail(hospital)
    assert trial["outcome"] == "needs-data"
    assert "site" not in trial


def test_the_trail_and_the_record_of_the_card_name_the_site_by_its_digest(
    new_hospital: NewHospital, tmp_path: Path
) -> None:
    hospital = hospital_with(new_hospital, tmp_path, "lab")
    hospital.cards(prefetch=local_chart())
    digest = load_site(tmp_path / "sites/lab.yaml", catalog()).facts.digest
    [trial] = trials_in_the_trail(hospital)
    assert (trial["site"], trial["site_digest"]) == ("lab", digest)
    with hospital.records.database.autocommit() as connection:
        assert connection.execute(select(shown.c.site_digest)).scalars().all() == [digest]


def test_one_client_s_codes_mean_nothing_for_another(new_hospital: NewHospital, tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites/lab.yaml").write_text(SITE, encoding="utf-8")
    other = "https://other.example/oauth2"
    hospital = new_hospital(clients=[registered("a", ISSUER, site="lab"), registered("b", other)])
    assert len(hospital.cards(prefetch=local_chart())) == 1
    assert hospital.cards(prefetch=local_chart(), iss=other) == []


def test_searches_ask_for_the_site_s_codes(new_hospital: NewHospital, tmp_path: Path) -> None:
    hospital = hospital_with(new_hospital, tmp_path, "lab")
    [client] = hospital.deployment.clients
    plain = offers_of(replace(client, site=None), catalog(), True).needs
    ours = hospital.deployment.offers[client.id].needs
    assert set(ours.observation_codes) - set(plain.observation_codes) == {f"{LAB}|U-PC"}


def test_what_is_made_for_a_site_is_made_once_also_with_many_sites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More hospitals than a cache has room for would have each call prepare the definitions anew."""
    made: list[Catalog] = []

    class Counted(RecordReader):
        def __init__(self, catalog: Catalog) -> None:
            made.append(catalog)
            super().__init__(catalog)

    monkeypatch.setattr("mappings.reading.record.RecordReader", Counted)
    path = tmp_path / "lab.yaml"
    path.write_text(SITE, encoding="utf-8")
    sites = [load_site(path, catalog()) for _ in range(20)]
    for site in [*sites, *sites]:
        read_record([charts.patient()], site.catalog)
    assert len(made) == 20


# --- on the command line, with the sample site and the real trial

SAMPLE = Path(__file__).parents[2] / "docs/samples/sites/hangzhou-example.yaml"
LIS, ANSWERS = "urn:oid:2.999.571.1", "urn:oid:2.999.571.3"


def local_lin_mei() -> dict[str, Any]:
    """A sample patient whose urine protein and pregnancy test come as the example's laboratory has them."""
    bundle = next(sample for sample in samples.ALL if sample.id == "lin-mei").build(TODAY)
    for resource in (entry["resource"] for entry in bundle["entry"]):
        if resource["id"].startswith("lin-mei-upcr"):
            resource["code"] = {"coding": [{"system": LIS, "code": "LIS-0417", "display": "尿蛋白/尿肌酐"}]}
            value = resource["valueQuantity"]["value"]
            resource["valueQuantity"] = {"value": value * 113.12, "unit": "mg/mmol EXAMPLE"}
        if resource["id"] == "lin-mei-hcg":
            resource["valueCodeableConcept"] = {"coding": [{"system": ANSWERS, "code": "A0"}]}
    return bundle


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    path = tmp_path / "lin-mei.json"
    path.write_bytes(orjson.dumps(local_lin_mei()))
    return path


def assessed(chart: Path, *more: object) -> dict[str, Any]:
    result = run("assess", chart, "--json", "--as-of", TODAY.isoformat(), *more)
    assert result.exit_code == 0, result.output
    [assessment] = orjson.loads(result.stdout)["assessments"]
    return dict(assessment)


def verdicts(assessment: dict[str, Any]) -> dict[str, str]:
    return {criterion["id"]: criterion["verdict"] for criterion in assessment["criteria"]}


def test_the_example_site_reads_what_the_definitions_alone_cannot(chart: Path) -> None:
    before, after = assessed(chart), assessed(chart, "--site", SAMPLE)
    assert before["definition"]["site"] is None
    assert verdicts(before)[PROTEINURIA] == "unknown"
    assert verdicts(after)[PROTEINURIA] == "met"
    changed = {name for name, verdict in verdicts(after).items() if verdicts(before)[name] != verdict}
    assert changed >= {PROTEINURIA, "pregnancy-test"}
    assert not [name for name in changed if verdicts(before)[name] != "unknown"]


def test_the_document_names_the_site_and_its_digest(chart: Path) -> None:
    site = load_site(SAMPLE, load_catalog())
    told = assessed(chart, "--site", SAMPLE)["definition"]
    assert told["site"] == {"name": "hangzhou-example", "digest": site.facts.digest}
    assert told["digest"] == assessed(chart)["definition"]["digest"]


def test_a_faulty_site_is_told_and_nothing_is_assessed(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("schema: 1\nconcepts: {upc: []}\n", encoding="utf-8")
    result = run("assess", chart, "--site", tmp_path / "bad.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "bad.yaml:2: unknown concept 'upc'" in result.stderr


def test_the_definitions_are_checked_together_with_a_site() -> None:
    result = run("trials", "check", "--site", SAMPLE)
    assert result.exit_code == 0
    digest = load_site(SAMPLE, load_catalog()).facts.digest
    assert result.stdout.splitlines()[-1] == f"with the site hangzhou-example, {digest}: ok"


def test_a_deceased_patient_too_was_assessed_with_the_site(chart: Path, tmp_path: Path) -> None:
    bundle = local_lin_mei()
    next(e["resource"] for e in bundle["entry"] if e["resource"]["id"] == "lin-mei")["deceasedBoolean"] = True
    path = tmp_path / "deceased.json"
    path.write_bytes(orjson.dumps(bundle))
    assessment = assessed(path, "--site", SAMPLE)
    assert assessment["record_reason"] == "deceased"
    assert assessment["definition"]["site"]["name"] == "hangzhou-example"
