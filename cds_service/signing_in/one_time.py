"""What may be used once: the state of a sign-in or launch, the id in a worksheet link; and what one at a time
may do.

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
from flask import abort, has_request_context, request
from sqlalchemy import delete, insert, select, update
from werkzeug.wrappers import Response

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.storage.database import Database
from cds_service.storage.engines.inserts import insert_or
from cds_service.storage.workflow_tables import one_time

_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_AHEAD = re.compile(r"\b(?:prefetch|prerender|preview)\b", re.IGNORECASE)
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""By which browsers say that nobody is going there yet. The first is of the Fetch standard."""

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
        """What was kept, for the first who asks under this purpose and in time; None for all others.

        Ends a request that only looks ahead: nothing is used up by a HEAD, or before somebody goes there.
        """
        _end_if_ahead()
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

    def hold(self, purpose: str, name: str, longest: timedelta, now: datetime) -> datetime | None:
        """Lets one at a time do something with ``name``, in all processes; None while another does.

        Until when at most, if nobody gives it back before: who holds it may have died.
        """
        until = now + longest
        row = {
            "digest": _digest(f"{purpose} {name}"),
            "purpose": purpose,
            "expires": until,
            "used": None,
            "secret": self._ring.encrypt(orjson.dumps({})),
        }
        with self._database.relaxed() as connection:
            held = insert_or(connection.dialect.name, one_time).values(**row)
            free = held.on_conflict_do_update(
                index_elements=[one_time.c.digest], set_={"expires": until}, where=one_time.c.expires <= now
            )
            ours = connection.execute(free.returning(one_time.c.digest)).scalar() is not None
        return until if ours else None

    def held(self, purpose: str, name: str, now: datetime) -> bool:
        """Whether somebody holds it."""
        asked = select(one_time.c.digest).where(
            one_time.c.digest == _digest(f"{purpose} {name}"), one_time.c.expires > now
        )
        with self._database.autocommit() as connection:
            return connection.execute(asked).first() is not None

    def let_go(self, purpose: str, name: str, until: datetime) -> None:
        """Gives it back to the next. Nothing happens if it is another's by now."""
        mine = one_time.c.digest == _digest(f"{purpose} {name}"), one_time.c.expires == until
        with self._database.relaxed() as connection:
            connection.execute(delete(one_time).where(*mine))

    def _opened(self, secret: bytes | None) -> dict[str, Any] | None:
        if secret is None:
            return None
        try:
            payload: dict[str, Any] = orjson.loads(self._ring.decrypt(secret))
        except UndecryptableError:
            return None
        return payload


def _end_if_ahead() -> None:
    """Answers a HEAD with 200, and what a browser fetches beforehand with 503: it asks again later."""
    if not has_request_context():
        return
    headers = {"Cache-Control": "no-store"}
    if request.method == "HEAD":
        abort(Response(headers=headers))
    if any(_AHEAD.search(request.headers.get(name, "")) for name in _PURPOSES):
        abort(Response(status=503, headers=headers))


def _digest(ident: str) -> str:
    return sha256(ident.encode()).hexdigest()
