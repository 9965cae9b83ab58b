"""Training rows on disk: a set of any size takes as much memory as a small one."""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.scope import LayerScope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Bytes that are written at once.
BUFFER = 1 << 20


class RowFile:
    """Rows of whole numbers in a file without a name, which is gone with the process: it holds clinical text.

    A row is some arrays; what is kept in memory of it is where it begins, how long its first array is, and the number
    of its scope.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self._file)
        self._buffer = bytearray()
        self._starts = array("q", [0])
        self.lengths = array("i")
        #: What the rows' layers annotate, and the number of each row's scope among them.
        self.scopes: list[LayerScope | None] = []
        self.owners = array("i")

    def __len__(self) -> int:
        return len(self.lengths)

    def append(self, arrays: Sequence[NDArray[np.int64]], scope: LayerScope | None = None) -> None:
        """One more row."""
        import numpy as np

        if scope not in self.scopes:
            self.scopes.append(scope)
        self.owners.append(self.scopes.index(scope))
        head = [len(arrays), *map(len, arrays)]
        row = np.concatenate([np.array(head, dtype=np.int64), *arrays]).astype(np.int32)
        self._buffer += row.tobytes()
        if len(self._buffer) >= BUFFER:
            self._flush()
        self._starts.append(self._starts[-1] + row.nbytes)
        self.lengths.append(len(arrays[0]))

    def read(self, number: int) -> list[NDArray[np.int64]]:
        """The arrays of a row."""
        import numpy as np

        self._flush()
        start, end = self._starts[number], self._starts[number + 1]
        row = np.frombuffer(os.pread(self._file, end - start, start), dtype=np.int32).astype(np.int64)
        count = int(row[0])
        lengths = row[1 : count + 1]
        return np.split(row[count + 1 :], np.cumsum(lengths)[:-1])

    def _flush(self) -> None:
        while self._buffer:
            del self._buffer[: os.write(self._file, self._buffer)]
