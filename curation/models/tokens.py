"""How many tokens a text has: by the model's tokenizer, else an estimate that says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curation.errors import ConfigError, MissingExtraError
from curation.models.contract import Message

#: Tokens that the frame of a message takes: its role and its marks.
FRAME = 4
#: A word with the blank before it, up to three digits, another sign, or further blanks.
_PIECE = re.compile(r" ?[^\W\d_]+|\d{1,3}|\s+|[^\w\s]|_")
#: Letters of a word that make a token more: English words are mostly one token, German ones are longer and more.
LETTERS = 6


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of tokens, and whether the model's own tokenizer has counted them."""

    tokens: int
    is_exact: bool


def count_tokens(messages: Iterable[Message], tokenizer: Path | None = None) -> TokenCount:
    """The tokens of a conversation; the frame around each message is an estimate in any case."""
    count: Callable[[str], int] = _counter(tokenizer) if tokenizer else estimated_tokens
    return TokenCount(sum(count(message.content) + FRAME for message in messages), tokenizer is not None)


def estimated_tokens(text: str) -> int:
    """About as many as the tokenizers of large models count."""
    return sum(_estimate(piece) for piece in _PIECE.findall(text))


def _estimate(piece: str) -> int:
    letters = piece.strip()
    if not letters or not letters[0].isalpha():
        return 1
    # Chinese, Japanese and Korean signs are a token each.
    return len(letters) if letters[0] >= "\u2e80" else 1 + (len(letters) - 1) // LETTERS


@lru_cache(maxsize=4)
def _counter(path: Path) -> Callable[[str], int]:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtraError("tokenizers", "annotate") from error
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises plain Exception
        raise ConfigError(f"expected a tokenizer.json at {file}, got what is none") from error
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
