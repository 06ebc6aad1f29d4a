"""Metrics: closed labels, and only for networks that may read them."""

from __future__ import annotations

import pytest

from cds_service.observing import metrics
from cds_service.observing.stages import stage


@pytest.mark.parametrize(
    ("peer", "networks", "may"),
    [
        ("127.0.0.1", ("127.0.0.0/8",), True),
        ("10.1.2.3", ("127.0.0.0/8",), False),
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("::1", ("127.0.0.0/8", "::1/128"), True),
        ("fd00::1", ("10.0.0.0/8",), False),
        ("", ("0.0.0.0/0",), False),
        ("unix:", ("0.0.0.0/0",), False),
    ],
)
def test_only_listed_networks_may_read_the_metrics(peer: str, networks: tuple[str, ...], may: bool) -> None:
    assert metrics.may_read(peer, networks) is may


def test_a_stage_is_counted_even_if_it_fails() -> None:
    before = sample('trialhook_stage_seconds_count{stage="assess"}')
    with pytest.raises(ZeroDivisionError), stage("assess"):
        raise ZeroDivisionError
    assert sample('trialhook_stage_seconds_count{stage="assess"}') == before + 1


def sample(name: str) -> float:
    """A value of the exposition; 0 if there is none yet."""
    lines = metrics.exposition().decode().splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)
