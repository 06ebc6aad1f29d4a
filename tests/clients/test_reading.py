"""clients.yaml: what each key becomes, and what is said of every mistake."""

from __future__ import annotations

import json
from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.clients.reading import ClientFault, ClientsError, demo_clients, load_clients
from cds_service.clients.registered import (
    Abilities,
    BackendAccess,
    Client,
    KeySource,
    ReferralTerms,
    SmartApp,
    TrialOffer,
)
from cds_service.clients.schema import MODELS, AbilitiesEntry, ClientEntry, PolicyEntry
from cds_service.fatigue.policy import Policy
from cds_service.fhir.allow_list import FhirBase
from cds_service.settings import Settings
from tests.authentication.minting import jwk, key_set
from tests.clients.files import KEYS, START, client_with, faults_in, indented, write

TRIAL = "NCT06920433"

# --- what is read


def test_a_client_with_only_what_it_must_have_gets_the_defaults(tmp_path: Path) -> None:
    client = client_with(tmp_path, "")
    assert client == Client("a", "https://a.example", KeySource(url="https://a.example/jwks.json"))
    assert client.algorithms == ("ES384", "RS384")
    assert (client.trials, client.token_lifetime, client.language) == (None, 300, "from-request")


READ = [
    ("algorithms: [PS384, ES256]", "algorithms", ("PS384", "ES256")),
    ("audiences: [sand_man, 'https://x.example/y']", "audiences", ("sand_man", "https://x.example/y")),
    ("tenants: ['1', no, 0.10, 010]", "tenants", ("1", "no", "0.10", "010")),
    ("origins: ['https://a.example', 'http://localhost:8080']", "origins",
     ("https://a.example", "http://localhost:8080")),
    ("time_zone: Asia/Kathmandu", "time_zone", "Asia/Kathmandu"),
    ("calls_per_minute: 1000000", "calls_per_minute", 1_000_000),
    ("token_lifetime: 3600", "token_lifetime", 3600),
    ("trials: []", "trials", ()),
    (f"trials: [{TRIAL}]", "trials", (TrialOffer(TRIAL),)),
    (f"trials: [{{id: {TRIAL}, contact: 'Ext. 4711', silent: TRUE}}]", "trials",
     (TrialOffer(TRIAL, "Ext. 4711", silent=True),)),
    (f"trials: [{{id: {TRIAL}, policy: {{declined_days: 0, back_off_rate: 1}}}}]", "trials",
     (TrialOffer(TRIAL, policy=Policy(declined_days=0, back_off_rate=1.0)),)),
    ("abilities: {suggestions: no, action_types: [], smart_links: yes, prefetch: none}", "abilities",
     Abilities(suggestions=False, action_types=frozenset(), smart_links=True, prefetch="none")),
    ("abilities: {cds_hooks: 3.0, fhirpath_prefetch: yes, action_selection: true}", "abilities",
     Abilities(cds_hooks="3.0", fhirpath_prefetch=True, action_selection=True)),
    ("abilities: {cds_hooks: '1.0', context_may_be_missing: yes, action_types: [delete, update]}",
     "abilities",
     Abilities(cds_hooks="1.0", context_may_be_missing=True, action_types=frozenset({"delete", "update"}))),
    ("smart: {client_id: our-app}", "smart", SmartApp("our-app")),
    ("smart: {client_id: our-app, signs: yes, scopes: [launch, openid]}", "smart",
     SmartApp("our-app", scopes=("launch", "openid"), signs=True)),
    ("backend: {client_id: us, token_url: 'https://a.example/token'}", "backend",
     BackendAccess("us", "https://a.example/token")),
    ("referral: {request: active, task: yes, poll_seconds: 0}", "referral",
     ReferralTerms("active", task=True, poll_seconds=0)),
]  # fmt: skip


@pytest.mark.parametrize(("members", "name", "value"), READ)
def test_a_key_is_read(members: str, name: str, value: object, tmp_path: Path) -> None:
    assert getattr(client_with(tmp_path, members), name) == value


