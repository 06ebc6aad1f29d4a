"""The documents say what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cds_service.cli import main
from cds_service.settings import SETTINGS_TABLE
from mappings.definitions.parsing.rule_parser import RULE_KINDS
from mappings.verdicts import Reason

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AUTHORING = (ROOT / "docs/authoring.md").read_text(encoding="utf-8")
ASSESSMENT_JSON = (ROOT / "docs/assessment-json.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def test_the_readme_lists_every_setting_in_order_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `(TRIALHOOK_\w+)` \| (.*) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(row.name, row.default, row.meaning) for row in SETTINGS_TABLE]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z][a-z-]+)", README))))
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    "line", re.findall(r"^\s*(?:\S+=\S+ )*(?:\.venv/bin/)?trialhook (\w+)", README, re.MULTILINE)
)
def test_every_command_of_the_readme_exists(line: str) -> None:
    assert line in main.commands


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("folder", re.findall(r"^\| `([\w/]+/)`", README, re.MULTILINE))
def test_every_folder_of_the_map_exists(folder: str) -> None:
    assert (ROOT / folder).is_dir()


@pytest.mark.parametrize("reason", [reason.value for reason in Reason])
def test_every_reason_is_explained_in_the_json_contract(reason: str) -> None:
    assert f"`{reason}`" in ASSESSMENT_JSON


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_rule_kind_has_its_line_for_authors(kind: str) -> None:
    assert f"| `{kind}` |" in AUTHORING


def test_the_lowest_and_highest_python_are_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.15"
    assert "Python 3.11 to 3.14" in README
