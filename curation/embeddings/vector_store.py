"""Vectors on disk by the digest of their texts: what one run has encoded, the next one reads.

An SQLite file of half-precision rows. Only digests and vectors are in it, no text; still it belongs where the
texts are, since vectors give information about them. It may be deleted at any time; then texts are encoded again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from curation.batches import batched

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

#: Vectors that a file holds: about 500 MB at 384 dimensions.
MOST = 500_000
#: Keys asked for at once; SQLite takes a bounded number of parameters.
ASKED = 500
#: Seconds to wait for another process that writes.
PATIENCE = 30.0

TABLE = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, used INTEGER NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID
"""


class VectorStore:
    """A file of vectors; the least recently used are deleted when it grows beyond `most`.

    Each call opens the file anew, so that threads and processes can share it. A file that is damaged,
    locked for long or may not be written to is no error: nothing is found in it, and the damaged one begins anew.
    """

    def __init__(self, path: Path, *, most: int = MOST) -> None:
        self.path = path
        self.most = most

    def __len__(self) -> int:
        count = 0
        with suppress(sqlite3.Error), self._open() as database:
            count = int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])
        return count

    def take(self, keys: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these keys (hexadecimal)."""
        import numpy as np

        found: dict[str, Vector] = {}
        if not self.path.exists():
            return found
        with suppress(sqlite3.Error), self._open() as database:
            for key, vector in _rows(database, keys):
                found[key] = np.frombuffer(vector, dtype=np.float16).astype(np.float32)
            _touch(database, keys=found)
        return found

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Write the vectors down."""
        import numpy as np

        today = _today()
        rows = [(bytes.fromhex(key), today, vector.astype(np.float16).tobytes()) for key, vector in vectors.items()]
        try:
            self._write(rows)
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            self._begin_anew(rows)

    def _begin_anew(self, rows: Sequence[tuple[bytes, int, bytes]]) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        with suppress(sqlite3.Error):
            self._write(rows)

    def _write(self, rows: Sequence[tuple[bytes, int, bytes]]) -> None:
        with self._open() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(TABLE)
            database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            count = int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])
            if count > self.most:
                # A tenth more than must go, so that not every write has to sort.
                database.execute(
                    "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors ORDER BY used LIMIT ?)",
                    (count - self.most + self.most // 10,),
                )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database, database:
            database.execute("PRAGMA synchronous = NORMAL")
            yield database


def rounded(vectors: Iterable[Vector]) -> list[Vector]:
    """The vectors as they come back from the disk, so that the first run and the second one get the same vectors."""
    import numpy as np

    return [vector.astype(np.float16).astype(np.float32) for vector in vectors]


def _rows(database: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for some in batched(keys, ASKED):
        marks = ", ".join("?" * len(some))
        asked = [bytes.fromhex(key) for key in some]
        for key, vector in database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", asked):
            yield key.hex(), vector


def _touch(database: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Record that these were used today: one write a day."""
    today = _today()
    for some in batched(keys, ASKED):
        marks = ", ".join("?" * len(some))
        stale = f"key IN ({marks}) AND used < ?"
        asked = [*(bytes.fromhex(key) for key in some), today]
        if database.execute(f"SELECT 1 FROM vectors WHERE {stale} LIMIT 1", asked).fetchone():
            database.execute(f"UPDATE vectors SET used = ? WHERE {stale}", [today, *asked])


def _today() -> int:
    return datetime.now(UTC).toordinal()