def test_the_secret_of_the_app_is_read_from_a_file_beside_and_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "app.txt").write_text(" s3cr3t\n", encoding="utf-8")
    smart = client_with(tmp_path, "smart: {client_id: our-app, client_secret_file: app.txt}").smart
    assert smart == SmartApp("our-app", "s3cr3t")
    assert "s3cr3t" not in repr(smart)


def test_fhir_servers_are_read(tmp_path: Path) -> None:
    first, second = client_with(
        tmp_path,
        "fhir_servers:\n"
        "  - {base: https://fhir.example/r4/, networks: [10.0.0.0/8, fd12::/16]}\n"
        "  - {base: http://10.1.2.3:8080/fhir, insecure_http: yes, networks: [10.1.2.3/32]}",
    ).fhir_servers
    assert first.base == FhirBase("https", "fhir.example", 443, "/r4")
    assert first.networks == (ip_network("10.0.0.0/8"), ip_network("fd12::/16"))
    assert (first.insecure_http, second.insecure_http) == (False, True)
    assert second.base.url == "http://10.1.2.3:8080/fhir"


def test_keys_at_a_url_keep_it_as_it_is_written(tmp_path: Path) -> None:
    keys = "    keys: {jwks_url: https://A.example/Keys/, networks: [10.0.0.0/8]}\n"
    (client,) = load_clients(write(tmp_path, START + keys))
    assert client.keys == KeySource("https://A.example/Keys/", (ip_network("10.0.0.0/8"),))


