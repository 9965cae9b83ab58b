"""The layers that stand for all reviewers of a record, each with its provenance.

`consensus` is the majority's layer, or the adjudicator's once there is one. `gold` exists only for settled records:
all reviewers agree, or an adjudicator has decided (or the majority has, where the settings send only ties to an
adjudicator).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from annotation.adjudication.settings import AdjudicationSettings
from annotation.agreement.ballot import Ballot, VoteOutcome, ballot
from curation.author import CONSENSUS, AuthorKind, author_name, is_human
from curation.batches import batched
from curation.record import Layer, Relation
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store
from curation.store.records import LayerSave

#: The author of layers that no adjudicator has decided.
AUTHOR = author_name(AuthorKind.CONSENSUS, revision=1)

#: Records that are read and stored together.
BATCH = 200

FOREIGN = "its layer {name} was not made here and is left alone; name another in review.adjudication.gold"


class Method(StrEnum):
    """How the layer of all reviewers was made."""

    UNANIMOUS = "unanimous"
    MAJORITY = "majority"
    ADJUDICATED = "adjudicated"


class CaseState(StrEnum):
    """The state of a record with enough reviews."""

    AGREED = "agreed"
    OUTVOTED = "by majority"
    ADJUDICATED = "adjudicated"
    CHANGED = "reviews changed since"
    REJECTED = "rejected"
    OPEN = "to adjudicate"


@dataclass(frozen=True, slots=True)
class AdjudicationCase:
    """A record with enough reviews: its ballot, its state, and the gold and consensus layers that it has."""

    ballot: Ballot
    state: CaseState
    gold: Layer | None
    consensus: Layer | None

    @property
    def is_foreign(self) -> bool:
        """Whether the record has a gold layer that was not made from its reviews."""
        return self.gold is not None and method_of(self.gold) is None


@dataclass(slots=True)
class Settled:
    """The number of records by state, the numbers of new layers, and the records that could not be settled."""

    states: dict[str, int] = field(default_factory=dict)
    consensus: int = 0
    gold: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def method_of(layer: Layer | LayerSave | None) -> Method | None:
    """How a gold or consensus layer was made; None for any other layer."""
    method = layer.provenance.get("method") if layer else None
    return Method(method) if isinstance(method, str) and method in list(Method) else None


def settle(store: Store, scheme: Scheme, settings: AdjudicationSettings) -> Settled:
    """Add the consensus and gold layers of all records with enough reviews that need no adjudicator.

    Only layers with new content are added. An adjudicator's layer stays until an adjudicator changes it, also when a
    review is changed later.
    """
    done, states = Settled(), Counter[str]()
    for batch in batched(adjudication_cases(store, settings), BATCH):
        states.update(case.state.value for case in batch)
        done.consensus += store.add_layers(_consensus(batch), categories=scheme.by_name)
        done.gold += store.add_layers(_gold(batch, settings), categories=scheme.by_name)
        why = FOREIGN.format(name=settings.gold)
        done.refused += [(case.ballot.record.id, why) for case in batch if case.is_foreign]
    done.states = dict(states)
    return done


def adjudication_cases(
    store: Store,
    settings: AdjudicationSettings,
    *,
    people: Sequence[str] | None = None,
    ids: Iterable[str] | None = None,
) -> Iterator[AdjudicationCase]:
    """Every record with enough reviews, in the order of the records; with ids, of these.

    ``people`` are the layers of all reviewers, which are read from the store when they are not given.
    """
    people = reviewers(store) if people is None else people
    record_ids = store.record_ids(having=people) if ids is None else list(ids)
    for item in store.items([*people, settings.gold, CONSENSUS], ids=record_ids):
        reviews = reviews_of(item)
        if len(reviews) >= settings.minimum_reviews:
            yield _case(item, reviews, settings)


def reviewers(store: Store) -> list[str]:
    """The names of the layers of all reviewers."""
    return [name for name in store.layer_names() if is_human(name)]


def reviews_of(item: Item) -> dict[str, Layer]:
    """The layers of a record's reviewers, in order of their names."""
    return {name: layer for name, layer in sorted(item.layers.items()) if is_human(name)}


def review_versions(reviews: Mapping[str, Layer]) -> list[JsonValue]:
    """The versions of the reviews that a gold or consensus layer is made from."""
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
    """The layer of what more than half of the reviewers have; ties are left out and counted.

    The entities are numbered as in the ballot.
    """
    ins = {number: mark for number, mark in enumerate(ballot.marks) if mark.outcome is VoteOutcome.IN}
    links = [link for link in ballot.links if link.outcome is VoteOutcome.IN and link.head in ins and link.tail in ins]
    labels = {name: values.most_common(1)[0][0] for name, values in ballot.labels.items()}
    provenance: dict[str, JsonValue] = {
        "method": (Method.MAJORITY if ballot.is_disputed else Method.UNANIMOUS).value,
        "reviews": review_versions(ballot.reviews),
        "votes": {entity_id(number): list(mark.votes) for number, mark in ins.items()},
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
    """The id of an entity by its number in the ballot."""
    return f"E{number + 1}"


def _case(item: Item, reviews: Mapping[str, Layer], settings: AdjudicationSettings) -> AdjudicationCase:
    vote = ballot(item.record, reviews, matching=settings.matching)
    gold = item.layers.get(settings.gold)
    return AdjudicationCase(vote, _state(vote, gold, settings), gold, item.layers.get(CONSENSUS))


def _state(vote: Ballot, gold: Layer | None, settings: AdjudicationSettings) -> CaseState:
    if gold is not None and method_of(gold) is Method.ADJUDICATED:
        same = gold.provenance.get("reviews") == review_versions(vote.reviews)
        return CaseState.ADJUDICATED if same else CaseState.CHANGED
    if not vote.is_disputed:
        return CaseState.REJECTED if vote.is_rejected else CaseState.AGREED
    if settings.send == "ties" and not vote.is_tied:
        return CaseState.REJECTED if vote.is_rejected else CaseState.OUTVOTED
    return CaseState.OPEN


def _consensus(batch: Iterable[AdjudicationCase]) -> Iterator[Layer]:
    for case in batch:
        if case.state in (CaseState.ADJUDICATED, CaseState.CHANGED) and case.gold is not None:
            yield case.gold.model_copy(update={"name": CONSENSUS})
        elif case.state is not CaseState.REJECTED:
            yield majority(case.ballot)


def _gold(batch: Iterable[AdjudicationCase], settings: AdjudicationSettings) -> Iterator[Layer]:
    for case in batch:
        if case.state in (CaseState.AGREED, CaseState.OUTVOTED) and not case.is_foreign:
            yield majority(case.ballot, name=settings.gold)


def _is_split(ballot: Ballot, name: str) -> bool:
    best = ballot.labels[name].most_common(2)
    return len(best) == 2 and best[0][1] == best[1][1]
