"""The tables. Times are in UTC; texts from clients are capped; patients and users stand as pseudonyms.

A change here needs a migration: a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

LONGEST_TEXT = 200


class UtcTime(TypeDecorator[datetime]):
    """An instant. PostgreSQL keeps it with its zone; SQLite as text in UTC, which sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """A time without zone is a fault of ours: it is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Always in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(text: str) -> str:
    """A client's text as any database takes it, of bounded length; different texts stay different.

    PostgreSQL refuses NUL, both refuse lone surrogates, and an index entry must not grow without bound.
    """
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    if len(plain) <= LONGEST_TEXT:
        return plain
    return f"{plain[: LONGEST_TEXT - 65]}~{sha256(plain.encode('utf-8')).hexdigest()}"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite

seen_token = Table(
    "seen_token",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("jti", Text, primary_key=True),  # SHA-256 of issuer and jti
    Column("expires", UtcTime, nullable=False, index=True),
)

pseudonym = Table(
    "pseudonym",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", Text, nullable=False),  # patient or user
    Column("key_id", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
)


def _patient() -> Column[int]:
    return Column("patient_id", RowId, ForeignKey("pseudonym.id"), nullable=False)


shown = Table(
    "shown",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call_id", Text, nullable=False),  # the same for all trials of one call
    Column("at", UtcTime, nullable=False),
    Column("client", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("hook_instance", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("milliseconds", Float, nullable=False),
    _patient(),
    Column("user_id", RowId, ForeignKey("pseudonym.id")),
    Column("trial", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the definition
    Column("outcome", Text, nullable=False),
    Column("silenced", Text, nullable=False),  # why a card was held back, or empty
    Column("card", Text, unique=True),  # uuid of the card, if one was shown
    Column("traces", Text, nullable=False),  # JSON: [[criterion, verdict, reason, keyed digest]]
    Column("site_digest", Text),  # of the site's overlay, if there was one
    UniqueConstraint("call_id", "trial"),
    Index(None, "patient_id"),
    Index(None, "user_id", "at"),
    # All that "for how many patients did this user see a card today" asks for, in the path of every call.
    Index(
        "ix_shown_cards_of_user",
        *("user_id", "at", "trial", "patient_id"),
        sqlite_where=text("card IS NOT NULL"),
        postgresql_where=text("card IS NOT NULL"),
    ),
    Index(None, "at"),
)

suggestion = Table(
    "suggestion",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of its uuid
    Column("card", Text, ForeignKey("shown.card", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # refer or order
    Column("sealed", LargeBinary),  # the patient; only the uuid opens it
)


def _shown(*, primary: bool = False) -> Column[int]:
    return Column(
        "shown_id", RowId, ForeignKey("shown.id", ondelete="CASCADE"), primary_key=primary, nullable=False
    )


feedback = Table(
    "feedback",
    metadata,
    Column("id", RowId, primary_key=True),
    _shown(),
    Column("fingerprint", Text, nullable=False),  # tells a repeat from a change of mind
    Column("outcome", Text, nullable=False),
    Column("at", UtcTime, nullable=False),  # as the client says
    Column("received", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),  # one of our codes, other, or empty
    Column("secret", LargeBinary),  # encrypted JSON: comment, and a reason that is not ours
    Column("user_id", RowId, ForeignKey("pseudonym.id"), index=True),
    Column("suggestions", Text, nullable=False),  # JSON: digests of those accepted
    Column("referred", Boolean, nullable=False),
    UniqueConstraint("shown_id", "fingerprint"),
)

# The feedback that decides for a card: its newest.
answer = Table(
    "answer",
    metadata,
    _shown(primary=True),
    Column("feedback_id", RowId, ForeignKey("feedback.id", ondelete="CASCADE"), nullable=False, index=True),
    _patient(),
    Column("client", Text, nullable=False),
    Column("trial", Text, nullable=False),
    Column("shown_at", UtcTime, nullable=False),
    Column("decides_at", UtcTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "patient_id"),
    Index(None, "client", "trial", "shown_at", "outcome"),
)

referral = Table(
    "referral",
    metadata,
    _shown(primary=True),
    Column("at", UtcTime, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # encrypted: the patient
)

# Feedback on a card of which no record is there (yet): a process may hold it while the database comes back.
early_feedback = Table(
    "early_feedback",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("client", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("card", Text, nullable=False, index=True),
    Column("fingerprint", Text, nullable=False),
    Column("received", UtcTime, nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),  # encrypted JSON: the item, and who sent it
    UniqueConstraint("client", "tenant", "card", "fingerprint"),
)

silent_candidate = Table(
    "silent_candidate",
    metadata,
    Column("patient_id", RowId, ForeignKey("pseudonym.id"), primary_key=True),
    Column("trial", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),  # encrypted: the patient
    Index(None, "client", "trial"),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON
)
