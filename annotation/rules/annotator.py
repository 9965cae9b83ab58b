"""Annotation by rules: patterns over kinds of words, then assertion by context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from annotation.rules.assertion import assert_words
from annotation.rules.context import context_digest
from annotation.rules.grammar import Alphabet, matches
from annotation.rules.lexicon import Lexicon, Term, load_kinds
from annotation.rules.patterns import AssertionTurn, PatternFile, load_patterns
from annotation.settings import RulesSettings
from curation.author import AuthorKind, author_name, layer_name
from curation.record import Entity, Fragment, Layer, digest
from curation.scheme import Scheme
from curation.stage import Item, Result
from curation.text.folding import Folded, compose
from curation.text.tokens import TokenPatterns, Words, read
from curation.text.word_lists import word_lists_digest

#: Raised when the same patterns give other results than before.
VERSION = 3

#: Kinds of headings begin so; a section goes up to the next heading.
HEADING = "head_"


@dataclass(frozen=True, slots=True)
class Found:
    """A span of the text that a pattern marks."""

    start: int
    end: int
    category: str
    pattern: str
    score: float


class LanguageRules:
    """The rules of one language, compiled for the categories of a scheme."""

    def __init__(
        self, file: PatternFile, language: str, *, categories: Sequence[str], threshold: float, own: bool = False
    ) -> None:
        """own: the file is the user's, so each of its patterns has a limit of time on each text."""
        self.language = language
        shipped = load_kinds(language)
        self.lexicon = Lexicon(
            file.kinds | {name: shipped[name] for name in shipped if name not in file.kinds},
            language,
            own=file.kinds if own else (),
        )
        self._alphabet = Alphabet.of(self.lexicon.names, file.groups)
        self._once = {name for name, category in file.categories.items() if category.once}
        chosen = [
            (name, pattern)
            for name in categories
            if name in file.categories
            for pattern in file.categories[name].patterns
            if pattern.score >= threshold
        ]
        self._compiled = [
            (self._alphabet.compile(pattern.match, name=f"{name}/{pattern.id}", timed=own), name, pattern)
            for name, pattern in chosen
            if pattern.match is not None
        ]
        self._by_tokens = {f"{name}/{pattern.id}": (name, pattern) for name, pattern in chosen if pattern.tokens}
        self._tokens = TokenPatterns(
            {key: pattern.tokens or () for key, (_, pattern) in self._by_tokens.items()}, language, timed=own
        )
        self._turns = [turn for turn in file.turns if {*turn.becomes.values()} <= {*categories}]
        self.digest = digest(
            [file.model_dump(mode="json"), self.lexicon.digest, context_digest(language), list(categories)]
        )

    def entities(self, text: str) -> tuple[Entity, ...]:
        """Everything the rules mark in a text, in order, without overlaps, with its assertion.

        They read composed letters and nothing invisible; offsets and wordings are those of the text as it is.
        """
        letters = compose(text)
        entities = self._marked(letters.text)
        return entities if letters.text == text else tuple(_in_original(entity, text, letters) for entity in entities)

    def _marked(self, text: str) -> tuple[Entity, ...]:
        words = read(text, self.language)
        if not words:
            return ()
        terms = [self.lexicon.terms_of(words, first, after) for first, after in words.sentences]
        found = [*self._by_kinds(words, terms), *self._by_spacy(words)]
        marked = self._turned(words, terms, self._first_only(longest(found)))
        return assert_words(words, self.language, tuple(_entity(text, *pair) for pair in enumerate(marked, 1)))

    def _by_kinds(self, words: Words, terms: Sequence[Sequence[Term]]) -> Iterator[Found]:
        spelled, spelled_terms = self._spell(terms)
        for expression, category, pattern in self._compiled:
            for first, after in matches(expression, spelled):
                start, end = words.starts[spelled_terms[first].first], words.ends[spelled_terms[after - 1].after - 1]
                yield Found(start, end, category, pattern.id, pattern.score)

    def _spell(self, terms: Sequence[Sequence[Term]]) -> tuple[str, list[Term]]:
        """One character a term and a break after each sentence; and the term that each character stands for."""
        spelled_terms = [
            term
            for sentence in terms
            for term in (*sentence, Term("break", sentence[-1].after - 1, sentence[-1].after))
        ]
        return self._alphabet.spell([term.kind for term in spelled_terms]), spelled_terms

    def _by_spacy(self, words: Words) -> Iterator[Found]:
        for key, start, end in self._tokens(words) if self._by_tokens else ():
            category, pattern = self._by_tokens[key]
            yield Found(start, end, category, pattern.id, pattern.score)

    def _first_only(self, found: Sequence[Found]) -> Iterator[Found]:
        seen: set[str] = set()
        for match in found:
            if match.category not in seen or match.category not in self._once:
                seen.add(match.category)
                yield match

    def _turned(self, words: Words, terms: Sequence[Sequence[Term]], found: Iterable[Found]) -> Iterator[Found]:
        """The same with the categories that sections and cues give them."""
        turns = [
            (words.starts[first], words.ends[after - 1], turn.becomes)
            for turn in self._turns
            for first, after in _reach(turn, terms)
        ]
        for match in found:
            category = match.category
            for start, end, becomes in turns:
                if start <= match.start < end:
                    category = becomes.get(category, category)
            yield replace(match, category=category)

    def __repr__(self) -> str:
        return f"LanguageRules({self.language}, {len(self._compiled)} patterns)"


