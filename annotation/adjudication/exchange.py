"""Disagreements to Label Studio and decisions back, each once: the same way out and home as a review."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from annotation.adjudication.ballot import Ballot
from annotation.adjudication.consensus import (
    FOREIGN,
    Method,
    Settled,
    Standing,
    method_of,
    origin,
    reviewers,
    settle,
    standings,
)
from annotation.adjudication.project import ensure_adjudication
from annotation.adjudication.settings import AdjudicationSettings
from annotation.adjudication.task_payloads import parcels
from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.pull import Pulled, collect
from annotation.label_studio.exchange.push import Progress, Pushed, send
from annotation.label_studio.settings import LabelStudioSettings
from curation.decision import Verdict
from curation.errors import ContradictionError
from curation.record import Entity, Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store


@dataclass(slots=True)
class Exchanged:
    """What an exchange settled, and what went to Label Studio or came from there."""

    settled: Settled
    exchanged: Pushed | Pulled
    refused: list[tuple[str, str]] = field(default_factory=list)


def push_disputes(
    store: Store,
    client: Client,
    scheme: Scheme,
    review: LabelStudioSettings,
    settings: AdjudicationSettings,
    *,
    progress: Progress = lambda count: None,
) -> Exchanged:
    """Records on which all agree are gold, the others are tasks of the adjudication project, each once.

    Safe to repeat; when a review has changed, its record's task shows it. Raises ReviewError as `push`.
    """
    settled = settle(store, scheme, settings)
    project = ensure_adjudication(client, scheme, settings.project, language=review.language)
    sent = set(store.review_tasks(project.key))
    outgoing = parcels(_at_home(store, settings, sent), scheme, settings, language=review.language, sent=sent)
    pushed = send(store, client, review, project, outgoing, progress=progress)
    return Exchanged(settled, pushed, settled.refused + pushed.refused)


def pull_decisions(
    store: Store,
    client: Client,
    scheme: Scheme,
    review: LabelStudioSettings,
    settings: AdjudicationSettings,
    *,
    full: bool = False,
) -> Exchanged:
    """What adjudicators decided is gold, with the reviews that it rests on and who voted for what.

    Every version that is found is added; nothing is replaced. Pulling twice adds nothing.
    """
    project = ensure_adjudication(client, scheme, settings.project, language=review.language)
    pulled = collect(
        store,
        client,
        scheme,
        # What was shown is not the models' layers: codes and attributes come from the reviews.
        review.model_copy(update={"layers": ()}),
        project,
        names=[settings.gold],
        keep=_Decided(store, settings),
        full=full,
    )
    settled = settle(store, scheme, settings)
    return Exchanged(settled, pulled, settled.refused + pulled.refused)


class _Decided:
    """Makes the gold layer of an adjudicator's answer."""

    def __init__(self, store: Store, settings: AdjudicationSettings) -> None:
        self._store = store
        self._settings = settings
        self._people = reviewers(store)

    def __call__(self, item: Item, layer: Layer) -> Layer:
        """The answer as gold; raises ContradictionError when it rests on nothing, or would hide other gold."""
        gold = item.layers.get(self._settings.gold)
        if gold is not None and method_of(gold) is None:
            raise ContradictionError(FOREIGN.format(name=self._settings.gold))
        found = next(standings(self._store, self._settings, people=self._people, ids=[item.record.id]), None)
        if found is None:
            raise ContradictionError(
                f"expected a record with {self._settings.minimum_reviews} reviews, got one with fewer"
            )
        return adjudicated(layer, found.ballot, name=self._settings.gold)


def adjudicated(layer: Layer, ballot: Ballot, *, name: str) -> Layer:
    """An adjudicator's layer as the gold of a record, with its provenance."""
    entities = tuple(_as_reviewed(entity, ballot) for entity in layer.entities)
    said = {
        "method": Method.ADJUDICATED.value,
        "adjudicator": layer.author,
        "adjudicated": layer.created.isoformat(),
        "reviews": origin(ballot.reviews),
        "votes": {entity.id: list(voters(entity, ballot)) for entity in entities},
    }
    return layer.model_copy(update={"name": name, "entities": entities, "provenance": layer.provenance | said})


def voters(entity: Entity, ballot: Ballot) -> Iterator[str]:
    """The reviewers who have this very mark: category, place and assertion."""
    for name, layer in ballot.reviews.items():
        if any(_is_same(entity, one) and one.assertion is entity.assertion for one in layer.entities):
            yield name


def _as_reviewed(entity: Entity, ballot: Ballot) -> Entity:
    """The entity with the codes and attributes of the first reviewer who has it, and no score: that was the vote's."""
    same = (one for layer in ballot.reviews.values() for one in layer.entities if _is_same(entity, one))
    known = next(same, None)
    kept = {"codes": known.codes, "attributes": known.attributes} if known else {}
    return entity.model_copy(update={"score": None, **kept})


def _is_same(one: Entity, other: Entity) -> bool:
    return (one.category, one.spans) == (other.category, other.spans)


def _at_home(store: Store, settings: AdjudicationSettings, sent: Collection[str]) -> Iterator[Standing]:
    """The records that an adjudicator may see: not those that validation, or somebody else, has turned away."""
    people = set(reviewers(store))
    decisions = store.decisions()
    for one in standings(store, settings):
        decision = decisions.get(one.ballot.record.id)
        away = decision is not None and (
            decision.verdict is Verdict.QUARANTINED
            or (decision.verdict is Verdict.REJECTED and decision.by not in people)
        )
        if not away or one.ballot.record.id in sent:
            yield one
