"""The rules of the layout: who imports whom, what is pure, what lies where, what we depend on."""

import ast
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("mappings", "cards", "cds_service")
PURE = ("mappings", "cards")

MAY_IMPORT_OF_OURS = {
    "mappings": ("mappings",),
    "cards": ("cards", "mappings.language", "mappings.results", "mappings.verdicts"),
    "cds_service": PACKAGES,
}
OURS_OR_TESTS = (*PACKAGES, "tests", "bench")

# What only the edge may touch: HTTP, FHIR servers, processes and their environment, the clock, the terminal.
EDGE_MODULES = (
    *("flask", "werkzeug", "gunicorn", "fhirclient", "requests", "urllib3"),
    *("urllib.request", "http", "socket", "ssl"),
    *("os", "subprocess", "sqlite3", "time", "click", "rich", "pprint"),
)
EDGE_NAMES = (
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("print", "builtins.print", "input", "sys.stdout", "sys.stderr", "sys.stdin", "sys.argv"),
    *("__import__", "builtins.__import__", "importlib.import_module"),
)
CLOCK_METHODS = ("now", "utcnow", "today")

VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers"}
LONGEST_MODULE = 400
MOST_MODULES_IN_A_FOLDER = 12

TOP_LEVEL = {
    *PACKAGES,
    *("tests", "bench", "docs", "requirements", ".ci", ".git", ".gitignore", ".dockerignore"),
    *("README.md", "CONTRIBUTING.md", "LICENSE", "NOTICE", "Makefile", "Procfile", "pyproject.toml"),
    *("Dockerfile", "compose.yaml"),
}


# --- direction of imports, and purity


def is_within(name: str, modules: tuple[str, ...]) -> bool:
    """Whether the dotted name is one of the modules, or lies in one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def imported_names(node: ast.Import | ast.ImportFrom, folder: str) -> Iterator[tuple[str, str]]:
    """Each name that the statement binds, with the full dotted name it stands for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
            else:
                yield alias.name.split(".")[0], alias.name
        return
    base = node.module or ""
    if node.level:
        kept = folder.split(".")[: len(folder.split(".")) - node.level + 1]
        base = ".".join([*kept, base] if base else kept)
    for alias in node.names:
        yield alias.asname or alias.name, f"{base}.{alias.name}"


def dotted(node: ast.expr, bound: dict[str, str]) -> str | None:
    """The full dotted name of `a.b.c`, with `a` replaced by what an import made it stand for."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        of = dotted(node.value, bound)
        return of and f"{of}.{node.attr}"
    return None


def violations(source: str, folder: str) -> list[str]:
    """What a module in the dotted folder does that its package may not, as `line: what`."""
    package = folder.split(".", maxsplit=1)[0]
    found: list[str] = []
    bound: dict[str, str] = {}
    tree = ast.parse(source)

    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for name, full in imported_names(node, folder):
            # `import a.b` binds a; every other form binds the thing named.
            bound[name] = (
                full.split(".")[0] if isinstance(node, ast.Import) and full.startswith(f"{name}.") else full
            )
            if is_within(full, OURS_OR_TESTS) and not is_within(full, MAY_IMPORT_OF_OURS[package]):
                found.append(f"{node.lineno}: {package} imports {full}")
            if package in PURE and (is_within(full, EDGE_MODULES) or is_within(full, EDGE_NAMES)):
                found.append(f"{node.lineno}: {package} imports {full}")

    if package in PURE:
        found += [f"{line}: {package} uses {what}" for line, what in uses_of_the_edge(tree, bound)]
    return found


def uses_of_the_edge(tree: ast.Module, bound: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Every mention of the clock, the environment or the terminal, called or only handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and dotted(node, bound) in EDGE_NAMES:
            yield node.lineno, f"{dotted(node, bound)}"
        elif isinstance(node, ast.Call) and is_clock_by_another_road(node.func, bound):
            yield node.lineno, ast.unparse(node)


def is_clock_by_another_road(function: ast.expr, bound: dict[str, str]) -> bool:
    """Whether it is `type(day).today`, `Timestamp.now` and the like."""
    if not isinstance(function, ast.Attribute) or function.attr not in CLOCK_METHODS:
        return False
    return dotted(function, bound) not in EDGE_NAMES


def modules(*folders: str) -> list[Path]:
    """Every Python file under the folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def folder_of(path: Path) -> str:
    """The dotted package that a file lies in."""
    return ".".join(path.relative_to(ROOT).parts[:-1])


