"""Referrals and their history as rows. Every function works within a transaction of its caller's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import Connection, Select, func, insert, select, update

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.referrals import changes
from cds_service.referrals.records import ATTENTION, Event, EventKind, Referral, Remote, ResourceKind
from cds_service.referrals.states import State
from cds_service.storage.engines.inserts import insert_new, insert_or
from cds_service.storage.sealing import subject_of_parts
from cds_service.storage.shown import read_traces
from cds_service.storage.tables import storable
from cds_service.storage.workflow_tables import outbox, referral_event, remote_resource, trial_referral

Row = Any  # SQLAlchemy's, whose type differs between 2.0 and 2.1
Values = dict[str, Any]

_ALL = select(trial_referral)


def locked(connection: Connection, ident: str) -> Row | None:
    """The row, which nobody else changes before the transaction ends."""
    return one(connection, _ALL.where(trial_referral.c.id == ident).with_for_update())


def one(connection: Connection, query: Select[Any]) -> Row | None:
    """The first row of a query."""
    return connection.execute(query).first()


def of_patients(trial: str, patient_rows: Sequence[int]) -> Select[Any]:
    """The referral of a patient to a trial."""
    return _ALL.where(trial_referral.c.patient_id.in_(patient_rows), trial_referral.c.trial == trial)


# --- what is encrypted


def private(ring: KeyRing, secret: bytes) -> dict[str, Any] | None:
    """What a row keeps encrypted, or None if its key is no longer in the ring."""
    if not secret:
        return {}
    try:
        found: dict[str, Any] = orjson.loads(ring.decrypt(secret))
    except UndecryptableError:
        return None
    return found


def sealed(ring: KeyRing, content: Mapping[str, Any]) -> bytes:
    """The same the other way; what is empty is left out, and nothing at all stays nothing."""
    kept = {name: _written(value) for name, value in content.items() if value}
    return ring.encrypt(orjson.dumps(kept)) if kept else b""


def _written(value: Any) -> Any:
    """A client may send half characters, which JSON does not have."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


# --- reading


def noted_since(
    connection: Connection, ring: KeyRing, ident: str, staff: int | None, since: datetime, text: str
) -> bool:
    """Whether somebody noted these very words at a referral since then."""
    column = referral_event.c
    query = select(column.secret).where(
        column.referral_id == ident, column.kind == "noted", column.staff_id == staff, column.at > since
    )
    kept = (private(ring, secret) for secret in connection.execute(query).scalars())
    return any(content is not None and content.get("why") == _written(text) for content in kept)


def referral_of(ring: KeyRing, row: Row) -> Referral:
    """The referral of a row."""
    content = private(ring, row.secret)
    known = content or {}
    return Referral(
        id=row.id,
        identifier=row.identifier,
        client=row.client,
        tenant=row.tenant,
        trial=row.trial,
        state=State(row.state),
        version=row.version,
        source=row.source,
        opened=row.opened,
        entered=row.entered,
        changed=row.changed,
        left_from=State(row.left_from) if row.left_from else None,
        reason=row.reason,
        attention=attention_in(row),
        assessed=row.assessed,
        outcome=row.outcome,
        gate=row.gate,
        traces=read_traces(row.traces),
        subject=subject_of_parts(known["subject"]) if "subject" in known else None,
        patient_name=known.get("patient_name", ""),
        referrer=known.get("referrer", ""),
        changes=changes.read(known.get("changes")),
    )


def attention_in(row: Row) -> tuple[str, ...]:
    """The words of a row that ask for a look."""
    return tuple(orjson.loads(row.attention))


def written_attention(words: Iterable[str]) -> str:
    """Each once, in the order in which they are told."""
    wanted = set(words)
    return orjson.dumps([word for word in ATTENTION if word in wanted]).decode()


