"""Patients and users in the database: a row number for each, found by pseudonym under any key of the ring.

One person has one row: when a key is rotated, the row gets the pseudonym of the new key as soon as the
person is recorded again. So nobody is counted twice and no answer is lost, and an old key may be taken out
of the ring once the retention time has passed.

One exception: while processes with the old and with the new ring run side by side, a person may get a row
under each key. Answers are still found under both; for that day the person may count twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from cds_service.audit.key_ring import KeyRing
from cds_service.storage.engines.inserts import insert_new
from cds_service.storage.records import Pseudonym, Subject
from cds_service.storage.tables import pseudonym

T = TypeVar("T")

_ATTEMPTS = 5

Person = tuple[str, ...]
"""The kind, and the parts of which the pseudonym is made."""


class ForgottenMeanwhileError(Exception):
    """Another transaction deleted a person that this one refers to: do it again."""


def written_again(
    begin: Callable[[], AbstractContextManager[Connection]], write: Callable[[Connection], T]
) -> T:
    """Writes in a transaction: again if a person was forgotten, or renamed to a new key, between our reading
    and writing.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with begin() as connection:
                return write(connection)
        except (IntegrityError, ForgottenMeanwhileError):
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError


def patient(subject: Subject) -> Person:
    """The person that a patient is."""
    return ("patient", *subject)


def user_of(client: str, tenant: str, user: str) -> Person:
    """The person that a user of a client is."""
    return ("user", client, tenant, user)


def digests(ring: KeyRing, person: Person) -> list[str]:
    """All digests under which the person may be in the database."""
    return [one.digest for one in ring.pseudonyms(*person)]


_BY_DIGEST = select(pseudonym.c.digest, pseudonym.c.id).where(
    pseudonym.c.digest.in_(bindparam("digests", expanding=True))
)
_RENAME = (
    update(pseudonym)
    .where(pseudonym.c.id == bindparam("row"))
    .values(key_id=bindparam("new_key"), digest=bindparam("new_digest"))
)


def find(connection: Connection, ring: KeyRing, person: Person) -> list[int]:
    """The rows that the person has: none, one, or rarely more."""
    return list(_rows(connection, digests(ring, person)).values())


def rows_for(connection: Connection, ring: KeyRing, people: Iterable[Person]) -> dict[Person, int]:
    """The row of each person, made or renamed to the current key where needed. Within a transaction."""
    names = {person: ring.pseudonyms(*person) for person in people}
    known = _rows(connection, [one.digest for some in names.values() for one in some])
    rows: dict[Person, int] = {}
    missing: dict[str, tuple[Person, Pseudonym]] = {}
    old: dict[int, Pseudonym] = {}
    for person, (current, *others) in names.items():
        row = known.get(current.digest)
        if row is None:
            row = next((known[other.digest] for other in others if other.digest in known), None)
            if row is not None:
                old[row] = current
        if row is None:
            missing[current.digest] = (person, current)
        else:
            rows[person] = row
    _rename(connection, old)
    return rows | _add(connection, missing)


def _rows(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    found = connection.execute(_BY_DIGEST, {"digests": wanted})
    return {row.digest: row.id for row in found}


def _rename(connection: Connection, old: dict[int, Pseudonym]) -> None:
    if old:
        connection.execute(
            _RENAME,
            [
                {"row": row, "new_key": new.key_id, "new_digest": new.digest}
                for row, new in sorted(old.items())
            ],
        )


def _add(connection: Connection, missing: dict[str, tuple[Person, Pseudonym]]) -> dict[Person, int]:
    """In the order of digests, so that two transactions never wait for each other in a circle."""
    if not missing:
        return {}
    connection.execute(
        insert_new(connection.dialect.name, pseudonym),
        [
            {"kind": person[0], "key_id": name.key_id, "digest": digest}
            for digest, (person, name) in sorted(missing.items())
        ],
    )
    added = _rows(connection, list(missing))
    if len(added) < len(missing):
        raise ForgottenMeanwhileError
    return {person: added[digest] for digest, (person, _) in missing.items()}
