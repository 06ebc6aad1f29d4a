"""What may be used once: the state of a sign-in or launch, the id in a worksheet link.

Others hold an opaque id. We keep its digest, and what belongs to it encrypted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.storage.database import Database
from cds_service.storage.workflow_tables import one_time

_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_CLEANED_EVERY = 64
_KEPT_AFTERWARDS = timedelta(hours=1)


class OneTime:
    """Values behind one ring of keys. Every method raises ``StorageAwayError`` while the database is away."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database, self._ring = database, ring
        self._given = count(1)

    def give(self, purpose: str, payload: Mapping[str, Any], lifetime: timedelta, now: datetime) -> str:
        """Keeps a JSON object under a new random id of 43 characters, good in a URL."""
        ident = secrets.token_urlsafe(32)
        row = {
            "digest": _digest(ident),
            "purpose": purpose,
            "expires": now + lifetime,
            "used": None,
            "secret": self._ring.encrypt(orjson.dumps(payload)),
        }
        with self._database.relaxed() as connection:
            connection.execute(insert(one_time), row)
            if next(self._given) % _CLEANED_EVERY == 0:
                connection.execute(delete(one_time).where(one_time.c.expires < now - _KEPT_AFTERWARDS))
        return ident

    def take(self, purpose: str, ident: str, now: datetime) -> dict[str, Any] | None:
        """What was kept, for the first who asks under this purpose and in time; None for all others."""
        if not _ID.fullmatch(ident):
            return None
        unused = (
            update(one_time)
            .where(
                one_time.c.digest == _digest(ident),
                one_time.c.purpose == purpose,
                one_time.c.used.is_(None),
                one_time.c.expires > now,
            )
            .values(used=now)
            .returning(one_time.c.secret)
        )
        with self._database.durable() as connection:
            secret = connection.execute(unused).scalar()
        return self._opened(secret)

    def peek(self, purpose: str, ident: str, now: datetime) -> dict[str, Any] | None:
        """The same without using it up: for what needs a sign-in first."""
        if not _ID.fullmatch(ident):
            return None
        unused = select(one_time.c.secret).where(
            one_time.c.digest == _digest(ident),
            one_time.c.purpose == purpose,
            one_time.c.used.is_(None),
            one_time.c.expires > now,
        )
        with self._database.autocommit() as connection:
            secret = connection.execute(unused).scalar()
        return self._opened(secret)

    def _opened(self, secret: bytes | None) -> dict[str, Any] | None:
        if secret is None:
            return None
        try:
            payload: dict[str, Any] = orjson.loads(self._ring.decrypt(secret))
        except UndecryptableError:
            return None
        return payload


def _digest(ident: str) -> str:
    return sha256(ident.encode()).hexdigest()
