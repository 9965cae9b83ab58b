"""What a model calls the languages, how it is told them, and which directions it translates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from curation.errors import NAMED, UsageError
from curation.text.word_lists import read_word_list

FILE = Path(__file__).parent / "languages.yaml"


class TargetSaid(StrEnum):
    """Where a model is told the language of the translation."""

    IN_TEXT = "before the text"
    FIRST = "as the first token of the translation"
    START = "as the token from which the translation starts"


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """Models whose tokens of languages look alike.

    token: a pattern of such a token, with {short} for ISO 639-1, {three} for ISO 639-3, {long} for both it and the
    script.
    is_one_way: whether there are models without such tokens, for one direction.
    """

    token: str
    said: TargetSaid
    is_one_way: bool = False

    def tokens_of(self, vocabulary: Iterable[str]) -> frozenset[str]:
        """The tokens of languages in a vocabulary."""
        pattern = re.compile(self.token.format(short=r"[a-z]{2,3}", three="[a-z]{3}", long="[a-z]{3}_[A-Z][a-z]{3}"))
        return frozenset(token for token in vocabulary if pattern.fullmatch(token))


#: By the class of their tokenizer.
FAMILIES: Mapping[str, ModelFamily] = {
    "MarianTokenizer": ModelFamily(r">>(?:{short}|{three}(?:_[A-Z]\w+)?)<<", TargetSaid.IN_TEXT, is_one_way=True),
    "M2M100Tokenizer": ModelFamily("__{short}__", TargetSaid.FIRST),
    "NllbTokenizer": ModelFamily("{long}", TargetSaid.FIRST),
    "MBart50Tokenizer": ModelFamily("{short}_[A-Z]{{2}}", TargetSaid.FIRST),
    "MBartTokenizer": ModelFamily("{short}_[A-Z]{{2}}", TargetSaid.START),
}


@dataclass(frozen=True, slots=True)
class ModelLanguages:
    """The languages of a model: its tokens for them, and those that a tokenizer for one direction names."""

    name: str
    family: ModelFamily
    tokens: frozenset[str]
    said_source: str | None = None
    said_target: str | None = None

    def direction(
        self, source: str, target: str, *, directions: Collection[str], codes: Mapping[str, str]
    ) -> tuple[str, str]:
        """The model's tokens for both languages, empty where it needs none.

        Raises UsageError where it does not translate in this direction, or does not say.
        """
        if source == target:
            raise UsageError(f"expected two languages, got {source} twice")
        if directions and f"{source}-{target}" not in directions:
            raise UsageError(
                f"translator {self.name}: expected one of its directions {', '.join(directions)}, got {source}-{target}"
            )
        if self.family.is_one_way:
            self._check_said(source, target, sure=bool(directions))
            return "", self._token(target, codes) if self._is_multilingual else ""
        return self._token(source, codes), self._token(target, codes)

    @property
    def _is_multilingual(self) -> bool:
        return bool(self.tokens)

    def _check_said(self, source: str, target: str, *, sure: bool) -> None:
        """Raises UsageError where the tokenizer names other languages, or none and the settings neither."""
        sides = (
            [(source, self.said_source)]
            if self._is_multilingual
            else [
                (source, self.said_source),
                (target, self.said_target),
            ]
        )
        for asked, said in sides:
            if sure or _means(said, asked):
                continue
            if said is None or _short(said) is None:
                raise UsageError(
                    f'translator {self.name}: expected directions in its settings, such as ["{source}-{target}"], got '
                    "none; the model does not say which languages it is for"
                )
            raise UsageError(f"translator {self.name}: expected a model for {asked}, got one for {said}")

    def _token(self, language: str, codes: Mapping[str, str]) -> str:
        named = codes.get(language)
        if named is not None:
            found = [token for token in (named, f"__{named}__", f">>{named}<<") if token in self.tokens]
        else:
            found = [token for token in self.tokens if re.fullmatch(self._pattern(language), token)]
        if len(found) == 1:
            return found[0]
        several = "one of " + ", ".join(sorted(found)) if found else "a language that it knows"
        raise UsageError(
            f"translator {self.name}: expected {several} for {named or language}, set "
            f'codes = {{ {language} = "..." }}; it knows '
            f"{', '.join(sorted(self.tokens)[:NAMED])}{' and more' if len(self.tokens) > NAMED else ''}"
        )

    def _pattern(self, language: str) -> str:
        long = language_codes().get(language, "")
        # What is not known matches nothing.
        return self.family.token.format(
            short=re.escape(language), three=re.escape(long[:3]) or "(?!)", long=re.escape(long) or "(?!)"
        )


@cache
def language_codes() -> Mapping[str, str]:
    """What NLLB calls the languages, by ISO 639-1."""
    return read_word_list(FILE, dict[str, str])


def _short(code: str) -> str | None:
    """The ISO 639-1 code of a language by any of its codes; None for one that is not known, or a group."""
    return next((short for short, long in language_codes().items() if code in (short, long, long[:3])), None)


def _means(said: str | None, asked: str) -> bool:
    return said is not None and (said == asked or _short(said) == asked)
