"""Dockerfile and compose.yaml, as far as they can be tested without an engine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.cli import main
from cds_service.serving import GUNICORN_SETTINGS
from cds_service.settings import SETTINGS_TABLE
from tests.cli.test_serve import SERVE, environment
from tests.deployment.running import ROOT, key_line, register

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [
    line.split(None, 1)
    for line in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M)).splitlines()
    if line.strip()
]
LAST_STAGE = STEPS[max(number for number, (word, _) in enumerate(STEPS) if word == "FROM") :]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS: dict[str, Any] = COMPOSE["services"]["trialhook"]


def steps(word: str, among: list[list[str]] = STEPS) -> list[str]:
    return [rest for name, rest in among if name == word]


def image_environment() -> dict[str, str]:
    """What ENV sets in the last stage."""
    (text,) = steps("ENV", LAST_STAGE)
    return dict(pair.split("=", 1) for pair in text.split())


def copied() -> list[str]:
    """What is copied from this folder."""
    sources = [rest.split()[:-1] for rest in steps("COPY") if not rest.startswith("--from")]
    return sorted({source for some in sources for source in some})


def is_sent(source: str) -> bool:
    """Whether .dockerignore lets it through: the last rule that fits decides."""
    sent = True
    for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if fnmatch(source.split("/", maxsplit=1)[0], rule.removeprefix("!")):
            sent = rule.startswith("!")
    return sent


@pytest.mark.parametrize("source", copied())
def test_what_the_image_is_made_of_is_there_and_sent_to_the_engine(source: str) -> None:
    assert (ROOT / source).exists()
    assert is_sent(source)


@pytest.mark.parametrize("source", [".git/config", ".env", "build/try-it.pem", "tests/conftest.py"])
def test_nothing_else_is_sent(source: str) -> None:
    assert not is_sent(source)


def test_every_package_is_copied_and_everything_that_the_package_file_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        name for name in project["tool"]["setuptools"]["packages"]["find"]["include"] if "." not in name
    }
    files = {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    assert packages | files <= set(copied())


def test_what_is_installed_is_locked_with_hashes_and_needs_no_compiler() -> None:
    installs = [part for rest in steps("RUN") for part in rest.split("&&") if "pip install" in part]
    locked, ours = installs
    assert {"--require-hashes", "--only-binary"} <= set(locked.split())
    assert {"--no-deps", "--no-build-isolation"} <= set(ours.split())
    for name in re.findall(r"-r (\S+)", locked):
        default = re.sub(r"\$\{(\w+)\}", lambda m: dict(one.split("=") for one in steps("ARG"))[m[1]], name)
        assert "--hash=sha256:" in (ROOT / default).read_text(encoding="utf-8")


def test_each_lock_that_the_image_may_be_built_with_is_copied() -> None:
    for name in ("runtime", "tracing"):
        assert f"requirements/{name}.txt" in copied()


def test_it_runs_as_a_user_of_its_own_who_may_write_to_the_state_folder_only() -> None:
    (user,) = steps("USER", LAST_STAGE)
    (made,) = [rest for rest in steps("RUN", LAST_STAGE) if "useradd" in rest]
    assert user != "root"
    assert made.endswith(f" {user}")
    home = made.split("--home-dir ")[1].split()[0]
    assert home == image_environment()["TRIALHOOK_STATE_DIR"] == steps("VOLUME", LAST_STAGE)[0]


def test_its_command_is_one_of_ours_and_its_settings_exist() -> None:
    (command,) = steps("CMD", LAST_STAGE)[-1:]
    words = json.loads(command)
    assert words[0] == "trialhook"
    assert words[1] in main.commands
    known = {row.name for row in SETTINGS_TABLE}
    assert {name for name in image_environment() if name.startswith("TRIALHOOK_")} <= known


def start(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The image's command with the image's settings, but for folders of this machine."""
    image = {name: value for name, value in image_environment().items() if name != "PATH"}
    settings = {**image, "TRIALHOOK_STATE_DIR": str(folder / "state"), **more}
    command = json.loads(steps("CMD", LAST_STAGE)[-1])[2:]
    return subprocess.run(
        [*SERVE, *command, "--port", "1"],
        cwd=folder,
        check=False,
        env={**environment(**settings), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_does_not_start_without_a_register_of_clients(tmp_path: Path) -> None:
    bare = start(tmp_path)
    assert bare.returncode == 2
    assert "TRIALHOOK_KEYS is required where TRIALHOOK_CLIENTS is set" in bare.stderr

    keys = key_line().partition("=")[2].strip('"')
    usual = {"TRIALHOOK_PUBLIC_URL": "https://cds.example.org", "TRIALHOOK_KEYS": keys}
    there = image_environment()["TRIALHOOK_CLIENTS"]
    assert not Path(there).exists()
    without = start(tmp_path, **usual)
    assert without.returncode == 1
    assert f"{there}: cannot be read" in without.stderr
    assert "Traceback" not in without.stderr

    emptied = start(tmp_path, TRIALHOOK_CLIENTS="")
    assert emptied.returncode != 0
    assert "answers this machine only" in emptied.stderr
    assert "Listening at" not in bare.stderr + without.stderr + emptied.stderr


def test_its_health_is_asked_for_where_it_listens() -> None:
    (check,) = re.findall(r"http://127.0.0.1:(\d+)/healthz", DOCKERFILE)
    assert steps("EXPOSE", LAST_STAGE) == [check]
    serve = main.commands["serve"]
    assert next(one.default for one in serve.params if one.name == "port") == int(check)


# --- compose


def test_it_comes_with_postgresql_and_hapi() -> None:
    images = {name: one.get("image", "") for name, one in COMPOSE["services"].items()}
    assert set(images) == {"trialhook", "db", "hapi"}
    assert images["db"].startswith("postgres:")
    assert images["hapi"].startswith("hapiproject/hapi:")
    assert OURS["build"] == "."


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for one in COMPOSE["services"].values() for port in one.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_the_service_may_do_no_more_than_it_needs() -> None:
    assert OURS["read_only"] is True
    assert OURS["cap_drop"] == ["ALL"]
    assert OURS["security_opt"] == ["no-new-privileges:true"]


def test_every_file_that_is_mounted_is_there() -> None:
    volumes = [volume for one in COMPOSE["services"].values() for volume in one.get("volumes", ())]
    sources = {volume.split(":")[0] for volume in volumes}
    files = {source for source in sources if source.startswith(".")}
    assert files
    assert [source for source in files if not (ROOT / source).exists()] == []
    assert sources - files == set(COMPOSE["volumes"])


def test_a_stop_has_more_time_than_the_service_takes() -> None:
    graceful = re.search(r"^graceful_timeout = (\d+)", GUNICORN_SETTINGS.read_text("utf-8"), re.M)
    assert graceful
    assert int(OURS["stop_grace_period"].removesuffix("s")) > int(graceful[1])


def test_its_settings_start_the_service_but_for_the_database(tmp_path: Path) -> None:
    """`trialhook clients check` with all settings of compose: a misspelt or impossible one would stop it."""
    settings = {name: str(value) for name, value in OURS["environment"].items()}
    assert settings.pop("TRIALHOOK_KEYS").startswith("${TRIALHOOK_KEYS:?")
    settings["TRIALHOOK_KEYS"] = key_line().partition("=")[2].strip('"')
    settings["TRIALHOOK_CLIENTS"] = str(register(tmp_path))
    if "TRIALHOOK_RECRUITMENT" in settings:
        settings["TRIALHOOK_RECRUITMENT"] = str(ROOT / "docs/samples/recruitment.yaml")
    checked = subprocess.run(
        [*SERVE[:-1], "trials", "state"],
        check=False,
        env=environment(**settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    assert "NCT06920433" in checked.stdout
