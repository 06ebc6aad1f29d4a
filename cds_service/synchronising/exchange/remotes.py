"""Where on its FHIR server a referral's resource is, and what of it was seen last.

``tried`` are the codes that we have sent since something was last seen for sure: what the server shows of
them later is our own write, whose answer was lost, and nobody's change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, delete, select

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.storage.database import Database
from cds_service.storage.engines.inserts import insert_or
from cds_service.storage.workflow_tables import remote_resource
from cds_service.synchronising.exchange.merging import code_of_state


@dataclass(frozen=True, slots=True)
class Remote:
    """A resource as it was last seen. ``id`` "": it was sent, and no answer came.

    ``code`` is what of it says how far the referral is; ``state`` is the state of ours that this stood for.
    """

    id: str = ""
    version: str = ""
    stamp: str = ""
    code: str = ""
    state: str = ""
    tried: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Remote({self.state})"


class Remotes:
    """The rows of ``remote_resource``. ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database, self._ring = database, ring

    def get(self, referral_id: str, kind: str) -> Remote | None:
        """What is known of one resource; None before it was first sent or found."""
        asked = select(remote_resource).where(
            remote_resource.c.referral_id == referral_id, remote_resource.c.kind == kind
        )
        with self._database.autocommit() as connection:
            row = connection.execute(asked).first()
        return self._remote(row) if row else None

    def all_of(self, referral_id: str) -> dict[str, Remote]:
        """What is known of all resources of a referral, by kind."""
        asked = select(remote_resource).where(remote_resource.c.referral_id == referral_id)
        with self._database.autocommit() as connection:
            return {row.kind: self._remote(row) for row in connection.execute(asked)}

    def of(self, kind: str, referral_ids: Sequence[str]) -> dict[str, Remote]:
        """What is known of many, by referral."""
        asked = select(remote_resource).where(
            remote_resource.c.kind == kind, remote_resource.c.referral_id.in_(referral_ids)
        )
        with self._database.autocommit() as connection:
            return {row.referral_id: self._remote(row) for row in connection.execute(asked)}

    def keep(self, referral_id: str, kind: str, remote: Remote, now: datetime) -> None:
        """Writes what is known. On the disk when it returns: the next process goes by it."""
        known = {"id": remote.id, "stamp": remote.stamp, "code": remote.code, "tried": remote.tried}
        values = {
            "secret": self._ring.encrypt(orjson.dumps(known)),
            "version": remote.version,
            "status": remote.state,
            "seen": now,
        }
        keys = [remote_resource.c.referral_id, remote_resource.c.kind]
        with self._database.durable() as connection:
            row = insert_or(connection.dialect.name, remote_resource)
            row = row.values(referral_id=referral_id, kind=kind, **values)
            connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))

    def drop(self, referral_id: str, kind: str) -> None:
        """Forgets a resource that is gone there, so that the next write makes another."""
        with self._database.durable() as connection:
            connection.execute(
                delete(remote_resource).where(
                    remote_resource.c.referral_id == referral_id, remote_resource.c.kind == kind
                )
            )

    def _remote(self, row: Row[Any]) -> Remote:
        """Unreadable under the keys of today is as good as unknown: it is searched for by its identifier.

        A row that the referral's own history wrote has no code yet: it is that of the state it stood for.
        """
        try:
            known = orjson.loads(self._ring.decrypt(row.secret))
        except UndecryptableError:
            return Remote()
        code = known.get("code") or (
            code_of_state(row.kind, row.status) if row.status and known["id"] else ""
        )
        tried = tuple(known.get("tried", ()))
        return Remote(known["id"], row.version, known.get("stamp", ""), code, row.status, tried)
