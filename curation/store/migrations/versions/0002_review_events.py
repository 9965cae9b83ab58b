"""What came from Label Studio and was refused, and what is no more there."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "review_events",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("digest", sa.Text, unique=True, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("task_id", sa.BigInteger, nullable=False),
        sa.Column("annotation_id", sa.BigInteger),
        # No foreign key: what is refused may name a record that never was.
        sa.Column("record_id", sa.Text),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_index("review_events_project", "review_events", ["project", "kind"])
