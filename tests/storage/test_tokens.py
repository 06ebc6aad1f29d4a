"""Replayed tokens are refused across processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from sqlalchemy import func, select

from cds_service.storage.store import Store
from cds_service.storage.tables import seen_token
from tests.storage.samples import NOW, assessed, call

ISSUER = "https://ehr.example"
EXPIRES = NOW.timestamp() + 300


def test_a_token_is_used_once(store: Store) -> None:
    assert store.first_use(ISSUER, "jti-1", EXPIRES)
    assert not store.first_use(ISSUER, "jti-1", EXPIRES)
    assert not store.first_use(ISSUER, "jti-1", EXPIRES + 60)


def test_tokens_of_different_issuers_may_have_the_same_id(store: Store) -> None:
    assert store.first_use(ISSUER, "jti-1", EXPIRES)
    assert store.first_use("https://other.example", "jti-1", EXPIRES)


def test_issuer_and_id_are_not_run_together(store: Store) -> None:
    assert store.first_use("https://a", "b", EXPIRES)
    assert store.first_use("https://ab", "", EXPIRES)


def test_any_text_can_be_the_id_of_a_token(store: Store) -> None:
    for odd in ("\0", "\\x00", "\ud800", "x" * 100_000, "", "'; --"):
        assert store.first_use(ISSUER, odd, EXPIRES), ascii(odd[:20])
        assert not store.first_use(ISSUER, odd, EXPIRES), ascii(odd[:20])
        assert store.first_use(f"https://{odd}", "jti", EXPIRES), ascii(odd[:20])


def test_a_token_may_expire_at_any_time(store: Store) -> None:
    for number, odd in enumerate((0.0, 1e18, float("inf"), -1e18, float("nan"))):
        assert store.first_use(ISSUER, f"jti-{number}", odd)


def test_of_many_uses_at_once_one_is_the_first(store: Store) -> None:
    together = Barrier(8)

    def firsts(_: int) -> int:
        together.wait()
        return sum(store.first_use(ISSUER, f"jti-{token}", EXPIRES) for token in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(firsts, range(8))) == 20


def test_expired_tokens_go_by_themselves_while_calls_are_recorded(store: Store) -> None:
    long_ago = (NOW - timedelta(hours=2)).timestamp()
    for number in range(5):
        store.first_use(ISSUER, f"old-{number}", long_ago)
    store.first_use(ISSUER, "young", EXPIRES)
    for _ in range(64):
        store.record_shown([call(assessed(card=False))])
    with store.database.autocommit() as connection:
        assert connection.execute(select(func.count()).select_from(seen_token)).scalar() == 1
    assert not store.first_use(ISSUER, "young", EXPIRES)
