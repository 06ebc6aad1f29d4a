"""Answers given on worksheets, as QuestionnaireResponses, encrypted in the database."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import orjson
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.storage.database import Database
from cds_service.storage.people import ForgottenMeanwhileError, find, patient, rows_for
from cds_service.storage.records import Subject
from cds_service.storage.workflow_tables import outbox, worksheet_answer

KIND = "QuestionnaireResponse"
MOST_READ = 200
"""Of one patient, the newest; ours."""

_ATTEMPTS = 5
_ID = re.compile(r"[A-Za-z0-9-]{22,64}")
T = TypeVar("T")
Place = Literal["written", "queued", "here"]
_KEY_START = "answer/"


class Kept(NamedTuple):
    """A response as it is kept, and whose it is."""

    subject: Subject
    resource: dict[str, Any]

    def __repr__(self) -> str:
        return "Kept()"


class Placed(NamedTuple):
    """A response, and whether the EHR has it (``written``), will be given it (``queued``), or it is kept here
    alone (``here``)."""

    resource: dict[str, Any]
    place: Place

    def __repr__(self) -> str:
        return f"Placed({self.place})"


def new_id() -> str:
    """A random id for a response: 32 hexadecimal digits, which FHIR takes too."""
    return secrets.token_hex(16)


class KeptAnswers:
    """Everything raises ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database, self._ring = database, ring

    def keep(
        self,
        subject: Subject,
        trial: str,
        resource: Mapping[str, Any],
        at: datetime,
        queue_at: datetime | None,
    ) -> None:
        """Keeps a response under its own id; on the disk when it returns.

        ``queue_at``: when it is to be written to the EHR, unless it is ``written`` by then; this is noted in
        the same transaction.
        """
        secret = self._ring.encrypt(orjson.dumps({"subject": list(subject), "resource": resource}))

        def write(connection: Connection) -> None:
            person = patient(subject)
            row = rows_for(connection, self._ring, [person])[person]
            values = {
                "id": resource["id"],
                "patient_id": row,
                "client": subject.client,
                "trial": trial,
                "at": at.astimezone(UTC),
                "secret": secret,
            }
            connection.execute(insert(worksheet_answer), values)
            if queue_at is not None:
                connection.execute(insert(outbox), self._queued(subject.client, resource["id"], at, queue_at))

        self._transaction(write)

    def written(self, ident: str, now: datetime) -> None:
        """The EHR has it now, whoever wrote it there."""

        def write(connection: Connection) -> None:
            connection.execute(
                update(worksheet_answer)
                .where(worksheet_answer.c.id == ident, worksheet_answer.c.written.is_(None))
                .values(written=now.astimezone(UTC))
            )
            connection.execute(
                update(outbox)
                .where(outbox.c.key == _key(ident), outbox.c.done.is_(None))
                .values(done=now.astimezone(UTC), fault="")
            )

        self._transaction(write)

    def of(self, subject: Subject) -> list[dict[str, Any]]:
        """The responses of a patient, of all trials, the oldest first."""
        return [response.resource for response in self.with_places(subject)]

    def with_places(self, subject: Subject) -> list[Placed]:
        """The same, each with where it is."""
        queued = select(outbox.c.id).where(outbox.c.key == _KEY_START + worksheet_answer.c.id).exists()
        asked = (
            select(worksheet_answer.c.secret, worksheet_answer.c.written, queued.label("queued"))
            .order_by(worksheet_answer.c.at.desc(), worksheet_answer.c.id)
            .limit(MOST_READ)
        )
        with self._database.autocommit() as connection:
            people = find(connection, self._ring, patient(subject))
            if not people:
                return []
            rows = connection.execute(asked.where(worksheet_answer.c.patient_id.in_(people))).all()
        return [
            Placed(kept.resource, "written" if row.written else "queued" if row.queued else "here")
            for row in reversed(rows)
            if (kept := self._opened(row.secret)) is not None
        ]

    def get(self, ident: str) -> Kept | None:
        """One response; None if it was forgotten, or the key that encrypted it is gone."""
        if not _ID.fullmatch(ident):
            return None
        with self._database.autocommit() as connection:
            asked = select(worksheet_answer.c.secret).where(worksheet_answer.c.id == ident)
            secret = connection.execute(asked).scalar()
        return self._opened(secret) if secret is not None else None

    def _queued(self, client: str, ident: str, at: datetime, next_at: datetime) -> dict[str, Any]:
        return {
            "key": _key(ident),
            "client": client,
            "referral_id": None,
            "kind": KIND,
            "made": at.astimezone(UTC),
            "next_at": next_at.astimezone(UTC),
            "attempts": 0,
            "fault": "",
            "secret": self._ring.encrypt(orjson.dumps({"answer": ident})),
        }

    def _opened(self, secret: bytes) -> Kept | None:
        try:
            body = orjson.loads(self._ring.decrypt(secret))
        except UndecryptableError:
            return None
        return Kept(Subject(*body["subject"]), body["resource"])

    def _transaction(self, write: Callable[[Connection], T]) -> T:
        """Again if the person was forgotten, or renamed to a new key, between our reading and writing."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._database.durable() as connection:
                    return write(connection)
            except (IntegrityError, ForgottenMeanwhileError):
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError


def _key(ident: str) -> str:
    """Under which the writing of a response waits in the outbox."""
    return f"{_KEY_START}{ident}"


def to_be_written(resource: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A response as a FHIR server is given it, and the condition under which it is made: not there yet.

    The server gives it an id of its own; by the identifier it is known as the same.
    """
    identifier = resource["identifier"]
    without = {name: value for name, value in resource.items() if name != "id"}
    return without, f"identifier={identifier['system']}|{identifier['value']}"
