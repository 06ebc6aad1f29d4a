"""Launches that work: from the chart, from here, for one trial or one of several."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
import requests
from flask import Flask

from cds_service.authentication.public_keys import read_key_set
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, User
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.servers import in_thread
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.storage.records import Subject
from mappings.results import TrialFacts
from mappings.trial_definition import Catalog
from tests.registered.hospital import OTHER_ISSUER, PUBLIC_URL, Hospital
from tests.service.definitions import catalog
from tests.smart.world import APP, CALLBACK, TRIAL, Browser, World, a_world, client


def two_trials() -> Catalog:
    found = catalog()
    [trial] = found.trials
    facts: TrialFacts = replace(trial.facts, id="NCT00000002", title="Another trial")
    return replace(found, trials=(trial, replace(trial, facts=facts)))


def test_a_launch_from_the_chart_opens_the_worksheet_of_its_patient(world: World, browser: Browser) -> None:
    before = time.time()
    answer = world.launch_of(browser)
    [access] = browser.worksheets()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/worksheet/{access.id}")
    assert access.subject == Subject("hospital", "", world.ehr.base, "secretpatient")
    assert (access.user, access.user_name) == ("Practitioner/secretuser", "Dr Secretname")
    assert (access.trial, access.via) == (TRIAL, "launch")
    assert (access.access_token, access.scope) == ("secrettoken", "launch openid patient/*.rs")
    assert before + 3500 < access.expires_at < time.time() + 3600
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", access.id)


def test_the_ehr_is_asked_for_what_the_trials_need(world: World, browser: Browser) -> None:
    iss = world.ehr.base + "/"
    asked = browser.asked({"iss": iss, "launch": "abc"})
    assert (asked["aud"], asked["launch"]) == (iss, "abc")  # exactly as they were given
    assert (asked["client_id"], asked["redirect_uri"]) == (APP, PUBLIC_URL + CALLBACK)
    scopes = asked["scope"].split()
    assert scopes[:3] == ["launch", "openid", "fhirUser"]
    assert {"patient/Patient.rs", "patient/Observation.rs", "patient/QuestionnaireResponse.c"} <= set(scopes)


@pytest.mark.parametrize("query", [{}, {"client": "hospital"}, {"iss": ""}])
def test_a_launch_from_here_lets_the_ehr_ask_for_the_patient(
    world: World, browser: Browser, query: dict[str, str]
) -> None:
    if "iss" in query:
        query = {"iss": world.ehr.base}
    asked = browser.asked(query)
    assert asked["scope"].split()[0] == "launch/patient"
    assert "launch" not in asked
    assert asked["aud"] == world.ehr.base
    world.ehr.will_give(asked["nonce"])
    assert browser.get(CALLBACK, {"code": "c", "state": asked["state"]}).status_code == 303


def test_of_several_ehrs_the_user_chooses_one_by_our_name_for_it(tmp_path: Path) -> None:
    one, other = "https://one.example/fhir", "https://other.example/fhir"
    hospital = Hospital(
        tmp_path,
        [client("one", one), client("two", other, issuer=OTHER_ISSUER)],
    )
    page = Browser(hospital).get("/smart/launch")
    hospital.close()
    assert page.status_code == 200
    assert "/smart/launch?client=one" in page.text
    assert "/smart/launch?client=two" in page.text
    assert "one.example" not in page.text


def test_another_launch_in_the_same_browser_opens_another_worksheet_and_mixes_nothing(
    world: World, browser: Browser
) -> None:
    world.launch_of(browser, patient="first", access_token="token-of-first")
    world.launch_of(browser, patient="second", access_token="token-of-second")
    found = {one.subject.patient_id: one.access_token for one in browser.worksheets()}
    assert found == {"first": "token-of-first", "second": "token-of-second"}
    assert len({one.id for one in browser.worksheets()}) == 2


def test_two_launches_at_once_end_each_with_its_own_patient(world: World, browser: Browser) -> None:
    one = browser.asked({"iss": world.ehr.base, "launch": "a"})
    other = browser.asked({"iss": world.ehr.base, "launch": "b"})
    world.ehr.will_give(other["nonce"], patient="second")
    assert browser.get(CALLBACK, {"code": "c2", "state": other["state"]}).status_code == 303
    world.ehr.will_give(one["nonce"], patient="first")
    assert browser.get(CALLBACK, {"code": "c1", "state": one["state"]}).status_code == 303
    assert [access.subject.patient_id for access in browser.worksheets()] == ["second", "first"]


def test_the_same_patient_launched_again_gets_a_new_worksheet(world: World, browser: Browser) -> None:
    world.launch_of(browser)
    world.launch_of(browser, access_token="later")
    assert len({one.id for one in browser.worksheets()}) == 2


def test_another_browser_may_open_nothing_of_it(world: World, browser: Browser) -> None:
    world.launch_of(browser)
    assert world.browser().worksheets() == []


# --- the trial


@pytest.mark.parametrize(
    ("context", "trial"),
    [
        ('{"trial": "NCT00000002"}', "NCT00000002"),
        ({"trial": TRIAL}, TRIAL),
    ],
)
def test_the_trial_of_the_card_comes_with_the_token(tmp_path: Path, context: object, trial: str) -> None:
    with a_world(tmp_path, two_trials()) as world:
        browser = world.browser()
        world.launch_of(browser, appContext=context)
        assert [one.trial for one in browser.worksheets()] == [trial]


@pytest.mark.parametrize(
    "context",
    [..., "", "not json", '{"trial": "NCT99999999"}', '{"trial": ["NCT00000002"]}', "[]", 7, "{" * 5000],
)
def test_without_a_usable_one_the_user_chooses_among_several(tmp_path: Path, context: Any) -> None:
    with a_world(tmp_path, two_trials()) as world:
        browser = world.browser()
        answer = world.launch_of(browser, appContext=context)
        assert answer.status_code == 303
        place = answer.headers["Location"]
        assert re.fullmatch(r"/smart/trial/[A-Za-z0-9_-]{43}", place)
        assert browser.worksheets() == []
        page = browser.get(place)
        assert page.status_code == 200
        assert "Another trial" in page.text
        opened = browser.post(place, {"trial": "NCT00000002", "csrf_token": token_in(page.text)})
        [access] = browser.worksheets()
        assert (opened.status_code, opened.headers["Location"]) == (303, f"/worksheet/{access.id}")
        assert (access.trial, access.access_token) == ("NCT00000002", "secrettoken")
        assert access.subject.patient_id == "secretpatient"


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_choice_is_made_once_and_by_the_browser_that_was_asked(tmp_path: Path) -> None:
    with a_world(tmp_path, two_trials()) as world:
        browser, other = world.browser(), world.browser()
        place = world.launch_of(browser).headers["Location"]
        assert other.get(place).status_code == 400
        token = token_in(browser.get(place).text)
        assert browser.post(place, {"trial": TRIAL}).status_code == 403  # no form of ours
        assert browser.post(place, {"trial": "NCT99999999", "csrf_token": token}).status_code == 404
        assert browser.post(place, {"trial": TRIAL, "csrf_token": token}).status_code == 303
        later = world.launch_of(browser).headers["Location"]
        again = token_in(browser.get(later).text)  # the session has another id by now
        assert browser.post(place, {"trial": TRIAL, "csrf_token": again}).status_code == 400
        assert len(browser.worksheets()) == 1
        assert other.worksheets() == []


def test_a_silent_trial_has_no_worksheet_for_clinicians(tmp_path: Path) -> None:
    offers = [{"id": TRIAL, "silent": "yes"}, {"id": "NCT00000002"}]
    with a_world(tmp_path, two_trials(), trials=offers) as world:
        browser = world.browser()
        world.launch_of(browser, appContext=orjson.dumps({"trial": TRIAL}).decode())
        assert [one.trial for one in browser.worksheets()] == ["NCT00000002"]


def test_where_no_trial_is_offered_a_page_says_so(tmp_path: Path) -> None:
    with a_world(tmp_path, trials=[{"id": TRIAL, "silent": "yes"}]) as world:
        browser = world.browser()
        assert world.launch_of(browser).status_code == 404
        assert browser.worksheets() == []


# --- registrations


def test_an_app_with_a_secret_proves_itself_by_it(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secretsecret\n")
    smart = {"client_id": APP, "client_secret_file": "secret.txt"}
    with a_world(tmp_path, smart=smart) as world:
        assert world.launch_of(world.browser()).status_code == 303
        [asked] = [one for one in world.ehr.server.asked if one.path == "/oauth/token"]
        assert asked.headers["Authorization"].startswith("Basic ")
        assert "client_id" not in asked.form


def test_an_app_that_signs_proves_itself_by_our_key_and_sends_nothing_secret(tmp_path: Path) -> None:
    keys, path = SigningKeys.new(), tmp_path / "signing.json"
    path.write_bytes(keys.private())
    smart, settings = {"client_id": APP, "signs": "yes"}, {"signing_keys": str(path)}
    with a_world(tmp_path, smart=smart, settings=settings) as world:
        assert world.launch_of(world.browser()).status_code == 303
        [asked] = [one for one in world.ehr.server.asked if one.path == "/oauth/token"]
        token = asked.form["client_assertion"]
        key = read_key_set(keys.public()).keys[jwt.get_unverified_header(token)["kid"]].verifiers["ES384"]
        claims = jwt.decode(token, key, ["ES384"], audience=f"{world.ehr.issuer}/token")
        assert (claims["iss"], claims["sub"]) == (APP, APP)
        assert "Authorization" not in asked.headers
        assert "client_secret" not in asked.form


def test_an_app_that_signs_is_not_launched_as_a_public_one_where_there_is_no_key(tmp_path: Path) -> None:
    with a_world(tmp_path, smart={"client_id": APP, "signs": "yes"}) as world:
        answer = world.browser().get("/smart/launch", {"iss": world.ehr.base, "launch": "a"})
        assert answer.status_code == 502
        assert "/oauth/token" not in [one.path for one in world.ehr.server.asked]


def test_where_the_ehr_takes_no_algorithm_that_there_is_a_key_for_nothing_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    path.write_bytes(SigningKeys.new().private())
    smart, settings = {"client_id": APP, "signs": "yes"}, {"signing_keys": str(path)}
    with a_world(tmp_path, smart=smart, settings=settings) as world:
        world.ehr.set_up(token_endpoint_auth_signing_alg_values_supported=["RS384"])
        assert world.launch_of(world.browser()).status_code == 502
        assert world.ehr.codes_sent() == []


def test_scopes_of_the_registration_are_asked_for_instead_of_ours(tmp_path: Path) -> None:
    smart = {"client_id": APP, "scopes": ["launch", "openid", "patient/*.read"]}
    with a_world(tmp_path, smart=smart) as world:
        asked = world.browser().asked({"iss": world.ehr.base, "launch": "a"})
        assert asked["scope"] == "launch openid patient/*.read"


def test_an_ehr_that_signs_nobody_in_opens_a_worksheet_of_nobody_in_particular(
    world: World, browser: Browser
) -> None:
    world.ehr.set_up(issuer=..., jwks_uri=...)
    asked = browser.asked({"iss": world.ehr.base, "launch": "a"})
    assert "openid" not in asked["scope"].split()
    world.ehr.will_give("", id_token=...)
    browser.get(CALLBACK, {"code": "c", "state": asked["state"]})
    assert [(one.user, one.user_name) for one in browser.worksheets()] == [("", "")]


@pytest.mark.parametrize(
    ("tenants", "context", "tenant"),
    [
        ([], "{}", ""),
        ([], '{"tenant": "any"}', ""),
        (["main"], "{}", "main"),
        (["main", "children"], "{}", ""),
        (["main", "children"], '{"tenant": "children"}', "children"),
        (["main", "children"], '{"tenant": "another"}', ""),
    ],
)
def test_the_tenant_is_the_one_of_our_link_or_the_only_one(
    tmp_path: Path, tenants: list[str], context: str, tenant: str
) -> None:
    with a_world(tmp_path, tenants=tenants) if tenants else a_world(tmp_path) as world:
        browser = world.browser()
        world.launch_of(browser, appContext=context)
        assert [one.subject.tenant for one in browser.worksheets()] == [tenant]


# --- against the demo's authorization server


@pytest.mark.parametrize("proof", ["public", "secret", "signs"])
@pytest.mark.parametrize("standalone", [False, True])
def test_a_launch_through_the_demos_authorization_server(
    tmp_path: Path, standalone: bool, proof: str
) -> None:
    ehr, keys = Flask("ehr"), SigningKeys.new()
    (tmp_path / "signing.json").write_bytes(keys.private())
    (tmp_path / "secret.txt").write_text("secretsecret")
    proofs: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
        "public": ({}, {}),
        "secret": ({"client_secret_file": "secret.txt"}, {"secret": "secretsecret"}),
        "signs": ({"signs": "yes"}, {"jwks": keys.public()}),
    }
    here, there = proofs[proof]
    authority = Authority(
        apps={APP: App((f"{PUBLIC_URL}{CALLBACK}",), **there)},
        users=(User("dr", "Dr Demo", "Practitioner/dr"),),
        patients=lambda: [("p1", "One"), ("p2", "Two")],
    )
    ehr.register_blueprint(authorization_routes(authority))
    with in_thread(ehr, 0) as base:
        registered = client("hospital", f"{base}/fhir", smart={"client_id": APP, **here})
        settings = {"signing_keys": str(tmp_path / "signing.json")}
        hospital = Hospital(tmp_path, [registered], settings=settings)
        browser = Browser(hospital)
        query = {"iss": f"{base}/fhir"}
        if not standalone:
            query["launch"] = authority.launch("p2", "dr", '{"trial": "NCT00000001"}')
        at_ehr = browser.get("/smart/launch", query).headers["Location"]
        back = requests.get(at_ehr, allow_redirects=False, timeout=5)
        if standalone:
            asking = re.search(r'name="asking" value="([^"]+)"', back.text)
            assert asking is not None
            chosen = {"asking": asking[1], "user": "dr", "patient": "p2"}
            back = requests.get(f"{base}/oauth/approve", chosen, allow_redirects=False, timeout=5)
        answer = browser.get(back.headers["Location"].removeprefix(PUBLIC_URL))
        assert answer.status_code == 303, answer.text
        [access] = browser.worksheets()
        grant = authority.grant_of(f"Bearer {access.access_token}")
        hospital.close()
    assert (access.subject.patient_id, access.user, access.user_name) == ("p2", "Practitioner/dr", "Dr Demo")
    assert grant is not None
    assert grant.patient == "p2"