def test_imports_go_one_way_and_what_lies_below_the_edge_is_pure() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{what}"
        for path in modules(*PACKAGES)
        for what in violations(path.read_text(encoding="utf-8"), folder_of(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        # direction
        ("mappings", "import cards"),
        ("mappings", "from cards.card import Card"),
        ("mappings.rules", "import cds_service.app as app"),
        ("mappings", "from cds_service import app"),
        ("mappings", "def f():\n    from cards import card"),
        ("mappings", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from cards import card"),
        ("mappings", "from importlib import import_module"),
        ("mappings", "import importlib\nimportlib.import_module('cards')"),
        ("mappings", "__import__('cards')"),
        ("cards", "import mappings"),
        ("cards", "from mappings import assess"),
        ("cards", "from mappings.assess import assess"),
        ("cards", "from mappings.results_cache import x"),
        ("cards", "import cds_service"),
        ("cds_service", "from tests.conftest import x"),
        ("cds_service.hooks", "import bench"),
        # HTTP
        ("mappings", "import requests"),
        ("mappings", "from fhirclient.server import FHIRServer"),
        ("cards", "from flask import Flask, request"),
        ("cards", "import requests.adapters"),
        ("mappings", "from urllib.request import urlopen"),
        ("mappings", "from urllib import request"),
        # the clock
        ("mappings", "import datetime\ndatetime.datetime.now()"),
        ("mappings", "import datetime as d\nd.date.today()"),
        ("mappings", "from datetime import datetime as dt\ndt.now()"),
        ("mappings", "from datetime import datetime, UTC\nx = datetime.now(UTC)"),
        ("cards", "from datetime import datetime\ndatetime.utcnow()"),
        ("mappings", "from datetime import date\ndef f(day=date.today): ..."),
        ("mappings", "from datetime import date\ndef f(day: date): return type(day).today()"),
        ("mappings", "import time\ntime.time()"),
        ("mappings", "from time import monotonic as tick"),
        # the environment
        ("mappings", "import os"),
        ("cards", "import os.path"),
        ("mappings", "import os as system\nsystem.environ['X']"),
        ("mappings", "from os import environ"),
        ("cards", "from os import getenv as setting"),
        ("mappings", "import sys\nsys.argv"),
        # the terminal
        ("mappings", "print('x')"),
        ("cards", "show = print"),
        ("mappings", "import sys\nsys.stderr.write('x')"),
        ("mappings", "from sys import stdout"),
        ("cards", "import rich"),
    ],
)
def test_a_planted_violation_is_seen(folder: str, source: str) -> None:
    assert violations(source, folder) != []


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        (
            "mappings",
            "from datetime import date, datetime, time\ndatetime.combine(date(2026, 1, 2), time())",
        ),
        ("mappings", "def assess(today): return today\nassess(today=None).now"),
        (
            "mappings.rules",
            "from .window import Window\nfrom ..results import Assessment\nfrom . import window",
        ),
        ("mappings", "import yaml, orjson\nfrom importlib import resources\nfrom pathlib import Path"),
        ("mappings", "from urllib.parse import urlsplit"),
        (
            "cards",
            "import mappings.results\nfrom mappings.verdicts import Verdict\nfrom mappings import results",
        ),
        ("cards", "from fhir.resources.R4B.servicerequest import ServiceRequest"),
        ("cards", "blueprint = 'print(datetime.now(), os.environ)'  # print()"),
        (
            "cds_service",
            "import os, time, requests\nimport cards\nfrom mappings.assess import assess\nprint(time.time())",
        ),
    ],
)
def test_what_is_allowed_passes(folder: str, source: str) -> None:
    assert violations(source, folder) == []


# --- names and sizes


