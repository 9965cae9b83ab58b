"""Which layer of a record is checked, where it has several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.author import VALIDATION_RANK, AuthorKind, kind_of, ranked
from curation.errors import ConfigError
from curation.record import Layer
from curation.stage import Item
from validation.settings import ValidationSettings

#: Layers of these kinds are nobody's opinion on others: gold is measured with, and a doubted answer counts for nobody.
NO_OPINION = frozenset({AuthorKind.GOLD, AuthorKind.DOUBTED})


def preferred_layers(authors: Mapping[str, str], settings: ValidationSettings) -> tuple[str, ...]:
    """The layers to check, the most preferred first: the one of the settings, or by the kind of their authors.

    authors: who wrote each layer of the store, by its name.
    """
    return (settings.layer,) if settings.layer is not None else ranked(authors, VALIDATION_RANK)


def checked_layer(item: Item, preferred: Sequence[str]) -> Layer | None:
    """The first of the preferred layers that a record has."""
    return next((item.layers[name] for name in preferred if name in item.layers), None)


@dataclass(frozen=True, slots=True)
class ChosenLayers:
    """The layers that one may check, the most preferred first, and those that are second opinions on it."""

    checked: tuple[str, ...]
    seconds: tuple[str, ...] = ()

    @classmethod
    def among(cls, authors: Mapping[str, str], settings: ValidationSettings) -> ChosenLayers:
        """Of the layers with these authors, those that the settings name.

        Raises ConfigError for a second opinion that is checked.
        """
        asked = settings.second_opinion.layers
        if settings.layer is not None and settings.layer in asked:
            raise ConfigError(
                f"validation.second_opinion.layers: expected layers beside the checked one, got {settings.layer}"
            )
        seconds = asked or tuple(
            name for name in sorted(authors) if kind_of(name) not in NO_OPINION and name != settings.layer
        )
        return cls(preferred_layers(authors, settings), seconds)

    @property
    def all(self) -> tuple[str, ...]:
        """Every layer that is read."""
        return tuple(dict.fromkeys((*self.checked, *self.seconds)))

    def second_opinions(self, item: Item, checked: Layer | None) -> tuple[Layer, ...]:
        """The layers of an item that the checked one is compared with."""
        name = checked.name if checked else None
        return tuple(item.layers[second] for second in self.seconds if second != name and second in item.layers)
