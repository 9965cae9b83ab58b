"""The input of few-shot annotation: candidates in a text, and training examples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.few_shot.candidates import Candidate, candidates
from annotation.few_shot.example_sentences import ExampleSentences
from curation.record import Entity
from curation.scheme import Scheme
from curation.text.tokens import Words, read

#: The class of candidates that are no entity.
NONE = "none"

#: A candidate that shares this part of its span with an entity (intersection over union) is an example of it.
ALIKE = 0.6

#: Sentences are shown to the encoder in parts of this many words, and wordings up to this many code points.
CONTEXT_WORDS = 40
LONGEST_TEXT = 400


@dataclass(frozen=True, slots=True)
class CandidateText:
    """A candidate with the text that the encoder reads."""

    candidate: Candidate
    text: str
    context: str


def candidate_texts(words: Words, language: str) -> list[CandidateText]:
    return [_candidate_text(words, candidate) for candidate in candidates(words, language)]


def _candidate_text(words: Words, candidate: Candidate) -> CandidateText:
    """What the encoder sees: the candidate's wording, and the part of its sentence that it stands in."""
    first, after = words.sentences[candidate.sentence]
    word = bisect_right(words.starts, candidate.start) - 1
    begin = word - (word - first) % CONTEXT_WORDS
    context = words.wording(begin, min(begin + CONTEXT_WORDS, after))
    return CandidateText(
        candidate, words.text[candidate.start : candidate.end][:LONGEST_TEXT], context[: 2 * LONGEST_TEXT]
    )


def training_examples(examples: ExampleSentences, scheme: Scheme) -> tuple[list[CandidateText], list[str]]:
    """What to learn from: marked spans, candidates much like them, and the other candidates as none."""
    texts: list[CandidateText] = []
    labels: list[str] = []
    for sentence in examples.sentences:
        words = read(sentence.text, examples.language)
        marked = [entity for entity in sentence.entities if entity.category in scheme.by_name]
        texts += (
            _candidate_text(words, Candidate(entity.start, entity.end, _sentence_of(words, entity)))
            for entity in marked
        )
        labels += (entity.category for entity in marked)
        for text in candidate_texts(words, examples.language):
            if (label := _label(text.candidate, marked)) is not None:
                texts.append(text)
                labels.append(label)
    return texts, labels


def _sentence_of(words: Words, entity: Entity) -> int:
    return max(
        (number for number, (first, _) in enumerate(words.sentences) if words.starts[first] <= entity.start),
        default=0,
    )


def _label(candidate: Candidate, marked: Sequence[Entity]) -> str | None:
    """The category of the entity that the candidate is much like; none where it touches no entity."""
    shares = {entity.category: _share(candidate, entity) for entity in marked}
    best = max(shares, key=lambda category: shares[category], default=NONE)
    if not marked or shares[best] == 0:
        return NONE
    return best if shares[best] >= ALIKE else None


def _share(candidate: Candidate, entity: Entity) -> float:
    """Intersection over union of the two spans."""
    common = min(candidate.end, entity.end) - max(candidate.start, entity.start)
    return max(0, common) / (max(candidate.end, entity.end) - min(candidate.start, entity.start))
