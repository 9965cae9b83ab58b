"""What a judge is asked about: each entity of a layer, marked in its sentence with one neighbour on each side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.record import Entity, Layer, Record
from curation.text.folding import Span
from curation.text.sentences import sentence_spans

#: What stands around the marked words; where a text has these signs itself, they are shown apart.
OPENING, CLOSING = "[[", "]]"
#: So many characters of a text are shown for an entity at most, and before and after each fragment where that is more.
LONGEST, NEAR = 2_000, 300
#: Between stretches of the text that are shown without what stands between them.
GAP = " ... "


@dataclass(frozen=True, slots=True)
class Claim:
    """An entity as it is asked about: with the text around it, its words between marks."""

    entity: Entity
    text: str

    def line(self, id: str) -> str:
        """One line of JSON: nothing that stands in the text can end what is told of it."""
        told = {
            "id": id,
            "category": self.entity.category,
            "assertion": self.entity.assertion.value,
            "wording": self.entity.text,
            "text": self.text,
        }
        return json.dumps(told, ensure_ascii=False)


def claims_of(record: Record, layer: Layer) -> list[Claim]:
    """The claims of all entities that stand in the text, in its order; no sentence could say so of the others."""
    placed = sorted((entity for entity in layer.entities if entity.fragments), key=lambda entity: entity.spans)
    return [Claim(entity, marked(record.text, record.language, entity.spans)) for entity in placed]


def numbered(claims: Sequence[Claim]) -> dict[str, Claim]:
    """The claims of one question by their ids in it: from e1 in each, so that like questions share a schema."""
    return {f"e{number}": claim for number, claim in enumerate(claims, 1)}


def marked(text: str, language: str, spans: Sequence[Span]) -> str:
    """The sentences of the spans with one neighbour on each side, the spans between marks."""
    pieces = []
    for start, end in _shown(text, language, spans):
        inside = [(max(first, start), min(after, end)) for first, after in spans if first < end and after > start]
        pieces.append("".join(_marked(text, start, end, inside)))
    return GAP.join(pieces)


def _marked(text: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[str]:
    for first, after in spans:
        yield _plain(text[start:first])
        yield f"{OPENING}{_plain(text[first:after])}{CLOSING}"
        start = after
    yield _plain(text[start:end])


def _plain(text: str) -> str:
    """The text without signs that read as marks, and none at its ends that would read as a part of one."""
    plain = text.replace(OPENING, "[ [").replace(CLOSING, "] ]")
    return f"{' ' * plain.startswith(('[', ']'))}{plain}{' ' * plain.endswith(('[', ']'))}"


def _shown(text: str, language: str, spans: Sequence[Span]) -> list[Span]:
    """The stretches of the text that are shown: whole sentences, of very long ones what is near the spans."""
    sentences = sentence_spans(text, language)
    stretches = []
    for start, end in spans:
        own = [number for number, (first, after) in enumerate(sentences) if first < end and after > start]
        first = sentences[max(0, own[0] - 1)][0] if own else start
        after = sentences[min(len(sentences) - 1, own[-1] + 1)][1] if own else end
        stretches.append((min(first, start), max(after, end)))
    joined = _joined(stretches)
    if sum(end - start for start, end in joined) <= LONGEST:
        return joined
    return _joined([(max(0, start - NEAR), min(len(text), end + NEAR)) for start, end in _shortened(spans)])


def _shortened(spans: Sequence[Span]) -> Iterator[Span]:
    """The spans; of one that is longer than all that is shown, its two ends."""
    for start, end in spans:
        if end - start <= LONGEST:
            yield start, end
        else:
            yield from ((start, start + NEAR), (end - NEAR, end))


def _joined(stretches: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in stretches:
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found
