"""How the list is found among ten thousand: by an index and not by reading them all.

Speed itself is measured in bench/worklist.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Connection, text
from sqlalchemy.dialects import sqlite

from cds_service.worklist.filters import Asked, Show, Sort
from cds_service.worklist.listing import Closed, narrowed, page_query
from cds_service.worklist.scope import Part, Scope
from tests.service.conftest import BASE
from tests.worklist.seeding import Seeds
from tests.worklist.world import HERE, ONE, OTHER, THERE, World, world_in

EVERYTHING = Scope((Part(None, None),))
ONE_PLACE = Scope((Part(frozenset({ONE}), frozenset({HERE})),))
CLOSED = Closed({ONE: "", OTHER: ""})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(Path(tmp_path_factory.mktemp("plan"))) as made:
        places = [(ONE, HERE), (ONE, THERE), (OTHER, HERE), (OTHER, THERE)]
        seeds = Seeds(made.deployment.ring, made.now, places, BASE)
        seeds.put(made.records.database, 3000, ["age", "proteinuria"])
        with made.records.database.autocommit() as connection:
            connection.execute(text("ANALYZE"))
        yield made


def plan(connection: Connection, which: Sequence[ColumnElement[bool]], sort: Sort) -> str:
    query = page_query(which, sort, 1).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    rows = connection.execute(text(f"EXPLAIN QUERY PLAN {query}".replace(":", "\\:")))
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("scope", "asked", "sort", "by"),
    [
        (EVERYTHING, Asked(show=Show.ALL), Sort.WAITING, "ix_trial_referral_changed"),
        (EVERYTHING, Asked(show=Show.ALL), Sort.CHANGED, "ix_trial_referral_changed"),
        (ONE_PLACE, Asked(state="screening"), Sort.WAITING, "ix_trial_referral_client_trial_state_changed"),
    ],
)
def test_a_page_is_found_by_an_index(world: World, scope: Scope, asked: Asked, sort: Sort, by: str) -> None:
    with world.records.database.autocommit() as connection:
        found = plan(connection, narrowed(scope, asked, CLOSED, world.now), sort)
    assert f"USING INDEX {by}" in found
    assert "SCAN trial_referral;" not in f"{found};"


def test_the_order_of_waiting_needs_no_sorting_of_everything(world: World) -> None:
    with world.records.database.autocommit() as connection:
        found = plan(connection, narrowed(EVERYTHING, Asked(show=Show.ALL), CLOSED, world.now), Sort.WAITING)
    assert "USE TEMP B-TREE FOR ORDER BY" not in found
