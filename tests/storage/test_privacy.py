"""What names a patient or a user is nowhere in the database, nor in what is said of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from cds_service.audit.key_ring import KeyRing
from cds_service.storage.database import Database
from cds_service.storage.records import FeedbackItem, StorageAwayError, Subject
from cds_service.storage.store import Store
from tests.storage.samples import NOW, TRIAL, accepted, assessed, call

PATIENT, USER, COMMENT, JTI = "MARKED-patient", "Practitioner/MARKED-user", "MARKED comment", "MARKED-jti"
BASE, CODE, SYSTEM = "https://MARKED-base.example/fhir", "MARKED-code", "urn:MARKED-system"
SUBJECT = Subject("ehr", "north", BASE, PATIENT)
REFERRED = assessed()
CARDS = [REFERRED, assessed()]


def use_everything(store: Store) -> None:
    """One of everything that may be written, with marks in all that is secret."""
    store.first_use("https://ehr.example", JTI, NOW.timestamp())
    store.record_shown([call(card, about=SUBJECT, user=USER, candidates=[TRIAL]) for card in CARDS])
    override = FeedbackItem(CARDS[1].card, "overridden", NOW, (), SYSTEM, CODE, COMMENT)
    given = [accepted(REFERRED, "refer"), override]
    assert store.add_feedback("ehr", "north", given, USER, NOW).kept == 2
    early = [replace(override, card=card) for card in ("MARKED-card", "0b5c8f0e-6d0f-4a43-9f0b-6a7a3c0d9a11")]
    assert store.add_feedback("ehr", "north", early, USER, NOW).unknown == 2
    assert len(store.referrals().patients) == len(store.silent_candidates().patients) == 1


def everything_in(database: Database) -> str:
    """Each value of each row, as text."""
    with database.autocommit() as connection:
        names = inspect(connection).get_table_names()
        rows = [row for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
    return "\n".join(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for row in rows
        for value in row
    )


def test_no_row_names_a_patient_a_user_a_comment_or_a_token(store: Store) -> None:
    use_everything(store)
    written = everything_in(store.database)
    assert "MARKED" not in written
    assert REFERRED.card in written, "nothing was read"


def test_what_opens_a_referral_is_not_kept(store: Store) -> None:
    use_everything(store)
    written = everything_in(store.database)
    assert [uuid for card in CARDS for uuid, _ in card.suggestions if uuid in written] == []


def test_neither_the_file_nor_its_log_holds_them(
    tmp_path: Path, sqlite_template: Path, ring: KeyRing
) -> None:
    path = tmp_path / "trialhook.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", wait=20)
    use_everything(Store(database, ring))
    files = sorted(tmp_path.glob("trialhook.db*"))
    assert [file.name for file in files] == ["trialhook.db", "trialhook.db-shm", "trialhook.db-wal"]
    held = b"".join(file.read_bytes() for file in files)
    database.close()
    held += path.read_bytes()
    assert b"MARKED" not in held
    assert REFERRED.card.encode() in held, "nothing was read"


def test_what_was_forgotten_is_overwritten(tmp_path: Path, sqlite_template: Path, ring: KeyRing) -> None:
    path = tmp_path / "trialhook.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", wait=20)
    store = Store(database, ring)
    use_everything(store)
    names = [one.digest for one in ring.pseudonyms("patient", *SUBJECT)]
    assert names[0] in everything_in(database)
    store.forget(SUBJECT)
    held = b"".join(file.read_bytes() for file in tmp_path.glob("trialhook.db*"))
    database.close()
    assert [name for name in (*names, REFERRED.card) if name.encode() in held] == []


def test_nothing_is_said_of_what_was_to_be_written(
    ready_url: str, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = Store(Database(ready_url, wait=20, pause=0.0), ring)
    with store.database.durable() as connection:
        connection.execute(text("DROP TABLE answer"))
        connection.execute(text("ALTER TABLE seen_token RENAME TO gone"))
    said = []
    for use in (
        lambda: store.first_use("https://ehr.example", JTI, NOW.timestamp()),
        lambda: store.history(SUBJECT, USER, {}, NOW, NOW),
    ):
        with pytest.raises(StorageAwayError) as caught:
            use()
        said.append(f"{caught.value!r} {caught.value.__cause__!r}")
        assert store.database.trouble == "schema"
    store.database.close()
    assert "MARKED" not in caplog.text + "".join(said)
