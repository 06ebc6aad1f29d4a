"""Sessions in the database: who has one, for how long, and what is written of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from cds_service.audit.key_ring import KeyRing
from cds_service.signing_in.session_content import MOST_WORKSHEETS
from cds_service.signing_in.sessions import LONGEST, STAFF_IDLE, WORKSHEET_IDLE, Sessions, WorksheetAccess
from cds_service.signing_in.staff import Grant, Identity, Person, Role, Staff
from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError, Subject
from cds_service.storage.workflow_tables import web_session
from tests.storage.samples import NEW_RING, OLD_RING, ROTATED_RING
from tests.storage.test_privacy import everything_in

NOW = datetime(2026, 6, 15, 14, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
COORDINATOR = Identity("local", "jo", "Jo MARKED", "jo@marked.example", ("nurses",))
OTHER = Identity("local", "kim", "Kim")
STAFF = Staff(
    people=(Person((Grant(Role.COORDINATOR),), subject="jo"), Person((Grant(Role.READ_ONLY),), subject="kim"))
)


def access(ident: str = "w1", **changed: object) -> WorksheetAccess:
    """A worksheet that was launched."""
    usual = WorksheetAccess(
        id=ident,
        subject=Subject("ehr", "north", "https://ehr.example/fhir", "p-MARKED"),
        user="Practitioner/MARKED",
        user_name="Dr MARKED",
        trial="NCT1",
        via="launch",
        access_token="token-MARKED",
        refresh_token="refresh-MARKED",
        scope="launch patient/*.rs",
        expires_at=1.5,
        language="en",
    )
    return replace(usual, **changed)  # type: ignore[arg-type]


class Clock:
    """A clock that is set by hand."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


