"""The tasks of the adjudication project: the disagreements of a record's reviewers, and each review."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from annotation.adjudication.consensus import AdjudicationCase, CaseState, entity_id
from annotation.adjudication.differences import Disagreement, Opinion, disagreements, disagreements_page, shown_names
from annotation.adjudication.project import DIFFERENCES
from annotation.adjudication.settings import AdjudicationSettings
from annotation.adjudication.wording import AdjudicationWording, adjudication_wording
from annotation.agreement.ballot import Ballot, VotedEntity, VoteOutcome
from annotation.label_studio.editor.variants.spans import FRAGMENT
from annotation.label_studio.exchange.prediction import prediction
from annotation.label_studio.exchange.task_payload import NotSent, TaskPayload, task_data
from curation.errors import ContradictionError
from curation.record import Layer, Relation, check_layer, digest
from curation.scheme import Scheme


def adjudication_payloads(
    cases: Iterable[AdjudicationCase],
    scheme: Scheme,
    settings: AdjudicationSettings,
    *,
    language: str,
    sent: Collection[str],
) -> Iterator[TaskPayload | NotSent]:
    """A payload for each record that waits for an adjudicator, and for those sent before, which may have changed."""
    for case in cases:
        record = case.ballot.record
        if not case.is_foreign and (case.state is CaseState.OPEN or record.id in sent):
            try:
                yield adjudication_payload(case.ballot, scheme, settings, language=language)
            except ContradictionError as error:
                yield NotSent(record.id, str(error))


def adjudication_payload(
    ballot: Ballot, scheme: Scheme, settings: AdjudicationSettings, *, language: str
) -> TaskPayload:
    """The payload of one record: first the layer that the adjudicator starts with, then each review by its name.

    Raises ContradictionError when a review does not fit the text or the scheme.
    """
    record, wording = ballot.record, adjudication_wording(language)
    names = shown_names(ballot, wording, blind=settings.blind)
    found = disagreements(ballot, scheme, names, wording, language=language)
    layers = [starting_layer(ballot, settings, wording), *_reviews(ballot, names)]
    made = [prediction(record, check_layer(record, layer, categories=scheme.by_name), scheme) for layer in layers]
    _add_votes(made[0]["result"], ballot, found, wording)
    data = task_data(record) | {DIFFERENCES: disagreements_page(ballot, found, wording)}
    return TaskPayload(
        record_id=record.id,
        task={"data": data, "predictions": made},
        versions=tuple(prediction["model_version"] for prediction in made),
        digest=digest([made, data[DIFFERENCES]]),
        records=(record,),
    )


def starting_layer(ballot: Ballot, settings: AdjudicationSettings, wording: AdjudicationWording) -> Layer:
    """All entities of the reviewers, or those of the majority; their score is the share of reviewers who have them."""
    every = settings.start == "all"
    marks = {number: mark for number, mark in enumerate(ballot.marks) if every or mark.outcome is VoteOutcome.IN}
    links = [
        link
        for link in ballot.links
        if link.head in marks and link.tail in marks and (every or link.outcome is VoteOutcome.IN)
    ]
    return Layer(
        record_id=ballot.record.id,
        name=wording.start,
        author=wording.start,
        entities=tuple(
            mark.entity(ballot.record, entity_id(number)).model_copy(update={"score": _share(mark)})
            for number, mark in marks.items()
        ),
        relations=tuple(
            Relation(id=f"R{number}", type=link.type, head=entity_id(link.head), tail=entity_id(link.tail))
            for number, link in enumerate(links, 1)
        ),
        labels={name: value for name, values in ballot.labels.items() if (value := values.most_common(1)[0][0])},
    )


def _reviews(ballot: Ballot, names: Mapping[str, str]) -> list[Layer]:
    """The reviews as they are shown, in the order of the shown names, which tells nothing where these are letters."""
    return [
        layer.model_copy(
            update={
                "author": names[name],
                "entities": tuple(entity.model_copy(update={"score": None}) for entity in layer.entities),
            }
        )
        for name, layer in sorted(ballot.reviews.items(), key=lambda pair: names[pair[0]])
    ]


def _add_votes(
    result: list[dict[str, Any]], ballot: Ballot, found: Sequence[Disagreement], wording: AdjudicationWording
) -> None:
    """Add the opinions on each disputed entity to the details of its regions."""
    disputed = [entity_id(number) for number, mark in enumerate(ballot.marks) if mark.is_disputed]
    # Disagreements on entities come first, in the order of the ballot.
    by_id = dict(zip(disputed, found, strict=False))
    for part in result:
        disagreement = by_id.get(str(part.get("id", "")).partition(FRAGMENT)[0])
        if disagreement is not None and part["type"] == "labels":
            lines = [_vote_line(opinion, len(ballot.reviews), wording) for opinion in disagreement.opinions]
            part["meta"] = {"text": lines}


def _vote_line(opinion: Opinion, reviewers: int, wording: AdjudicationWording) -> str:
    vote = wording.vote.format(names=", ".join(opinion.names), votes=len(opinion.names), of=reviewers)
    return f"{opinion.text}: {vote}"


def _share(mark: VotedEntity) -> float:
    """The share of reviewers who have the entity with the shown spans and assertion."""
    alike = [
        entity for entity in mark.votes.values() if (entity.spans, entity.assertion) == (mark.spans, mark.assertion)
    ]
    return round(len(alike) / mark.reviewer_count, 4)
