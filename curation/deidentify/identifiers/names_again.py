"""Names that a text has shown, wherever they stand again in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.deidentify.identifiers.name_lexicon import TOKEN, NameLexicon, lexicon

#: What a classification by a surname says (Weber C).
TYPE = re.compile("[A-F]|I{1,3}|IV")
#: Before a word within a sentence. Umlauts as they are written where there are none.
WITHIN = re.compile(r"[a-zäöüß0-9,;)][ ]\Z")
WRITTEN_OUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
#: A shorter word that ends in s is more often another one than a name's genitive.
GENITIVE = 5
#: How sure such a name is.
AGAIN = 0.65


def name_words(text: str, found: Iterable[Identifier], language: str) -> frozenset[str]:
    """The words, in small letters, of which the names of a text consist, umlauts also written out.

    Without those that always mean something else too.
    """
    words = lexicon(language)
    names = {
        part.group().lower()
        for identifier in found
        if identifier.kind is IdentifierKind.NAME
        for part in TOKEN.finditer(text, *identifier.span)
        if len(part.group()) > 2 and part.group()[0].isupper()
    } - (words.homographs | words.never)
    return frozenset(names | {name.translate(WRITTEN_OUT_UMLAUTS) for name in names})


def find_again(text: str, names: Collection[str], language: str) -> list[Identifier]:
    """Where words stand, with a capital, that are known to be names."""
    words = lexicon(language)
    if not names:
        return []
    return [
        Identifier(token.start(), token.end() - ending, IdentifierKind.NAME, AGAIN)
        for token in TOKEN.finditer(text)
        if token.group()[0].isupper()
        and (ending := _ending(token.group().lower(), names)) is not None
        and not (
            token.group().lower() in words.beginnings
            and not WITHIN.search(text, max(0, token.start() - 3), token.start())
        )
        and not is_eponym(text, token.end(), words, token.start())
    ]


def _ending(word: str, names: Collection[str]) -> int | None:
    """How many letters follow the name in a word: 0, or 1 in a genitive ("Lindemanns Tochter"); None for no name."""
    if word in names:
        return 0
    return 1 if word[-1] == "s" and word[:-1] in names and len(word) > GENITIVE else None


def is_eponym(text: str, end: int, words: NameLexicon, start: int = 0) -> bool:
    """Whether a surname stands for a disease, a sign or a device."""
    following = re.match(r"(?:['’]s)?[ -]([^\W\d_]+)", text[end : end + 30])
    if following and TYPE.fullmatch(following[1]):
        return True
    preceding = re.search(r"([^\W\d_]+\.?)[ ]$", text[max(0, start - 12) : start])
    return bool(
        (following and following[1].lower().startswith(words.eponym_after))
        or (preceding and preceding[1].lower() in words.eponym_before)
    )
