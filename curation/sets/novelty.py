"""How like texts are to those made before, one after the other: MinHash over word shingles, as for near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curation.sets.duplicates import normalised, sketch

if TYPE_CHECKING:
    from curation.sets.duplicates import Signatures

#: Signatures that are compared one by one until they are joined to the rest.
LOOSE = 64


@dataclass(slots=True)
class NoveltyIndex:
    """The signatures of texts by language, 512 bytes a text."""

    _joined: dict[str, Signatures] = field(default_factory=dict)
    _loose: dict[str, list[Signatures]] = field(default_factory=dict)

    def nearest(self, text: str, language: str) -> float:
        """The estimated Jaccard similarity of the most similar text of before, from 0 to 1."""
        if not (wording := normalised(text)):
            return 0.0
        signature = sketch([wording])
        known = [*([self._joined[language]] if language in self._joined else []), *self._loose.get(language, [])]
        return max((float((rows == signature).mean(axis=1).max()) for rows in known), default=0.0)

    def add(self, text: str, language: str) -> None:
        """From now on, the text is one of those before."""
        import numpy as np

        if not (wording := normalised(text)):
            return
        loose = self._loose.setdefault(language, [])
        loose.append(sketch([wording]))
        if len(loose) >= LOOSE:
            before = [self._joined[language]] if language in self._joined else []
            self._joined[language] = np.concatenate([*before, *loose])
            loose.clear()
