"""Which layer of a record is checked, where it has several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from curation.record import Layer
from curation.stage import Item
from validation.settings import ValidationSettings

#: Whose layer is checked when several are there: what people say together, then a single person, gold last, what is
#: unknown before it. Gold that people made stands in `consensus` too; gold that was imported is there to measure with.
PREFERENCE = ("consensus", "human:", "adapter", "few-shot", "rules", "", "gold")


def preferred_layers(names: Iterable[str], settings: ValidationSettings) -> tuple[str, ...]:
    """The layers to check, the most preferred first: the one of the settings, or by who wrote them."""
    if settings.layer is not None:
        return (settings.layer,)
    return tuple(sorted(names, key=lambda name: (_preference(name), name)))


def checked_layer(item: Item, preferred: Sequence[str]) -> Layer | None:
    """The first of the preferred layers that a record has."""
    return next((item.layers[name] for name in preferred if name in item.layers), None)


def _preference(name: str) -> int:
    places = [place for place, prefix in enumerate(PREFERENCE) if prefix and name.startswith(prefix)]
    return places[0] if places else PREFERENCE.index("")
