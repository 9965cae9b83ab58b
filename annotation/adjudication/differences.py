"""Where the reviewers of a record differ, and the page on which an adjudicator sees it at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from annotation.adjudication.ballot import REJECT, Ballot, Mark
from annotation.adjudication.wording import Words
from annotation.label_studio.editor.wording import ASSERTIONS, say
from curation.html_templates import templates
from curation.record import Assertion, digest
from curation.scheme import Scheme

TEMPLATE = "differences.html.jinja"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that was said, and who said it."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the reviewers differ in: what each said, and who said nothing of it."""

    number: int
    kind: str
    what: str
    colour: str
    variants: tuple[Variant, ...]
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the text, with the numbers of the differences that it is in and of those that end here."""

    text: str
    within: tuple[int, ...]
    ending: tuple[int, ...]


def shown_names(ballot: Ballot, words: Words, *, blind: bool) -> dict[str, str]:
    """What an adjudicator sees of each reviewer: the name, or a letter that is drawn anew for each record."""
    if not blind:
        return {name: name.partition(":")[2] for name in ballot.reviews}
    order = sorted(ballot.reviews, key=lambda name: digest([ballot.record.id, name]))
    return {name: words.reviewer.format(letter=letter) for name, letter in zip(order, _letters(), strict=False)}


def differences(
    ballot: Ballot, scheme: Scheme, names: Mapping[str, str], words: Words, *, language: str
) -> list[Difference]:
    """All that the reviewers differ in: marks in the order of the text, then links, labels and the verdict."""
    found = [*_marks(ballot, scheme, names, language), *_links(ballot, scheme, names, language)]
    found += [*_labels(ballot, names, words), *_verdict(ballot, names, words)]
    return [
        Difference(number, one.kind, one.what, one.colour, one.variants, one.silent)
        for number, one in enumerate(found, 1)
    ]


def page(ballot: Ballot, found: list[Difference], words: Words) -> str:
    """The text with what is disputed highlighted, and the list of who says what, as HTML without scripts."""
    agreed = sum(not mark.is_disputed for mark in ballot.marks)
    return (
        templates(Path(__file__).parent, extra="review")
        .get_template(TEMPLATE)
        .render(differences=found, stretches=list(stretches(ballot)), agreed=agreed, words=words)
    )


def stretches(ballot: Ballot) -> Iterator[Stretch]:
    """The text cut wherever a disputed mark begins or ends; the parts joined are the text."""
    text = ballot.record.text
    places = [
        (number, {span for entity in mark.voices.values() for span in entity.spans})
        for number, mark in enumerate((mark for mark in ballot.marks if mark.is_disputed), 1)
    ]
    cuts = sorted({0, len(text), *(cut for _, spans in places for span in spans for cut in span)})
    for start, end in pairwise(cuts):
        within = [number for number, spans in places if any(a <= start and end <= b for a, b in spans)]
        ending = [number for number, spans in places if max(b for _, b in spans) == end]
        yield Stretch(text[start:end], tuple(within), tuple(ending))


def _marks(ballot: Ballot, scheme: Scheme, names: Mapping[str, str], language: str) -> Iterator[Difference]:
    for mark in ballot.marks:
        if mark.is_disputed:
            category = scheme.by_name.get(mark.category)
            yield Difference(
                number=0,
                kind="mark",
                what=say(category.label, language) if category else mark.category,
                colour=category.colour if category else "#000000",
                variants=_grouped((_said(mark, name, language), names[name]) for name in mark.voices),
                silent=_others(names, mark.voices),
            )


def _said(mark: Mark, name: str, language: str) -> str:
    entity = mark.voices[name]
    if entity.assertion is Assertion.PRESENT:
        return entity.text
    return f"{entity.text} ({say(ASSERTIONS[entity.assertion.value][1], language)})"


def _links(ballot: Ballot, scheme: Scheme, names: Mapping[str, str], language: str) -> Iterator[Difference]:
    for link in ballot.links:
        if len(link.voters) < link.of:
            head, tail = (ballot.marks[number].entity(ballot.record, "E").text for number in (link.head, link.tail))
            variant = Variant(f"{head} → {tail}", tuple(names[name] for name in link.voters))
            yield Difference(0, "link", link.type, "#000000", (variant,), _others(names, link.voters))


def _labels(ballot: Ballot, names: Mapping[str, str], words: Words) -> Iterator[Difference]:
    for label, values in ballot.labels.items():
        if len(values) > 1:
            said = ((layer.labels.get(label) or words.no_value, names[name]) for name, layer in ballot.reviews.items())
            yield Difference(0, "label", label, "#000000", _grouped(said))


def _verdict(ballot: Ballot, names: Mapping[str, str], words: Words) -> Iterator[Difference]:
    if 0 < ballot.rejections < len(ballot.reviews):
        said = (
            (words.reject if layer.provenance.get("verdict") == REJECT else words.keep, names[name])
            for name, layer in ballot.reviews.items()
        )
        yield Difference(0, "verdict", "", "#000000", _grouped(said))


def _grouped(said: Iterable[tuple[str, str]]) -> tuple[Variant, ...]:
    """Equal words once with all who said them, those of most people first."""
    by_text: dict[str, list[str]] = {}
    for text, name in said:
        by_text.setdefault(text, []).append(name)
    votes = Counter({text: len(found) for text, found in by_text.items()})
    return tuple(Variant(text, tuple(sorted(by_text[text]))) for text, _ in votes.most_common())


def _others(names: Mapping[str, str], voters: Iterable[str]) -> tuple[str, ...]:
    said = set(voters)
    return tuple(sorted(shown for name, shown in names.items() if name not in said))


def _letters() -> Iterator[str]:
    yield from LETTERS
    for first in LETTERS:
        yield from (first + second for second in LETTERS)