@pytest.mark.parametrize("url", ["", "https://a.example/jwks.json"])
def test_keys_are_read_from_the_file_itself_or_from_one_beside_it(url: str, tmp_path: Path) -> None:
    keys = key_set(jwk("P-384", "ec"), jwk("RSA 2048", "rsa", use="sig"), jwk("RSA 2048", "enc", use="enc"))
    (tmp_path / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    with_url = f"jwks_url: {url}, " if url else ""
    for source in ("jwks_file: keys.json", f"jwks: {json.dumps(keys)}"):
        (client,) = load_clients(write(tmp_path, f"{START}    keys: {{{with_url}{source}}}\n"))
        assert client.keys == KeySource(url, (), keys)


def site_file(folder: Path, text: str) -> Path:
    path = folder / "sites" / "ours.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


KREA = "schema: 1\nconcepts: {creatinine: [{system: 'urn:x', code: KREA, display: Krea}]}"


def test_a_site_is_looked_for_in_the_folder_beside_the_file(tmp_path: Path) -> None:
    path = site_file(tmp_path, KREA)
    site = client_with(tmp_path, "site: ours").site
    assert site is not None
    assert (site.path, site.name) == (path, "ours")
    assert site.catalog.concepts["creatinine"].codes[-1].token == "urn:x|KREA"


def test_clients_of_one_site_share_what_is_made_for_it(tmp_path: Path) -> None:
    site_file(tmp_path, KREA)
    text = "schema: 1\ndefaults: {site: ours}\nclients:\n" + "".join(
        f"  - {{id: {name}, issuer: 'https://{name}.example', keys: {{jwks_url: 'https://x.example/{name}'}}}}\n"
        for name in "ab"
    )
    a, b = load_clients(write(tmp_path, text))
    assert a.site is not None
    assert a.site is b.site


@pytest.mark.parametrize("name", ["../other", "sites/ours", "ours.yaml", "a b", "-"])
def test_a_site_is_a_name_and_never_a_path(name: str, tmp_path: Path) -> None:
    [fault] = faults_in(tmp_path, START + KEYS + indented(f"site: {name!r}"))
    assert fault == (
        f"clients.yaml:6: client 'a': 'site' cannot be {name!r}; it is the name alone of sites/NAME.yaml, "
        "beside this file: letters, digits and hyphens"
    )


def test_defaults_hold_where_a_client_says_nothing_else(tmp_path: Path) -> None:
    text = "schema: 1\ndefaults: {time_zone: Europe/Berlin, token_lifetime: 900}\nclients:\n" + "".join(
        f"  - {{id: {name}, issuer: 'https://{name}.example', keys: {{jwks_url: 'https://x.example/{name}'}}"
        f"{more}}}\n"
        for name, more in (("a", ""), ("b", ", time_zone: Asia/Tokyo"))
    )
    a, b = load_clients(write(tmp_path, text))
    assert (a.time_zone, a.token_lifetime) == ("Europe/Berlin", 900)
    assert (b.time_zone, b.token_lifetime) == ("Asia/Tokyo", 900)


def test_clients_of_a_file_are_no_demo(tmp_path: Path) -> None:
    clients = load_clients(write(tmp_path, START + KEYS))
    assert clients.by_id("a") is next(iter(clients))
    assert not clients.demo


# --- every mistake


def at(line: int, message: str, where: str = "client 'a': ") -> list[str]:
    return [f"clients.yaml:{line}: {where}{message}"]


NOT_YAML = (
    "not YAML: did not find expected node content; put a text in quotes if it starts with "
    "> | @ % & * ! ? - { [ or holds ': ' or ' #', or stands within braces and holds { } [ ] or a comma"
)
IN_A_FILE = [
    ("", at(1, "the file is empty", "")),
    ("clients: [", at(2, NOT_YAML, "")),
    ("- a", at(1, "the file must be a mapping of keys, such as 'schema: 1'", "")),
    ("schema: 1\nclients:\n\t- id: a", at(3, "a tab; YAML is indented with spaces", "")),
    ("schema: 1", at(1, "the key 'clients' is missing", "")),
    ("schema: 1\nclients: []", at(2, "registers no client; add one, or run in demo mode", "")),
    ("schema: 1\nclients: {}", at(2, "'clients' must be a list", "")),
    ("schema: 1\nclients: [a]",
     at(2, "a client must be a mapping of keys; indent them below it", "client 1: ")),
    (START.replace("schema: 1\n", "") + KEYS, at(1, "the key 'schema' is missing", "")),
    (START.replace("1", "2", 1) + KEYS, at(1, "'schema' cannot be '2'; one of: 1", "")),
    (START + KEYS + "client: x\n", at(6, "unknown key 'client'; did you mean 'clients'?", "")),
    (START + KEYS + KEYS, at(6, "the key 'keys' stands on line 5 too", "")),
    (START + KEYS + "    tenants: &x [a]\n    audiences: *x\n",
     at(7, "the alias *x; write out what it stands for", "")),
    (START, at(3, "the key 'keys' is missing; add it")),
    (START.replace("id: a", "idd: a") + KEYS,
     ["clients.yaml:3: client 1: the key 'id' is missing; add it",
      "clients.yaml:3: client 1: unknown key 'idd'; did you mean 'id'?"]),
    (START.replace("id: a", "id: a b") + KEYS,
     at(3, "'id' cannot be 'a b'; use letters, digits, dots and hyphens, 64 at most", "client 'a b': ")),
    (START.replace("https://a.example", "a b") + KEYS,
     at(4, "'issuer' must not hold blanks; it is compared exactly with what the token says")),
    (START.replace("https://a.example", "''") + KEYS,
     at(4, "'issuer' is empty; give it a value, or leave the key out")),
    (START + KEYS + "  - id: a\n    issuer: https://b.example\n" + KEYS,
     at(6, "the id 'a' is that of the client on line 3 too; give each its own")),
    (START + KEYS + "  - id: b\n    issuer: https://a.example\n" + KEYS,
     at(7, "the issuer 'https://a.example' is that of the client on line 4 too; give each its own",
        "client 'b': ")),
    ("defaults: {issuer: x, tokn_lifetime: 5}\n" + START + KEYS,
     [*at(1, "'issuer' is each client's own; move it there", "defaults: "),
      *at(1, "unknown key 'tokn_lifetime'; did you mean 'token_lifetime'?", "defaults: ")]),
    ("defaults: [a]\n" + START + KEYS, at(1, "'defaults' must be a mapping of keys", "")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "faults"), IN_A_FILE)
def test_of_a_file_is_said(text: str, faults: list[str], tmp_path: Path) -> None:
    assert faults_in(tmp_path, text) == faults


PUBLIC_ONLY = (
    "only algorithms with a public key are accepted: "
    "ES384, RS384, ES256, ES512, RS256, RS512, PS256, PS384, PS512"
)
A_LIST = "'tenants' must be a list; write it as [a, b], or with a line for each that begins with '-'"
NOT_AN_ORIGIN = "; write one such as https://ehr.example, in lower case, without a path or a slash at its end"
NOT_A_BASE = (
    "'base' is not a base URL; write one such as https://ehr.example/fhir/r4, without user, query or '..'"
)

IN_A_CLIENT = [
    ("abilites: {}", "unknown key 'abilites'; did you mean 'abilities'?"),
    ("tenants: a", A_LIST),
    ("tenants: {a: b}", A_LIST),
    ("tenants: [[a]]", "'tenants' must be a text, not a list or a mapping"),
    ("tenants: [a, b, a]", "'tenants' names 'a' twice; take one out"),
    ('tenants: ["a\\u200bb"]', "'tenants' must be one line of at most 512 printable characters"),
    ("algorithms: [none]", f"'algorithms' cannot be 'none'; {PUBLIC_ONLY}"),
    ("algorithms: [HS384]", f"'algorithms' cannot be 'HS384'; {PUBLIC_ONLY}"),
    ("algorithms: [ES348]", "'algorithms' cannot be 'ES348'; did you mean 'ES384'?"),
    ("origins: ['*']", "'origins' holds '*', which is not an origin" + NOT_AN_ORIGIN),
    ("origins: ['null']", "'origins' holds 'null', which is not an origin" + NOT_AN_ORIGIN),
    ("origins: ['https://a.example/']",
     "'origins' holds 'https://a.example/', which is not an origin" + NOT_AN_ORIGIN),
    ("origins: ['https://A.example']",
     "'origins' holds 'https://A.example', which is not an origin" + NOT_AN_ORIGIN),
    ("origins: ['https://a.example:443']",
     "'origins' holds 'https://a.example:443'; browsers leave the usual port out, so do here"),
    ("origins: ['http://a.example']",
     "'origins' holds 'http://a.example'; a page that came over http may be anybody's, use https"),
    ("time_zone: CET+1",
     "'time_zone' cannot be 'CET+1'; write the name of a time zone such as Europe/Berlin"),
    ("time_zone: ../etc/passwd",
     "'time_zone' cannot be '../etc/passwd'; write the name of a time zone such as Europe/Berlin"),
    ("language: de", "'language' cannot be 'de'; one of: from-request, en, zh-Hans"),
    ("calls_per_minute: 0", "'calls_per_minute' cannot be '0'; write a whole number from 1 to 1000000"),
    ("calls_per_minute: 1e3", "'calls_per_minute' cannot be '1e3'; write a whole number from 1 to 1000000"),
    ("token_lifetime: 3601", "'token_lifetime' cannot be '3601'; write a whole number from 1 to 3600"),
    ("token_lifetime: {}", "'token_lifetime' must be a text, not a list or a mapping"),
    ("trials: [NCT06920434]", "unknown trial 'NCT06920434'; did you mean 'NCT06920433'?"),
    ("trials: [xyz]", "unknown trial 'xyz'; known: NCT06920433"),
    (f"trials: [{TRIAL}, {TRIAL}]", f"the trial '{TRIAL}' is listed twice; take one out"),
    ("trials: [[a]]", "an entry of 'trials' must be a mapping of keys; indent them below it"),
    (f"trials: [{{id: {TRIAL}, silent: maybe}}]", "'silent' cannot be 'maybe'; write yes or no"),
    (f"trials: [{{id: {TRIAL}, contacts: x}}]", "unknown key 'contacts'; did you mean 'contact'?"),
    (f"trials: [{{id: {TRIAL}, policy: {{decline_days: 5}}}}]",
     "unknown key 'decline_days'; did you mean 'declined_days'?"),
    (f"trials: [{{id: {TRIAL}, policy: {{declined_days: 3651}}}}]",
     "'declined_days' cannot be '3651'; write a whole number from 0 to 3650"),
    (f"trials: [{{id: {TRIAL}, policy: {{cards_per_response: 11}}}}]",
     "'cards_per_response' cannot be '11'; write a whole number from 1 to 10"),
    (f"trials: [{{id: {TRIAL}, policy: {{back_off_rate: 0}}}}]",
     "'back_off_rate' cannot be '0'; write a share such as 0.9, more than 0 and at most 1"),
    (f"trials: [{{id: {TRIAL}, policy: {{back_off_rate: 90%}}}}]",
     "'back_off_rate' cannot be '90%'; write a share such as 0.9, more than 0 and at most 1"),
    (f"trials: [{{id: {TRIAL}, policy: {{patients_per_user_and_day: 2, backed_off_patients: 3}}}}]",
     "'backed_off_patients' is more than patients_per_user_and_day, 2; make it fewer"),
    ("abilities: [a]", "'abilities' must be a mapping of keys; indent them below it"),
    ("abilities: {cds_hooks: 2}", "'cds_hooks' cannot be '2'; one of: 1.0, 2.0, 3.0"),
    ("abilities: {prefetch: code}", "'prefetch' cannot be 'code'; did you mean 'codes'?"),
    ("abilities: {action_types: [create, patch]}",
     "'action_types' cannot be 'patch'; one of: create, update, delete"),
    ("abilities: {fhirpath_prefetch: yes}",
     "'fhirpath_prefetch' is of CDS Hooks 3.0; write cds_hooks: 3.0 if the client speaks it"),
    ("abilities: {action_selection: yes, cds_hooks: '1.0'}",
     "'action_selection' is of CDS Hooks 3.0; write cds_hooks: 3.0 if the client speaks it"),
    ("fhir_servers: [a]", "an entry of 'fhir_servers' must be a mapping of keys; indent them below it"),
    ("fhir_servers: [{networks: []}]", "the key 'base' is missing; add it"),
    ("fhir_servers: [{base: 'https://u:p@x.example'}]", NOT_A_BASE),
    ("fhir_servers: [{base: 'https://x.example/a/../b'}]", NOT_A_BASE),
    ("fhir_servers: [{base: 'http://x.example/r4'}]",
     "'base' is http, over which anybody on the way can read; use https, or write insecure_http: yes"),
    ("fhir_servers: [{base: 'https://x.example', insecure_http: yes}]",
     "'base' is https already; take insecure_http out"),
    ("fhir_servers: [{base: 'https://x.example'}, {base: 'https://X.example:443/'}]",
     "this base is listed twice; take one out"),
    ("fhir_servers: [{base: 'https://x.example', networks: [10.1.2.3/8]}]",
     "'networks' holds '10.1.2.3/8', which is not a network; did you mean '10.0.0.0/8'?"),
    ("fhir_servers: [{base: 'https://x.example', networks: [intranet]}]",
     "'networks' holds 'intranet', which is not a network; write one such as 10.1.0.0/16"),
    ("fhir_servers: [{base: 'https://x.example', networks: ['::/0']}]",
     "'networks' holds '::/0', which is every address; name the hospital's own networks"),
    ("fhir_servers: [{base: 'https://x.example', networks: [169.254.169.254/32]}]",
     "'networks' holds '169.254.169.254/32'; link-local and metadata addresses are never called"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), IN_A_CLIENT)
def test_of_a_client_is_said(members: str, message: str, tmp_path: Path) -> None:
    assert faults_in(tmp_path, START + KEYS + indented(members)) == at(6, message)


APP_FAULTS = [
    ("{client_id: x, client_secret_file: none.txt}",
     "none.txt cannot be read; it is looked for beside this file"),
    ("{client_id: x, client_secret_file: empty.txt}",
     "empty.txt is empty; it must hold the app's secret"),
    ("{client_id: x, client_secret_file: app.txt, signs: yes}",
     "'signs' is one proof and client_secret_file another; keep the one that is registered"),
    ("{client_id: x, signs: maybe}", "'signs' cannot be 'maybe'; write yes or no"),
]  # fmt: skip


@pytest.mark.parametrize(("smart", "message"), APP_FAULTS)
def test_of_the_app_is_said(smart: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    (tmp_path / "app.txt").write_text("s3cr3t", encoding="utf-8")
    faults = faults_in(tmp_path, START + KEYS + indented(f"smart: {smart}"))
    assert faults == at(6, message)


WITH_KEYS = [
    ("keys: x", "'keys' must be a mapping of keys; indent them below it"),
    ("keys: {}", "'keys' names no keys; give jwks_url, jwks_file or jwks"),
    ("keys: {jwks_ulr: x}", "unknown key 'jwks_ulr'; did you mean 'jwks_url'?"),
    ("keys: {jwks_url: 'http://a.example/j'}",
     "'jwks_url' must be an https URL without user or query, such as https://ehr.example/jwks.json"),
    ("keys: {jwks_url: 'https://a.example/j?x'}",
     "'jwks_url' must be an https URL without user or query, such as https://ehr.example/jwks.json"),
    ("keys: {networks: [10.0.0.0/8], jwks: {keys: []}}",
     "'networks' are those of jwks_url, which is not there; take them out"),
    ("keys: {jwks: {keys: []}, jwks_file: x}", "'keys' has jwks and jwks_file; keep one of them"),
    ("keys: {jwks: []}", "'jwks' must be a mapping of keys; indent them below it"),
    ("keys: {jwks: {key: []}}", "is not a key set; it must hold a list 'keys'"),
    ("keys: {jwks: {keys: []}}", "holds no key for signatures; add one"),
    ("keys: {jwks: {keys: [{kty: oct, k: c2VjcmV0, kid: s}]}}",
     "the key 's' is symmetric, a secret that both sides would know; only public keys are accepted"),
    ("keys: {jwks: {keys: [" + json.dumps(jwk("P-256", "p")) + "]}}",
     "the key 'p' goes with none of the client's algorithms (ES384, RS384); add ES256 to them"),
    ("keys: {jwks: {keys: [" + json.dumps(jwk("P-384", "p", use="enc")) + "]}}",
     "holds no key for signatures; add one"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "message"), WITH_KEYS, ids=[case[1] for case in WITH_KEYS])
def test_of_keys_is_said(keys: str, message: str, tmp_path: Path) -> None:
    found = [fault for fault in faults_in(tmp_path, START + indented(keys)) if "is missing" not in fault]
    assert found == at(5, message)


def test_the_line_of_a_faulty_key_is_its_own(tmp_path: Path) -> None:
    good, bad = json.dumps(jwk("P-384", "good")), json.dumps(jwk("RSA 1024", "weak"))
    keys = f"keys:\n  jwks:\n    keys:\n      - {good}\n      - {bad}"
    assert faults_in(tmp_path, START + indented(keys)) == at(
        9, "the key 'weak' has 1024 bits; RSA keys must have 2048 to 8192"
    )


NO_KEYS = (
    "clients.yaml:5: client 'a': keys.json cannot be read: No such file or directory; "
    "it is looked for beside this file"
)
IN_FILES = [
    (None, NO_KEYS),
    (b"{", "keys.json: client 'a': is not JSON, or too large; save the key set as it is"),
    (b" " * 300_000, "keys.json: client 'a': is not JSON, or too large; save the key set as it is"),
    (b"[]", "keys.json: client 'a': is not a key set; it must hold a list 'keys'"),
    (json.dumps(key_set(jwk("RSA 1024", "weak"))).encode(),
     "keys.json: client 'a': the key 'weak' has 1024 bits; RSA keys must have 2048 to 8192"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), IN_FILES, ids=range(len(IN_FILES)))
def test_of_a_file_of_keys_is_said(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "keys.json").write_bytes(content)
    assert faults_in(tmp_path, START + indented("keys: {jwks_file: keys.json}")) == [message]


def test_faults_of_a_site_name_their_own_file_and_line(tmp_path: Path) -> None:
    site_file(
        tmp_path, "schema: 1\nconcepts:\n  creatinine:\n    - {system: loinc, code: 2160-1, display: x}\n"
    )
    assert faults_in(tmp_path, START + KEYS + indented("site: ours")) == [
        "sites/ours.yaml:4: concept 'creatinine': '2160-1' fails the LOINC check digit (-0 would be right)"
    ]
    [missing] = faults_in(tmp_path, START + KEYS + indented("site: other"))
    assert missing == (
        "clients.yaml:6: client 'a': sites/other.yaml cannot be read: No such file or directory; "
        "a site's file is looked for in sites/ beside this file"
    )


def test_each_client_of_a_site_without_a_file_is_named(tmp_path: Path) -> None:
    text = "schema: 1\ndefaults: {site: other}\nclients:\n" + "".join(
        f"  - {{id: {name}, issuer: 'https://{name}.example', keys: {{jwks_url: 'https://x.example/{name}'}}}}\n"
        for name in "ab"
    )
    assert [fault.partition(": sites/")[0] for fault in faults_in(tmp_path, text)] == [
        "clients.yaml:2: client 'a'",
        "clients.yaml:2: client 'b'",
    ]


def test_everything_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = START + indented("keys: {}\nlanguage: de\ntenants: a\nabilities: {prefetch: x}")
    assert [fault.split(":")[1] for fault in faults_in(tmp_path, text)] == ["5", "6", "7", "8"]


def test_a_fault_has_its_parts(tmp_path: Path) -> None:
    path = write(tmp_path, START + KEYS + "    language: de\n")
    with pytest.raises(ClientsError) as caught:
        load_clients(path)
    assert caught.value.faults == (
        ClientFault(
            path.as_posix(), 6, "client 'a'", "'language' cannot be 'de'", "one of: from-request, en, zh-Hans"
        ),
    )


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match="cannot be read: No such file"):
        load_clients(tmp_path / "none.yaml")


def test_no_fault_shows_key_material(tmp_path: Path) -> None:
    key = json.dumps({**jwk("P-384", "k"), "d": "SECRETSECRET"})
    for text in (
        f"keys: {{jwks: {{keys: [{key}]}}}}",
        f"keys: {{jwks: {{keys: {key}}}}}",
        f"keys: {{jwks: [{key}]}}",
    ):
        faults = faults_in(tmp_path, START + indented(text))
        assert faults
        assert "SECRET" not in str(faults)


PIECES = st.sampled_from(
    ["a", "1", "[]", "{}", "[a, a]", "{id: a}", "''", "[{}]", "[[x]]", "~", "yes", "{a: {b: c}}"]
)
NAMES = sorted({name for model in MODELS.values() for name in model.model_fields})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.dictionaries(st.sampled_from(NAMES), PIECES, max_size=6), other=PIECES)
def test_any_shape_of_any_key_is_a_fault_or_a_client(
    members: dict[str, str], other: str, tmp_path: Path
) -> None:
    lines = "".join(f"    {key}: {value}\n" for key, value in members.items())
    for text in (
        f"schema: 1\nclients:\n  - x: y\n{lines}",
        f"schema: 1\nclients: {other}\ndefaults: {other}\n",
    ):
        assert faults_in(tmp_path, text) != []
        assert not any("cannot be read; see docs" in fault for fault in faults_in(tmp_path, text))


