"""A text as words and sentences with exact offsets: the one tokenizer, and the one module that imports spaCy.

Blank pipelines are enough: nothing here needs a model that would have to be downloaded. spaCy is loaded with the first
text, so that commands which read none start at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from curation.errors import MissingExtraError
from curation.text.bounded_tokenizer import without_long_runs
from curation.text.folding import Folded, compose
from curation.text.sentence_starts import SentenceGrammar, sentence_grammar, sentence_starts
from curation.timed_pattern import TimedPattern

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: Longest text in code points; spaCy's own limit is meant for parsers, which are not used.
LONGEST = 1 << 30

#: Strings that a pipeline may have seen before it is built anew, so that memory stays flat.
VOCABULARY_LIMIT = 200_000

#: Signs that part words: hyphens and dashes anywhere, a slash unless between digits, comparisons.
INFIXES = (
    r"(?<=\w)[-\u2010-\u2015](?=\w)",
    r"(?<=[^\W\d_])[/+](?=\w)",
    r"(?<=\d)/(?=[^\W\d_])",
    r"(?<=\w)[<>=≤≥±×~*,;:()\[\]](?=\w)(?<!\d[.,:](?=\d))",
    r"(?<=[^\W\d_])[,;:](?=[^\W\d_])",
    r"(?<=[a-zäöüß])\.(?=[A-ZÄÖÜ])",
    r"(?<=[^\W\d_]{3})\.(?=[^\W\d_]{3})",
    r"(?<=\d)(?=(?:[µμm]?[gl]|mcg|mmol|µmol|mm[hH][gG]|[mck]m|kg|bpm|ng|IU|U|IE|°C|°|h|x|y|yo|mSv|Gy)\b)",
)
PREFIXES = ("[<>=≤≥±~+*•·-]",)
#: Full stops that are no part of what stands before them: units (g/dL, mL), fractions, decimals; a year.
SUFFIXES = (
    "[<>=≤≥±~+*%‰-]",
    *(rf"(?<={unit})\." for unit in (r"/[^\W\d_]", r"/[^\W\d_]{2}", r"[mdµμ]L")),
    *(rf"(?<={number})\." for number in (r"\d\d\d", r"/\d\d", r",\d", r",\d\d")),
)

#: Where the pipeline leaves what it has read already, as walking over spaCy's tokens is slow.
TOKENS, STARTS = "clinical_tokens", "clinical_sentence_starts"

#: -1 as spaCy keeps it.
NOT_A_START = 2**64 - 1

LETTER_STOP = re.compile(r"[a-zäöüß]\.")

#: What no tokenizer can encode.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text (no white space), in code points, and its sentences as ranges of words.

    Forms have composed letters and nothing invisible; offsets are those of the text as it is.
    """

    text: str
    forms: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    sentences: Sequence[tuple[int, int]]
    doc: Any
    letters: Folded

    def __len__(self) -> int:
        return len(self.forms)

    def wording(self, first: int, after: int) -> str:
        """What stands from one word up to another (exclusive)."""
        return self.text[self.starts[first] : self.ends[after - 1]]


