"""Entities by questions: an encoder reads a question about a category beside the text, and labels the answer's words.

Each category is asked about apart, so that entities of different categories may lie on the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.adapters.pooled import logits_of
from curation.errors import UsageError
from curation.tagging.decoding import allowed, best_path
from curation.tagging.labels import OUTSIDE, TaggedSpan, label_set, read_spans
from curation.tagging.windows import by_word, merged, windows
from curation.tagging.words import Pieces, Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The name of the one category of all answers.
ANSWER = "answer"
#: The labels of the words of an answer, discontinuous ones included.
LABELS = label_set([ANSWER], continued=[ANSWER])


class AskedPieces:
    """The pieces of the questions of each category and language, and how much room the longest leaves for the text."""

    def __init__(
        self,
        splitter: Splitter,
        questions: Mapping[str, Mapping[str, str]],
        categories: Sequence[str],
        *,
        window: int,
    ) -> None:
        import numpy as np

        self._questions = questions
        between = np.array(splitter.after, dtype=np.int64)
        self._pieces = {
            (language, category): np.concatenate([splitter([asked[category]])[0].ids, between])
            for language, asked in questions.items()
            for category in categories
        }
        longest = max((len(pieces) for pieces in self._pieces.values()), default=0)
        self.room = window - len(splitter.before) - len(splitter.after) - longest
        check_room(self.room, window, longest)

    def __call__(self, category: str, language: str) -> NDArray[np.int64]:
        """The pieces that stand before the text."""
        known = language if language in self._questions else next(iter(self._questions))
        return self._pieces[known, category]


@dataclass(frozen=True, slots=True)
class QuestionReader:
    """Answers the questions of all categories about texts of any length."""

    model: Any  # a transformers token-classification model with the outputs LABELS
    splitter: Splitter
    categories: tuple[str, ...]
    asked: AskedPieces
    stride: int
    batch_size: int = 16

    def __call__(self, texts: Sequence[str], languages: Sequence[str]) -> list[list[TaggedSpan]]:
        """The entities of each text."""
        import numpy as np

        pieces = self.splitter(texts)
        stride = min(self.stride, self.asked.room - 1)
        ranges = [windows(len(text.ids), size=self.asked.room, stride=stride) for text in pieces]
        rows, heads = [], []
        for text, language, found in zip(pieces, languages, ranges, strict=True):
            for category in self.categories:
                before = self.asked(category, language)
                heads += [len(before)] * len(found)
                rows += [np.concatenate([before, text.ids[start:end]]) for start, end in found]
        logits = logits_of(self.model, self.splitter, rows, batch_size=self.batch_size)
        answers = iter([answer[head:] for answer, head in zip(logits, heads, strict=True)])
        spans: list[list[TaggedSpan]] = []
        for text, found in zip(pieces, ranges, strict=True):
            spans.append([])
            for category in self.categories:
                spans[-1] += self._answer(text, category, found, [next(answers) for _ in found]) if found else []
        return spans

    def _answer(
        self,
        text: Pieces,
        category: str,
        found: list[tuple[int, int]],
        logits: list[NDArray[np.float32]],
    ) -> list[TaggedSpan]:
        import numpy as np

        scores = [outputs - np.logaddexp.reduce(outputs, axis=1, keepdims=True) for outputs in logits]
        return answer_spans(text, merged(len(text.ids), found, scores), category)


def check_room(room: int, window: int, longest: int) -> None:
    """Raises UsageError where questions of so many word pieces leave less than half of the window for the text."""
    if room < window // 2:
        raise UsageError(
            f"expected questions that leave half of the window of {window} word pieces for the text, the longest "
            f"takes {longest}: shorten it in training.questions, or widen training.window"
        )


def answer_spans(text: Pieces, scores: NDArray[np.float32], category: str) -> list[TaggedSpan]:
    """The answers in a text, by the log-probabilities of the labels of its pieces, shape (pieces, LABELS)."""
    import numpy as np

    words = by_word(text, scores)
    path = best_path(words, allowed(LABELS))
    sure = np.exp(words[np.arange(len(path)), path]).clip(0, 1)
    return read_spans(text.text, text.words, answer_labels(category, path), sure.tolist())


def answer_labels(category: str, numbers: Sequence[int] | NDArray[np.int64]) -> list[str]:
    """The labels with the category's name in the place of the answer's."""
    return [OUTSIDE if not number else f"{LABELS[number][0]}-{category}" for number in numbers]