def event_of(ring: KeyRing, row: Row) -> Event:
    """The entry of a row."""
    content = private(ring, row.secret)
    known = content or {}
    return Event(
        row.number,
        row.version,
        row.at,
        cast(EventKind, row.kind),
        row.from_state,
        row.to_state,
        row.reason,
        row.role,
        known.get("name", ""),
        known.get("why", ""),
        changes.read(known.get("changes")),
        content is not None,
    )


def events(connection: Connection, ring: KeyRing, ident: str, after_version: int = -1) -> tuple[Event, ...]:
    """The history of a referral, oldest first; or what came after a version."""
    column = referral_event.c
    query = select(referral_event).where(column.referral_id == ident, column.version > after_version)
    return tuple(event_of(ring, row) for row in connection.execute(query.order_by(column.number)))


def own_states(connection: Connection, ident: str, since: datetime | None) -> set[str]:
    """The states into which it was moved here since then, or ever."""
    column = referral_event.c
    query = select(column.to_state).where(column.referral_id == ident, column.kind == "moved")
    if since is not None:
        query = query.where(column.at >= since)
    return set(connection.execute(query).scalars())


def remotes(connection: Connection, ring: KeyRing, ident: str) -> dict[str, Remote]:
    """Where the resources of a referral are; one whose key is gone is as if it had never been seen."""
    query = select(remote_resource).where(remote_resource.c.referral_id == ident)
    found: dict[str, Remote] = {}
    for row in connection.execute(query):
        content = private(ring, row.secret)
        if content is not None:
            state = State(row.status) if row.status else None
            found[row.kind] = Remote(row.kind, content.get("id", ""), row.version, state, row.seen)
    return found


# --- writing


def add(connection: Connection, values: Values) -> bool:
    """Puts in a new referral; False if the patient has one to this trial already."""
    adding = insert_new(connection.dialect.name, trial_referral).returning(trial_referral.c.id)
    return connection.execute(adding, values).scalar() is not None


def change(connection: Connection, ident: str, values: Values) -> None:
    """Changes a row that is ``locked``."""
    connection.execute(update(trial_referral).where(trial_referral.c.id == ident).values(**values))


def put_remote(connection: Connection, ring: KeyRing, ident: str, remote: Remote) -> None:
    """Remembers where a resource is, and what it stood for."""
    made = insert_or(connection.dialect.name, remote_resource)
    changing = ("secret", "version", "status", "seen")
    connection.execute(
        made.on_conflict_do_update(
            index_elements=["referral_id", "kind"], set_={name: made.excluded[name] for name in changing}
        ),
        {
            "referral_id": ident,
            "kind": remote.kind,
            "secret": sealed(ring, {"id": remote.id}),
            "version": storable(remote.version),
            "status": remote.state.value if remote.state else "",
            "seen": remote.seen,
        },
    )


def tell(
    connection: Connection, ring: KeyRing, ident: str, values: Values, content: Mapping[str, Any]
) -> int:
    """Adds an entry to the history of a ``locked`` referral, and gives its number."""
    last = select(func.max(referral_event.c.number)).where(referral_event.c.referral_id == ident)
    number: int = (connection.execute(last).scalar() or 0) + 1
    row = {"referral_id": ident, "number": number, "secret": sealed(ring, content), **values}
    connection.execute(insert(referral_event), row)
    return number


def queue(
    connection: Connection, ring: KeyRing, row: Row, number: int, kinds: Sequence[ResourceKind]
) -> None:
    """Asks for resources to be brought to the referral's present state. ``number`` is that of the event."""
    for kind in kinds:
        values = {
            "key": f"{row.id}/{kind}/{number}",
            "client": row.client,
            "referral_id": row.id,
            "kind": kind,
            "made": row.changed,
            "next_at": row.changed,
            "attempts": 0,
            "done": None,
            "fault": "",
            "secret": sealed(ring, {"state": row.state, "version": row.version}),
        }
        connection.execute(insert_new(connection.dialect.name, outbox), values)
