"""The audit log of records that were deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("seq", Serial, primary_key=True),
        # No foreign key: the record is no more.
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("tasks_left", sa.Text, nullable=False),
    )
