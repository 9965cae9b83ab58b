"""The layers that stand for all reviewers of a record, each with where it comes from.

`consensus` is what people say together as far as it is settled: the majority's word, then the adjudicator's.
`gold` is there only for what is settled: all agree, or an adjudicator has decided (or the majority has, where the
settings leave to an adjudicator only its ties).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from annotation.adjudication.ballot import Ballot, Outcome, ballot
from annotation.adjudication.settings import AdjudicationSettings
from curation.batches import batched
from curation.record import Layer, Relation
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store

#: How the layers of reviewers are named, and the one that they have together.
HUMAN, CONSENSUS = "human:", "consensus"

#: Who writes it when nobody had to decide.
AUTHOR = "consensus@1"

#: Records that are read and stored together.
BATCH = 200

FOREIGN = "its layer {name} was not made here and is left alone; name another in review.adjudication.gold"


class Method(StrEnum):
    """How a joint layer came about."""

    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    ADJUDICATED = "adjudicated"


class State(StrEnum):
    """Where a reviewed record stands."""

    AGREED = "agreed"
    OUTVOTED = "by majority"
    ADJUDICATED = "adjudicated"
    CHANGED = "reviews changed since"
    REJECTED = "rejected"
    OPEN = "to adjudicate"


@dataclass(frozen=True, slots=True)
class Standing:
    """A record with enough reviews: its vote, where it stands, and the gold that it has already."""

    ballot: Ballot
    state: State
    gold: Layer | None
    consensus: Layer | None

    @property
    def is_foreign(self) -> bool:
        """Whether the record has a gold layer that did not come from its reviewers."""
        return self.gold is not None and method_of(self.gold) is None


@dataclass(slots=True)
class Settled:
    """How many records stand where, how many layers are new, and what could not be settled."""

    states: Counter[str] = field(default_factory=Counter)
    consensus: int = 0
    gold: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def method_of(layer: Layer | None) -> Method | None:
    """How a joint layer came about; None for any other layer."""
    said = layer.provenance.get("method") if layer else None
    return Method(said) if isinstance(said, str) and said in list(Method) else None


def settle(store: Store, scheme: Scheme, settings: AdjudicationSettings) -> Settled:
    """Consensus and gold of every record with enough reviews, as far as nobody has to decide.

    Layers are only added, and none that says what is there already. An adjudicator's word stands until an
    adjudicator changes it, also when a review is changed later.
    """
    done = Settled()
    for batch in batched(standings(store, settings), BATCH):
        done.states.update(one.state.value for one in batch)
        done.consensus += store.add_layers(_consensus(batch), categories=scheme.by_name)
        done.gold += store.add_layers(_gold(batch, settings), categories=scheme.by_name)
        why = FOREIGN.format(name=settings.gold)
        done.refused += [(one.ballot.record.id, why) for one in batch if one.is_foreign]
    return done


def standings(
    store: Store,
    settings: AdjudicationSettings,
    *,
    people: Sequence[str] | None = None,
    ids: Iterable[str] | None = None,
) -> Iterator[Standing]:
    """Every record with enough reviews, in the order of the records; with ids, of these.

    ``people`` are the layers of all reviewers, looked for when they are not given.
    """
    people = reviewers(store) if people is None else people
    wanted = store.record_ids(having=people) if ids is None else list(ids)
    for item in store.items([*people, settings.gold, CONSENSUS], ids=wanted):
        reviews = reviews_of(item)
        if len(reviews) >= settings.minimum_reviews:
            yield _standing(item, reviews, settings)


def reviewers(store: Store) -> list[str]:
    """The layers of all who have reviewed anything."""
    return [name for name in store.layer_names() if name.startswith(HUMAN)]


def reviews_of(item: Item) -> dict[str, Layer]:
    """The layers of a record's reviewers, in order of their names."""
    return {name: layer for name, layer in sorted(item.layers.items()) if name.startswith(HUMAN)}


def origin(reviews: Mapping[str, Layer]) -> list[JsonValue]:
    """Which version of which review a joint layer rests on."""
    return [
        {
            "layer": layer.name,
            "digest": layer.digest,
            "created": layer.created.isoformat(),
            "annotation": layer.provenance.get("annotation"),
        }
        for layer in reviews.values()
    ]


def majority(ballot: Ballot, *, name: str = CONSENSUS) -> Layer:
    """What more than half of the reviewers say; what they are even on is left out and counted.

    The entities are numbered by their marks in the ballot.
    """
    ins = {number: mark for number, mark in enumerate(ballot.marks) if mark.outcome is Outcome.IN}
    links = [link for link in ballot.links if link.outcome is Outcome.IN and link.head in ins and link.tail in ins]
    labels = {name: values.most_common(1)[0][0] for name, values in ballot.labels.items()}
    provenance: dict[str, JsonValue] = {
        "method": (Method.MAJORITY if ballot.is_disputed else Method.UNANIMOUS).value,
        "reviews": origin(ballot.reviews),
        "votes": {entity_id(number): list(mark.voices) for number, mark in ins.items()},
        "ties": sum(mark.is_tied for mark in ballot.marks),
    }
    return Layer(
        record_id=ballot.record.id,
        name=name,
        author=AUTHOR,
        entities=tuple(mark.entity(ballot.record, entity_id(number)) for number, mark in ins.items()),
        relations=tuple(
            Relation(id=f"R{number}", type=link.type, head=entity_id(link.head), tail=entity_id(link.tail))
            for number, link in enumerate(links, 1)
        ),
        labels={name: value for name, value in labels.items() if value and not _is_split(ballot, name)},
        provenance=provenance,
    )


def entity_id(number: int) -> str:
    """The id of the entity that stands for a mark of the ballot."""
    return f"E{number + 1}"


def _standing(item: Item, reviews: Mapping[str, Layer], settings: AdjudicationSettings) -> Standing:
    vote = ballot(item.record, reviews, matching=settings.matching)
    gold = item.layers.get(settings.gold)
    return Standing(vote, _state(vote, gold, settings), gold, item.layers.get(CONSENSUS))


def _state(vote: Ballot, gold: Layer | None, settings: AdjudicationSettings) -> State:
    if gold is not None and method_of(gold) is Method.ADJUDICATED:
        same = gold.provenance.get("reviews") == origin(vote.reviews)
        return State.ADJUDICATED if same else State.CHANGED
    if not vote.is_disputed:
        return State.REJECTED if vote.is_rejected else State.AGREED
    if settings.send == "ties" and not vote.is_tied:
        return State.REJECTED if vote.is_rejected else State.OUTVOTED
    return State.OPEN


def _consensus(batch: Iterable[Standing]) -> Iterator[Layer]:
    for one in batch:
        if one.state in (State.ADJUDICATED, State.CHANGED) and one.gold is not None:
            yield one.gold.model_copy(update={"name": CONSENSUS})
        elif one.state is not State.REJECTED:
            yield majority(one.ballot)


def _gold(batch: Iterable[Standing], settings: AdjudicationSettings) -> Iterator[Layer]:
    for one in batch:
        if one.state in (State.AGREED, State.OUTVOTED) and not one.is_foreign:
            yield majority(one.ballot, name=settings.gold)


def _is_split(ballot: Ballot, name: str) -> bool:
    best = ballot.labels[name].most_common(2)
    return len(best) == 2 and best[0][1] == best[1][1]
