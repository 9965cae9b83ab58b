"""The audit log of what left this machine."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "egress",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("run", sa.BigInteger),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("texts", sa.BigInteger, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("with_identifiers", sa.BigInteger),
        sa.Column("refused", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "egress_records",
        sa.Column("seq", Serial, primary_key=True),
        sa.Column("line", sa.BigInteger, sa.ForeignKey("egress.seq"), nullable=False),
        # No foreign key: what a server is asked about may be no record of the store.
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.UniqueConstraint("line", "record_id", "refused"),
    )
