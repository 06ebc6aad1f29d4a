"""``trialhook clients check``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.clients.commands import clients
from tests.authentication.minting import jwk
from tests.clients.files import KEYS, START, indented, write


def check(path: Path | None, environment: dict[str, str] | None = None) -> Result:
    blank = {"TRIALHOOK_CLIENTS": "", **(environment or {})}
    return CliRunner().invoke(clients, ["check", *([str(path)] if path else [])], env=blank)


TOKENS = (
    "a: tokens of https://a.example, ES384 or RS384 with keys of https://a.example/jwks.json, 300 s at most"
)
PLAIN = (
    f"{TOKENS}; any tenant; no FHIR server (prefetch only); every trial, without a local contact; "
    "CDS Hooks 2.0, suggestions that create, prefetch by codes\n"
)
MUCH = """\
algorithms: [ES384]
tenants: [x, y]
trials: []
token_lifetime: 60
calls_per_minute: 5
time_zone: Asia/Tokyo
origins: ['https://a.example']
abilities: {suggestions: no, prefetch: none}
fhir_servers:
  - {base: 'http://h/r4', insecure_http: yes}
  - {base: 'https://h/r4', networks: [10.0.0.0/8]}
"""
MUCH_SAID = (
    "a: tokens of https://a.example, ES384 with keys of https://a.example/jwks.json, 60 s at most; "
    "tenants x, y; reads http://h/r4 (NOT ENCRYPTED), https://h/r4 within 10.0.0.0/8; no trial; "
    "CDS Hooks 2.0, no suggestions, no prefetch; pages of https://a.example; days in Asia/Tokyo; "
    "5 calls a minute\n"
)
ABLE = """\
trials: [{id: NCT06920433, silent: yes, contact: x}]
abilities:
  cds_hooks: 3.0
  action_types: []
  smart_links: yes
  fhirpath_prefetch: yes
  action_selection: yes
  context_may_be_missing: yes
"""
ABLE_SAID = (
    f"{TOKENS}; any tenant; no FHIR server (prefetch only); trials NCT06920433 silently; CDS Hooks 3.0, "
    "suggestions that act on nothing, SMART links, prefetch by codes, FHIRPath in prefetch, "
    "action selection, context may be missing\n"
)
FOLLOWED = """\
trials: []
smart: {client_id: our-app, signs: yes}
backend: {client_id: our-service}
referral: {request: active, task: yes}
"""
FOLLOWED_SAID = (
    f"{TOKENS}; any tenant; no FHIR server (prefetch only); no trial; CDS Hooks 2.0, "
    "suggestions that create, prefetch by codes; launches the worksheet as our-app, which signs; "
    "served in the background as our-service; keeps of a referral a ServiceRequest (active), a Task\n"
)
LINES = [("", PLAIN), (MUCH, MUCH_SAID), (ABLE, ABLE_SAID), (FOLLOWED, FOLLOWED_SAID)]


@pytest.mark.parametrize(("members", "line"), LINES)
def test_a_line_says_what_a_client_may_do(members: str, line: str, tmp_path: Path) -> None:
    result = check(write(tmp_path, START + KEYS + indented(members)))
    assert (result.exit_code, result.stdout) == (0, line)
    assert result.stderr.count("\n") == 1  # that no definition has been reviewed yet


def test_a_secret_of_the_app_is_said_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "app.txt").write_text("s3cr3t", encoding="utf-8")
    smart = "smart: {client_id: our-app, client_secret_file: app.txt}"
    result = check(write(tmp_path, START + KEYS + indented(smart)))
    assert "launches the worksheet as our-app, which has a secret" in result.stdout
    assert "s3cr3t" not in result.stdout


def test_keys_that_are_given_are_counted_and_not_shown(tmp_path: Path) -> None:
    key = jwk("P-384", "k")
    keys = f"    keys: {{jwks: {{keys: [{key}]}}}}\n"
    result = check(write(tmp_path, START + keys))
    assert "with 1 key given here, " in result.stdout
    assert key["x"] not in result.stdout


def test_the_settings_name_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, START + KEYS)
    assert check(None, {"TRIALHOOK_CLIENTS": str(path)}).stdout == check(path).stdout


def test_without_any_file_it_says_what_to_do() -> None:
    result = check(None)
    assert result.exit_code == 2
    assert "name a file, or set TRIALHOOK_CLIENTS" in result.stderr


def test_every_fault_is_printed_and_the_exit_is_1(tmp_path: Path) -> None:
    path = write(tmp_path, START + KEYS + "    language: de\n    tenant: x\n")
    result = check(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{path.as_posix()}:6: client 'a': 'language' cannot be 'de'; one of: from-request, en, zh-Hans",
        f"{path.as_posix()}:7: client 'a': unknown key 'tenant'; did you mean 'tenants'?",
    ]


def test_the_public_key_pair_of_the_sandbox_is_warned_of(tmp_path: Path) -> None:
    result = check(
        write(tmp_path, START.replace("https://a.example", "https://sandbox.cds-hooks.org") + KEYS)
    )
    assert result.exit_code == 0
    assert "warning: the sandbox's private key is public: anybody can call as a." in result.stderr
