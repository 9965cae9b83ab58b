"""What a patient brings along: comorbidities, history, family, habits and circumstances that suit the case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from curation.generate.background import Trait
from curation.generate.case import Item
from curation.generate.catalogue import Chapter
from curation.generate.phrase import Phrase, Wording
from curation.generate.sampler import Lots
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


class Brought:
    """What the patient of one case brings along, drawn with the lots of the case."""

    def __init__(self, lots: Lots, chapter: Chapter, *, years: int, sex: int) -> None:
        self.lots, self.condition, self.suited = lots, chapter.condition, chapter.suited
        self.years, self.sex = years, sex

    def items(self) -> dict[str, tuple[Item, ...]]:
        """All of it, by the keys of a case."""
        condition, own, lots = self.condition, self.suited, self.lots
        comorbidities = [*lots.few(condition.comorbidities, 0, 2), *self.fitting(own.comorbidities, 0, 2)]
        history = [*lots.few(condition.history, 0, 1), *self.fitting(own.history, 0, 2)]
        family = self.family() if lots.likely(0.5) else []
        none = self.none_in_family(family) if lots.likely(0.3) else []
        return {
            "comorbidities": lots.items(apart(comorbidities), "comorbidities"),
            "history": tuple(self.dated(phrase) for phrase in apart(history)),
            "family": lots.items(family, "family_history", Assertion.FAMILY),
            "family_none": lots.items(none, "family_history", Assertion.NEGATED),
            "life_style": self.grouped(condition.life_style, own.life_style, "life_style", 2),
            "social": self.grouped(condition.social, own.social, "social_history", 2),
        }

    def family(self) -> list[Phrase]:
        """Diseases in the family; healthy parents only where no disease is told."""
        own = self.lots.few(self.condition.family, 0, 1)
        return [*own, *self.fitting([one for one in self.suited.family if not (own and one.alone)], 0, 1)]

    def none_in_family(self, family: Sequence[Phrase]) -> list[Phrase]:
        """A disease that nobody in the family has, and that what is told of the family does not gainsay."""
        told = " ".join(phrase.en.lower() for phrase in family)
        own = [one for one in self.condition.family_none if not shared(one.en, told)]
        general = [one for one in self.suited.family_none if not (one.words and re.search(one.words, told))]
        return self.lots.few(own, 0, 1) or self.fitting(general, 0, 1)

    def fitting(self, traits: Sequence[Trait], low: int, high: int) -> list[Phrase]:
        """A few traits that this patient may have."""
        suitable = [one for one in traits if one.fits(self.years, self.sex)]
        return [trait.text for trait in self.lots.few(suitable, low, high)]

    def dated(self, phrase: Phrase) -> Item:
        """A former disease or operation, often with its year."""
        item = self.lots.item(phrase, "medical_surgical_history")
        back = min(self.years - (ADULT if self.years > ADULT else 1), 25)
        if back < 1 or self.lots.likely(0.4) or not DATED.search(phrase.en) or "recurrent" in phrase.en:
            return item
        year = 2024 - self.lots.chance.randint(1, back)
        return item._replace(
            en=reworded(item.en, f"{item.en.text} in {year}"),
            de=reworded(item.de, f"{item.de.text} {'im Jahr ' if year % 2 else ''}{year}"),
        )

    def grouped(
        self, own: Sequence[Phrase], pools: Mapping[str, Sequence[Trait]], category: str, most: int
    ) -> tuple[Item, ...]:
        """The condition's own habits or circumstances, and general ones of other groups."""
        fitting = [one for one in own if self.years >= ADULT or not GROWN.search(one.en.lower())]
        first = self.lots.few(fitting, 1, 1) if fitting and self.lots.likely(0.5) else []
        taken = {group(phrase, default=next(iter(pools))) for phrase in first}
        items = list(self.lots.items(first, category))
        others = [name for name in pools if name not in taken]
        for name in self.lots.few(others, 0, most - len(first) + 1)[:most]:
            traits = [trait for trait in pools[name] if trait.fits(self.years, self.sex)]
            if traits:
                trait = self.lots.chance.choice(traits)
                assertion = Assertion.NEGATED if trait.absent else Assertion.PRESENT
                items.append(self.lots.item(trait.text, category, assertion))
        return tuple(items[:most])


def apart(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Phrases none of which ends as another does: two kinds of hypertension are one too many."""
    found: dict[str, Phrase] = {}
    for phrase in phrases:
        found.setdefault(phrase.en.split()[-1], phrase)
    return list(found.values())


def shared(one: str, other: str) -> bool:
    """Whether two English phrases have a long word in common, by its first five letters."""
    return bool(set(re.findall(r"\b[a-z]{5}", one.lower())) & set(re.findall(r"\b[a-z]{5}", other.lower())))


def group(phrase: Phrase, *, default: str) -> str:
    """The group of habits or circumstances that a condition's own phrase belongs to."""
    return next((name for name, words in GROUPS.items() if words.search(phrase.en.lower())), default)


def reworded(wording: Wording, text: str) -> Wording:
    """The wording with another text."""
    return Wording(wording.lead, text, wording.gender, wording.mass)
