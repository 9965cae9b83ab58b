"""The disagreements of a record's reviewers, and the page that shows them to an adjudicator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from annotation.adjudication.wording import AdjudicationWording
from annotation.agreement.ballot import Ballot, VotedEntity
from annotation.label_studio.editor.wording import ASSERTIONS, localised
from curation.decision import REJECT
from curation.html_templates import templates
from curation.record import Assertion, digest
from curation.scheme import Scheme
from curation.text.revision import Revision

TEMPLATE = "differences.html.jinja"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Opinion:
    """One opinion in a disagreement, and the reviewers who have it."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One disagreement: the opinions, and the reviewers without one."""

    number: int
    kind: str
    what: str
    colour: str
    opinions: tuple[Opinion, ...]
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextSegment:
    """A segment of the text, with the numbers of the disagreements that it is in and of those that end with it."""

    text: str
    within: tuple[int, ...]
    ending: tuple[int, ...]


def shown_names(ballot: Ballot, words: AdjudicationWording, *, blind: bool) -> dict[str, str]:
    """The name of each reviewer for the adjudicator: the reviewer's own, or a letter that differs between records."""
    if not blind:
        return {name: name.partition(":")[2] for name in ballot.reviews}
    order = sorted(ballot.reviews, key=lambda name: digest([ballot.record.id, name]))
    return {name: words.reviewer.format(letter=letter) for name, letter in zip(order, _letters(), strict=False)}


def disagreements(
    ballot: Ballot, scheme: Scheme, names: Mapping[str, str], words: AdjudicationWording, *, language: str
) -> list[Disagreement]:
    """All disagreements: entities in the order of the text, then relations, document labels and the verdict."""
    found = [
        *_entity_disagreements(ballot, scheme, names, language),
        *_relation_disagreements(ballot, scheme, names, language),
    ]
    found += [*_label_disagreements(ballot, names, words), *_verdict_disagreement(ballot, names, words)]
    found += _text_disagreement(ballot, names, words)
    return [replace(disagreement, number=number) for number, disagreement in enumerate(found, 1)]


def disagreements_page(ballot: Ballot, found: list[Disagreement], words: AdjudicationWording) -> str:
    """The text with disputed spans highlighted, and the list of opinions with names, as HTML without scripts."""
    agreed = sum(not mark.is_disputed for mark in ballot.marks)
    return (
        templates(Path(__file__).parent, extra="review")
        .get_template(TEMPLATE)
        .render(disagreements=found, segments=list(text_segments(ballot)), agreed=agreed, words=words)
    )


def text_segments(ballot: Ballot) -> Iterator[TextSegment]:
    """The text split at the borders of disputed entities; the segments joined are the text."""
    text = ballot.record.text
    disputed = [
        (number, {span for entity in mark.votes.values() for span in entity.spans})
        for number, mark in enumerate((mark for mark in ballot.marks if mark.is_disputed), 1)
    ]
    cuts = sorted({0, len(text), *(cut for _, spans in disputed for span in spans for cut in span)})
    for start, end in pairwise(cuts):
        within = [number for number, spans in disputed if any(a <= start and end <= b for a, b in spans)]
        ending = [number for number, spans in disputed if max(b for _, b in spans) == end]
        yield TextSegment(text[start:end], tuple(within), tuple(ending))


def _entity_disagreements(
    ballot: Ballot, scheme: Scheme, names: Mapping[str, str], language: str
) -> Iterator[Disagreement]:
    for mark in ballot.marks:
        if mark.is_disputed:
            category = scheme.by_name.get(mark.category)
            yield Disagreement(
                number=0,
                kind="mark",
                what=localised(category.label, language) if category else mark.category,
                colour=category.colour if category else "#000000",
                opinions=_grouped((_described(mark, name, language), names[name]) for name in mark.votes),
                silent=_silent(names, mark.votes),
            )


def _described(mark: VotedEntity, name: str, language: str) -> str:
    entity = mark.votes[name]
    if entity.assertion is Assertion.PRESENT:
        return entity.text
    return f"{entity.text} ({localised(ASSERTIONS[entity.assertion.value][1], language)})"


def _relation_disagreements(
    ballot: Ballot, scheme: Scheme, names: Mapping[str, str], language: str
) -> Iterator[Disagreement]:
    for link in ballot.links:
        if len(link.voters) < link.reviewer_count:
            head, tail = (ballot.marks[number].entity(ballot.record, "E").text for number in (link.head, link.tail))
            opinion = Opinion(f"{head} → {tail}", tuple(names[name] for name in link.voters))
            yield Disagreement(0, "link", link.type, "#000000", (opinion,), _silent(names, link.voters))


def _label_disagreements(
    ballot: Ballot, names: Mapping[str, str], words: AdjudicationWording
) -> Iterator[Disagreement]:
    for label, values in ballot.labels.items():
        if len(values) > 1:
            opinions = (
                (layer.labels.get(label) or words.no_value, names[name]) for name, layer in ballot.reviews.items()
            )
            yield Disagreement(0, "label", label, "#000000", _grouped(opinions))


def _verdict_disagreement(
    ballot: Ballot, names: Mapping[str, str], words: AdjudicationWording
) -> Iterator[Disagreement]:
    if 0 < ballot.rejections < len(ballot.reviews):
        opinions = (
            (words.reject if layer.provenance.get("verdict") == REJECT else words.keep, names[name])
            for name, layer in ballot.reviews.items()
        )
        yield Disagreement(0, "verdict", "", "#000000", _grouped(opinions))


def _text_disagreement(ballot: Ballot, names: Mapping[str, str], words: AdjudicationWording) -> Iterator[Disagreement]:
    """What reviewers wrote in the place of the translation's words, where they do not write the same."""
    if len(set(ballot.texts.values())) > 1:
        opinions = ((_in_words(ballot.record.text, text), names[name]) for name, text in ballot.texts.items())
        yield Disagreement(0, "text", "", "#000000", _grouped(opinions), _silent(names, ballot.texts))


def _in_words(before: str, text: str) -> str:
    changes = Revision.of(before, text).changes()
    return "; ".join(f"{old or '–'} → {new or '–'}" for old, new in changes)


def _grouped(opinions: Iterable[tuple[str, str]]) -> tuple[Opinion, ...]:
    """Equal opinions joined with all their reviewers, the most frequent first."""
    by_text: dict[str, list[str]] = {}
    for text, name in opinions:
        by_text.setdefault(text, []).append(name)
    votes = Counter({text: len(found) for text, found in by_text.items()})
    return tuple(Opinion(text, tuple(sorted(by_text[text]))) for text, _ in votes.most_common())


def _silent(names: Mapping[str, str], voters: Iterable[str]) -> tuple[str, ...]:
    voter_set = set(voters)
    return tuple(sorted(shown for name, shown in names.items() if name not in voter_set))


def _letters() -> Iterator[str]:
    yield from LETTERS
    for first in LETTERS:
        yield from (first + second for second in LETTERS)
