"""Relations by questions: an encoder is asked about each head, which is marked in the text, and labels its tails.

A question has one window, with the head in its middle. What it answers is matched to the entities of the layer; an
answer that meets none of them is counted, and no entity is made of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.adapters.marked_text import HEAD, EntityMarker
from curation.adapters.pooled import logits_of
from curation.adapters.questions import ANSWER, answer_spans, check_room
from curation.adapters.relation_pairs import RelationKind
from curation.adapters.relations import FoundRelation
from curation.record import Entity, Layer
from curation.tagging.labels import TaggedSpan
from curation.tagging.words import Pieces, Span, Splitter
from curation.views.relation_questions import RelationQuestions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Why an answer gives no relation.
MEETS_NONE = "answer that meets no entity of the layer"
MEETS_SEVERAL = "answer that meets several entities alike"


@dataclass(frozen=True, slots=True)
class HeadQuestion:
    """A question about the tails that a relation type leads to from a head: what it is about, and who may be one."""

    kind: RelationKind
    head: Entity
    tails: tuple[Entity, ...]


def head_questions(layer: Layer, kinds: Sequence[RelationKind]) -> Iterator[HeadQuestion]:
    """The questions about the placed entities of a layer, where any other one may be the answer."""
    placed = [entity for entity in layer.entities if entity.fragments]
    for head in placed:
        for kind in kinds:
            if tails := tuple(tail for tail in placed if tail is not head and kind.links(head, tail)):
                yield HeadQuestion(kind, head, tails)


@dataclass(frozen=True, slots=True)
class AskedHead:
    """A question with the text around its head, as the encoder reads it.

    places: where the pieces of `text` stand among the ids; text: the words that the window holds whole. shortened:
    whether the question has not all of the head's wording.
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    text: Pieces
    shortened: bool

    def holds(self, entity: Entity) -> bool:
        """Whether all of an entity is within the window."""
        return self.text.words[0][0] <= entity.start and entity.end <= self.text.words[-1][1]


