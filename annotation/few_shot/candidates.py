"""Where in a text entities may stand: phrases and clauses between stop words, signs and lead-ins.

No part-of-speech model is needed: words of closed classes (articles, prepositions, auxiliaries, the
lead-ins of case reports) come from the lexicon, and what stands between them is a candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from annotation.rules.lexicon import Lexicon, Term, load_kinds
from curation.text.tokens import Words

#: Kinds of terms that part phrases.
SIGNS = frozenset({"stop", "comma", "open", "close", "colon", "dash", "break", "other"})
LINKS = frozenset({"prep_of", "prep_in", "prep_to", "prep_from", "prep_for", "det", "approx", "each"})
CONNECTIVES = frozenset({"conj", "prep_with", "slash", "plus"})
LEAD_INS = frozenset(
    {
        "be", "have", "negation", "content_stop", "show", "perform", "started", "cue_diagnosis",
        "cue_presented", "cue_history", "cue_known", "head_history", "head_comorbid", "head_other",
    }
)  # fmt: skip
#: Kinds that a phrase neither begins nor ends with.
EDGES = frozenset({"hyphen", "compare", "slash", "plus", "times"}) | LINKS | CONNECTIVES

#: Kinds of which each term is a candidate by itself, and parts what stands around it (age, sex, origin).
ALONE = frozenset({"man_word", "person", "origin", "old_word"})

#: No entity is this long (in terms); longer clauses are left out.
LONGEST_CLAUSE = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span of the text (code points) in one sentence that may be an entity."""

    start: int
    end: int
    sentence: int


def candidates(words: Words, language: str) -> list[Candidate]:
    """The candidates of a text in order, each span once: short phrases, phrases with their tails, clauses."""
    lexicon = lexicon_of(language)
    found: dict[tuple[int, int], Candidate] = {}
    for number, (first, after) in enumerate(words.sentences):
        terms = lexicon.terms_of(words, first, after)
        for begin, end in _ranges(terms):
            span = words.starts[terms[begin].first], words.ends[terms[end - 1].after - 1]
            found.setdefault(span, Candidate(*span, number))
    return [found[span] for span in sorted(found)]


def _ranges(terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Ranges of terms, from the finest cut to the coarsest."""
    kinds = [term.kind for term in terms]
    yield from ((index, index + 1) for index, kind in enumerate(kinds) if kind in ALONE)
    for parting in (
        SIGNS | LINKS | CONNECTIVES | LEAD_INS | ALONE,
        (SIGNS | CONNECTIVES | LEAD_INS) - {"slash", "plus"},
        (SIGNS - {"open", "close"}) | (LEAD_INS - {"be", "negation", "content_stop"}),
        SIGNS - {"comma", "open", "close", "colon"},
    ):
        for begin, end in _runs(kinds, parting):
            begin, end = _trimmed(kinds, begin, end)
            if begin < end and end - begin <= LONGEST_CLAUSE:
                yield begin, end


def _runs(kinds: Sequence[str], parting: frozenset[str]) -> Iterator[tuple[int, int]]:
    """The longest ranges without a parting kind."""
    begin = 0
    for index, kind in enumerate((*kinds, "break")):
        if kind in parting or kind == "break":
            if index > begin:
                yield begin, index
            begin = index + 1


def _trimmed(kinds: Sequence[str], begin: int, end: int) -> tuple[int, int]:
    """The range without edges that no entity has (articles, prepositions, hyphens)."""
    while begin < end and kinds[begin] in EDGES:
        begin += 1
    while begin < end and kinds[end - 1] in EDGES:
        end -= 1
    return begin, end


@lru_cache(maxsize=8)
def lexicon_of(language: str) -> Lexicon:
    """The shipped lexicon of a language; without one, only signs and numbers are distinguished."""
    return Lexicon(load_kinds(language), language)
