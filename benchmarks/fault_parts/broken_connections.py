"""PostgreSQL that ends in the middle of a command: one line, no word of a text, and the same command goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from commands import begin, curate

from fault_parts.postgres_server import PostgresServer, postgres_server
from fault_parts.store_contents import contents, difference
from fault_parts.trial import Trial
from fault_parts.workspaces import IMPORT, WORD, store_url, within, workspace

#: The commands in the order of the work, each with the table in which its work is seen.
STEPS: tuple[tuple[Sequence[str], str], ...] = (
    (IMPORT, "records"),
    (("annotate", "--with", "rules"), "layers"),
    (("validate",), "measures"),
    (("freeze", "--layer", "rules", "--verdict", "accepted", "--verdict", "needs_review"), "runs"),
    (("export", "hf", "--to", "out"), "runs"),
)


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """Each command with the server killed while it works, then again."""
    with postgres_server() as server:
        if server is None:
            yield Trial("PostgreSQL killed in the middle", not_measured="no PostgreSQL is installed")
            return
        count = 520 if quick else 3000
        calm, broken = (workspace(folder / name, server.database(name), count) for name in ("calm", "broken"))
        for words, table in STEPS[:2] if quick else STEPS:
            curate(*within(calm, words))
            yield _trial(server, calm, broken, words, table)


def _trial(server: PostgresServer, calm: Path, broken: Path, words: Sequence[str], table: str) -> Trial:
    engine = sa.create_engine(store_url(broken))
    before = _rows(engine, table)
    process = begin(*within(broken, words))
    while process.poll() is None and _rows(engine, table) <= before:
        time.sleep(0.005)
    server.kill()
    engine.dispose()
    output, errors = process.communicate(timeout=120)
    server.start()
    again = curate(*within(broken, words))
    found = difference(contents(store_url(calm)), contents(store_url(broken)))
    told = _is_told(process.returncode, errors)
    return Trial(
        f"PostgreSQL killed in the middle of {words[0]}",
        lost=found.lost,
        doubled=found.doubled,
        unequal=found.unequal + (not told) + (again.returncode != 0),
        tracebacks=sum("Traceback" in text or WORD in text for text in (output, errors, again.stderr)),
    )


def _is_told(code: int, errors: str) -> bool:
    """Whether it ended well, or with one line that says what to do."""
    return code == 0 or (code == 1 and sum(line.startswith("error: ") for line in errors.splitlines()) == 1)


def _rows(engine: sa.Engine, table: str) -> int:
    """How many rows a table has; 0 where there is none yet."""
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())
    except sa.exc.SQLAlchemyError:
        return 0
