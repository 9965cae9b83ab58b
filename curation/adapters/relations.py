"""Relations between the entities of a layer: an encoder reads each pair with marks around both, and chooses a type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.adapters.pooled import logits_of
from curation.adapters.relation_pairs import MarkedPair, PairMarker, RelationKind, allowed_pairs
from curation.record import Entity, Layer, Relation
from curation.tagging.words import Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The output for pairs without a relation, before those of the types.
NONE = "none"


@dataclass(frozen=True, slots=True)
class FoundRelation:
    """A relation with the probability of its type."""

    type: str
    head: str
    tail: str
    score: float


@dataclass(frozen=True, slots=True)
class RelationReader:
    """Finds the relations between given entities."""

    model: Any  # a transformers token-classification model with `outputs_for` its types
    splitter: Splitter
    kinds: tuple[RelationKind, ...]
    window: int
    batch_size: int = 16

    @property
    def marker(self) -> PairMarker:
        """What writes the marks."""
        return PairMarker(self.splitter, room=self.window - len(self.splitter.before) - len(self.splitter.after))

    def __call__(self, texts: Sequence[str], layers: Sequence[Layer]) -> list[list[FoundRelation]]:
        """The relations between the entities of each text's layer; pairs further apart than a window have none."""
        mark = self.marker
        marked: list[MarkedPair] = []
        owners: list[int] = []
        for number, (text, layer) in enumerate(zip(self.splitter(texts), layers, strict=True)):
            for head, tail in allowed_pairs(layer, self.kinds):
                if (pair := mark(text, head, tail)) is not None:
                    marked.append(pair)
                    owners.append(number)
        found: list[list[FoundRelation]] = [[] for _ in texts]
        logits = logits_of(self.model, self.splitter, [pair.ids for pair in marked], batch_size=self.batch_size)
        for owner, pair, outputs in zip(owners, marked, logits, strict=True):
            if (relation := self._chosen(pair, outputs)) is not None:
                found[owner].append(relation)
        return found

    def _chosen(self, pair: MarkedPair, outputs: NDArray[np.float32]) -> FoundRelation | None:
        import numpy as np

        count = len(self.kinds) + 1
        scores = outputs[pair.head_at, :count] + outputs[pair.tail_at, count:]
        scores = np.where(allowed_types(self.kinds, pair.head, pair.tail), scores, -np.inf)
        shares = np.exp(scores - np.logaddexp.reduce(scores))
        best = int(shares.argmax())
        if not best:
            return None
        return FoundRelation(self.kinds[best - 1].name, pair.head.id, pair.tail.id, round(float(shares[best]), 4))


def allowed_types(kinds: Sequence[RelationKind], head: Entity, tail: Entity) -> list[bool]:
    """Whether each output may be chosen for a pair: none, then the types."""
    return [True, *(kind.links(head, tail) for kind in kinds)]


def outputs_for(kinds: Sequence[RelationKind]) -> tuple[str, ...]:
    """The names of the outputs: those at the mark of the head, then those at the mark of the tail."""
    names = [NONE, *(kind.name for kind in kinds)]
    return tuple(f"{end}:{name}" for end in ("head", "tail") for name in names)


def to_relations(found: Sequence[FoundRelation]) -> tuple[Relation, ...]:
    """The relations of a layer, numbered."""
    return tuple(
        Relation(id=f"R{number}", type=relation.type, head=relation.head, tail=relation.tail)
        for number, relation in enumerate(found, start=1)
    )
