"""What is sent to the adjudicator about a record: where its reviewers differ, and what each of them says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from annotation.adjudication.ballot import Ballot, Mark, Outcome
from annotation.adjudication.consensus import Standing, State, entity_id
from annotation.adjudication.differences import Difference, Variant, differences, page, shown_names
from annotation.adjudication.project import DIFFERENCES
from annotation.adjudication.settings import AdjudicationSettings
from annotation.adjudication.wording import Words, words
from annotation.label_studio.editor.variants.spans import FRAGMENT
from annotation.label_studio.exchange.prediction import prediction
from annotation.label_studio.exchange.task_payload import NotSent, Parcel, task_data
from curation.errors import ContradictionError
from curation.record import Layer, Relation, check_layer, digest
from curation.scheme import Scheme


def parcels(
    standings: Iterable[Standing],
    scheme: Scheme,
    settings: AdjudicationSettings,
    *,
    language: str,
    sent: Collection[str],
) -> Iterator[Parcel | NotSent]:
    """A parcel for each record that waits for an adjudicator, and for those sent earlier, which may have changed."""
    for one in standings:
        record = one.ballot.record
        if not one.is_foreign and (one.state is State.OPEN or record.id in sent):
            try:
                yield parcel(one.ballot, scheme, settings, language=language)
            except ContradictionError as error:
                yield NotSent(record.id, str(error))


def parcel(ballot: Ballot, scheme: Scheme, settings: AdjudicationSettings, *, language: str) -> Parcel:
    """One record's parcel: first what the adjudicator begins with, then each review under its own name.

    Raises ContradictionError when a review does not fit the text or the scheme.
    """
    record, said = ballot.record, words(language)
    names = shown_names(ballot, said, blind=settings.blind)
    found = differences(ballot, scheme, names, said, language=language)
    layers = [begin_with(ballot, settings, said), *_reviews(ballot, names)]
    made = [prediction(record, check_layer(record, layer, categories=scheme.by_name), scheme) for layer in layers]
    _annotate(made[0]["result"], ballot, found, said)
    data = task_data(record) | {DIFFERENCES: page(ballot, found, said)}
    return Parcel(
        record_id=record.id,
        task={"data": data, "predictions": made},
        versions=tuple(one["model_version"] for one in made),
        digest=digest([made, data[DIFFERENCES]]),
        records=(record,),
    )


def begin_with(ballot: Ballot, settings: AdjudicationSettings, said: Words) -> Layer:
    """Every mark that a reviewer made, or those of the majority; scored by the share of reviewers who say it."""
    every = settings.start == "all"
    marks = {number: mark for number, mark in enumerate(ballot.marks) if every or mark.outcome is Outcome.IN}
    links = [
        link
        for link in ballot.links
        if link.head in marks and link.tail in marks and (every or link.outcome is Outcome.IN)
    ]
    return Layer(
        record_id=ballot.record.id,
        name=said.start,
        author=said.start,
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
    """The reviews as they will be seen, in the order of the names that are shown: blind, that order tells nothing."""
    return [
        layer.model_copy(
            update={
                "author": names[name],
                "entities": tuple(entity.model_copy(update={"score": None}) for entity in layer.entities),
            }
        )
        for name, layer in sorted(ballot.reviews.items(), key=lambda pair: names[pair[0]])
    ]


def _annotate(result: list[dict[str, Any]], ballot: Ballot, found: Sequence[Difference], said: Words) -> None:
    """Who made each disputed mark, and as what, in the details of its regions."""
    disputed = [entity_id(number) for number, mark in enumerate(ballot.marks) if mark.is_disputed]
    # Differences in marks come first, in the order of the marks.
    by_id = dict(zip(disputed, found, strict=False))
    for part in result:
        one = by_id.get(str(part.get("id", "")).partition(FRAGMENT)[0])
        if one is not None and part["type"] == "labels":
            part["meta"] = {"text": [_voted(variant, len(ballot.reviews), said) for variant in one.variants]}


def _voted(variant: Variant, of: int, said: Words) -> str:
    vote = said.vote.format(names=", ".join(variant.names), votes=len(variant.names), of=of)
    return f"{variant.text}: {vote}"


def _share(mark: Mark) -> float:
    """The share of reviewers who have the mark just as it is shown."""
    alike = [one for one in mark.voices.values() if (one.spans, one.assertion) == (mark.spans, mark.assertion)]
    return round(len(alike) / mark.of, 4)
