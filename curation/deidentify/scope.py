"""What is to be replaced, and where it stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from curation.deidentify.identifiers.analyzer import find_identifiers, placed, readable
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind, parted
from curation.deidentify.identifiers.names_again import find_again
from curation.deidentify.identifiers.recognisers import RecogniserSettings
from curation.deidentify.surrogates import Mode


@dataclass(frozen=True)
class DeidentifyScope:
    """What is to be replaced, and by what."""

    kinds: frozenset[IdentifierKind]
    mode: Mode = Mode.SURROGATE
    #: Models of the user that look for identifiers too.
    recognisers: Sequence[RecogniserSettings] = ()


def found_in(
    text: str,
    language: str,
    kinds: Collection[IdentifierKind],
    names: Collection[str] = (),
    recognisers: Sequence[RecogniserSettings] = (),
) -> tuple[Identifier, ...]:
    """The identifiers of some kinds in a text; `names` are words known to be names from elsewhere."""
    found = find_identifiers(text, language=language, recognisers=recognisers)
    if names and IdentifierKind.NAME in kinds:
        letters = readable(text)
        found = parted([*found, *placed(find_again(letters.text, names, language), letters)])
    return tuple(identifier for identifier in found if identifier.kind in kinds)
