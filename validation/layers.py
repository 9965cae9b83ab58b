"""Which layer of a record is checked, where it has several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.errors import ConfigError
from curation.record import Layer
from curation.stage import Item
from validation.settings import ValidationSettings

GOLD = "gold"
#: Whose layer is checked when several are there: what people say together, then a single person, gold last, what is
#: unknown before it. Gold that people made stands in `consensus` too; gold that was imported is there to measure with.
PREFERENCE = ("consensus", "human:", "adapter", "few-shot", "rules", "", GOLD)


def preferred_layers(names: Iterable[str], settings: ValidationSettings) -> tuple[str, ...]:
    """The layers to check, the most preferred first: the one of the settings, or by who wrote them."""
    if settings.layer is not None:
        return (settings.layer,)
    return tuple(sorted(names, key=lambda name: (_preference(name), name)))


def checked_layer(item: Item, preferred: Sequence[str]) -> Layer | None:
    """The first of the preferred layers that a record has."""
    return next((item.layers[name] for name in preferred if name in item.layers), None)


@dataclass(frozen=True, slots=True)
class ChosenLayers:
    """The layers that one may check, the most preferred first, and those that are second opinions on it."""

    checked: tuple[str, ...]
    seconds: tuple[str, ...] = ()

    @classmethod
    def among(cls, names: Iterable[str], settings: ValidationSettings) -> ChosenLayers:
        """The layers of these names that the settings ask for; ConfigError for a second opinion that is checked."""
        known = sorted(names)
        wanted = settings.second_opinion.layers
        if settings.layer is not None and settings.layer in wanted:
            raise ConfigError(
                f"validation.second_opinion.layers: expected layers beside the checked one, got {settings.layer}"
            )
        seconds = wanted or tuple(name for name in known if name not in (GOLD, settings.layer))
        return cls(preferred_layers(known, settings), seconds)

    @property
    def all(self) -> tuple[str, ...]:
        """Every layer that is read."""
        return tuple(dict.fromkeys((*self.checked, *self.seconds)))

    def second_opinions(self, item: Item, checked: Layer | None) -> tuple[Layer, ...]:
        """The layers of an item that the checked one is compared with."""
        name = checked.name if checked else None
        return tuple(item.layers[one] for one in self.seconds if one != name and one in item.layers)


def _preference(name: str) -> int:
    places = [place for place, prefix in enumerate(PREFERENCE) if prefix and name.startswith(prefix)]
    return places[0] if places else PREFERENCE.index("")
