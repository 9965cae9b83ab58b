"""How a case is told: style, length, specialty and note type, drawn by weights."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from curation.settings import GenerateSettings

#: So often is a manner drawn until it is another one than before.
DRAWS = 20


@dataclass(frozen=True, slots=True)
class MannerSampler:
    """Draws manners; the same seed, case and variant have the same one."""

    settings: GenerateSettings
    seed: int = 0

    def drawn(self, case_id: str, specialty: str | None, variant: int = 0) -> dict[str, str]:
        """The manner of a case; each further variant differs from those before, where there are so many.

        specialty: the case's own, where the settings have none to draw from.
        """
        before: list[dict[str, str]] = []
        for number in range(variant + 1):
            rng = random.Random(f"{self.seed}:{case_id}:{number}")
            found = self._one(rng, specialty)
            for _ in range(DRAWS):
                if found not in before:
                    break
                found = self._one(rng, specialty)
            before.append(found)
        return before[-1]

    def _one(self, rng: random.Random, specialty: str | None) -> dict[str, str]:
        pools = {
            "note_type": self.settings.note_types,
            "style": self.settings.styles,
            "length": self.settings.lengths,
            "specialty": self.settings.specialties,
        }
        found = {name: _choice(rng, pool) for name, pool in pools.items() if any(pool.values())}
        if specialty is not None:
            found.setdefault("specialty", specialty)
        return found


def _choice(rng: random.Random, pool: Mapping[str, float]) -> str:
    return rng.choices(list(pool), list(pool.values()))[0]
