"""With what overlay of a site was assessed. Rows from before have none: nobody knows what stood in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("shown", sa.Column("site_digest", sa.Text(), nullable=True))
