"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("id", sa.Text, unique=True, nullable=False),
        sa.Column("group_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("translation_of", sa.Text),
        sa.Column("licence", sa.Text),
        sa.Column("meta", sa.Text, nullable=False),
    )
    op.create_table(
        "layers",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("layers_latest", "layers", ["record_id", "name", "seq"])
    op.create_table(
        "measures",
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("found", sa.Text, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("decisions_latest", "decisions", ["record_id", "seq"])
    op.create_table(
        "jobs",
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("updated", sa.Text, nullable=False),
    )
    op.create_index("jobs_stage", "jobs", ["stage", "state"])
    op.create_table(
        "review_tasks",
        sa.Column("project", sa.Text, primary_key=True),
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("task_id", sa.BigInteger),
        sa.Column("pushed", sa.Text, nullable=False),
        sa.Column("predictions", sa.Text, nullable=False),
        sa.Column("updated", sa.Text, nullable=False),
    )
    op.create_table(
        "review_cursors",
        sa.Column("project", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
    )
    op.create_table(
        "sets",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("frozen", sa.Text, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "set_members",
        sa.Column("digest", sa.Text, sa.ForeignKey("sets.digest"), primary_key=True),
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("layer_seq", sa.BigInteger, sa.ForeignKey("layers.seq"), nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
    )
