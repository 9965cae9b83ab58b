"""What language models answered and what it cost; who works on which record; the kind of a failure."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("kind", sa.Text))
    op.create_table(
        "claims",
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("claims_token", "claims", ["token"])
    op.create_index("claims_tries", "claims", ["tries"])
    op.create_table(
        "answers",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("sample", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("finish", sa.Text),
        sa.Column("text", sa.LargeBinary),
        sa.Column("said_by", sa.Text),
        sa.Column("form", sa.Text),
        sa.Column("tokens_in", sa.BigInteger),
        sa.Column("tokens_out", sa.BigInteger),
        sa.Column("cost", sa.Double),
        sa.Column("seconds", sa.Double),
        sa.Column("logprobs", sa.LargeBinary),
    )
    op.create_index("answers_key", "answers", ["key"])
    op.create_table(
        "answer_records",
        sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
        sa.Column("answer", sa.BigInteger, sa.ForeignKey("answers.seq"), primary_key=True),
    )
    op.create_index("answer_records_answer", "answer_records", ["answer"])
    op.create_table(
        "spent",
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("answers", sa.BigInteger, nullable=False),
        sa.Column("unpriced", sa.BigInteger, nullable=False),
        sa.Column("tokens_in", sa.BigInteger, nullable=False),
        sa.Column("tokens_out", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
    )