def _reach(turn: AssertionTurn, terms: Sequence[Sequence[Term]]) -> Iterator[tuple[int, int]]:
    """The words that a turn's cues reach: up to the end of the sentence, or to the next heading."""
    for number, sentence in enumerate(terms):
        index = next((index for index, term in enumerate(sentence) if term.kind == turn.cue), None)
        if index is None:
            continue
        if turn.scope == "section":
            yield sentence[index].first, _section_end(sentence, terms[number + 1 :])
        else:
            rest = (term.first for term in sentence[index:] if term.kind in turn.until)
            yield sentence[index].first, next(rest, sentence[-1].after)


def _section_end(sentence: Sequence[Term], following: Iterable[Sequence[Term]]) -> int:
    """The word after the last sentence before one that begins with a heading."""
    end = sentence[-1].after
    for later in following:
        if later[0].kind.startswith(HEADING):
            break
        end = later[-1].after
    return end


def longest(found: Sequence[Found]) -> list[Found]:
    """Those that stay when of each overlap the longest stays, then the surest, then the first; in order."""
    taken: list[Found] = []
    covered: set[int] = set()
    for match in sorted(found, key=lambda match: (match.start - match.end, -match.score, match.start, match.category)):
        if not covered.intersection(range(match.start, match.end)):
            covered.update(range(match.start, match.end))
            taken.append(match)
    return sorted(taken, key=lambda match: match.start)


def _entity(text: str, number: int, found: Found) -> Entity:
    return Entity.at(
        text,
        found.start,
        found.end,
        found.category,
        id=f"T{number}",
        attributes={"pattern": found.pattern},
        score=found.score,
    )


def _in_original(entity: Entity, text: str, letters: Folded) -> Entity:
    """An entity of the composed text at its offsets in the original."""
    start, end = letters.widened(entity.start, entity.end)
    return entity.model_copy(update={"fragments": (Fragment(start=start, end=end),), "text": text[start:end]})


class RulesAnnotator:
    """The stage that writes the rules' layer; a language without patterns gets an empty one."""

    kind = AuthorKind.RULES
    reads: Sequence[str] = ()
    #: It may run in several processes.
    can_go_apart = True

    def __init__(self, scheme: Scheme, settings: RulesSettings | None = None, *, layer: str = layer_name(kind)) -> None:
        self._scheme = scheme
        self._settings = settings or RulesSettings()
        self._layer = layer
        # One stage per layer: results for one layer do not stand for another's.
        self.name = f"annotate:{layer}"
        self._rules: dict[str, LanguageRules | None] = {}

    def load(self, languages: Sequence[str]) -> None:
        """Read and compile the patterns of these languages. Raises ConfigError where they do not fit."""
        for language in languages:
            if rules := self._for(language):
                rules.entities("Some words.")  # spaCy reads its patterns at first use

    def __getstate__(self) -> dict[str, object]:
        """Without the compiled rules: each process compiles its own."""
        return {**self.__dict__, "_rules": {}}

    def unserved(self, language: str) -> tuple[str, ...]:
        """The categories and document labels of the scheme that no pattern of a language marks."""
        file = load_patterns(language, folder=self._settings.patterns)
        turned = {name for turn in file.turns for name in turn.becomes.values()} if file else set()
        served = {name for name, category in file.categories.items() if category.patterns} | turned if file else set()
        # No pattern gives a label to a whole text.
        return tuple(name for name in self._scheme.flat_keys if name not in served or name not in self._scheme.by_name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of patterns, lexicon, the lists that sentences are read by, scheme and settings."""
        languages = {language: self._provenance(language) for language in self._scheme.languages}
        settings = self._settings.model_dump(mode="json", exclude={"patterns"})
        return digest([self.name, VERSION, word_lists_digest(), languages, self._scheme.digest, settings, self._layer])

    def __call__(self, items: Sequence[Item]) -> Sequence[Result]:
        """One layer for each record."""
        return [Result(item.record.id, layers=(self._annotate(item),)) for item in items]

    def _annotate(self, item: Item) -> Layer:
        rules = self._for(item.record.language)
        return Layer(
            record_id=item.record.id,
            name=self._layer,
            author=author_name(self.kind, revision=VERSION),
            entities=rules.entities(item.record.text) if rules else (),
            provenance={"patterns": self._provenance(item.record.language), "scheme": self._scheme.digest},
        )

    def _provenance(self, language: str) -> str | None:
        rules = self._for(language)
        return rules.digest if rules else None

    def _for(self, language: str) -> LanguageRules | None:
        if language not in self._rules:
            file = load_patterns(language, folder=self._settings.patterns)
            settings, names = self._settings, self._scheme.names
            own = settings.patterns is not None
            self._rules[language] = (
                LanguageRules(file, language, categories=names, threshold=settings.threshold, own=own) if file else None
            )
        return self._rules[language]