class HeadAsker:
    """Writes the question about a head before the text, and marks around the head in it.

    Of a long head the question has as many pieces as leave half of the window for the text. Raises UsageError where a
    question without a head's wording takes more.
    """

    def __init__(
        self, splitter: Splitter, questions: RelationQuestions, kinds: Sequence[RelationKind], *, window: int
    ) -> None:
        import numpy as np

        self._splitter = splitter
        self._questions = questions
        self._window = window
        self._mark = EntityMarker(splitter)
        self._between = np.array(splitter.after, dtype=np.int64)
        self._known: dict[tuple[str, str], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        categories = {name for labels in questions.labels.values() for name in labels}
        longest = max(
            (
                sum(map(len, self._around(kind.name, category, language)))
                for language in questions.by_type
                for kind in kinds
                for category in kind.heads or categories
            ),
            default=0,
        )
        #: Pieces of a text that are read at once beside the longest question, but for the head's wording and marks.
        self.room = self._room(longest)
        check_room(self.room, window, longest)

    def __call__(self, text: Pieces, question: HeadQuestion, language: str) -> AskedHead | None:
        """The question about a head in its text; None where the head does not fit into the window."""
        import numpy as np

        before, after = self._around(question.kind.name, question.head.category, language)
        wording = self._splitter([question.head.text])[0].ids
        most = max(0, self._room(len(before) + len(after)) - self._window // 2)
        asked = np.concatenate([before, wording[:most], after])
        marked = self._mark(text, [(question.head, HEAD)], room=self._room(len(asked)))
        if marked is None:
            return None
        of_text = np.flatnonzero(marked.pieces >= 0)
        whole = _whole_words(text, marked.pieces[of_text])
        ids = np.concatenate([asked, marked.ids])
        pieces = marked.pieces[of_text][whole]
        return AskedHead(ids, of_text[whole] + len(asked), _part(text, pieces), len(wording) > most)

    def _room(self, asked: int) -> int:
        return self._window - len(self._splitter.before) - len(self._splitter.after) - asked

    def _around(self, kind: str, category: str, language: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pieces of a question before and after the head's wording, with what parts it from the text."""
        import numpy as np

        parts = self._questions.parts(kind, category, language)
        if parts not in self._known:
            before, after = (pieces.ids for pieces in self._splitter(parts))
            self._known[parts] = before, np.concatenate([after, self._between])
        return self._known[parts]


def _whole_words(text: Pieces, pieces: NDArray[np.int64]) -> slice:
    """The range of some neighbouring pieces that holds no part of a word."""
    first, last = 0, len(pieces)
    while first < last and pieces[first] and text.word_of[pieces[first]] == text.word_of[pieces[first] - 1]:
        first += 1
    while first < last and _goes_on(text, int(pieces[last - 1])):
        last -= 1
    return slice(first, last)


def _goes_on(text: Pieces, piece: int) -> bool:
    """Whether the piece after this one is of the same word."""
    return piece + 1 < len(text.ids) and bool(text.word_of[piece] == text.word_of[piece + 1])


def _part(text: Pieces, pieces: NDArray[np.int64]) -> Pieces:
    """The words of a text that some neighbouring pieces make up."""
    words = text.word_of[pieces]
    return Pieces(text.text, text.ids[pieces], words - words[0], text.words[words[0] : words[-1] + 1])


@dataclass(frozen=True, slots=True)
class TailReader:
    """Finds the relations between given entities by a question about each head."""

    model: Any  # a transformers token-classification model with the outputs LABELS
    splitter: Splitter
    kinds: tuple[RelationKind, ...]
    ask: HeadAsker
    batch_size: int = 16

    def __call__(
        self, texts: Sequence[str], languages: Sequence[str], layers: Sequence[Layer]
    ) -> list[tuple[list[FoundRelation], Counter[str]]]:
        """The relations between the entities of each text's layer, and how many answers give none, by reason."""
        import numpy as np

        found: list[tuple[list[FoundRelation], Counter[str]]] = [([], Counter()) for _ in texts]
        questions: list[tuple[int, HeadQuestion, AskedHead]] = []
        for number, (text, language, layer) in enumerate(zip(self.splitter(texts), languages, layers, strict=True)):
            for question in head_questions(layer, self.kinds):
                if (asked := self.ask(text, question, language)) is not None:
                    questions.append((number, question, asked))
        rows = [asked.ids for _, _, asked in questions]
        logits = logits_of(self.model, self.splitter, rows, batch_size=self.batch_size)
        for (number, question, asked), outputs in zip(questions, logits, strict=True):
            answers = outputs[asked.places]
            scores = answers - np.logaddexp.reduce(answers, axis=1, keepdims=True)
            relations, left_out = linked(answer_spans(asked.text, scores, ANSWER), question)
            found[number][0].extend(relations)
            found[number][1].update(left_out)
        return found


def linked(answers: Sequence[TaggedSpan], question: HeadQuestion) -> tuple[list[FoundRelation], Counter[str]]:
    """The relations that the answers to a question give, each once, and how many answers give none, by reason."""
    scores: dict[str, float] = {}
    left_out: Counter[str] = Counter()
    for answer in answers:
        met = met_by(answer.spans, question.tails)
        if len({(tail.category, tail.spans) for tail in met}) == 1:
            scores[met[0].id] = max(answer.score, scores.get(met[0].id, 0.0))
        else:
            left_out[MEETS_SEVERAL if met else MEETS_NONE] += 1
    relations = [FoundRelation(question.kind.name, question.head.id, tail, score) for tail, score in scores.items()]
    return relations, left_out


def met_by(spans: tuple[Span, ...], entities: Sequence[Entity]) -> list[Entity]:
    """The entities with exactly these spans, else those that share most with them (Dice of the characters)."""
    if exact := [entity for entity in entities if entity.spans == spans]:
        return exact
    shares = [_dice(spans, entity.spans) for entity in entities]
    best = max(shares, default=0.0)
    return [entity for entity, share in zip(entities, shares, strict=True) if best and share == best]


def _dice(left: tuple[Span, ...], right: tuple[Span, ...]) -> float:
    shared = sum(max(0, min(b, d) - max(a, c)) for a, b in left for c, d in right)
    return 2 * shared / sum(end - start for start, end in (*left, *right))