def read(text: str, language: str) -> Words:
    """The words and sentences of a text; languages without rules of their own are read generically."""
    letters = compose(text)
    doc = _pipeline(language)(LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", letters.text))
    _renew(language)
    return _words(doc, text, letters)


def _words(doc: Doc, text: str, letters: Folded) -> Words:
    forms: list[str] = []
    starts: list[int] = []
    sentences: list[tuple[int, int]] = []
    begun = at = 0
    tokens: Sequence[str] = doc.user_data[TOKENS]
    sentence_starts: frozenset[int] = doc.user_data[STARTS]
    spaced = doc.to_array("SPACY").tolist() if tokens else []
    for index, form in enumerate(tokens):
        if index in sentence_starts and len(forms) > begun:
            sentences.append((begun, len(forms)))
            begun = len(forms)
        if not form.isspace():
            forms.append(form)
            starts.append(at)
        at += len(form) + spaced[index]
    if len(forms) > begun:
        sentences.append((begun, len(forms)))
    ends = [start + len(form) for start, form in zip(starts, forms, strict=True)]
    if letters.text != text:
        spans = [letters.widened(*span) for span in zip(starts, ends, strict=True)]
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
    return Words(text, forms, starts, ends, sentences, doc, letters)


@lru_cache(maxsize=8)
def _pipeline(language: str) -> Language:
    """A blank pipeline of that language with clinical tokenisation and sentence boundaries."""
    try:
        import spacy
        from spacy.language import Language
    except ImportError as error:
        raise MissingExtraError("spacy", "annotate") from error
    try:
        nlp = spacy.blank(language)
    except ImportError:
        nlp = spacy.blank("xx")
    nlp.max_length = LONGEST
    grammar = sentence_grammar(language)
    _cut_clinically(nlp)
    _add_abbreviations(nlp, grammar.spellings)
    nlp.tokenizer = without_long_runs(nlp.tokenizer, nlp.vocab)
    Language.component(f"clinical_sentences_{language}", func=_sentence_marker(grammar))
    nlp.add_pipe(f"clinical_sentences_{language}")
    return nlp


def _renew(language: str) -> None:
    """Forget the pipelines once their vocabulary has grown too large."""
    if len(_pipeline(language).vocab.strings) > VOCABULARY_LIMIT:
        _pipeline.cache_clear()


def _cut_clinically(nlp: Language) -> None:
    from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

    tokenizer: Any = nlp.tokenizer
    prefixes = [*(nlp.Defaults.prefixes or ()), *PREFIXES]
    suffixes = [*(nlp.Defaults.suffixes or ()), *SUFFIXES]
    tokenizer.prefix_search = compile_prefix_regex(prefixes).search
    tokenizer.suffix_search = compile_suffix_regex(suffixes).search
    tokenizer.infix_finditer = compile_infix_regex(INFIXES).finditer
    tokenizer.url_match = None


def _add_abbreviations(nlp: Language, spellings: Sequence[str]) -> None:
    """Keeps the language's abbreviations in one piece in each usual spelling."""
    tokenizer: Any = nlp.tokenizer
    # spaCy knows each small letter with a full stop as an abbreviation: most are units at the end of a sentence (U/l.).
    if rules := getattr(tokenizer, "rules", None):  # Chinese has another tokenizer, without any
        tokenizer.rules = {form: rule for form, rule in rules.items() if not LETTER_STOP.fullmatch(form)}
    for spelling in spellings:
        for form in {spelling, spelling.lower(), spelling.capitalize(), spelling.upper()}:
            tokenizer.add_special_case(form, [{"ORTH": form}])


def _sentence_marker(grammar: SentenceGrammar) -> Callable[[Doc], Doc]:
    """A pipeline component that marks where sentences start."""
    import numpy as np

    def mark(doc: Doc) -> Doc:
        # Token by token it takes several times as long.
        forms = doc.vocab.strings
        tokens = [forms[orth] for orth in doc.to_array("ORTH").tolist()] if len(doc) else []
        starts = frozenset(sentence_starts(tokens, grammar))
        if tokens:
            # Token by token it would take time that grows with the square of the text.
            begins = [1 if index in starts or index == 0 else NOT_A_START for index in range(len(tokens))]
            doc.from_array(["SENT_START"], np.array(begins, dtype=np.uint64).reshape(-1, 1))
        doc.user_data[TOKENS], doc.user_data[STARTS] = tokens, starts
        return doc

    return mark


class TokenPatterns:
    """Patterns in spaCy's own form (lists of token descriptions) that pattern files may also hold."""

    def __init__(
        self, patterns: Mapping[str, Sequence[Mapping[str, Any]]], language: str, *, timed: bool = False
    ) -> None:
        """timed: regular expressions have a limit of time on each word, as those of users need."""
        self._patterns = {name: [_plain(token) for token in tokens] for name, tokens in patterns.items()}
        self._timed = timed
        self._language = language
        self._matcher: tuple[Any, Any] | None = None

    def __call__(self, words: Words) -> Iterator[tuple[str, int, int]]:
        """Name, start and end (code points) of the longest match of each pattern at each word."""
        matcher = self._for_vocabulary(words.doc.vocab)
        for key, first, after in matcher(words.doc):
            span = words.letters.widened(int(words.doc[first].idx), _end(words.doc[after - 1]))
            yield words.doc.vocab.strings[key], *span

    def _for_vocabulary(self, vocabulary: Any) -> Any:
        from spacy.matcher import Matcher

        if self._matcher is None or self._matcher[0] is not vocabulary:
            matcher = Matcher(vocabulary, validate=True)
            for name, tokens in self._patterns.items():
                matcher.add(name, [tokens], greedy="LONGEST")
                if self._timed:
                    _limit_time(matcher, name)
            self._matcher = (vocabulary, matcher)
        return self._matcher[1]


def _plain(token: Mapping[str, Any]) -> dict[str, Any]:
    """A token's description, with lists of regular expressions as one of them, which can have a limit of time."""
    found = dict(token)
    for attribute, value in token.items():
        listed = value.get("REGEX") if isinstance(value, dict) else None
        if isinstance(listed, dict) and len(listed) == 1 and {*listed} <= {"IN", "NOT_IN"}:
            (operator, several) = next(iter(listed.items()))
            each = "|".join(f"(?:{expression})" for expression in several)
            found[attribute] = {**value, "REGEX": each if operator == "IN" else rf"(?s)\A(?!.*(?:{each}))"}
    return found


def _limit_time(matcher: Any, name: str) -> None:
    """Puts patterns with a limit of time in place of those that spaCy has compiled for the latest pattern."""
    for predicate in matcher._extra_predicates:
        expression = getattr(predicate, "value", None)
        if isinstance(expression, re.Pattern):
            predicate.value = TimedPattern(expression.pattern, name=name)


def _end(token: Any) -> int:
    return int(token.idx) + len(token.text)
