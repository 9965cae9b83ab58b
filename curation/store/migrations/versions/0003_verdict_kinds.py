"""What a verdict is of: the text, one layer, or what may leave. Earlier decisions become decisions on texts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("kind", sa.Text, nullable=False, server_default="text"))
    op.add_column("decisions", sa.Column("subject", sa.Text, nullable=False, server_default=""))
    op.drop_index("decisions_latest", "decisions")
    op.create_index("decisions_latest", "decisions", ["record_id", "kind", "subject", "seq"])
