"""Generated sentences told alike in two languages, and a translator that damages some of the markers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.batches import batched
from curation.generate import generate
from curation.text.folding import Span
from curation.translate.projection.markers import MarkedText, marked

#: Of how many markers in a hundred each damage is done to.
DAMAGES = {"dropped": 4, "half": 2, "doubled": 2, "moved": 2, "translated": 2}


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence and its like, with the same spans in both, in the same order of facts."""

    source: str
    target: str
    spans: tuple[Span, ...]
    gold: tuple[Span, ...]


def pairs(cases: int, seed: int, *, reverse: bool = False) -> Iterator[SentencePair]:
    """The sentences that have spans, English to German or the other way, one case at a time."""
    for told in batched(generate(cases, seed=seed, parallel=True), 2):
        (record, layer), (other, other_layer) = told[reverse], told[not reverse]
        places = {entity.id: (entity.start, entity.end) for entity in other_layer.entities}
        sentences: Any = record.meta["sentences"], other.meta["sentences"]
        for (start, end), (begin, stop) in zip(*sentences, strict=True):
            inside = [entity for entity in layer.entities if start <= entity.start < end]
            if inside:
                yield SentencePair(
                    record.text[start:end],
                    other.text[begin:stop],
                    tuple((entity.start - start, entity.end - start) for entity in inside),
                    tuple((places[entity.id][0] - begin, places[entity.id][1] - begin) for entity in inside),
                )


def answered(pair: SentencePair, chance: random.Random) -> tuple[MarkedText, str]:
    """What was asked, and the target as a translator gives it back: some of its markers are damaged."""
    asked = marked(pair.source, [(span,) for span in pair.spans])
    told = marked(pair.target, [(span,) for span in pair.gold])
    assert told.name == asked.name  # generated sentences have no tags
    answer = told.text
    for number in range(len(pair.spans)):
        damage = chance.choices([*DAMAGES, None], [*DAMAGES.values(), 100 - sum(DAMAGES.values())])[0]
        answer = _damaged(answer, damage, f"<{told.name}{number}>", f"</{told.name}{number}>", chance)
    return asked, answer


def _damaged(answer: str, damage: str | None, opening: str, closing: str, chance: random.Random) -> str:
    bare = answer.replace(opening, "").replace(closing, "")
    if damage == "dropped":
        return bare
    if damage == "half":
        return answer.replace(closing, "")
    if damage == "doubled":
        return answer.replace(opening, opening * 2).replace(closing, closing * 2)
    if damage == "translated":
        name = f"Marke {opening[2:-1]}"
        return answer.replace(opening, f"<{name}>").replace(closing, f"</{name}>")
    if damage == "moved":
        words = bare.split(" ")
        place = chance.randrange(len(words))
        return " ".join([*words[:place], f"{opening}{words[place]}{closing}", *words[place + 1 :]])
    return answer
