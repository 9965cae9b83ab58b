"""A case told alike in two languages: the same facts in the same sentences, in the same order and as short.

For load tests of translation and for training translators; real translators are freer.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import product

from curation.errors import SchemeError
from curation.generate.case import PatientCase
from curation.generate.phrase import Wording
from curation.generate.realisation import Fact, Realisation
from curation.generate.template import Slot, Template, load_sentences

#: The style of a reading that says whether it is normal, which is a fact more.
STATE = "state"


class ParallelRealisation(Realisation):
    """A realisation whose structure is drawn by the seed alone, so that those of all languages have the same.

    languages: those that it is told in, this one among them.
    """

    def __init__(self, case: PatientCase, language: str, languages: Sequence[str], seed: str) -> None:
        super().__init__(case, language, random.Random(f"{seed}:{language}"), structure=random.Random(seed))
        self.place = languages.index(language)
        self.everywhere = [load_sentences(each).templates[case.sex] for each in languages]
        self.seed = seed
        self.told = Counter[str]()

    def template(self, block: str, register: str) -> Template:
        """A sentence of the block of which each language has one with the same kinds of facts, as many in each."""
        usable = [self.usable(templates[block], register) for templates in self.everywhere]
        alike = [each for each in product(*usable) if len({tuple(_signature(template)) for template in each}) == 1]
        if not alike:
            raise SchemeError(
                f"expected sentences of {block} ({register}) with the same facts in each language, got none"
            )
        fresh = [each for each in alike if not self.used & set(map(id, each))] or alike
        chosen = fresh[int(self.structure.random() * len(fresh))]
        self.used |= set(map(id, chosen))
        limits = {slot.key: min(_limit(template, slot.key) for template in chosen) for slot in chosen[0].slots}
        return chosen[self.place].limited(limits)

    def wording(self, fact: Fact, slot: Slot, register: str) -> Wording:
        """A fact in words that are drawn for this fact, whatever else the language had to choose."""
        number = self.told[slot.key]
        self.told[slot.key] += 1
        own, self.rng = self.rng, random.Random(f"{self.seed}:{slot.key}:{number}")
        try:
            return super().wording(fact, slot, register)
        finally:
            self.rng = own


def _signature(template: Template) -> list[tuple[str, int]]:
    """The kinds of facts that a sentence holds, each with how often; a mention of age and gender counts as one."""
    slots = [part for part in template.parts if isinstance(part, Slot)]
    told = [slot for slot in slots if slot.key == "person" or slot in template.slots]
    return sorted(Counter(f"{slot.key} {STATE if slot.style == STATE else ''}" for slot in told).items())


def _limit(template: Template, key: str) -> int:
    return next(slot.limit for slot in template.slots if slot.key == key)
