"""How close the flat view is: ROUGE-1/2/L/Lsum a category, exact validity, and exact matches.

Unlike the study whose format the flat view is (Guluzade et al. 2025), an invention in a category
that gold leaves empty scores 0 instead of being skipped, and an answer that cannot be parsed
scores 0 in every category that gold has instead of being dropped. Where both sides say "N/A"
there is nothing to measure and the pair is left out, so that absence cannot inflate the mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from curation.record import Frozen
from curation.scheme import ABSENT, Scheme
from curation.scoring.flat_shape import Answer, Shape, ValueForm, facts, faults, shape
from curation.scoring.means import mean_at, means
from curation.scoring.rouge import ROUGE, RougeScorer
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key, in_order
from curation.settings import RougeProfile
from curation.text.folding import compose

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
    #: Each fact is a sentence, so that their order does not matter: over all pairs, and by category.
    rougeLsum: float | None  # noqa: N815 - the measure's name
    rougeLsum_per_category: dict[str, float | None]  # noqa: N815
    #: What counts as a word, and what counted: figures are only comparable under the same profile.
    rouge_profile: str

    def to_json(self) -> dict[str, Any]:
        """The scores as plain JSON."""
        return self.model_dump(mode="json")


def parse_flat(answer: Answer, scheme: Scheme) -> tuple[dict[str, str] | None, str | None]:
    """The flat view in an answer, or None with what is wrong with it.

    Valid is: one JSON object with exactly the scheme's categories and document labels as keys, all values non-empty
    strings, and "N/A" only on its own.
    """
    if problem := problem_of(shape(answer), scheme):
        return None, problem
    view: dict[str, str] = json.loads(answer) if isinstance(answer, str) else dict(answer or {})  # type: ignore[arg-type]
    return view, None


def problem_of(of: Shape, scheme: Scheme) -> str | None:
    """The first of PROBLEMS that an answer of a shape has."""
    wrong = {fault.form for fault in faults(of, scheme)}
    return next((problem for problem, forms in PROBLEMS.items() if wrong & forms), None)


def score_flat(
    gold: Mapping[str, Mapping[str, str]],
    predicted: Mapping[str, Answer],
    *,
    scheme: Scheme,
    languages: Mapping[str, str] | None = None,
    profile: RougeProfile = RougeProfile.SNOWBALL,
) -> FlatScores:
    """Scores of predicted flat views by record id; ``languages`` chooses the stemmer (default English)."""
    tally = DocumentTally()
    for record_id, expected in gold.items():
        view, problem = parse_flat(predicted.get(record_id), scheme)
        scorer = RougeScorer((languages or {}).get(record_id, "en"), profile)
        tally.add(record_id, flat_counts(expected, view, problem, scheme=scheme, scorer=scorer))
    return flat_scores(tally, scheme=scheme, profile=profile)


#: Tables: shares of exact matches, pairs and inventions, answers by what is wrong with them.
EXACT, PAIRS, PROBLEM = "exact", "pairs", "problem"


def flat_counts(
    gold: Mapping[str, str],
    view: Mapping[str, str] | None,
    problem: str | None,
    *,
    scheme: Scheme,
    scorer: RougeScorer,
) -> DocumentCounts:
    """What a document adds to the figures of `flat_scores`: its flat view (None: unread) and what was wrong with it."""
    fields = {name: (gold.get(name, ABSENT), (view or {}).get(name, ABSENT)) for name in scheme.names}
    pairs = {name: sides for name, sides in fields.items() if sides != (ABSENT, ABSENT)}
    scored = {name: _rouge(scorer, *sides) for name, sides in pairs.items()}
    found: dict[Key, tuple[float, ...]] = {(PROBLEM, problem or TOTAL): (1,)}
    for measure in ROUGE:
        found |= means(measure, {name: values[measure] for name, values in scored.items()})
    found |= means(EXACT, {name: float(_folded(ours) == _folded(theirs)) for name, (ours, theirs) in pairs.items()})
    inventions = {name: int(ours == ABSENT) for name, (ours, _) in pairs.items()}
    found |= {(PAIRS, name): (1, invented) for name, invented in inventions.items()}
    found[PAIRS, TOTAL] = (len(pairs), sum(inventions.values()))
    return found


def _rouge(scorer: RougeScorer, gold: str, predicted: str) -> dict[str, float | None]:
    """ROUGE of two fields, 0 where one of them is absent; ROUGE-2 None between single words: not defined."""
    single = all(side == ABSENT or len(scorer.words(side)) < 2 for side in (gold, predicted))
    if ABSENT in (gold, predicted):
        found: dict[str, float | None] = dict.fromkeys(ROUGE, 0.0)
    else:
        by_fact = scorer.score(*("\n".join(facts(side)) for side in (gold, predicted)))
        found = {**by_fact}
    return found | {"rouge2": None} if single else found


def _folded(value: str) -> set[str]:
    return {" ".join(compose(fact).text.casefold().split()) for fact in facts(value)}


def flat_scores(tally: DocumentTally, *, scheme: Scheme, profile: RougeProfile = RougeProfile.SNOWBALL) -> FlatScores:
    """The scores of what was counted under a profile."""
    names = in_order(tally.rows(PAIRS), scheme.names)
    per_category = {name: _score(tally, name) for name in names}
    problems = {row: int(tally.total((PROBLEM, row), 1)[0]) for row in tally.rows(PROBLEM)}
    return FlatScores(
        micro=_score(tally, TOTAL),
        macro=_macro(list(per_category.values())),
        per_category=per_category,
        validity=1 - sum(problems.values()) / tally.documents if tally.documents else None,
        problems=problems,
        records=tally.documents,
        rougeLsum=mean_at(tally, ("rougeLsum", TOTAL)),
        rougeLsum_per_category={name: mean_at(tally, ("rougeLsum", name)) for name in names},
        rouge_profile=RougeScorer("en", profile).signature,
    )


def _score(tally: DocumentTally, row: str) -> FlatScore:
    pairs, invented = tally.total((PAIRS, row), 2)
    return FlatScore(
        **{measure: mean_at(tally, (measure, row)) for measure in ("rouge1", "rouge2", "rougeL", EXACT)},
        pairs=int(pairs),
        invented=int(invented),
    )


def _macro(scores: list[FlatScore]) -> FlatScore:
    def mean(values: list[float | None]) -> float | None:
        defined = [value for value in values if value is not None]
        return sum(defined) / len(defined) if defined else None

    return FlatScore(
        rouge1=mean([score.rouge1 for score in scores]),
        rouge2=mean([score.rouge2 for score in scores]),
        rougeL=mean([score.rougeL for score in scores]),
        exact=mean([score.exact for score in scores]),
        pairs=sum(score.pairs for score in scores),
        invented=sum(score.invented for score in scores),
    )