def is_vague(name: str) -> bool:
    """Whether a module's or folder's name says nothing of what it does."""
    return not VAGUE.isdisjoint(name.lower().split("_"))


def test_names_say_what_things_do() -> None:
    named = {
        part
        for path in modules(*PACKAGES, "tests", "bench")
        for part in path.relative_to(ROOT).with_suffix("").parts
    }
    assert sorted(name for name in named if is_vague(name)) == []


@pytest.mark.parametrize(
    "name", ["utils", "date_utils", "helpers", "common", "manager", "TrialManager_helper"]
)
def test_a_vague_name_is_seen(name: str) -> None:
    assert is_vague(name)


def test_no_module_is_too_long() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PACKAGES, "bench")
    }
    assert {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_folder_has_too_many_modules() -> None:
    counts: dict[str, int] = {}
    for path in modules(*PACKAGES, "bench"):
        if path.name != "__init__.py":
            counts[folder_of(path)] = counts.get(folder_of(path), 0) + 1
    assert {folder: n for folder, n in counts.items() if n > MOST_MODULES_IN_A_FOLDER} == {}


# --- top level


def test_only_the_design_s_entries_lie_at_the_top() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/") for line in lines if line and not line.startswith("#")]
    found = {entry.name for entry in ROOT.iterdir()}
    assert sorted(n for n in found - TOP_LEVEL if not any(fnmatch(n, pattern) for pattern in ignored)) == []


# --- dependencies


def package_name(requirement: str) -> str:
    """The normalized name at the start of a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]).lower()


def declared() -> dict[str, set[str]]:
    """The direct dependencies of pyproject.toml, by the lock file that pins them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {
        "runtime": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return {group: {package_name(requirement) for requirement in listed} for group, listed in groups.items()}


def test_each_dependency_has_its_line_and_each_line_its_dependency() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    names = [package_name(name) for name in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)]
    explained = [name for name in names if name != "name"]
    assert sorted(explained) == sorted(name for names in declared().values() for name in names)


def test_the_build_needs_only_what_is_locked_for_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {package_name(requirement) for requirement in project["build-system"]["requires"]} == declared()[
        "build"
    ]


def lock_faults(text: str) -> list[str]:
    """What a lock file holds besides exact versions with their hashes."""
    faults = []
    entries = re.sub(r"\\\n", " ", text).splitlines()
    for entry in (line.strip() for line in entries):
        if entry.startswith("#") or entry in ("", "--only-binary :all:"):
            continue
        if not re.fullmatch(r"[a-z0-9-]+==[^\s;]+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry):
            faults.append(entry.split(" --hash")[0])
    faults += re.findall(r"https?://|--index-url|--extra-index-url|--find-links|file:", text)
    return faults


@pytest.mark.parametrize("group", ["build", "runtime", "tracing", "dev"])
def test_a_lock_file_pins_with_hashes_and_names_no_address(group: str) -> None:
    text = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    pinned = {package_name(line) for line in text.splitlines() if "==" in line}
    assert lock_faults(text) == []
    assert declared()[group] - pinned == set()


@pytest.mark.parametrize(
    "text",
    [
        "flask==3.1.3\n",
        "flask>=3 --hash=sha256:" + "0" * 64,
        "flask==3.1.3 --hash=md5:0",
        "--index-url https://registry.example/simple\n",
        "--find-links wheels\n",
        "flask @ https://registry.example/flask.whl --hash=sha256:" + "0" * 64,
        "# via https://registry.example\n",
        "-e .\n",
    ],
)
def test_a_fault_in_a_lock_file_is_seen(text: str) -> None:
    assert lock_faults(text) != []


def test_the_tests_run_what_the_service_runs() -> None:
    runtime, dev = (
        dict(re.findall(r"^(\S+==\S+)(?: ; ([^\\\n]+))?", text, re.MULTILINE))
        for text in map(read_lock, ("runtime", "dev"))
    )
    # A development tool may want a package on more systems than the service does.
    assert [pin for pin, where in runtime.items() if dev.get(pin) not in (where, "")] == []


def read_lock(group: str) -> str:
    """The text of a lock file."""
    return (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
