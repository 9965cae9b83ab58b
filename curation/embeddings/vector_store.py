"""Vectors on disk by a keyed digest of their texts: what one run has encoded, the next one reads.

An SQLite file of half-precision rows, and beside it the secret of their keys: without that, nobody can try whether a
text was here. No text is in them; still they belong where the texts are, since vectors give information about them.
They may be deleted at any time; then texts are encoded again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from curation.batches import batched
from curation.deidentify.key import Key, read_key
from curation.private_files import begin_private

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
#: Of a file whose keys are keyed digests; one with plain digests has 0.
KEYED = 1
#: What SQLite keeps beside a file while it is open.
BESIDE = ("", "-wal", "-shm", "-journal")

TABLE = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, used INTEGER NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID
"""


class VectorStore:
    """A file of vectors; the least recently used are deleted when it grows beyond `most`.

    Each call opens the file anew, so that threads and processes can share it. A file that is damaged,
    locked for long or may not be written to is no error: nothing is found in it, and the damaged one begins anew,
    as does one of an earlier version, whose keys were plain digests; that is said.
    Raises ConfigError where others than its owner may read the secret.
    """

    def __init__(self, path: Path, *, most: int = MOST) -> None:
        self.path = path
        self.most = most

    def __len__(self) -> int:
        count = 0
        if self.path.exists():
            with suppress(sqlite3.Error), self._open() as database:
                count = int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])
        return count

    def forget(self) -> int:
        """How many vectors there were: the file is gone with all of them, and so is the secret of their keys."""
        count = len(self)
        for path in (*self._files(), self.path.with_name(self._secret)):
            path.unlink(missing_ok=True)
        return count

    def take(self, keys: Sequence[str]) -> dict[str, Vector]:
        """The vectors that there are of these keys (hexadecimal)."""
        import numpy as np

        found: dict[str, Vector] = {}
        key = self._key() if self._is_keyed() else None
        if key is None:
            return found
        asked = {key.keyed(bytes.fromhex(plain)): plain for plain in keys}
        with suppress(sqlite3.Error), self._open() as database:
            for keyed, vector in _rows(database, list(asked)):
                found[asked[keyed]] = np.frombuffer(vector, dtype=np.float16).astype(np.float32)
            _touch(database, [keyed for keyed, plain in asked.items() if plain in found])
        return found

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Write the vectors down."""
        import numpy as np

        key = self._key()
        if key is None:
            return
        today = _today()
        rows = [
            (key.keyed(bytes.fromhex(plain)), today, vector.astype(np.float16).tobytes())
            for plain, vector in vectors.items()
        ]
        self._is_keyed()
        try:
            self._write(rows)
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            self._begin_anew(rows)

    def _begin_anew(self, rows: Sequence[tuple[bytes, int, bytes]]) -> None:
        for path in self._files():
            path.unlink(missing_ok=True)
        with suppress(sqlite3.Error):
            self._write(rows)

    @property
    def _secret(self) -> str:
        """The name of the file with the secret."""
        return self.path.with_suffix(".key").name

    def _files(self) -> list[Path]:
        return [self.path.with_name(self.path.name + suffix) for suffix in BESIDE]

    def _key(self) -> Key | None:
        """The secret, made when there is none; None where the folder is not there or may not be written to."""
        try:
            return read_key(self.path.parent, self._secret)
        except OSError:
            return None

    def _is_keyed(self) -> bool:
        """Whether there is a file whose keys are keyed digests; one with plain ones is deleted first."""
        if not self.path.exists():
            return False
        version = KEYED
        # Another process may just be making the file: without its table, it is not of an earlier version.
        with suppress(sqlite3.Error), self._open() as database:
            (count,) = database.execute("SELECT count(*) FROM vectors").fetchone()
            (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == KEYED:
            return True
        for path in self._files():
            path.unlink(missing_ok=True)
        logging.getLogger(__name__).warning(
            "%s: %d vectors of an earlier version were deleted, since their keys were plain digests of texts; "
            "the texts are encoded again",
            self.path.name,
            count,
        )
        return False

    def _write(self, rows: Sequence[tuple[bytes, int, bytes]]) -> None:
        with self._open() as database:
            database.execute("PRAGMA journal_mode = WAL")
            if database.execute("PRAGMA user_version").fetchone() != (KEYED,):
                database.execute(f"PRAGMA user_version = {KEYED}")
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
        with suppress(OSError):
            begin_private(self.path)
        with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database, database:
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA secure_delete = ON")
            yield database


def rounded(vectors: Iterable[Vector]) -> list[Vector]:
    """The vectors as they come back from the disk, so that the first run and the second one get the same vectors."""
    import numpy as np

    return [vector.astype(np.float16).astype(np.float32) for vector in vectors]


def _rows(database: sqlite3.Connection, keys: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for some in batched(keys, ASKED):
        marks = ", ".join("?" * len(some))
        yield from database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)


def _touch(database: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """Record that these were used today: one write a day."""
    today = _today()
    for some in batched(keys, ASKED):
        marks = ", ".join("?" * len(some))
        stale = f"key IN ({marks}) AND used < ?"
        asked = [*some, today]
        if database.execute(f"SELECT 1 FROM vectors WHERE {stale} LIMIT 1", asked).fetchone():
            database.execute(f"UPDATE vectors SET used = ? WHERE {stale}", [today, *asked])


def _today() -> int:
    return datetime.now(UTC).toordinal()
