"""An index that answers by itself how many patients a user saw cards for today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        "ix_shown_cards_of_user",
        "shown",
        ["user_id", "at", "trial", "patient_id"],
        sqlite_where=sa.text("card IS NOT NULL"),
        postgresql_where=sa.text("card IS NOT NULL"),
    )
