"""Keys: what they may look like, what they make, and that they are never seen."""

from __future__ import annotations

import pickle
from base64 import b64encode, urlsafe_b64encode

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cds_service.audit.commands import keys
from cds_service.audit.key_ring import KeyRing, KeyRingError, UndecryptableError
from cds_service.storage.records import Pseudonym

ONE = bytes(range(32))
TWO = bytes(range(100, 132))
HIGH = bytes(range(224, 256))  # its base64 holds "-" or "+", "_" or "/"
OLD = KeyRing.parse(f"k1:{b64encode(ONE).decode()}")
BOTH = KeyRing.parse(f"k2:{b64encode(TWO).decode()}, k1:{b64encode(ONE).decode()}")
PARTS = st.lists(st.text(st.characters(), max_size=5), max_size=4)
"""Few short texts: two lists that run together to the same text are then common."""


def base64(secret: bytes) -> str:
    return b64encode(secret).decode()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "key number 1 has no id"),
        (base64(ONE), "key number 1 has no id"),
        (f"k1:{base64(ONE)},", "key number 2 has no id"),
        (f"k1:{base64(ONE)},k2", "key number 2 has no id"),
        (f"K1:{base64(ONE)}", "id of key number 1 must be a small letter"),
        (f":{base64(ONE)}", "id of key number 1 must be"),
        (f"{base64(ONE)}:k1", "id of key number 1 must be"),
        (f"{'k' * 17}:{base64(ONE)}", "id of key number 1 must be"),
        (f"k1.x:{base64(ONE)}", "id of key number 1 must be"),
        ("k1:", "key number 1, 'k1', is not 32 bytes in base64"),
        (f"k1:{base64(ONE)[:-4]}", "is not 32 bytes in base64"),
        (f"k1:{base64(ONE + b'0')}", "is not 32 bytes in base64"),
        (f"k1:{'A' * 45}", "is not 32 bytes in base64"),
        ("k1:" + "ä" * 43, "is not 32 bytes in base64"),
        (f"k1:{base64(ONE)} {base64(TWO)}", "is not 32 bytes in base64"),
        (f"k1:{base64(bytes(32))}", "key number 1, 'k1', is not random"),
        (f"k1:{base64(b'password' * 4)}", "key number 1, 'k1', is not random"),
        (f"k1:{base64(ONE)},k1:{base64(TWO)}", "keys number 1 and 2 have the same id 'k1'"),
        (f"k1:{base64(ONE)},k2:{base64(ONE)}", "keys number 1 and 2 are the same key"),
    ],
)
def test_keys_that_cannot_be_used_are_refused_and_never_quoted(text: str, fault: str) -> None:
    with pytest.raises(KeyRingError) as refused:
        KeyRing.parse(text)
    assert fault in str(refused.value)
    assert base64(ONE)[:8] not in str(refused.value)
    assert base64(TWO)[:8] not in str(refused.value)


@pytest.mark.parametrize("written", [b64encode(HIGH), urlsafe_b64encode(HIGH), b64encode(HIGH).rstrip(b"=")])
def test_a_key_may_be_written_in_either_alphabet_of_base64(written: bytes) -> None:
    ring = KeyRing.parse(f" k1:{written.decode()} ")
    assert ring.pseudonym("patient", "1") == KeyRing([("k1", HIGH)]).pseudonym("patient", "1")


def test_pseudonyms_stay_the_same_for_ever() -> None:
    """Rows that were written keep their meaning: a change of this value loses every snooze."""
    assert OLD.pseudonym("patient", "ehr", "", "https://ehr.example/fhir", "1") == Pseudonym(
        "k1", "70dadb306c6ffb3ac8765da4159eb6f9"
    )
    assert OLD.digest("a", "b") == "k1.c0d13952a1236df3a617611a1e77118e"


def test_the_first_key_makes_and_all_keys_recognize() -> None:
    assert BOTH.ids == ("k2", "k1")
    assert BOTH.pseudonym("patient", "1").key_id == "k2"
    assert BOTH.pseudonyms("patient", "1") == (
        BOTH.pseudonym("patient", "1"),
        OLD.pseudonym("patient", "1"),
    )
    assert BOTH.same_digest(OLD.digest("a", "b"), "a", "b")
    assert BOTH.same_digest(BOTH.digest("a", "b"), "a", "b")
    assert not BOTH.same_digest(OLD.digest("a", "b"), "a", "c")
    assert not OLD.same_digest(BOTH.digest("a", "b"), "a", "b")
    assert BOTH.decrypt(OLD.encrypt(b"row")) == b"row"
    with pytest.raises(UndecryptableError):
        OLD.decrypt(BOTH.encrypt(b"row"))


@pytest.mark.parametrize("digest", ["", "k1", "k1.", "k9.00", ".", "k1.ä"])
def test_a_digest_that_is_none_matches_nothing(digest: str) -> None:
    assert not OLD.same_digest(digest)


@given(PARTS, PARTS)
def test_different_parts_have_different_pseudonyms(first: list[str], second: list[str]) -> None:
    assert (OLD.pseudonym("x", *first) == OLD.pseudonym("x", *second)) is (first == second)
    assert (OLD.digest(*first) == OLD.digest(*second)) is (first == second)


def test_kinds_uses_and_keys_are_kept_apart() -> None:
    made = [
        OLD.pseudonym("patient", "1").digest,
        OLD.pseudonym("user", "1").digest,
        OLD.pseudonym("patient1").digest,
        OLD.digest("patient", "1").partition(".")[2],
        KeyRing([("k1", TWO)]).pseudonym("patient", "1").digest,
    ]
    assert len(set(made)) == len(made)


def test_nothing_of_a_key_is_seen() -> None:
    assert repr(BOTH) == "KeyRing(k2, k1)"
    assert repr(BOTH._keys[0]) == "_Key(k2)"
    with pytest.raises(TypeError):
        pickle.dumps(BOTH)


def test_two_random_rings_have_nothing_in_common() -> None:
    assert KeyRing.random().digest("a") != KeyRing.random().digest("a")


# --- trialhook keys new


def test_the_first_key_is_a_line_to_paste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIALHOOK_KEYS", raising=False)
    ran = CliRunner().invoke(keys, ["new"])
    name, _, value = ran.stdout.strip().partition("=")
    assert (ran.exit_code, name) == (0, "TRIALHOOK_KEYS")
    assert KeyRing.parse(value.strip('"')).ids == ("k1",)
    assert "keep a copy" in ran.stderr


def test_a_further_key_stands_before_those_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_KEYS", f"k7:{base64(TWO)},site-a:{base64(ONE)}")
    ran = CliRunner().invoke(keys, ["new"])
    ring = KeyRing.parse(ran.stdout.strip().partition("=")[2].strip('"'))
    assert ring.ids == ("k8", "k7", "site-a")
    assert ring.decrypt(KeyRing([("k7", TWO)]).encrypt(b"row")) == b"row"
    assert "Take the last key out when" in ran.stderr


def test_keys_that_cannot_be_used_are_not_added_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALHOOK_KEYS", f"k1:{base64(ONE)[:20]}")
    ran = CliRunner().invoke(keys, ["new"])
    assert ran.exit_code == 1
    assert "TRIALHOOK_KEYS is set, but cannot be used: key number 1" in ran.stderr
    assert base64(ONE)[:8] not in ran.output