# --- the schema and the types are one


def test_every_member_of_a_client_is_in_the_schema_with_the_same_default() -> None:
    assert set(ClientEntry.model_fields) == {one.name for one in fields(Client)}
    for entry, kind in ((PolicyEntry(), Policy()), (AbilitiesEntry(), Abilities())):
        mine = {**entry.model_dump()}
        theirs = {one.name: getattr(kind, one.name) for one in fields(kind)}
        assert {name: frozenset(v) if isinstance(v, tuple) else v for name, v in mine.items()} == theirs


# --- demo mode


def test_the_demo_client_reads_the_servers_of_the_settings_wherever_they_are() -> None:
    settings = Settings(
        fhir_hosts=("http://localhost:8080/fhir", "https://x.example"), time_zone="Asia/Tokyo"
    )
    clients = demo_clients(settings)
    (client,) = clients
    assert (clients.demo, client.id, client.issuer, client.time_zone) == (True, "demo", "", "Asia/Tokyo")
    assert [server.base.url for server in client.fhir_servers] == list(settings.fhir_hosts)
    assert all(server.insecure_http for server in client.fhir_servers)
    assert {str(one) for server in client.fhir_servers for one in server.networks} == {"0.0.0.0/0", "::/0"}
    assert client.abilities == Abilities(context_may_be_missing=True)
    assert clients.origins == {"https://sandbox.cds-hooks.org"}
