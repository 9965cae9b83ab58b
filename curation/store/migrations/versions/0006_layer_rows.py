"""Which layer rows a result was made from, in the place of the newest row of the whole store; no doubled layers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

#: A row that repeats the one before it of its name, as two processes could write it at once. Members of sets stay.
DOUBLED = """
DELETE FROM layers WHERE seq NOT IN (SELECT layer_seq FROM set_members) AND seq IN (
    SELECT seq FROM (
        SELECT seq, author, digest,
            lag(author) OVER same AS author_before, lag(digest) OVER same AS digest_before
        FROM layers WINDOW same AS (PARTITION BY record_id, name ORDER BY seq)
    ) AS versions WHERE author = author_before AND digest = digest_before
)
"""
#: On SQLite rows were always committed in the order of their numbers.
ROWS = """
UPDATE jobs SET layer_rows = (
    SELECT json_group_object(name, newest) FROM (
        SELECT name, max(seq) AS newest FROM layers
        WHERE layers.record_id = jobs.record_id AND layers.seq <= jobs.seen GROUP BY name
    )
)
"""


def upgrade() -> None:
    # First: a result is noted as made from the row that stays.
    op.execute(DOUBLED)
    # On PostgreSQL a row with a lower number may have been committed after the result was made: what read layers is
    # made once more, from rows that are known.
    op.add_column("jobs", sa.Column("layer_rows", sa.Text, nullable=False, server_default="{}"))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(ROWS)
    op.drop_column("jobs", "seen")