class Browser:
    """Sends the cookie that it was given last."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.cookie = sessions, ""
        self._app = Flask("sessions")

    @contextmanager
    def request(self) -> Iterator[Sessions]:
        """One request; the cookie is kept as the answer says."""
        headers = {"Cookie": f"{self.sessions.cookie_name}={self.cookie}"} if self.cookie else {}
        with self._app.test_request_context(headers=headers):
            yield self.sessions
            change = self.sessions.cookie_change()
            self.cookie = self.cookie if change is None else change

    def signed_in(self) -> bool:
        with self.request() as sessions:
            return sessions.current().account is not None

    def worksheets(self) -> list[str]:
        with self.request() as sessions:
            return list(sessions.current().worksheets)

    def do(self, what: Callable[[Sessions], object]) -> Browser:
        with self.request() as sessions:
            what(sessions)
        return self


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(database: Database, ring: KeyRing, clock: Clock) -> Sessions:
    return Sessions(database, ring, STAFF, https=True, clock=clock)


@pytest.fixture
def browser(sessions: Sessions) -> Browser:
    return Browser(sessions)


def rows(database: Database) -> int:
    with database.autocommit() as connection:
        return connection.execute(select(func.count()).select_from(web_session)).scalar_one()


def test_who_only_looks_has_no_cookie_and_no_row(browser: Browser, database: Database) -> None:
    assert not browser.signed_in()
    assert browser.cookie == ""
    assert rows(database) == 0


def test_a_form_needs_a_cookie_and_still_no_row(browser: Browser, database: Database) -> None:
    with browser.request() as sessions:
        secret, binding = sessions.form_secret(), sessions.binding()
    assert len(browser.cookie) == 43
    with browser.request() as sessions:
        assert sessions.form_secret() == secret
        assert sessions.is_bound_to(binding)
    assert secret != binding
    assert rows(database) == 0


def test_two_browsers_have_nothing_in_common(sessions: Sessions) -> None:
    with Browser(sessions).request() as first:
        secret, binding = first.form_secret(), first.binding()
    with Browser(sessions).request() as second:
        assert second.form_secret() != secret
        assert not second.is_bound_to(binding)
        assert not second.is_bound_to(None)


def test_the_id_changes_when_somebody_signs_in_and_the_old_one_is_worth_nothing(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.form_secret())
    planted = browser.cookie
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    first = browser.cookie
    assert first not in ("", planted)
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    assert browser.cookie != first
    assert browser.signed_in()
    for old in (planted, first):
        browser.cookie = old
        assert not browser.signed_in()


def test_what_began_before_the_sign_in_still_ends_in_the_same_browser(browser: Browser) -> None:
    with browser.request() as sessions:
        binding = sessions.binding()
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    with browser.request() as sessions:
        assert sessions.is_bound_to(binding)


def test_sign_out_deletes_everything_and_takes_the_cookie_away(browser: Browser, database: Database) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    old = browser.cookie
    browser.do(lambda sessions: sessions.sign_out())
    assert browser.cookie == ""
    assert rows(database) == 0
    browser.cookie = old
    assert not browser.signed_in()
    assert browser.worksheets() == []


def test_a_form_after_the_sign_out_is_one_of_a_new_browser(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    old = browser.cookie
    with browser.request() as sessions:
        secret = sessions.form_secret()
        sessions.sign_out()
        assert sessions.form_secret() != secret
        assert sessions.current().account is None
    assert browser.cookie not in ("", old)


@pytest.mark.parametrize(
    ("idle", "account", "worksheets"),
    [
        (STAFF_IDLE - SECOND, True, ["w1"]),
        (STAFF_IDLE, False, ["w1"]),
        (WORKSHEET_IDLE - SECOND, False, ["w1"]),
        (WORKSHEET_IDLE, False, []),
    ],
)
def test_what_is_not_used_ends(
    browser: Browser, clock: Clock, idle: timedelta, account: bool, worksheets: list[str]
) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    clock.now += idle
    assert browser.worksheets() == worksheets
    assert browser.signed_in() is account


def test_an_account_that_was_not_used_does_not_come_back(browser: Browser, clock: Clock) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    clock.now += STAFF_IDLE
    assert browser.worksheets() == ["w1"]
    clock.now += MINUTE
    assert not browser.signed_in()


def test_whoever_keeps_working_stays_until_the_longest_time_is_over(browser: Browser, clock: Clock) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    for _ in range(int(LONGEST / timedelta(minutes=20)) - 1):
        clock.now += timedelta(minutes=20)
        assert browser.signed_in()
    clock.now += timedelta(minutes=20) - SECOND
    assert browser.signed_in()
    clock.now += SECOND
    assert not browser.signed_in()


def test_a_worksheet_ends_in_its_own_time_however_many_follow(browser: Browser, clock: Clock) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access("w1")))
    for _ in range(13):
        clock.now += timedelta(minutes=55)
        browser.do(lambda sessions: sessions.put_worksheet(access("w2")))
    clock.now = NOW + LONGEST - SECOND
    assert browser.worksheets() == ["w1", "w2"]
    clock.now += SECOND
    assert browser.worksheets() == ["w2"]


def test_last_seen_is_written_once_a_minute(browser: Browser, clock: Clock, database: Database) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    seen = []
    for _ in range(4):
        clock.now += timedelta(seconds=30)
        assert browser.signed_in()
        with database.autocommit() as connection:
            seen.append(connection.execute(select(web_session.c.last_seen)).scalar_one() - NOW)
    assert [one.total_seconds() for one in seen] == [0, 60, 60, 120]


def test_what_was_taken_from_the_staff_file_is_gone_at_once(browser: Browser, sessions: Sessions) -> None:
    browser.do(lambda own: own.sign_in(COORDINATOR))
    sessions.staff = Staff(people=(Person((Grant(Role.READ_ONLY, frozenset({"NCT1"})),), subject="jo"),))
    with browser.request() as own:
        account = own.current().account
        assert account is not None
        assert account.grants == (Grant(Role.READ_ONLY, frozenset({"NCT1"})),)
    sessions.staff = Staff()
    assert not browser.signed_in()


def test_who_is_granted_nothing_gets_no_session(browser: Browser, database: Database) -> None:
    with browser.request() as sessions:
        assert sessions.sign_in(Identity("local", "stranger")) is None
        assert sessions.sign_in(Identity("https://other.example", "jo")) is None
    assert rows(database) == 0


def test_another_account_inherits_nothing(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    with browser.request() as sessions:
        secret = sessions.form_secret()
    browser.do(lambda sessions: sessions.sign_in(OTHER))
    assert browser.worksheets() == []
    with browser.request() as sessions:
        assert sessions.form_secret() != secret


def test_who_signs_in_beside_a_worksheet_keeps_it_with_its_open_forms(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    with browser.request() as sessions:
        secret = sessions.form_secret()
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    assert browser.worksheets() == ["w1"]
    with browser.request() as sessions:
        assert sessions.form_secret() == secret


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, ["w1", "w2"]),
        ({"trial": "NCT2"}, ["w1", "w2"]),
        ({"user": "Practitioner/other"}, ["w2"]),
        ({"subject": Subject("other", "north", "https://ehr.example/fhir", "p")}, ["w2"]),
        ({"via": "link", "user": "local|jo"}, ["w1", "w2"]),
    ],
)
def test_a_launch_by_somebody_else_closes_what_was_open(
    browser: Browser, changed: dict[str, object], kept: list[str]
) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access("w1")))
    browser.do(lambda sessions: sessions.put_worksheet(access("w2", **changed)))
    assert browser.worksheets() == kept


def test_a_worksheet_comes_back_as_it_was_put(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    with browser.request() as sessions:
        assert sessions.worksheet("w1") == access()
        assert sessions.worksheet("w2") is None


def test_a_renewed_token_takes_the_place_of_the_old_one(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    first = browser.cookie
    browser.do(lambda sessions: sessions.put_worksheet(access(access_token="new", expires_at=9.0)))
    assert browser.cookie == first
    with browser.request() as sessions:
        assert sessions.current().worksheets == {"w1": access(access_token="new", expires_at=9.0)}


def test_the_oldest_of_too_many_worksheets_is_closed(browser: Browser) -> None:
    for number in range(MOST_WORKSHEETS + 1):
        browser.do(lambda sessions, number=number: sessions.put_worksheet(access(f"w{number}")))  # type: ignore[misc]
    assert browser.worksheets() == [f"w{number}" for number in range(1, MOST_WORKSHEETS + 1)]


def test_two_requests_at_once_lose_nothing_of_each_other(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access("w1")))
    with browser.request() as slow:
        slow.current()
        browser.do(lambda sessions: sessions.put_worksheet(access("w2")))
        slow.put_worksheet(access("w3"))
        assert list(slow.current().worksheets) == ["w1", "w2", "w3"]
    assert browser.worksheets() == ["w1", "w2", "w3"]


def test_many_requests_at_once_lose_nothing_of_each_other(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access("w0")))

    tabs = {number: Browser(browser.sessions) for number in range(1, 13)}
    for tab in tabs.values():  # made beforehand: Python 3.11 cannot parse in threads (gh-106905)
        tab.cookie = browser.cookie

    def put(number: int) -> None:
        tabs[number].do(lambda sessions: sessions.put_worksheet(access(f"w{number}")))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(put, tabs))
    assert sorted(browser.worksheets()) == sorted(f"w{number}" for number in range(13))


def test_a_row_says_when_it_may_be_deleted(browser: Browser, clock: Clock, database: Database) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    clock.now += WORKSHEET_IDLE - MINUTE
    while clock.now < NOW + LONGEST:
        assert browser.worksheets() == ["w1"]
        with database.autocommit() as connection:
            expires = connection.execute(select(web_session.c.expires)).scalar_one()
        assert expires == min(clock.now + WORKSHEET_IDLE, NOW + LONGEST)
        clock.now += WORKSHEET_IDLE - MINUTE


def test_a_launch_that_comes_back_after_a_sign_out_opens_one_worksheet(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.put_worksheet(access("w1")))
    with browser.request() as slow:
        slow.current()
        browser.do(lambda sessions: sessions.sign_out())
        slow.put_worksheet(access("w2"))
    assert browser.worksheets() == ["w2"]


def test_all_processes_know_the_same_sessions(
    sessions: Sessions, database: Database, ring: KeyRing, clock: Clock
) -> None:
    first = Browser(sessions).do(lambda own: own.sign_in(COORDINATOR))
    second = Browser(Sessions(database, ring, STAFF, https=True, clock=clock))
    second.cookie = first.cookie
    with first.request() as one:
        secret = one.form_secret()
    with second.request() as other:
        assert other.current().account is not None
        assert other.form_secret() == secret


def test_a_session_outlives_the_rotation_of_keys_and_not_their_loss(database: Database, clock: Clock) -> None:
    def with_ring(ring: KeyRing) -> Browser:
        return Browser(Sessions(database, ring, STAFF, https=True, clock=clock))

    before = with_ring(OLD_RING).do(lambda own: own.sign_in(COORDINATOR))
    for ring, expected in ((ROTATED_RING, True), (NEW_RING, False)):
        after = with_ring(ring)
        after.cookie = before.cookie
        assert after.signed_in() is expected


@pytest.mark.parametrize("cookie", ["x", "ü" * 43, "a" * 43, "a" * 5000, "' OR 1=1 --", "a" * 42 + "."])
def test_a_cookie_that_is_not_ours_is_nobodys(browser: Browser, cookie: str) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    browser.cookie = cookie.encode().decode("latin-1")
    assert not browser.signed_in()


@pytest.mark.parametrize("secret", [b"", b"x", b"gAAAAAB"])
def test_a_row_that_was_changed_opens_nothing(browser: Browser, database: Database, secret: bytes) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    with database.autocommit() as connection:
        connection.execute(update(web_session).values(secret=secret))
    assert not browser.signed_in()
    assert rows(database) == 0


def test_nothing_of_it_can_be_read_in_the_database(browser: Browser, database: Database) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    browser.do(lambda sessions: sessions.put_worksheet(access()))
    written = everything_in(database)
    assert rows(database) == 1
    assert "MARKED" not in written.upper()
    assert browser.cookie not in written
    assert "jo" not in written.split()


def test_nothing_of_it_shows_where_it_is_printed() -> None:
    shown = repr([access(), COORDINATOR, Person((), subject="MARKED", email="MARKED")])
    assert "MARKED" not in shown.upper()


def test_rows_that_are_over_are_deleted_now_and_then(
    sessions: Sessions, clock: Clock, database: Database
) -> None:
    Browser(sessions).do(lambda own: own.sign_in(COORDINATOR))
    clock.now += STAFF_IDLE + SECOND
    for _ in range(63):
        Browser(sessions).do(lambda own: own.sign_in(COORDINATOR))
    assert rows(database) == 63


def test_while_the_database_is_away_nobody_is_taken_for_a_stranger(browser: Browser) -> None:
    browser.do(lambda sessions: sessions.sign_in(COORDINATOR))
    away = Database("sqlite:////proc/nowhere/x.db", wait=0.1)
    browser.sessions = Sessions(away, KeyRing.random(), STAFF, https=True, clock=browser.sessions.clock)
    with pytest.raises(StorageAwayError), browser.request() as sessions:
        sessions.current()
    with browser.request() as sessions:
        assert sessions.loaded_account() is None
