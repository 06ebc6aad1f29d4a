"""docs/clients.md: its examples load, and it has every key and every cause."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from cds_service.authentication.refusal import Cause
from cds_service.clients.reading import load_clients
from cds_service.clients.registered import Clients
from cds_service.clients.schema import MODELS
from mappings.definitions import load_catalog
from mappings.definitions.sites import load_site

PAGE = (Path(__file__).parents[2] / "docs/clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
REGISTRATIONS = [block for block in BLOCKS if "\nclients:" in block]
SITES = [block for block in BLOCKS if "\nconcepts:" in block]


def load(text: str, folder: Path) -> Clients:
    (folder / "sites").mkdir()
    (folder / "sites/university-hospital.yaml").write_text(SITES[0], encoding="utf-8")
    path = folder / "clients.yaml"
    path.write_text(text, encoding="utf-8")
    return load_clients(path)


def name_of(block: str) -> str:
    match = re.search(r"- id: (\S+)", block)
    assert match is not None
    return match[1]


def test_every_block_is_a_registration_or_a_site() -> None:
    assert len(BLOCKS) == len(REGISTRATIONS) + len(SITES)
    assert [name_of(block) for block in REGISTRATIONS] == [
        *("university-hospital", "epic-university-hospital", "oracle-health", "sandbox", "inferno")
    ]


@pytest.mark.parametrize("block", REGISTRATIONS, ids=name_of)
def test_an_example_loads(block: str, tmp_path: Path) -> None:
    (client,) = load(block, tmp_path)
    assert client.id == name_of(block)
    assert client.keys.url.startswith("https://")


def test_the_site_of_the_page_loads(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text(SITES[0], encoding="utf-8")
    concept = load_site(path, load_catalog()).catalog.concepts["urine-protein-creatinine-ratio"]
    assert concept.codes[-1].token == "urn:oid:2.999.1|UPCR"


@pytest.mark.parametrize("name", ["epic-university-hospital", "oracle-health"])
def test_what_nobody_has_verified_is_marked(name: str) -> None:
    before = PAGE[: PAGE.index(f"id: {name}")]
    assert "**Unverified**" in before[before.rindex("\n### ") :]


@pytest.mark.parametrize("model", MODELS, ids=lambda name: name or "client")
def test_each_table_has_the_keys_of_its_model(model: str) -> None:
    tables = re.findall(r"^\| key \| meaning \|\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    listed = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]
    assert sorted(MODELS[model].model_fields) in [sorted(keys) for keys in listed]


def test_every_cause_of_a_refusal_is_explained_in_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE[PAGE.index("## A token is refused") :], re.MULTILINE)
    assert rows == list(get_args(Cause))
