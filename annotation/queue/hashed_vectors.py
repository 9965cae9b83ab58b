"""A text as a short vector of its words: texts that share words are near each other. Hashed, so no model is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Dimensions of the vectors.
WIDTH = 128

#: Shorter words say little about what a text is about.
WORD = r"\w{4,}"


def hashed_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """A unit vector for each text, the same on every machine: shape (texts, `WIDTH`); zeros for a text without words.

    Feature hashing (Weinberger et al. 2009); the square root keeps words that are repeated from dominating.
    """
    import numpy as np
    from sklearn.preprocessing import normalize

    counts = _hashing().transform(texts).toarray()
    vectors: NDArray[np.float32] = normalize(np.sign(counts) * np.sqrt(np.abs(counts)))
    return vectors


@cache
def _hashing() -> Any:
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(n_features=WIDTH, token_pattern=WORD, norm=None, dtype=np.float32)
