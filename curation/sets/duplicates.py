"""Duplicate texts: exactly, after normalising, or nearly, by MinHash over word shingles.

MinHash and banding: Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 2014,
chapter 3. Only signatures stay in memory (512 bytes a text), never the texts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

from curation.batches import batched
from curation.sets.components import connected_components
from curation.text.folding import composed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Signatures = npt.NDArray[np.uint32]

#: Jaccard similarity from which two texts count as near-duplicates.
THRESHOLD = 0.8
SHINGLE_WORDS = 3
PERMUTATIONS = 128
SEED = 42
#: Texts whose shingles are in memory at once.
BATCH = 256
#: The chance, at the threshold, that no band brings a pair together.
MOST_MISSED = 1e-3
#: Pairs within one bucket are compared with this many of its texts at most; after exact duplicates are gone
#: only boilerplate makes larger buckets, and what they share is found through the first ones.
MOST_IN_BUCKET = 500

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two texts that are nearly the same, and their estimated Jaccard similarity."""

    left: str
    right: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Match:
    """What a text is a duplicate of."""

    keeper: str
    similarity: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Exact groups (first id first) and pairs of near-duplicates between the groups' first ids."""

    groups: Mapping[str, tuple[str, ...]]
    pairs: tuple[NearDuplicate, ...]
    lengths: Mapping[str, int]

    def clusters(self) -> list[tuple[str, ...]]:
        """The ids of two or more texts that hang together through exact or near duplicates, in order."""
        joined = connected_components(self.groups, ((pair.left, pair.right) for pair in self.pairs))
        clusters = (tuple(id for first in firsts for id in self.groups[first]) for firsts in joined)
        return [ids for ids in clusters if len(ids) > 1]

    def matches(self, prefer: Mapping[str, int] | None = None) -> dict[str, Match]:
        """Each redundant text, and the one that represents it.

        Of several the most preferred represents the others, then the longest, then the first. A near-duplicate
        is always similar to its representative itself, not only through other texts.
        """
        tiers = prefer or {}
        order = {id: index for index, id in enumerate(self.lengths)}

        def rank(id: str) -> tuple[int, int, int]:
            return -tiers.get(id, 0), -self.lengths[id], order[id]

        best = {first: min(members, key=rank) for first, members in self.groups.items()}
        found = {
            id: Match(best[first], 1.0, exact=True)
            for first, members in self.groups.items()
            for id in members
            if id != best[first]
        }
        near: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for pair in self.pairs:
            near[pair.left].append((pair.right, pair.similarity))
            near[pair.right].append((pair.left, pair.similarity))
        representatives: set[str] = set()
        for first in sorted(self.groups, key=lambda first: rank(best[first])):
            keepers = [(similarity, other) for other, similarity in near[first] if other in representatives]
            if keepers:
                similarity, other = max(keepers)
                found[best[first]] = Match(best[other], round(similarity, 3), exact=False)
            else:
                representatives.add(first)
        return found


def near_duplicates(texts: Iterable[tuple[str, str]], *, threshold: float = THRESHOLD) -> list[tuple[str, ...]]:
    """Clusters of the ids of (id, text) pairs that are the same or nearly so; ids without another are left out."""
    return find_duplicates(texts, threshold=threshold).clusters()


def find_duplicates(texts: Iterable[tuple[str, str]], *, threshold: float = THRESHOLD) -> Duplicates:
    """What is exactly and nearly the same among (id, text) pairs, read once; empty texts are left out.

    threshold: Jaccard similarity over word shingles, above 0 and at most 1; its estimate from 128
    permutations has a standard error of about 0.035 at 0.8.
    """
    import numpy as np

    groups: dict[bytes, list[str]] = {}
    lengths: dict[str, int] = {}
    signatures = [sketch(wordings) for wordings in batched(_first_of_each(texts, groups, lengths), BATCH)]
    firsts = [members[0] for members in groups.values()]
    near = _near_pairs(np.concatenate(signatures), threshold) if signatures else ()
    return Duplicates(
        groups={members[0]: tuple(members) for members in groups.values()},
        pairs=tuple(NearDuplicate(firsts[left], firsts[right], similarity) for left, right, similarity in near),
        lengths=lengths,
    )


def normalised(text: str) -> str:
    """The text in one Unicode form, without case and with single blanks: equal for exact duplicates."""
    return " ".join(composed(text).split())


def shingles(text: str) -> list[str]:
    """All runs of three words of a normalised text; the text itself when it has fewer."""
    words = WORD.findall(text)
    if len(words) < SHINGLE_WORDS:
        return [" ".join(words) or text]
    return list(map(" ".join, zip(*(words[first:] for first in range(SHINGLE_WORDS)), strict=False)))


def sketch(texts: Sequence[str]) -> Signatures:
    """The MinHash signatures of normalised texts, shape (texts, permutations)."""
    import numpy as np
    from rensa import RMinHash

    tokens = [shingles(text) for text in texts]
    return np.array(RMinHash.digests_from_token_sets(tokens, PERMUTATIONS, SEED), dtype=np.uint32)


def _first_of_each(
    texts: Iterable[tuple[str, str]], groups: dict[bytes, list[str]], lengths: dict[str, int]
) -> Iterator[str]:
    """The normalised texts that were not there before; fills the exact groups and the lengths."""
    for id, text in texts:
        if not (wording := normalised(text)):
            continue
        key = blake2b(wording.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        lengths[id] = len(wording)
        if key in groups:
            groups[key].append(id)
        else:
            groups[key] = [id]
            yield wording


def _near_pairs(signatures: Signatures, threshold: float) -> list[tuple[int, int, float]]:
    """Rows that agree in at least the threshold's share of permutations, with that share."""
    import numpy as np

    found: dict[tuple[int, int], float] = {}
    rows = _rows_per_band(threshold)
    for start in range(0, PERMUTATIONS, rows):
        for bucket in _buckets(signatures[:, start : start + rows]):
            for index, left in enumerate(bucket[:MOST_IN_BUCKET]):
                following = bucket[index + 1 :]
                agreement = (signatures[following] == signatures[left]).mean(axis=1)
                for match in np.flatnonzero(agreement >= threshold):
                    found[int(left), int(following[match])] = float(agreement[match])
    return [(left, right, similarity) for (left, right), similarity in sorted(found.items())]


def _rows_per_band(threshold: float) -> int:
    """The longest band with which a pair at the threshold is still nearly never missed."""
    for rows in (16, 8, 4, 2):
        if (1 - threshold**rows) ** (PERMUTATIONS // rows) <= MOST_MISSED:
            return rows
    return 1


def _buckets(band: Signatures) -> Iterator[npt.NDArray[np.intp]]:
    """Row numbers, ascending, that have the same values in a band; only where there are two or more."""
    import numpy as np

    keys = np.ascontiguousarray(band).view(np.dtype((np.void, band.dtype.itemsize * band.shape[1]))).ravel()
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    borders = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1], [True])))
    for start, end in pairwise(borders):
        if end - start > 1:
            yield order[start:end]
