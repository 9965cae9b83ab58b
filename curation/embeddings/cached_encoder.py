"""What all encoders share: each text is encoded once, now and by later runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping, Sequence
from copy import copy
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Self

from curation.batches import batched
from curation.embeddings.vector_store import VectorStore, rounded
from curation.record import digest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

#: How many vectors the cache in memory holds: about 80 MB at 384 dimensions.
CACHE_SIZE = 50_000

#: Texts between two writes to the disk: what a killed run loses at most.
WRITTEN_AFTER = 4_096


class VectorCache(OrderedDict[str, "Vectors"]):
    """Vectors by the digest of their text; the least recently used leaves first.

    Any mutable mapping can stand in its place, so also one that keeps its vectors on disk.
    """

    def __init__(self, size: int = CACHE_SIZE) -> None:
        super().__init__()
        self.size = size

    def __getitem__(self, key: str) -> Vectors:
        self.move_to_end(key)
        return super().__getitem__(key)

    def __setitem__(self, key: str, vector: Vectors) -> None:
        super().__setitem__(key, vector)
        if len(self) > self.size:
            del self[next(iter(self))]


class CachedEncoder(ABC):
    """An encoder behind a cache keyed by content, in memory and, if wanted, on disk."""

    def __init__(
        self,
        *,
        name: str,
        revision: str,
        cache: MutableMapping[str, Vectors] | None = None,
        disk: VectorStore | None = None,
    ) -> None:
        self._name = name
        self._revision = revision
        self.cache: MutableMapping[str, Vectors] = VectorCache() if cache is None else cache
        self._disk = disk
        # Threads that ask for the same text wait for the first of them.
        self._lock = RLock()

    def cached_in(self, path: Path) -> Self:
        """The same model with a cache that outlives the process."""
        made = copy(self)
        made.cache, made._disk, made._lock = VectorCache(), VectorStore(path), RLock()
        return made

    @property
    def name(self) -> str:
        """The model's name, path or address."""
        return self._name

    @property
    def revision(self) -> str:
        """What tells two models of one name apart."""
        return self._revision

    @property
    def remote(self) -> str | None:
        """The host that texts are sent to, if it is not this machine."""
        return None

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """The width of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 for each text; equal texts are encoded once, now and later."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        keys = [digest([self.name, self.revision, text], length=32) for text in texts]
        with self._lock:
            found = self._found(dict(zip(keys, texts, strict=True)))
        return np.stack([found[key] for key in keys])

    def _found(self, texts: Mapping[str, str]) -> dict[str, Vectors]:
        """The vector of each text by key: from memory, from the disk, and from the model."""
        found = {key: self.cache[key] for key in texts if key in self.cache}
        missing = [key for key in texts if key not in found]
        fresh = self._disk.take(missing) if self._disk is not None and missing else {}
        unknown = [key for key in missing if key not in fresh]
        for some in batched(unknown, WRITTEN_AFTER):
            vectors = list(self._forward([texts[key] for key in some]))
            encoded = dict(zip(some, rounded(vectors) if self._disk is not None else vectors, strict=True))
            if self._disk is not None:
                self._disk.keep(encoded)
            fresh |= encoded
        for key, vector in fresh.items():
            self.cache[key] = vector
        return found | fresh

    @abstractmethod
    def _forward(self, texts: Sequence[str]) -> Vectors:
        """What the model makes of the texts."""
