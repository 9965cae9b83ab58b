"""Push of disagreements to Label Studio and pull of adjudicators' decisions, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from annotation.adjudication.consensus import (
    FOREIGN,
    AdjudicationCase,
    Method,
    Settled,
    adjudication_cases,
    method_of,
    review_versions,
    reviewers,
    settle,
)
from annotation.adjudication.project import ensure_adjudication
from annotation.adjudication.settings import AdjudicationSettings
from annotation.adjudication.task_payloads import adjudication_payloads
from annotation.agreement.ballot import Ballot
from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.pull import Pulled, collect
from annotation.label_studio.exchange.push import Progress, Pushed, send
from annotation.label_studio.settings import LabelStudioSettings
from curation.decision import TURNED_AWAY, Verdict, on_privacy
from curation.errors import ContradictionError
from curation.record import Entity, Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store


@dataclass(slots=True)
class ExchangeOutcome:
    """The counts of settled records, and those of the push or pull."""

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
) -> ExchangeOutcome:
    """Settle records on which all reviewers agree, and make one adjudication task of each other record.

    Safe to repeat; the task of a record with a changed review is updated. Raises ReviewError as `push` does.
    """
    settled = settle(store, scheme, settings)
    project = ensure_adjudication(client, scheme, settings.project, language=review.language)
    sent = set(store.review_tasks(project.key))
    outgoing = adjudication_payloads(
        _eligible_cases(store, settings, sent), scheme, settings, language=review.language, sent=sent
    )
    pushed = send(store, client, review, project, outgoing, progress=progress)
    return ExchangeOutcome(settled, pushed, settled.refused + pushed.refused)


def pull_decisions(
    store: Store,
    client: Client,
    scheme: Scheme,
    review: LabelStudioSettings,
    settings: AdjudicationSettings,
    *,
    full: bool = False,
) -> ExchangeOutcome:
    """Store adjudicators' answers as gold, with the versions of the reviews and the voters of each entity.

    Each version is added, none is replaced. A second pull adds nothing.
    """
    project = ensure_adjudication(client, scheme, settings.project, language=review.language)
    pulled = collect(
        store,
        client,
        scheme,
        # The predictions are reviews, not layers of models: codes and attributes come from the reviews.
        review.model_copy(update={"layers": ()}),
        project,
        names=[settings.gold],
        keep=_AdjudicatedGold(store, settings),
        full=full,
    )
    settled = settle(store, scheme, settings)
    return ExchangeOutcome(settled, pulled, settled.refused + pulled.refused)


class _AdjudicatedGold:
    """Makes the gold layer of an adjudicator's answer."""

    def __init__(self, store: Store, settings: AdjudicationSettings) -> None:
        self._store = store
        self._settings = settings
        self._people = reviewers(store)

    def __call__(self, item: Item, layer: Layer) -> Layer:
        """The answer as gold. Raises ContradictionError for a record without reviews or with gold from elsewhere."""
        gold = item.layers.get(self._settings.gold)
        if gold is not None and method_of(gold) is None:
            raise ContradictionError(FOREIGN.format(name=self._settings.gold))
        found = next(adjudication_cases(self._store, self._settings, people=self._people, ids=[item.record.id]), None)
        if found is None:
            raise ContradictionError(
                f"expected a record with {self._settings.minimum_reviews} reviews, got one with fewer"
            )
        return adjudicated(layer, found.ballot, name=self._settings.gold)


def adjudicated(layer: Layer, ballot: Ballot, *, name: str) -> Layer:
    """An adjudicator's layer as the gold of a record, with its provenance."""
    entities = tuple(_as_reviewed(entity, ballot) for entity in layer.entities)
    provenance = {
        "method": Method.ADJUDICATED.value,
        "adjudicator": layer.author,
        "adjudicated": layer.created.isoformat(),
        "reviews": review_versions(ballot.reviews),
        "votes": {entity.id: list(voters(entity, ballot)) for entity in entities},
    }
    return layer.model_copy(update={"name": name, "entities": entities, "provenance": layer.provenance | provenance})


def voters(entity: Entity, ballot: Ballot) -> Iterator[str]:
    """The reviewers who have an entity with the same category, spans and assertion."""
    for name, layer in ballot.reviews.items():
        if any(_is_same(entity, candidate) and candidate.assertion is entity.assertion for candidate in layer.entities):
            yield name


def _as_reviewed(entity: Entity, ballot: Ballot) -> Entity:
    """The entity with the codes and attributes of the first reviewer who has it, without the score of the vote."""
    same = (
        candidate for layer in ballot.reviews.values() for candidate in layer.entities if _is_same(entity, candidate)
    )
    reviewed = next(same, None)
    details = {"codes": reviewed.codes, "attributes": reviewed.attributes} if reviewed else {}
    return entity.model_copy(update={"score": None, **details})


def _is_same(left: Entity, right: Entity) -> bool:
    return (left.category, left.spans) == (right.category, right.spans)


def _eligible_cases(store: Store, settings: AdjudicationSettings, sent: Collection[str]) -> Iterator[AdjudicationCase]:
    """The cases for an adjudicator: without records that validation or a person who is no reviewer has rejected."""
    people = set(reviewers(store))
    decisions, privacy = store.decisions(), store.verdicts(subject=on_privacy())
    for case in adjudication_cases(store, settings):
        decision = decisions.get(case.ballot.record.id)
        is_excluded = privacy.get(case.ballot.record.id) in TURNED_AWAY or (
            decision is not None
            and decision.verdict in TURNED_AWAY
            # What reviewers rejected is what is disputed.
            and not (decision.verdict is Verdict.REJECTED and decision.by in people)
        )
        if not is_excluded or case.ballot.record.id in sent:
            yield case
