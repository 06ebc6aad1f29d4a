"""The files of docs/samples, and the snippets of docs/operate.md that use them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase

from cds_service.authentication.refusal import Cause
from cds_service.clients.reading import load_clients
from cds_service.observing import metrics
from cds_service.recruitment.states import RecruitmentStates
from cds_service.serving import GUNICORN_SETTINGS
from cds_service.settings import SETTINGS_TABLE, Settings
from mappings.definitions import load_catalog
from tests.deployment.running import ROOT, SERVICE, chart, register, service
from tests.pages.browser import close, demo_app

SAMPLES = ROOT / "docs/samples"
OPERATE = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
OURS = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
SERIES = {
    f"{name}{ending}": set(one._labelnames)
    for one in OURS
    for name in [next(iter(one.describe())).name]
    for ending in (("_bucket", "_count", "_sum") if isinstance(one, Histogram) else ("", "_total"))
}


# --- clients


def test_the_clients_of_compose_are_sound_as_they_are_shipped() -> None:
    clients = {client.id: client for client in load_clients(SAMPLES / "compose-clients.yaml")}
    assert list(clients) == ["try-it", "sandbox"]
    (hapi,) = clients["try-it"].fhir_servers
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert hapi.base.host in compose["services"]


def test_no_private_key_is_shipped() -> None:
    shipped = [path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert len(shipped) > 5
    for path in shipped:
        assert not re.search(r"PRIVATE KEY-----|\"d\": ", path.read_text(encoding="utf-8")), path


def test_the_key_of_try_it_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    first, again = register(tmp_path).read_text("utf-8"), register(tmp_path).read_text("utf-8")
    assert first == again
    assert first != (SAMPLES / "compose-clients.yaml").read_text("utf-8")
    assert (tmp_path / "try-it.pem").stat().st_mode & 0o777 == 0o600


def test_a_call_made_by_hand_is_answered(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (snippet,) = re.findall(r"```sh\n(URL=.*?)```", OPERATE, re.DOTALL)
    with service(tmp_path) as running:
        there = snippet.replace("http://localhost:8090", running.url).replace(
            ".venv/bin/python", sys.executable
        )
        # Where a shell has proxies set, they are not for this machine.
        answer = subprocess.run(
            ["bash", "-c", there.replace("curl ", "curl --noproxy '*' ")],
            check=False,
            cwd=ROOT,
            env={**os.environ, "TRY_IT_KEY": str(tmp_path / "try-it.pem")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert answer.stdout == '{"cards":[]}', answer.stderr
        elsewhere = running.call(chart(), token=running.token("/cds-services"))
        unsigned = running.call(chart(), token="a.b.c")
        assert (elsewhere.status_code, unsigned.status_code) == (401, 401)
        assert running.call(chart(), SERVICE).json()["cards"]


# --- recruitment


def test_the_recruitment_file_is_sound_and_begins_in_silence() -> None:
    trials = load_catalog().trials
    states = RecruitmentStates(SAMPLES / "recruitment.yaml", trials=[trial.id for trial in trials])
    state = states.of(trials[0], date(2026, 6, 15))
    assert state.open
    assert state.silent


# --- monitoring


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((SAMPLES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_every_rule_asks_for_a_series_that_there_is_by_labels_that_it_has() -> None:
    asked = [
        (rule["alert"], *found)
        for rule in rules()
        for found in re.findall(r"\b(trialhook_\w+)(?:\{([^}]*)\})?", rule["expr"])
    ]
    assert len(asked) >= len(rules()) - 1  # all but `up`
    for alert, name, selector in asked:
        assert name in SERIES, alert
        assert set(re.findall(r"(\w+)=", selector)) <= SERIES[name], alert
    for rule in rules():
        names = re.findall(r"\btrialhook_\w+", rule["expr"])
        kept = {label for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in group.split(", ")}
        assert kept - {"le"} <= set().union(*(SERIES[name] for name in names), {"le"}), rule["alert"]


def test_the_words_that_rules_look_for_are_those_that_are_counted() -> None:
    text = "\n".join(rule["expr"] for rule in rules())
    causes = {word for found in re.findall(r'cause=~"([^"]*)"', text) for word in found.split("|")}
    assert causes
    assert causes <= set(get_args(Cause))


def test_prometheus_asks_where_the_service_listens_and_loads_the_rules() -> None:
    scrape = yaml.safe_load((SAMPLES / "prometheus.yml").read_text(encoding="utf-8"))
    assert [name for name in scrape["rule_files"] if not (SAMPLES / name).exists()] == []
    (job,) = scrape["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:8090"]
    assert job.get("metrics_path", "/metrics") == "/metrics"
    assert f'up{{job="{job["job_name"]}"}}' in (SAMPLES / "alerts.yml").read_text(encoding="utf-8")


# --- proxy and service manager


def test_the_proxy_takes_bodies_as_large_as_the_service_and_forwards_no_metrics() -> None:
    site = (SAMPLES / "nginx.conf").read_text(encoding="utf-8")
    largest = re.search(r"client_max_body_size\s+(\d+)m;", site)
    assert largest
    assert int(largest[1]) * 1024**2 == Settings().max_body
    assert "ssl_protocols       TLSv1.2 TLSv1.3;" in site


def forwarded_to(path: str) -> str:
    """What the sample says of the location that nginx chooses for a path; "" where it is not forwarded."""
    site = (SAMPLES / "nginx.conf").read_text(encoding="utf-8")
    found = re.findall(r"location (?:([=~]) )?(\S+) \{([^}]*)\}", site)
    exact = [inside for kind, name, inside in found if kind == "=" and path == name]
    matched = [inside for kind, name, inside in found if kind == "~" and re.search(name, path)]
    begun = sorted((len(name), inside) for kind, name, inside in found if not kind and path.startswith(name))
    inside: str = next(iter([*exact, *matched, begun[-1][1]]))
    return inside if "proxy_pass" in inside else ""


def test_the_proxy_forwards_every_page_and_nothing_of_the_operators(tmp_path: Path) -> None:
    app = demo_app(tmp_path)
    paths = {re.sub(r"<[^>]+>", "x", rule.rule) for rule in app.url_map.iter_rules()}
    close(app)
    assert {path for path in paths if not forwarded_to(path)} == {"/metrics", "/healthz", "/readyz"}


@pytest.mark.parametrize(
    ("path", "limited"),
    [
        ("/smart/launch", True),
        ("/sign-in", True),
        ("/sign-in/callback", True),
        ("/worksheet/links/x", True),
        ("/fhir-notifications/x", True),
        ("/.well-known/jwks.json", True),
        ("/worklist", False),
        ("/cds-services/x", False),
    ],
)
def test_the_proxy_limits_where_anybody_may_knock(path: str, limited: bool) -> None:
    assert ("limit_req " in forwarded_to(path)) == limited


def test_the_unit_sets_what_exists_and_leaves_time_for_a_stop() -> None:
    unit = (SAMPLES / "trialhook.service").read_text(encoding="utf-8")
    named = set(re.findall(r"TRIALHOOK_\w+", unit))
    assert named <= {row.name for row in SETTINGS_TABLE}
    graceful = re.search(r"^graceful_timeout = (\d+)", GUNICORN_SETTINGS.read_text("utf-8"), re.M)
    patience = re.search(r"^TimeoutStopSec=(\d+)", unit, re.M)
    assert graceful
    assert patience
    assert int(patience[1]) > int(graceful[1])
    assert "\nKillMode=mixed\n" in unit
