"""How close the flat view is: ROUGE-1/2/L a category, exact validity, and exact matches.

Unlike the study whose format the flat view is (Guluzade et al. 2025), an invention in a category
that gold leaves empty scores 0 instead of being skipped, and an answer that cannot be parsed
scores 0 in every category that gold has instead of being dropped. Where both sides say "N/A"
there is nothing to measure and the pair is left out, so that absence cannot inflate the mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from curation.record import Frozen
from curation.scheme import ABSENT, Scheme
from curation.scoring.flat_shape import Answer, ValueForm, facts, faults, shape
from curation.scoring.words import WordTokenizer
from curation.text.folding import compose

ROUGE = ("rouge1", "rouge2", "rougeL")

#: How faults are counted: the first of these that an answer has.
PROBLEMS = {
    "no answer": {ValueForm.NO_ANSWER},
    "not JSON": {ValueForm.NOT_JSON},
    "not an object": {ValueForm.NOT_OBJECT},
    "other keys": {ValueForm.MISSING, ValueForm.UNKNOWN, ValueForm.TWICE},
    "not all strings": {ValueForm.LIST, ValueForm.OTHER, ValueForm.EMPTY},
    "N/A beside facts": {ValueForm.ABSENT_BESIDE},
}


class FlatScore(Frozen):
    """Mean F-measures over the pairs in which gold or prediction has a fact; None without any.

    ROUGE-2 is not defined between two single words, and such a pair is left out of its mean.
    """

    rouge1: float | None
    rouge2: float | None
    rougeL: float | None  # noqa: N815 - the measure's name
    #: Share of the pairs whose facts are equal, whatever their order and case.
    exact: float | None
    pairs: int
    #: Pairs in which only the prediction has a fact.
    invented: int


class FlatScores(Frozen):
    """Scores of the flat view over the records of gold."""

    micro: FlatScore
    macro: FlatScore
    per_category: dict[str, FlatScore]
    #: Share of answers that are exactly valid, and what was wrong with the others, by kind.
    validity: float | None
    problems: dict[str, int]
    records: int

    def to_json(self) -> dict[str, Any]:
        """The scores as plain JSON."""
        return self.model_dump(mode="json")


def parse_flat(answer: Answer, scheme: Scheme) -> tuple[dict[str, str] | None, str | None]:
    """The flat view in an answer, or None with what is wrong with it.

    Valid is: one JSON object with exactly the scheme's categories and document labels as keys, all values non-empty
    strings, and "N/A" only on its own.
    """
    wrong = {fault.form for fault in faults(shape(answer), scheme)}
    if problem := next((problem for problem, forms in PROBLEMS.items() if wrong & forms), None):
        return None, problem
    view: dict[str, str] = json.loads(answer) if isinstance(answer, str) else dict(answer or {})  # type: ignore[arg-type]
    return view, None


def score_flat(
    gold: Mapping[str, Mapping[str, str]],
    predicted: Mapping[str, Answer],
    *,
    scheme: Scheme,
    languages: Mapping[str, str] | None = None,
) -> FlatScores:
    """Scores of predicted flat views by record id; ``languages`` chooses the stemmer (default English)."""
    pairs: dict[str, list[Pair]] = {name: [] for name in scheme.names}
    problems: dict[str, int] = {}
    scorers: dict[str, Scorer] = {}
    for record_id, expected in gold.items():
        view, problem = parse_flat(predicted.get(record_id), scheme)
        if problem:
            problems[problem] = problems.get(problem, 0) + 1
        language = (languages or {}).get(record_id, "en")
        scorer = scorers.setdefault(language, Scorer(language))
        for name in scheme.names:
            facts_of_gold, facts_of_view = expected.get(name, ABSENT), (view or {}).get(name, ABSENT)
            if (facts_of_gold, facts_of_view) != (ABSENT, ABSENT):
                pairs[name].append(scorer(facts_of_gold, facts_of_view))
    per_category = {name: _mean(found) for name, found in pairs.items() if found}
    return FlatScores(
        micro=_mean([pair for found in pairs.values() for pair in found]),
        macro=_macro(list(per_category.values())),
        per_category=per_category,
        validity=1 - sum(problems.values()) / len(gold) if gold else None,
        problems=problems,
        records=len(gold),
    )


#: ROUGE-1, ROUGE-2 (None between single words), ROUGE-L, exact match, invented.
Pair = tuple[float, float | None, float, bool, bool]


class Scorer:
    """Scores two fields of a language against each other."""

    def __init__(self, language: str) -> None:
        from rouge_score.rouge_scorer import RougeScorer

        self._tokenizer = WordTokenizer(language)
        self._rouge: Any = RougeScorer(list(ROUGE), tokenizer=self._tokenizer)

    def __call__(self, gold: str, predicted: str) -> Pair:
        single = all(side == ABSENT or len(self._tokenizer.tokenize(side)) < 2 for side in (gold, predicted))
        if ABSENT in (gold, predicted):
            return 0.0, None if single else 0.0, 0.0, False, gold == ABSENT
        scores = self._rouge.score(gold, predicted)
        first, second, longest = (float(scores[name].fmeasure) for name in ROUGE)
        return first, None if single else second, longest, _folded(gold) == _folded(predicted), False


def _folded(value: str) -> set[str]:
    return {" ".join(compose(fact).text.casefold().split()) for fact in facts(value)}


def _mean(pairs: list[Pair]) -> FlatScore:
    return FlatScore(
        rouge1=_average(pair[0] for pair in pairs),
        rouge2=_average(pair[1] for pair in pairs),
        rougeL=_average(pair[2] for pair in pairs),
        exact=_average(pair[3] for pair in pairs),
        pairs=len(pairs),
        invented=sum(pair[4] for pair in pairs),
    )


def _macro(scores: list[FlatScore]) -> FlatScore:
    return FlatScore(
        rouge1=_average(score.rouge1 for score in scores),
        rouge2=_average(score.rouge2 for score in scores),
        rougeL=_average(score.rougeL for score in scores),
        exact=_average(score.exact for score in scores),
        pairs=sum(score.pairs for score in scores),
        invented=sum(score.invented for score in scores),
    )


def _average(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
