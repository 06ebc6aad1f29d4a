"""Fetched keys: rotation, limits on how often is asked, and what holds while a key server is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

import orjson
import pytest

from cds_service.authentication import key_sets
from cds_service.authentication.key_sets import LARGEST_KEY_SET, KeySets
from cds_service.authentication.refusal import UnauthenticatedError
from cds_service.clients.registered import Client, KeySource
from tests.authentication.minting import JKU, SERVICE_URL, Clock, claims, header, jwk, key_set, token
from tests.authentication.registrations import CLINIC, HOSPITAL, Fetch, World

MINUTE, HOUR = 60.0, 3600.0
OLD, NEW = jwk("P-384", "ec"), jwk("P-384 new", "new")


def document(*keys: dict[str, object]) -> bytes:
    return orjson.dumps(key_set(*keys))


class Hospital:
    """The hospital's keys, on a clock that stands still. Fetches happen within the call."""

    def __init__(self) -> None:
        self.clock, self.fetch = Clock(5.0), Fetch()
        self.fetch.answer = document(OLD)
        self.key_sets = KeySets(self.fetch, clock=self.clock, start=lambda job: job())

    def has(self, kid: str) -> str:
        """``yes``, or the cause of the refusal."""
        found = outcome(self.key_sets, kid)
        return "yes" if found == kid else found


# --- when is asked


def test_keys_are_fetched_once_for_many_calls() -> None:
    hospital = Hospital()
    assert [hospital.has("ec") for _ in range(100)] == ["yes"] * 100
    assert [source.url for source in hospital.fetch.asked] == [JKU]


def test_keys_given_in_the_registration_are_never_fetched() -> None:
    hospital = Hospital()
    assert hospital.key_sets.find(CLINIC, "clinic-ec").kid == "clinic-ec"
    with pytest.raises(UnauthenticatedError, match=r"^key$"):
        hospital.key_sets.find(CLINIC, "ec")
    hospital.key_sets.begin(CLINIC)
    assert hospital.fetch.asked == []


def test_keys_can_be_fetched_before_the_first_call() -> None:
    hospital = Hospital()
    hospital.key_sets.begin(HOSPITAL)
    assert len(hospital.fetch.asked) == 1
    assert hospital.has("ec") == "yes"
    assert len(hospital.fetch.asked) == 1


def test_a_new_key_is_fetched_when_a_token_names_it() -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.fetch.answer = document(OLD, NEW)
    hospital.clock.sleep(MINUTE)
    assert hospital.has("new") == "yes"
    assert len(hospital.fetch.asked) == 2


def test_unknown_keys_are_asked_for_at_most_once_a_minute() -> None:
    hospital = Hospital()
    hospital.has("ec")
    for _ in range(30):  # five minutes of garbage, a call every ten seconds
        hospital.clock.sleep(10)
        assert hospital.has("nobody's") == "key"
    assert len(hospital.fetch.asked) == 1 + 5


def test_garbage_does_not_keep_a_new_key_out_for_longer_than_a_minute() -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.clock.sleep(MINUTE)
    hospital.has("nobody's")
    hospital.fetch.answer = document(NEW)
    hospital.clock.sleep(MINUTE - 1)
    assert hospital.has("new") == "key"
    hospital.clock.sleep(1)
    assert hospital.has("new") == "yes"


def test_a_removed_key_is_accepted_no_more_after_the_next_fetch() -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.fetch.answer = document(NEW)
    hospital.clock.sleep(HOUR)
    assert hospital.has("ec") == "yes"
    hospital.clock.sleep(1)
    hospital.has("ec")  # begins the fetch, and is served with what is known
    assert hospital.has("ec") == "key"
    assert hospital.has("new") == "yes"


def test_an_empty_key_set_takes_all_keys_away() -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.fetch.answer = b'{"keys": []}'
    hospital.clock.sleep(MINUTE)
    hospital.has("nobody's")
    assert hospital.has("ec") == "key"


# --- while the key server is away

AWAY: list[tuple[str, bytes | Exception]] = [
    ("cannot be reached", TimeoutError("https://ehr.example/jwks.json timed out")),
    ("sends no JSON", b"<html>"),
    ("sends no key set", b'{"error": "maintenance"}'),
    ("sends a list", b"[]"),
    ("sends too much", b" " * LARGEST_KEY_SET + document(OLD)),
]


@pytest.mark.parametrize("answer", [case[1] for case in AWAY], ids=[case[0] for case in AWAY])
def test_known_keys_are_used_for_a_day_when_the_key_server(answer: bytes | Exception) -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.fetch.answer = answer
    for _ in range(24):
        hospital.clock.sleep(HOUR)
        assert hospital.has("ec") == "yes"
    hospital.clock.sleep(1)
    assert hospital.has("ec") == "keys"


@pytest.mark.parametrize("answer", [case[1] for case in AWAY], ids=[case[0] for case in AWAY])
def test_nobody_is_let_in_without_ever_having_had_keys_when_the_key_server(
    answer: bytes | Exception,
) -> None:
    hospital = Hospital()
    hospital.fetch.answer = answer
    assert hospital.has("ec") == "keys"


def test_the_first_keys_are_tried_for_every_ten_seconds() -> None:
    hospital = Hospital()
    hospital.fetch.answer = TimeoutError()
    for _ in range(10):
        hospital.has("ec")
        hospital.clock.sleep(2)
    assert len(hospital.fetch.asked) == 2
    hospital.fetch.answer = document(OLD)
    assert hospital.has("ec") == "yes"


