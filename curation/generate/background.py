"""What any patient may have: general comorbidities, history, family, habits and circumstances."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from pydantic import Field

from curation.generate.conditions import FOLDER, Age, Disease, Predicate, load_yaml
from curation.generate.phrase import Phrase
from curation.record import Frozen


class Trait(Frozen):
    """Something that a patient of some age and sex may have, unless the condition excludes it."""

    text: Phrase
    ages: Age = Field(default="0-120", validate_default=True)
    sex: Literal["any", "male", "female"] = "any"
    #: A pattern over the English of the condition that keeps this out.
    words: str = ""
    #: The stated absence of a habit.
    absent: bool = False
    #: Given only where nothing else of its kind is: healthy parents have no disease.
    alone: bool = False

    def fits(self, age: int, sex: int) -> bool:
        """Whether a patient of this age in years and this sex (0 male, 1 female) may have it."""
        return self.ages.low <= age <= self.ages.high and self.sex in ("any", ("male", "female")[sex])


class Background(Frozen):
    """The general pools; groups of life style and social history exclude one another within."""

    comorbidities: dict[str, Trait]
    history: tuple[Trait, ...]
    family: tuple[Trait, ...]
    family_none: tuple[Trait, ...]
    life_style: dict[str, tuple[Trait, ...]]
    social: dict[str, tuple[Trait, ...]]
    follow_up: tuple[Predicate, ...]


class SuitableTraits(Frozen):
    """What of the pools may stand beside one condition."""

    comorbidities: tuple[Trait, ...]
    history: tuple[Trait, ...]
    family: tuple[Trait, ...]
    family_none: tuple[Trait, ...]
    life_style: dict[str, tuple[Trait, ...]]
    social: dict[str, tuple[Trait, ...]]


@cache
def load_background() -> Background:
    """The pools of background.yaml."""
    return Background.model_validate(load_yaml(FOLDER / "background.yaml"))


def suitable_traits(condition: Disease) -> SuitableTraits:
    """The traits that neither repeat nor contradict the condition."""
    background = load_background()
    wordings = f"{condition.id} " + " ".join(
        phrase.en.lower()
        for phrases in (
            condition.diagnosis, condition.symptoms, condition.signs, condition.complications,
            condition.comorbidities, condition.differentials, condition.history,
        )
        for phrase in phrases
    )  # fmt: skip
    own = " ".join(phrase.en.lower() for phrase in (*condition.family, *condition.family_none))

    def quiet(traits: tuple[Trait, ...], beside: str) -> tuple[Trait, ...]:
        return tuple(trait for trait in traits if not trait.words or not re.search(trait.words, beside))

    allowed = tuple(trait for key, trait in background.comorbidities.items() if key not in condition.not_with)
    return SuitableTraits(
        comorbidities=quiet(allowed, wordings),
        history=quiet(background.history, wordings),
        family=quiet(background.family, f"{wordings} {own}"),
        family_none=quiet(background.family_none, f"{wordings} {own}"),
        life_style={name: quiet(traits, wordings) for name, traits in background.life_style.items()},
        social={name: quiet(traits, wordings) for name, traits in background.social.items()},
    )
