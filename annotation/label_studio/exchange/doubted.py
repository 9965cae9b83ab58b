"""Answers whose author is in doubt: kept under a name that counts for nobody, until a steward decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from annotation.label_studio.exchange.corrections import correct
from annotation.label_studio.exchange.verdicts import decide
from curation.author import doubted, is_doubted
from curation.decision import Decision, DecisionKind, Verdict
from curation.record import Layer
from curation.store import Store

#: How the decision is signed that lets such an answer wait.
POLICY = "policy:authorship@1"

#: What a held layer's provenance calls the layer that it becomes, and why it is held.
HELD = "held"


def held(layer: Layer, annotation: int, doubts: Sequence[str]) -> Layer:
    """The layer as it is kept while its author is in doubt: it tells what it becomes when a steward accepts it."""
    return layer.model_copy(
        update={
            "name": doubted(str(annotation)),
            "author": doubted(layer.author),
            "provenance": {
                **layer.provenance,
                HELD: {"layer": layer.name, "author": layer.author, "doubts": list(doubts)},
            },
        }
    )


def hold(store: Store, layer: Layer, *, categories: Mapping[str, object]) -> int:
    """Store a held layer, which waits for a steward from now on; 0 where it is there already, else 1.

    Raises ContradictionError for one that does not fit the record or the categories.
    """
    added = store.add_layers([layer], categories=categories)
    if added:
        store.decide(
            [
                Decision(
                    record_id=layer.record_id,
                    verdict=Verdict.NEEDS_REVIEW,
                    by=POLICY,
                    kind=DecisionKind.LAYER,
                    layer=layer.name,
                    reason="; ".join(_held(layer)["doubts"]),
                    details={"updated": layer.provenance["updated"]},
                )
            ]
        )
    return added


def take_accepted(store: Store, decisions: Iterable[Decision]) -> list[Layer]:
    """The layers that held answers became by these acceptances, with their verdicts; none a second time.

    One that is older than what the same person has said since becomes no layer.
    """
    taken: list[Layer] = []
    for decision in decisions:
        if decision.verdict is not Verdict.ACCEPTED or decision.layer is None or not is_doubted(decision.layer):
            continue
        waiting = store.layer(decision.record_id, decision.layer)
        if waiting is None:
            continue
        layer = _released(waiting, by=decision.by)
        newest = store.layer(layer.record_id, layer.name)
        if newest is not None and newest.created >= layer.created:
            continue
        if refused := correct(store, layer).refused:
            layer = layer.model_copy(update={"provenance": {**layer.provenance, "refused": [refused]}})
        if store.add_layers([layer]):
            decide(store, layer)
            taken.append(layer)
    return taken


def count_waiting(store: Store) -> int:
    """How many answers wait for a steward because their author is in doubt."""
    waiting = store.latest_decisions(verdict=Verdict.NEEDS_REVIEW)
    return sum(decision.layer is not None and is_doubted(decision.layer) for decision in waiting)


def _released(layer: Layer, *, by: str) -> Layer:
    """The layer under the name and the author that it claims, with who said so."""
    claimed = _held(layer)
    source = {name: value for name, value in layer.provenance.items() if name != HELD}
    return layer.model_copy(
        update={
            "name": claimed["layer"],
            "author": claimed["author"],
            "provenance": {**source, "author_accepted_by": by, "doubts": claimed["doubts"]},
        }
    )


def _held(layer: Layer) -> dict[str, str]:
    found = layer.provenance[HELD]
    assert isinstance(found, dict)
    return found  # type: ignore[return-value]
