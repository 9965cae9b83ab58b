"""Patterns over kinds of words, compiled to regular expressions over one character a word.

A cascade of finite-state steps (FASTUS: Hobbs et al. 1997): words get kinds, kinds are matched.
A pattern is written with the names of kinds and the signs of regular expressions; what stands in
square brackets is the entity, and the rest its surroundings:

    severity* symptom (prep? site)*          cue_diagnosis det? [ content{1,6} ]

Eighty such patterns run over a case report in a millisecond; the same as spaCy matcher patterns
with sets of tags took twenty times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from curation.errors import ConfigError
from curation.timed_pattern import TimedPattern

#: Characters of the private use area stand for kinds.
FIRST = 0xE000

PIECE = re.compile(r"(?P<name>[a-z][a-z_0-9]*)|(?P<sign>\{\d*,?\d*\}|[?*+|()^]|\[|\])|(?P<blank>\s+)")


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One character for each kind, and groups of kinds under a name."""

    signs: Mapping[str, str]
    groups: Mapping[str, str]

    @classmethod
    def of(cls, kinds: Sequence[str], groups: Mapping[str, str]) -> Alphabet:
        """The alphabet of these kinds; a group is a pattern of its own, of kinds and earlier groups."""
        return cls({kind: chr(FIRST + index) for index, kind in enumerate(kinds)}, dict(groups))

    def spell(self, kinds: Sequence[str]) -> str:
        """A sequence of kinds as a string of the same length."""
        signs = self.signs
        return "".join([signs[kind] for kind in kinds])

    def compile(self, pattern: str, *, name: str, timed: bool = False) -> re.Pattern[str] | TimedPattern:
        """The regular expression of a pattern; ConfigError where it names what is not there.

        timed: with a limit of time on each text, for patterns of a user.
        """
        found = self._translate(pattern, name=name, within=())
        try:
            return TimedPattern(found, name=name) if timed else re.compile(found)
        except (re.error, ConfigError) as error:
            raise ConfigError(f"pattern {name}: expected a balanced expression, got {pattern!r} ({error})") from error

    def _translate(self, pattern: str, *, name: str, within: tuple[str, ...]) -> str:
        return "".join(self._piece(piece, name=name, within=within) for piece in _pieces(pattern, name=name))

    def _piece(self, piece: re.Match[str], *, name: str, within: tuple[str, ...]) -> str:
        if piece["blank"]:
            return ""
        if sign := piece["sign"]:
            return {"(": "(?:", "[": "(?P<entity>", "]": ")", "^": self._start()}.get(sign, sign)
        kind = piece["name"]
        if kind in self.signs:
            return self.signs[kind]
        if kind in self.groups and kind not in within:
            inner = self._translate(self.groups[kind], name=name, within=(*within, kind))
            return f"(?:{inner})"
        if kind == "any":
            return f"[^{self.signs['break']}{self.signs['stop']}]"
        raise ConfigError(
            f"pattern {name}: expected kinds of the lexicon or groups, got {kind!r}; known are "
            f"{', '.join(sorted({*self.signs, *self.groups}))}"
        )

    def _start(self) -> str:
        return f"(?:^|(?<={self.signs['break']}))"


def _pieces(pattern: str, *, name: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(pattern):
        piece = PIECE.match(pattern, at)
        if piece is None:
            raise ConfigError(f"pattern {name}: expected names of kinds and ( ) [ ] ? * + |, got {pattern[at]!r}")
        yield piece
        at = piece.end()


def matches(expression: re.Pattern[str] | TimedPattern, spelled: str) -> Iterator[tuple[int, int]]:
    """Start and end of what a pattern marks, by words."""
    marked = "entity" if "entity" in expression.groupindex else 0
    for found in expression.finditer(spelled):
        start, end = found.span(marked)
        if end > start:
            yield start, end
