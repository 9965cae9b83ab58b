"""ROUGE-1, -2, -L and -Lsum (Lin 2004) under a named profile, the figures of Google's `rouge-score`.

What counts as a word decides the figure, so that it is only comparable under the same profile:

- `snowball-v1`: whole words and whole numbers in any script (`words.py`), endings cut by the Snowball stemmer of
  the record's language;
- `unicode-v1`: words by Unicode's rules (UAX 29) after NFKC and case folding, not stemmed;
- `rouge-score`: the original: runs of a-z and 0-9, stemmed by Porter's rules; it cuts words at umlauts and is meant
  for English.

Computed by `rouge-score-rs` where it is installed, else by `rouge-score`, with the same figures; `unicode-v1` needs the
first of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from curation.errors import MissingExtraError
from curation.scoring.words import WordTokenizer
from curation.settings import RougeProfile

ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")
FAST, ORIGINAL_LIBRARY = "rouge_score_rs", "rouge_score"
#: What the extra of the fast library is called.
EXTRA = "scores"


def rouge_library(*, prefer: str = FAST) -> str:
    """The module that counts: the fast one where it is installed, else the original."""
    found = next((name for name in dict.fromkeys((prefer, FAST, ORIGINAL_LIBRARY)) if find_spec(name)), None)
    if found is None:
        raise MissingExtraError("rouge-score", "train")
    return found


def rouge_profiles() -> tuple[RougeProfile, ...]:
    """The profiles that what is installed can measure."""
    return tuple(profile for profile in RougeProfile if profile is not RougeProfile.UNICODE or rouge_library() == FAST)


class RougeScorer:
    """F-measures of pairs of texts of one language under one profile.

    library: the module that counts. Raises MissingExtraError where the profile needs one that is not installed.
    """

    def __init__(
        self, language: str, profile: RougeProfile = RougeProfile.SNOWBALL, *, library: str | None = None
    ) -> None:
        self.profile = profile
        self.library = library or rouge_library()
        if profile is RougeProfile.UNICODE and self.library != FAST:
            raise MissingExtraError("rouge-score-rs", EXTRA)
        self._scorer, self._tokens = _scorer(self.library, profile, language)

    @cached_property
    def signature(self) -> str:
        """What a figure has to be given with: the profile, and the library with its version."""
        return f"{self.profile.value}, {self.library.replace('_', '-')} {version(self.library.replace('_', '-'))}"

    def words(self, text: str) -> Sequence[str]:
        """The words of a text as they are compared."""
        found: list[str] = self._tokens(text)
        return found

    def score(self, gold: str, predicted: str) -> dict[str, float]:
        """The F-measure of each of ROUGE; for Lsum, each line of a text is a sentence."""
        return _measures(self._scorer.score(gold, predicted))

    def scores(self, golds: Sequence[str], predictions: Sequence[str]) -> list[dict[str, float]]:
        """`score` of many pairs, on all cores where the library can."""
        if self.library == FAST:
            return [_measures(found) for found in self._scorer.score_batch(list(golds), list(predictions))]
        return [self.score(gold, predicted) for gold, predicted in zip(golds, predictions, strict=True)]


def _measures(found: Any) -> dict[str, float]:
    return {name: float(found[name].fmeasure) for name in ROUGE}


@lru_cache(maxsize=32)
def _scorer(library: str, profile: RougeProfile, language: str) -> tuple[Any, Any]:
    """The library's scorer, and what makes words of a text."""
    if library == FAST:
        from rouge_score_rs import tokenizers
        from rouge_score_rs.rouge_scorer import RougeScorer as Library
    else:
        from rouge_score import tokenizers
        from rouge_score.rouge_scorer import RougeScorer as Library
    makers: dict[RougeProfile, Any] = {
        RougeProfile.SNOWBALL: lambda: WordTokenizer(language),
        RougeProfile.UNICODE: lambda: tokenizers.UnicodeTokenizer(),
        RougeProfile.ORIGINAL: lambda: tokenizers.DefaultTokenizer(True),
    }
    made = makers[profile]()
    scorer: Any = Library
    return scorer(list(ROUGE), tokenizer=made), made.tokenize
