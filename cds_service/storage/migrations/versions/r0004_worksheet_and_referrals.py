"""Worksheet, referrals and worklist. What each table is for: cds_service/storage/workflow_tables.py."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_TEXT = sa.Text()
_NUMBER = sa.Integer()
_BYTES = sa.LargeBinary()

_APPEND_ONLY = {
    "sqlite": (
        """
        CREATE TRIGGER referral_event_is_not_changed BEFORE UPDATE ON referral_event
        BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END
        """,
        """
        CREATE TRIGGER referral_event_is_not_taken_out BEFORE DELETE ON referral_event
        WHEN EXISTS (SELECT 1 FROM trial_referral WHERE id = OLD.referral_id)
        BEGIN SELECT RAISE(ABORT, 'an event goes only with its referral'); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION referral_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE integrity_constraint_violation USING MESSAGE = 'an event is never changed';
            ELSIF EXISTS (SELECT 1 FROM trial_referral WHERE id = OLD.referral_id) THEN
                RAISE integrity_constraint_violation USING MESSAGE = 'an event goes only with its referral';
            END IF;
            RETURN OLD;
        END $$
        """,
        """
        CREATE TRIGGER referral_event_stays BEFORE UPDATE OR DELETE ON referral_event
        FOR EACH ROW EXECUTE FUNCTION referral_event_stays()
        """,
    ),
}


def upgrade() -> None:
    _web_session()
    _one_time()
    _trial_referral()
    _referral_event()
    _outbox()
    _remote_resource()
    _sync_cursor()
    _lease()
    _worksheet_answer()


def _web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("last_seen", _TIME, nullable=False),
        sa.Column("expires", _TIME, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_web_session"),
    )
    op.create_index("ix_web_session_expires", "web_session", ["expires"])


def _one_time() -> None:
    op.create_table(
        "one_time",
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("expires", _TIME, nullable=False),
        sa.Column("used", _TIME),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_one_time"),
    )
    op.create_index("ix_one_time_expires", "one_time", ["expires"])


def _trial_referral() -> None:
    op.create_table(
        "trial_referral",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("identifier", _TEXT, nullable=False),
        sa.Column("client", _TEXT, nullable=False),
        sa.Column("tenant", _TEXT, nullable=False),
        sa.Column("trial", _TEXT, nullable=False),
        sa.Column("patient_id", _ROW, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("opened", _TIME, nullable=False),
        sa.Column("entered", _TIME, nullable=False),
        sa.Column("changed", _TIME, nullable=False),
        sa.Column("left_from", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("attention", _TEXT, nullable=False),
        sa.Column("assessed", _TIME),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("gate", _TEXT, nullable=False),
        sa.Column("traces", _TEXT, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trial_referral"),
        sa.ForeignKeyConstraint(["patient_id"], ["pseudonym.id"], name="fk_trial_referral_patient_id"),
        sa.UniqueConstraint("identifier", name="uq_trial_referral_identifier"),
        sa.UniqueConstraint("patient_id", "trial", name="uq_trial_referral_patient_id_trial"),
    )
    op.create_index(
        "ix_trial_referral_client_trial_state_changed",
        "trial_referral",
        ["client", "trial", "state", "changed"],
    )
    op.create_index("ix_trial_referral_state_trial", "trial_referral", ["state", "trial"])
    op.create_index("ix_trial_referral_changed", "trial_referral", ["changed"])


def _referral_event() -> None:
    op.create_table(
        "referral_event",
        sa.Column("id", _ROW, nullable=False),
        sa.Column("referral_id", _TEXT, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("from_state", _TEXT, nullable=False),
        sa.Column("to_state", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("staff_id", _ROW),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_referral_event"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["trial_referral.id"], name="fk_referral_event_referral_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["pseudonym.id"], name="fk_referral_event_staff_id"),
        sa.UniqueConstraint("referral_id", "number", name="uq_referral_event_referral_id_number"),
    )
    op.create_index("ix_referral_event_staff_id", "referral_event", ["staff_id"])
    for statement in _APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _ROW, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("client", _TEXT, nullable=False),
        sa.Column("referral_id", _TEXT),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("made", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("attempts", _NUMBER, nullable=False),
        sa.Column("done", _TIME),
        sa.Column("fault", _TEXT, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["trial_referral.id"], name="fk_outbox_referral_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_done_next_at", "outbox", ["done", "next_at"])
    op.create_index("ix_outbox_referral_id", "outbox", ["referral_id"])


def _remote_resource() -> None:
    op.create_table(
        "remote_resource",
        sa.Column("referral_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("secret", _BYTES, nullable=False),
        sa.Column("version", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("seen", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("referral_id", "kind", name="pk_remote_resource"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["trial_referral.id"], name="fk_remote_resource_referral_id", ondelete="CASCADE"
        ),
    )


def _sync_cursor() -> None:
    op.create_table(
        "sync_cursor",
        sa.Column("client", _TEXT, nullable=False),
        sa.Column("server", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("due", _TIME, nullable=False),
        sa.Column("attempts", _NUMBER, nullable=False),
        sa.Column("fault", _TEXT, nullable=False),
        sa.Column("note", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("client", "server", "kind", name="pk_sync_cursor"),
    )
    op.create_index("ix_sync_cursor_due", "sync_cursor", ["due"])


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("holder", _TEXT, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _worksheet_answer() -> None:
    op.create_table(
        "worksheet_answer",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("patient_id", _ROW, nullable=False),
        sa.Column("client", _TEXT, nullable=False),
        sa.Column("trial", _TEXT, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("written", _TIME),
        sa.Column("secret", _BYTES, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worksheet_answer"),
        sa.ForeignKeyConstraint(["patient_id"], ["pseudonym.id"], name="fk_worksheet_answer_patient_id"),
    )
    op.create_index("ix_worksheet_answer_patient_id_trial", "worksheet_answer", ["patient_id", "trial"])
