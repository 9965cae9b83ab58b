"""Samples of one file's conditions, for the author of the file.

``python -m curation.generate.preview FILE.yaml [CONDITION]`` prints one text of each condition in
every language, with the gold marked as in curation.markup.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from curation.errors import SchemeError
from curation.generate.case_sampler import sample_case
from curation.generate.catalogue import chapters_of
from curation.generate.conditions import load_specialty
from curation.generate.records import LANGUAGES, realise
from curation.record import Assertion, Entity


def marked(text: str, entities: tuple[Entity, ...]) -> str:
    """The text with its entities marked."""
    parts, after = [], 0
    for entity in entities:
        assertion = "" if entity.assertion is Assertion.PRESENT else f" {entity.assertion.value}"
        parts += [text[after : entity.start], f"[{entity.text}]{{{entity.category}{assertion}}}"]
        after = entity.end
    return "".join([*parts, text[after:]])


def main(path: str, *chosen: str, seed: int = 0) -> None:
    """Print a text of each condition of the file, or of the chosen ones."""
    for index, chapter in enumerate(chapters_of(load_specialty(Path(path)))):
        condition = chapter.condition
        if chosen and condition.id not in chosen:
            continue
        case = sample_case(random.Random(f"{seed}:{index}"), chapter)
        for record, layer in realise(case, index, LANGUAGES, seed=seed):
            print(f"## {condition.id} {record.language} {case.plan}\n{marked(record.text, layer.entities)}\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SchemeError as error:
        sys.exit(str(error))
