"""A text as an encoder reads it: word pieces, and the words that they belong to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Unicode categories that never begin a word of their own: combining marks, joiners, skin tones.
ATTACHED = {"Mn", "Mc", "Me", "Cf", "Sk"}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The word pieces of one text, without the tokenizer's special ones."""

    text: str
    ids: NDArray[np.int64]  # one a piece
    word_of: NDArray[np.int64]  # one a piece: the index of its word
    words: tuple[Span, ...]  # end-exclusive code points


class Splitter:
    """Splits texts with a tokenizer file (`tokenizer.json`), without cutting them."""

    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        if not file.is_file():
            raise UsageError(f"expected a fast tokenizer's file at {file}, found none")
        self.file = file
        self._tokenizer: Any = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()  # the packaged file cuts after 128 pieces without a word
        self._tokenizer.no_padding()
        self.before, self.after = self._special()
        self.padding_id = self._id("[PAD]", "<pad>")
        self.mask_id = self._id("[MASK]", "<mask>", "[UNK]", "<unk>")

    def _id(self, *names: str) -> int:
        """The id of the first of these special pieces that the tokenizer has; 0 when it has none."""
        found = (self._tokenizer.token_to_id(name) for name in names)
        return next((int(id) for id in found if id is not None), 0)

    def _special(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The special pieces that the tokenizer puts before and after a text."""
        plain = self._tokenizer.encode("a", add_special_tokens=False).ids
        whole = self._tokenizer.encode("a").ids
        first = whole.index(plain[0])
        return tuple(whole[:first]), tuple(whole[first + len(plain) :])

    def __call__(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of each text."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [_pieces(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]


def _pieces(text: str, encoding: Any) -> Pieces:
    import numpy as np

    words: list[Span] = []
    word_of: list[int] = []
    previous: int | None = None
    for word, offsets in zip(encoding.word_ids, encoding.offsets, strict=True):
        start, end = _without_blanks(text, *offsets)
        if words and (word is not None and word == previous):
            words[-1] = (words[-1][0], max(end, words[-1][1]))
        else:
            words.append((start, end))
        previous = word
        word_of.append(len(words) - 1)
    return Pieces(
        text=text,
        ids=np.array(encoding.ids, dtype=np.int64),
        word_of=np.array(word_of, dtype=np.int64),
        words=tuple(_with_marks(text, words)),
    )


def _without_blanks(text: str, start: int, end: int) -> Span:
    """A piece's span without the blanks that byte-level tokenizers count to it."""
    wording = text[start:end]
    left = len(wording) - len(wording.lstrip())
    return (start + left, start + len(wording.rstrip())) if wording.strip() else (start, end)


def _with_marks(text: str, words: Sequence[Span]) -> Iterable[Span]:
    """The words with the marks after them that the tokenizer's folding has dropped."""
    borders = [*(start for start, _ in words[1:]), len(text)] if words else []
    for (start, end), following in zip(words, borders, strict=True):
        while end < following and unicodedata.category(text[end]) in ATTACHED:
            end += 1
        yield start, end
