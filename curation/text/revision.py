"""A text that a person has corrected: what stayed of it, and where its spans stand now.

Compared word by word. What stayed keeps its very characters (line ends, Unicode form), whatever the page that it was
corrected on made of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Indel, Levenshtein

from curation.record import Alignment
from curation.text.alignment import NOT_FOUND, Aligned, align
from curation.text.folding import Span

#: A line end, a word with its combining marks, or one sign.
TOKEN = re.compile("\r\n|\\w[\\w\u0300-\u036f]*|.", re.DOTALL)
LINE_END = re.compile(r"\r\n|\r|\n")
#: How often a wording that was found in what stayed, where nobody had marked it, is looked for elsewhere.
TRIES = 5


@dataclass(frozen=True)
class Revision:
    """The text before and after; `places` says for each character of the one where it stands in the other, or -1."""

    before: str
    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, before: str, written: str) -> Revision:
        """What a person made of a text. White space around the whole, line ends and Unicode forms are no changes."""
        lead, body, end = _trimmed(before)
        old, new = TOKEN.findall(body), TOKEN.findall(written.strip())
        ends = Counter(LINE_END.findall(before))
        line_end = max(ends, key=lambda each: ends[each], default="\n")
        parts, places = [lead], list(range(len(lead)))
        length = len(lead)
        for step in Indel.opcodes([*map(_key, old)], [*map(_key, new)]):
            words = old[step.src_start : step.src_end]
            removed = len("".join(words))
            stays = step.tag == "equal"
            if not stays:
                words = [LINE_END.sub(line_end, word) for word in new[step.dest_start : step.dest_end]]
            parts += words
            size = len("".join(words))
            places += range(length, length + size) if stays else [-1] * removed
            length += size
        places += range(length, length + len(end))
        return cls(before, "".join([*parts, end]), tuple(places))

    @property
    def is_unchanged(self) -> bool:
        """Whether the person left it as it was."""
        return self.text == self.before

    def changes(self) -> list[tuple[str, str]]:
        """Each wording that was changed with what was written in its place, whole words, in order; "" for nothing."""
        old, new = (re.findall(r"\S+", text) for text in (self.before, self.text))
        return [
            (" ".join(old[step.src_start : step.src_end]), " ".join(new[step.dest_start : step.dest_end]))
            for step in Levenshtein.opcodes(old, new)
            if step.tag != "equal"
        ]

    def aligned(self, spans: Sequence[Span], *, taken: Sequence[Span] = ()) -> Aligned:
        """Where the fragments of a marked wording stand after the correction: where they stayed, else alike.

        taken: where it does not stand. Not found where a fragment of it is not.
        """
        found: list[Aligned] = []
        for span in spans:
            used = [*taken, *(place for each in found for place in each.spans)]
            found.append(self._stayed(span) or self._alike(span, used))
        places = tuple(place for each in found for place in each.spans)
        if not all(each.spans for each in found) or list(places) != sorted(places):
            return NOT_FOUND
        weakest = min(found, key=lambda each: each.score)
        return Aligned(places, weakest.alignment, weakest.score)

    def written_for(self, span: Span) -> Span:
        """Where the words stand that were written in the place of a span: between what stayed before and behind it."""
        before = next((place for place in reversed(self.places[: span[0]]) if place >= 0), -1)
        after = next((place for place in self.places[span[1] :] if place >= 0), len(self.text))
        return before + 1, max(before + 1, after)

    def _stayed(self, span: Span) -> Aligned | None:
        places = self.places[slice(*span)]
        if -1 in places or places[-1] - places[0] != len(places) - 1:
            return None
        return Aligned(((places[0], places[-1] + 1),), Alignment.EXACT, 1.0)

    def _alike(self, span: Span, taken: Sequence[Span]) -> Aligned:
        """A like wording in what was written, or in what was marked: what stayed and was not marked is none."""
        own = {place for place in self.places[slice(*span)] if place >= 0}
        before = next((place for place in reversed(self.places[: span[0]]) if place >= 0), -1)
        blocked = list(taken)
        for _ in range(TRIES):
            found = align(self.before[slice(*span)], self.text, hint=before + 1, taken=blocked)
            if not found.spans:
                break
            ((start, end),) = found.spans
            if any(place in own or place not in self._unwritten for place in range(start, end)):
                return found
            blocked.append((start, end))
        return NOT_FOUND

    @cached_property
    def _unwritten(self) -> frozenset[int]:
        """The characters of the text that stood in it before."""
        return frozenset(place for place in self.places if place >= 0)


def _key(token: str) -> str:
    """What two tokens have in common that a reader cannot tell apart."""
    return "\n" if LINE_END.fullmatch(token) else unicodedata.normalize("NFC", token)


def _trimmed(text: str) -> tuple[str, str, str]:
    """The white space before a text, the text, and that behind it."""
    body = text.strip()
    start = text.index(body) if body else len(text)
    return text[:start], body, text[start + len(body) :]
