"""The generator's cases for a language model: drawn as for the sentences of the generator, each condition in turn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from curation.generate.case_sampler import sample_case
from curation.generate.catalogue import chapters
from curation.generate.records import LANGUAGES, realise
from curation.generate.told_case import CaseOrigin, OrderedFact, ToldCase, facts_of

#: The source of records that a language model has told.
TOLD_SOURCE = "told"


def drawn_cases(
    count: int, *, languages: Mapping[str, float], seed: int = 0, parallel: bool = False
) -> Iterator[ToldCase]:
    """So many cases, each in one of the languages by their weights, or in all of them.

    No condition comes twice before each came once. The same seed and index give the same case, however many are drawn.
    """
    order = list(chapters())
    random.Random(f"{seed}:conditions").shuffle(order)
    known = [language for language in LANGUAGES if language in languages]
    for index in range(count):
        rng = random.Random(f"{seed}:{index}:told")
        case = sample_case(rng, order[index % len(order)])
        drawn = rng.choices(known, [languages[language] for language in known])
        told = known if parallel else drawn
        made = realise(case, index, told, seed=seed, parallel=len(told) > 1)
        facts = _alike({record.language: facts_of(layer.entities) for record, layer in made})
        group = f"{TOLD_SOURCE}-{seed}-{index}"
        yield ToldCase(
            id=group,
            group=group,
            source=TOLD_SOURCE,
            origin=CaseOrigin.GENERATOR,
            facts=facts,
            specialty=case.specialty,
            meta={
                "specialty": case.specialty,
                "condition": case.condition,
                "seed": seed,
                "index": index,
                "synthetic": True,
            },
        )


def _alike(facts: Mapping[str, tuple[OrderedFact, ...]]) -> dict[str, tuple[OrderedFact, ...]]:
    """The facts that every language has: what is said once in one may be said twice, in other words, in the other."""
    shared = set.intersection(*({fact.id for fact in found} for found in facts.values()))
    return {language: tuple(fact for fact in found if fact.id in shared) for language, found in facts.items()}


def language_weights(languages: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The weight of each language; one that the settings do not weigh counts 1."""
    return {language: weights.get(language, 1.0) for language in languages}
