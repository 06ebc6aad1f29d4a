"""Sign-in at an OpenID provider: who comes in, and what a stranger may try on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from cds_service.signing_in.openid import identity_of
from cds_service.signing_in.staff import Grant, Provider, Role
from tests.pages.browser import Browser, close, demo_app, sessions_of, words_of
from tests.signing_in import provider as providers
from tests.signing_in.provider import parameter, path_of

PUBLIC_URL = "http://localhost:8090"
TRIAL = "tests-trial"


@pytest.fixture(scope="module")
def provider() -> Iterator[providers.Provider]:
    with providers.running(f"{PUBLIC_URL}/sign-in/callback") as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, provider: providers.Provider) -> Iterator[Flask]:
    made = demo_app(tmp_path, staff=str(staff_file(tmp_path, provider.issuer)), public_url=PUBLIC_URL)
    yield made
    close(made)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def staff_file(folder: Path, issuer: str) -> Path:
    path = folder / "staff.yaml"
    path.write_text(
        f"""
schema: 1
sign_in:
  issuer: {issuer}
  client_id: trialhook
  insecure_http: yes
  networks: [127.0.0.0/8]
people:
  - email: jo.weber@hospital.example
    roles: [coordinator]
groups:
  monitors:
    - role: read-only
""",
        encoding="utf-8",
    )
    return path


def begun(browser: Browser, then: str = "") -> str:
    """The provider's address to which a sign-in leads."""
    answer = browser.get(f"/sign-in?next={then}")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def come_back(browser: Browser, provider: providers.Provider, user: str, then: str = "") -> str:
    """The address to which the provider sends a browser back."""
    return path_of(provider.choose(begun(browser, then), user))


def test_who_is_named_comes_in_and_goes_on_where_they_wanted(
    browser: Browser, provider: providers.Provider
) -> None:
    answer = browser.get(come_back(browser, provider, "jo", "/start?x=1"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/start?x=1")
    page = browser.first_page()
    assert "Jo Weber" in page
    assert "Study coordinator" in words_of(page)


def test_a_group_of_the_provider_gives_its_roles_and_a_name_is_only_text(
    browser: Browser, provider: providers.Provider
) -> None:
    browser.get(come_back(browser, provider, "kim"))
    page = browser.first_page()
    assert "Kim &lt;b&gt;Lee&lt;/b&gt;" in page
    assert "Read only" in words_of(page)


def test_somebody_without_any_role_is_told_whom_to_ask(
    browser: Browser, provider: providers.Provider
) -> None:
    answer = browser.get(come_back(browser, provider, "stranger"))
    assert answer.status_code == 403
    assert "add you to its staff file" in words_of(answer.text)
    assert not browser.is_signed_in


def test_who_refuses_at_the_provider_is_not_let_in(browser: Browser, provider: providers.Provider) -> None:
    answer = browser.get(come_back(browser, provider, ""))
    assert answer.status_code == 403
    assert not browser.is_signed_in


def test_the_provider_sends_nobody_elsewhere(browser: Browser, provider: providers.Provider) -> None:
    answer = browser.get(come_back(browser, provider, "jo", "https://evil.example/"))
    assert answer.headers["Location"] == "/start"


def test_what_came_back_is_worth_nothing_a_second_time(
    app: Flask, browser: Browser, provider: providers.Provider
) -> None:
    back = come_back(browser, provider, "jo")
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400
    assert Browser(app).get(back).status_code == 400


def test_a_sign_in_ends_in_the_browser_in_which_it_began(
    app: Flask, browser: Browser, provider: providers.Provider
) -> None:
    """Else somebody could sign another person in under his own name, and read what they write."""
    back = come_back(browser, provider, "jo")
    victim = Browser(app)
    answer = victim.get(back)
    assert answer.status_code == 400
    assert "The sign-in was not completed" in answer.text
    assert '<a class="button" href="/sign-in">' in answer.text
    assert not victim.is_signed_in
    assert browser.get(back).status_code == 400, "a state is good for one attempt"


@pytest.mark.parametrize(
    ("old", "new"),
    [("state=", "state=x"), ("?", "?state=&was="), ("state=", "was=")],
    ids=["forged", "empty", "a code without a state"],
)
def test_a_state_that_is_not_ours_opens_nothing(
    browser: Browser, provider: providers.Provider, old: str, new: str
) -> None:
    answer = browser.get(come_back(browser, provider, "jo").replace(old, new))
    assert answer.status_code == 400
    assert not browser.is_signed_in


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("code=", "code=x"),
        ("code=", "was="),
        ("iss=", "iss=https%3A%2F%2Fevil.example&was="),
        ("state=", "error=access_denied&state="),
    ],
    ids=["a forged code", "no code", "another issuer", "an error beside the code"],
)
def test_a_code_that_does_not_fit_opens_nothing(
    browser: Browser, provider: providers.Provider, old: str, new: str
) -> None:
    answer = browser.get(come_back(browser, provider, "jo").replace(old, new))
    assert answer.status_code == 403
    assert not browser.is_signed_in


