"""The id that is proposed for a new key is one that no key of the ring has."""

from __future__ import annotations

import pytest

from cds_service.audit.key_ring import KeyRing
from tests.audit.test_key_ring import HIGH, ONE, TWO, base64


@pytest.mark.parametrize(
    ("ids", "proposed"),
    [(("k1",), "k2"), (("k2", "k1"), "k3"), (("k1", "k7"), "k8"), (("main",), "k1"), (("main", "k3"), "k4")],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_new_key_has_an_id_of_its_own(ids: tuple[str, ...], proposed: str) -> None:
    secrets = zip(ids, (ONE, TWO, HIGH), strict=False)
    ring = KeyRing.parse(",".join(f"{key_id}:{base64(secret)}" for key_id, secret in secrets))
    assert ring.next_id() == proposed
