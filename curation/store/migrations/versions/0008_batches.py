"""Batches of questions that lie at a provider, and which records they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("mark", sa.Text, unique=True, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("input_file", sa.Text),
        sa.Column("batch_id", sa.Text),
        sa.Column("output_file", sa.Text),
        sa.Column("error_file", sa.Text),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("expected_cost", sa.Double),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("made", sa.Text, nullable=False),
        sa.Column("sent", sa.Text),
        sa.Column("ended", sa.Text),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "batch_requests",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("batch", sa.BigInteger, sa.ForeignKey("batches.seq"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sample", sa.Integer, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.UniqueConstraint("batch", "key"),
    )
    op.create_index("batch_requests_key", "batch_requests", ["key"])
    op.create_table(
        "batch_records",
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("request", sa.BigInteger, sa.ForeignKey("batch_requests.seq"), primary_key=True),
        sa.Column("is_asked", sa.Integer, nullable=False),
    )
    op.create_index("batch_records_request", "batch_records", ["request"])