def test_a_sign_in_that_took_too_long_has_to_begin_again(
    app: Flask, browser: Browser, provider: providers.Provider
) -> None:
    back, sessions = come_back(browser, provider, "jo"), sessions_of(app)
    clock = sessions.clock
    sessions.clock = lambda: clock() + timedelta(minutes=11)
    assert browser.get(back).status_code == 400


def test_what_the_provider_is_asked(browser: Browser) -> None:
    asked = begun(browser)
    assert parameter(asked, "scope") == "openid profile email"
    assert parameter(asked, "redirect_uri") == f"{PUBLIC_URL}/sign-in/callback"
    assert parameter(asked, "code_challenge_method") == "S256"
    assert parameter(asked, "nonce")


def test_a_provider_that_is_away_is_said_so(tmp_path: Path) -> None:
    path = staff_file(tmp_path, "http://127.0.0.1:1/oauth")
    app = demo_app(tmp_path, staff=str(path), public_url=PUBLIC_URL)
    answer = Browser(app).get("/sign-in")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "cannot be reached" in answer.text
    close(app)


def test_with_a_staff_file_the_accounts_of_demo_mode_are_gone(browser: Browser) -> None:
    assert browser.post("/sign-in/local", account="coordinator").status_code == 404


def test_sign_ins_are_in_the_trail_by_pseudonym(
    app: Flask, browser: Browser, provider: providers.Provider
) -> None:
    browser.get(come_back(browser, provider, "jo"))
    browser.post("/sign-out")
    browser.get(come_back(browser, provider, "stranger"))
    browser.get("/sign-in/callback?state=forged")
    with sessions_of(app)._database.autocommit() as connection:
        rows = connection.execute(text("SELECT kind, body FROM audit_event ORDER BY at")).all()
    assert [row.kind for row in rows] == ["sign-in", "sign-out", "sign-in", "refused"]
    assert '"roles":["coordinator"]' in rows[0].body
    assert '"cause":"no-grant"' in rows[2].body
    assert '"cause":"sign-in-state"' in rows[3].body
    written = "".join(row.body for row in rows)
    assert [name for name in ("jo", "weber", "stranger", "127.0.0.1") if name in written.lower()] == []


# --- claims

OURS = Provider("https://login.example", "trialhook")


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "jo@x.example", "email_verified": True}, "jo@x.example"),
        ({"email": "jo@x.example", "email_verified": "true"}, "jo@x.example"),
        ({"email": "jo@x.example", "email_verified": False}, ""),
        ({"email": "jo@x.example", "email_verified": "false"}, ""),
        ({"email": "jo@x.example", "email_verified": 1.5}, ""),
        ({"email": "jo@x.example"}, ""),
        ({"email": ["jo@x.example"], "email_verified": True}, ""),
    ],
)
def test_an_email_counts_only_where_the_provider_verified_it(claims: dict[str, object], email: str) -> None:
    assert identity_of(OURS, {"sub": "1", **claims}).email == email


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Jo  Weber"}, "Jo Weber"),
        ({"preferred_username": "jo"}, "jo"),
        ({"name": "", "preferred_username": "jo"}, "jo"),
        ({"name": 7}, ""),
        ({"name": "Jo\u202eWeber\n\x00"}, "Jo Weber"),
        ({"name": "x" * 500}, "x" * 120),
        ({}, ""),
    ],
)
def test_a_name_is_one_short_line(claims: dict[str, object], name: str) -> None:
    assert identity_of(OURS, {"sub": "1", **claims}).name == name


@pytest.mark.parametrize(
    ("groups", "read"),
    [(["a", "b"], ("a", "b")), ("a", ("a",)), (["a", 7, None], ("a",)), ({"a": 1}, ()), (None, ())],
)
def test_groups_are_texts(groups: object, read: tuple[str, ...]) -> None:
    assert identity_of(OURS, {"sub": "1", "groups": groups}).groups == read


def test_claims_are_read_under_the_names_of_the_staff_file() -> None:
    ours = Provider("https://login.example", "trialhook", name_claim="display", groups_claim="roles")
    claims = {"sub": "1", "display": "Jo", "name": "Other", "roles": ["a"], "groups": ["b"]}
    identity = identity_of(ours, claims)
    assert (identity.name, identity.groups, identity.account_id) == ("Jo", ("a",), "https://login.example|1")


def test_the_subject_of_another_provider_is_another_person(app: Flask) -> None:
    staff = sessions_of(app).staff
    assert staff is not None
    assert staff.people[0].grants == (Grant(Role.COORDINATOR),)
    assert staff.account_of(identity_of(OURS, {"sub": "jo", "email": "jo.weber@hospital.example"})) is None