def test_a_failed_renewal_is_tried_again_after_a_minute() -> None:
    hospital = Hospital()
    hospital.has("ec")
    hospital.fetch.answer = TimeoutError()
    hospital.clock.sleep(HOUR + 1)
    for _ in range(12):
        hospital.has("ec")
        hospital.clock.sleep(10)
    assert len(hospital.fetch.asked) == 1 + 2


def test_the_log_says_which_client_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hospital = Hospital()
    hospital.fetch.answer = TimeoutError("https://ehr.example/secret-path")
    hospital.has("secret-kid")
    assert "client hospital" in caplog.text
    assert "TimeoutError" in caplog.text
    assert "secret" not in caplog.text


def test_a_fetched_set_with_a_bad_key_leaves_the_others_and_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hospital = Hospital()
    hospital.fetch.answer = document(OLD, {"kty": "oct", "k": "c2VjcmV0", "kid": "s"})
    assert hospital.has("ec") == "yes"
    assert hospital.has("s") == "key"
    assert "client hospital: the key 's' is symmetric" in caplog.text
    assert "c2VjcmV0" not in caplog.text


# --- threads


class Gate:
    """A fetch that ends when the test says so."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked = answer, 0
        self.open, self.entered = threading.Event(), threading.Event()

    def __call__(self, source: KeySource) -> bytes:
        self.asked += 1
        self.entered.set()
        assert self.open.wait(30)
        return self.answer


def at_once(count: int, call: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def outcome(keys: KeySets, kid: str, client: Client = HOSPITAL) -> str:
    try:
        return keys.find(client, kid).kid
    except UnauthenticatedError as refusal:
        return refusal.cause


def test_calls_that_come_before_the_first_keys_share_one_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "WAIT", 30.0)
    gate, outcomes = Gate(document(OLD)), list[str]()
    keys = KeySets(gate)
    threads = at_once(10, lambda: outcomes.append(outcome(keys, "ec")))
    assert gate.entered.wait(30)
    gate.open.set()
    for thread in threads:
        thread.join(30)
    assert outcomes == ["ec"] * 10
    assert gate.asked == 1


def test_a_known_key_is_had_at_once_while_a_fetch_is_under_way() -> None:
    gate, clock = Gate(document(OLD)), Clock()
    gate.open.set()
    keys = KeySets(gate, clock=clock)
    assert outcome(keys, "ec") == "ec"
    gate.open.clear()
    gate.entered.clear()
    clock.sleep(HOUR + 1)
    assert outcome(keys, "ec") == "ec"  # begins the fetch, which stands still
    assert gate.entered.wait(30)
    assert outcome(keys, "ec") == "ec"
    assert gate.asked == 2
    gate.open.set()


def test_nobody_waits_longer_than_set_for_a_key_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "WAIT", 0.05)
    gate = Gate(document(OLD))
    keys = KeySets(gate)
    assert outcome(keys, "ec") == "keys"
    gate.open.set()


def test_only_a_few_calls_wait_for_keys_that_may_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "WAIT", 30.0)
    gate, clock = Gate(document(OLD)), Clock()
    gate.open.set()
    keys = KeySets(gate, clock=clock)
    assert outcome(keys, "ec") == "ec"
    gate.open.clear()
    clock.sleep(MINUTE)
    done = threading.Semaphore(0)

    def garbage() -> None:
        outcome(keys, "nobody's")
        done.release()

    threads = at_once(key_sets.MOST_WAITING + 3, garbage)
    for _ in range(3):
        assert done.acquire(timeout=20)  # three are refused while the others wait
    gate.open.set()
    for thread in threads:
        thread.join(30)
    assert gate.asked == 2


def test_a_fetch_that_ends_after_a_later_one_changes_nothing() -> None:
    clock, jobs = Clock(), list[Callable[[], None]]()
    fetch = Fetch()
    keys = KeySets(fetch, clock=clock, start=jobs.append)
    keys.begin(HOSPITAL)
    clock.sleep(MINUTE)
    keys.begin(HOSPITAL)
    fetch.answer = document(NEW)
    jobs[1]()
    fetch.answer = document(OLD)
    jobs[0]()
    assert outcome(keys, "new") == "new"


def test_a_whole_rotation_as_a_client_does_it() -> None:
    world = World()
    world.fetch.answer = document(OLD)
    world.authenticator.authenticate(f"Bearer {token()}", [SERVICE_URL])
    world.fetch.answer = document(OLD, NEW)
    world.clock.sleep(MINUTE)
    fresh = token(header(kid="new"), claims(jti="another"), key="P-384 new")
    assert world.authenticator.authenticate(f"Bearer {fresh}", [SERVICE_URL]).client is HOSPITAL


def test_a_hanging_fetch_holds_up_only_the_calls_of_its_first_two_seconds() -> None:
    gate, clock = Gate(document(OLD)), Clock()
    keys = KeySets(gate, clock=clock)
    keys.begin(HOSPITAL)
    clock.sleep(key_sets.WAIT)
    begun = monotonic()
    assert outcome(keys, "ec") == "keys"
    assert monotonic() - begun < key_sets.WAIT / 2
    gate.open.set()


def test_a_refusal_says_whose_keys_were_missing() -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        Hospital().key_sets.find(HOSPITAL, "nobody's")
    assert caught.value.client == "hospital"
