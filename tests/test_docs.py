"""The documents say what the code does."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from cds_service.cli import main
from cds_service.hooks.specs import BY_SERVICE
from cds_service.observing import metrics, stages
from cds_service.settings import SETTINGS_TABLE
from mappings.definitions.parsing.rule_parser import RULE_KINDS
from mappings.verdicts import Reason

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AUTHORING = (ROOT / "docs/authoring.md").read_text(encoding="utf-8")
ASSESSMENT_JSON = (ROOT / "docs/assessment-json.md").read_text(encoding="utf-8")
OPERATE = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
THREATS = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
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


def test_the_readme_lists_every_service_with_its_hook() -> None:
    rows = re.findall(r"^\| `(trial-match-[\w-]+)` \| `([\w-]+)` \|", README, re.MULTILINE)
    assert dict(rows) == {service: spec.hook for service, spec in BY_SERVICE.items()}


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


# --- for operators


def test_the_table_of_metrics_has_every_metric_with_its_labels_in_order() -> None:
    table = OPERATE.split("<!-- metrics:")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(trialhook_\w+)` \| (.*?) ?\| .+ \|$", table, re.MULTILINE)
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    assert [(name, re.findall(r"`(\w+)`", labels)) for name, labels in rows] == [
        (next(iter(one.describe())).name + "_total" * isinstance(one, Counter), list(one._labelnames))
        for one in ours
    ]


@pytest.mark.parametrize("stage", re.findall(r"`(gather|decide|record|authenticate)`", OPERATE))
def test_every_stage_that_is_named_is_timed(stage: str) -> None:
    assert stage in stages._TIMED


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (document.name, line)
        for document in DOCUMENTS
        for line in re.findall(
            r"(?<![\w/-])trialhook ([a-z]+(?: [a-z-]+)*)", document.read_text(encoding="utf-8")
        )
        if line.split()[0] in main.commands
    ],
)
def test_every_command_with_its_subcommand_exists(document: str, line: str) -> None:
    words, group = line.split(), main.commands[line.split(maxsplit=1)[0]]
    if isinstance(group, click.Group) and len(words) > 1:
        assert words[1] in group.commands


@pytest.mark.parametrize(
    "option", sorted(set(re.findall(r"^trialhook \w.*?(--[a-z-]+)", OPERATE, re.MULTILINE)))
)
def test_every_option_of_a_snippet_exists(option: str) -> None:
    def options(command: click.Command) -> set[str]:
        below = command.commands.values() if isinstance(command, click.Group) else ()
        own = {name for one in command.params for name in one.opts}
        return own.union(*map(options, below))

    assert option in options(main)


# --- for the security review

NAMED_TESTS = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", THREATS)))


@pytest.mark.parametrize(("file", "test"), NAMED_TESTS)
def test_every_test_that_the_threat_model_names_exists(file: str, test: str) -> None:
    assert f"\ndef {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_every_risk_has_what_is_done_what_shows_it_and_what_remains() -> None:
    risks = dict(re.findall(r"^### ([SRT]\d+)\. (.*?)(?=^##|\Z|^---)", THREATS, re.MULTILINE | re.DOTALL))
    known = [*(f"S{n}" for n in range(1, 7)), *(f"R{n}" for n in range(1, 18))]
    assert [risk for risk in risks if risk[0] != "T"] == known
    assert len(risks) > len(known) + 15
    assert len(NAMED_TESTS) > 100
    for risk, text in risks.items():
        for part in ("Done", "Shown by", "Remains"):
            assert part in re.sub(r"[,:]", "", " ".join(re.findall(r"\*\*(.*?)\*\*", text, re.DOTALL))), risk


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`(\w+(?:/\w+)*\.py|\w+/)`", THREATS))))
def test_every_module_that_the_threat_model_names_exists(module: str) -> None:
    assert any((ROOT / folder / module).exists() for folder in ("cds_service", "", "cards"))


def test_the_first_commands_of_the_readme_run_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    block = README.split("runs as it stands, in this folder:\n\n```sh\n")[1].split("```")[0]
    activate, *lines = block.replace("build/", f"{tmp_path}/").splitlines()
    assert activate.startswith(". .venv/bin/activate")
    for line in lines:
        name, *words = shlex.split(line, comments=True)
        found = [sorted(Path("/").glob(word[1:])) if "*" in word else [word] for word in words]
        ran = CliRunner().invoke(main, [str(one) for each in found for one in each])
        assert (name, ran.exit_code) == ("trialhook", 0), ran.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"patients", "drugs.svg", "sheet.html"}
