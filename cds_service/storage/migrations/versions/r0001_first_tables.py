"""The first tables. What each is for: cds_service/storage/tables.py."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_TEXT = sa.Text()
_BYTES = sa.LargeBinary()


def upgrade() -> None:
    _tokens_and_people()
    _shown()
    _suggestion()
    _feedback()
    _answer()
    _referral()
    _early_feedback()
    _silent_candidate()
    _audit_event()


def _tokens_and_people() -> None:
    _table(
        "seen_token",
        _column("issuer", _TEXT),
        _column("jti", _TEXT),
        _column("expires", _TIME),
        key=("issuer", "jti"),
    )
    _index("seen_token", "expires")
    _table(
        "pseudonym",
        _column("id", _ROW),
        _column("kind", _TEXT),
        _column("key_id", _TEXT),
        _column("digest", _TEXT),
        _unique("pseudonym", "digest"),
    )


def _shown() -> None:
    _table(
        "shown",
        _column("id", _ROW),
        _column("call_id", _TEXT),
        _column("at", _TIME),
        *(_column(name, _TEXT) for name in ("client", "tenant", "hook", "hook_instance", "service")),
        _column("milliseconds", sa.Float()),
        _column("patient_id", _ROW),
        _column("user_id", _ROW, null=True),
        *(_column(name, _TEXT) for name in ("trial", "version", "digest", "outcome", "silenced")),
        _column("card", _TEXT, null=True),
        _column("traces", _TEXT),
        _unique("shown", "call_id", "trial"),
        _unique("shown", "card"),
        _refers("shown", "patient_id", "pseudonym.id"),
        _refers("shown", "user_id", "pseudonym.id"),
    )
    _index("shown", "patient_id")
    _index("shown", "user_id", "at")
    _index("shown", "at")


def _suggestion() -> None:
    _table(
        "suggestion",
        _column("digest", _TEXT),
        _column("card", _TEXT),
        _column("kind", _TEXT),
        _column("sealed", _BYTES, null=True),
        _refers("suggestion", "card", "shown.card", "CASCADE"),
        key=("digest",),
    )
    _index("suggestion", "card")


def _feedback() -> None:
    _table(
        "feedback",
        _column("id", _ROW),
        _column("shown_id", _ROW),
        _column("fingerprint", _TEXT),
        _column("outcome", _TEXT),
        _column("at", _TIME),
        _column("received", _TIME),
        _column("reason", _TEXT),
        _column("secret", _BYTES, null=True),
        _column("user_id", _ROW, null=True),
        _column("suggestions", _TEXT),
        _column("referred", sa.Boolean()),
        _unique("feedback", "shown_id", "fingerprint"),
        _refers("feedback", "shown_id", "shown.id", "CASCADE"),
        _refers("feedback", "user_id", "pseudonym.id"),
    )
    _index("feedback", "user_id")


def _answer() -> None:
    _table(
        "answer",
        _column("shown_id", _ROW),
        _column("feedback_id", _ROW),
        _column("patient_id", _ROW),
        _column("client", _TEXT),
        _column("trial", _TEXT),
        _column("shown_at", _TIME),
        _column("decides_at", _TIME),
        _column("outcome", _TEXT),
        _refers("answer", "shown_id", "shown.id", "CASCADE"),
        _refers("answer", "feedback_id", "feedback.id", "CASCADE"),
        _refers("answer", "patient_id", "pseudonym.id"),
        key=("shown_id",),
    )
    _index("answer", "feedback_id")
    _index("answer", "patient_id")
    _index("answer", "client", "trial", "shown_at", "outcome")


def _referral() -> None:
    _table(
        "referral",
        _column("shown_id", _ROW),
        _column("at", _TIME),
        _column("secret", _BYTES),
        _refers("referral", "shown_id", "shown.id", "CASCADE"),
        key=("shown_id",),
    )


def _early_feedback() -> None:
    _table(
        "early_feedback",
        _column("id", _ROW),
        *(_column(name, _TEXT) for name in ("client", "tenant", "card", "fingerprint")),
        _column("received", _TIME),
        _column("secret", _BYTES),
        _unique("early_feedback", "client", "tenant", "card", "fingerprint"),
    )
    _index("early_feedback", "card")
    _index("early_feedback", "received")


def _silent_candidate() -> None:
    _table(
        "silent_candidate",
        _column("patient_id", _ROW),
        _column("trial", _TEXT),
        _column("client", _TEXT),
        _column("first_seen", _TIME),
        _column("last_seen", _TIME),
        _column("secret", _BYTES),
        _refers("silent_candidate", "patient_id", "pseudonym.id"),
        key=("patient_id", "trial"),
    )
    _index("silent_candidate", "last_seen")
    _index("silent_candidate", "client", "trial")


def _audit_event() -> None:
    _table(
        "audit_event",
        _column("id", _TEXT),
        _column("at", _TIME),
        _column("kind", _TEXT),
        _column("body", _TEXT),
    )
    _index("audit_event", "at")


def _table(name: str, *parts: sa.schema.SchemaItem, key: tuple[str, ...] = ("id",)) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _column(name: str, kind: Any, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}", ondelete=ondelete)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
