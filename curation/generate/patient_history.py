"""What precedes a case: comorbidities, history, family, habits and circumstances that suit it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from curation.generate.background import Trait
from curation.generate.case import CaseFact
from curation.generate.catalogue import Chapter
from curation.generate.phrase import Phrase, Wording
from curation.generate.sampler import Sampler
from curation.record import Assertion

ADULT = 16
#: Which group of habits or circumstances a condition's own phrase belongs to.
GROUPS = {
    "smoking": re.compile(r"smok|cigar|pack|tobacco|vap"),
    "alcohol": re.compile(r"alcohol|wine|beer|drank|drink|spirits|vodka"),
    "drugs": re.compile(r"cannabis|heroin|cocaine|inject|drugs|amphetamine"),
    "diet": re.compile(r"diet|vegan|vegetarian|ate|meals|food|fed|milk|salt|fluid"),
    "exercise": re.compile(r"exercis|walk|sport|jog|sedentary|cycl|swam|ran |activ"),
    "living": re.compile(r"live[ds]|living|married|widow|nursing|divorced|single|shared|household|home"),
}
#: What a child does not do, though the condition's adults may.
GROWN = re.compile(r"work|retire|smok|cigar|alcohol|drank|drunk|beer|wine|drove|driver|married|partner|pack-years|vape")
#: What happened in one year rather than over many.
DATED = re.compile(
    r"ectomy|operation|replacement|surgery|repair|bypass|infarct|fracture|section|stroke|attack|thrombosis|"
    r"pneumonia|zoster|colic|transplant|stent|accident|injury"
)


class PatientHistory:
    """Comorbidities, history, family, habits and circumstances of one case, drawn with its sampler."""

    def __init__(self, sampler: Sampler, chapter: Chapter, *, years: int, sex: int) -> None:
        self.sampler, self.condition, self.suitable = sampler, chapter.condition, chapter.suitable
        self.years, self.sex = years, sex

    def items(self) -> dict[str, tuple[CaseFact, ...]]:
        """All of it, by the keys of a case."""
        condition, own, sampler = self.condition, self.suitable, self.sampler
        comorbidities = [*sampler.few(condition.comorbidities, 0, 2), *self.fitting(own.comorbidities, 0, 2)]
        history = [*sampler.few(condition.history, 0, 1), *self.fitting(own.history, 0, 2)]
        family = self.family() if sampler.likely(0.5) else []
        none = self.none_in_family(family) if sampler.likely(0.3) else []
        return {
            "comorbidities": sampler.items(apart(comorbidities), "comorbidities"),
            "history": tuple(self.dated(phrase) for phrase in apart(history)),
            "family": sampler.items(family, "family_history", Assertion.FAMILY),
            "family_none": sampler.items(none, "family_history", Assertion.NEGATED),
            "life_style": self.grouped(condition.life_style, own.life_style, "life_style", 2),
            "social": self.grouped(condition.social, own.social, "social_history", 2),
        }

    def family(self) -> list[Phrase]:
        """Diseases in the family; healthy parents only where there is no disease."""
        own = self.sampler.few(self.condition.family, 0, 1)
        return [*own, *self.fitting([trait for trait in self.suitable.family if not (own and trait.alone)], 0, 1)]

    def none_in_family(self, family: Sequence[Phrase]) -> list[Phrase]:
        """A disease that no relative has, other than those that relatives have."""
        wordings = " ".join(phrase.en.lower() for phrase in family)
        own = [phrase for phrase in self.condition.family_none if not shared(phrase.en, wordings)]
        general = [
            trait for trait in self.suitable.family_none if not (trait.words and re.search(trait.words, wordings))
        ]
        return self.sampler.few(own, 0, 1) or self.fitting(general, 0, 1)

    def fitting(self, traits: Sequence[Trait], low: int, high: int) -> list[Phrase]:
        """A few traits that this patient may have."""
        suitable = [trait for trait in traits if trait.fits(self.years, self.sex)]
        return [trait.text for trait in self.sampler.few(suitable, low, high)]

    def dated(self, phrase: Phrase) -> CaseFact:
        """A former disease or operation, often with its year."""
        item = self.sampler.item(phrase, "medical_surgical_history")
        back = min(self.years - (ADULT if self.years > ADULT else 1), 25)
        if back < 1 or self.sampler.likely(0.4) or not DATED.search(phrase.en) or "recurrent" in phrase.en:
            return item
        year = 2024 - self.sampler.rng.randint(1, back)
        return item._replace(
            en=reworded(item.en, f"{item.en.text} in {year}"),
            de=reworded(item.de, f"{item.de.text} {'im Jahr ' if year % 2 else ''}{year}"),
        )

    def grouped(
        self, own: Sequence[Phrase], pools: Mapping[str, Sequence[Trait]], category: str, most: int
    ) -> tuple[CaseFact, ...]:
        """The condition's own habits or circumstances, and general ones of other groups."""
        fitting = [phrase for phrase in own if self.years >= ADULT or not GROWN.search(phrase.en.lower())]
        first = self.sampler.few(fitting, 1, 1) if fitting and self.sampler.likely(0.5) else []
        taken = {group(phrase, default=next(iter(pools))) for phrase in first}
        items = list(self.sampler.items(first, category))
        untaken = [name for name in pools if name not in taken]
        for name in self.sampler.few(untaken, 0, most - len(first) + 1)[:most]:
            traits = [trait for trait in pools[name] if trait.fits(self.years, self.sex)]
            if traits:
                trait = self.sampler.rng.choice(traits)
                assertion = Assertion.NEGATED if trait.absent else Assertion.PRESENT
                items.append(self.sampler.item(trait.text, category, assertion))
        return tuple(items[:most])


def apart(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Phrases none of which ends as another does: two kinds of hypertension are one too many."""
    found: dict[str, Phrase] = {}
    for phrase in phrases:
        found.setdefault(phrase.en.split()[-1], phrase)
    return list(found.values())


def shared(left: str, right: str) -> bool:
    """Whether two English phrases have a long word in common, by its first five letters."""
    return bool(set(re.findall(r"\b[a-z]{5}", left.lower())) & set(re.findall(r"\b[a-z]{5}", right.lower())))


def group(phrase: Phrase, *, default: str) -> str:
    """The group of habits or circumstances that a condition's own phrase belongs to."""
    return next((name for name, words in GROUPS.items() if words.search(phrase.en.lower())), default)


def reworded(wording: Wording, text: str) -> Wording:
    """The wording with another text."""
    return Wording(wording.lead, text, wording.gender, wording.mass)
