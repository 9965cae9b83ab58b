"""The guidelines of a scheme as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from annotation.guidelines.settled_examples import Fault, Lessons, Wrong
from annotation.label_studio.editor.wording import ASSERTIONS, say
from curation.html_templates import templates
from curation.record import Frozen
from curation.scheme import Scheme

FOLDER = Path(__file__).parent

TEMPLATE = "guidelines.html.jinja"


class Words(Frozen):
    """The words of one language; what stands in braces is filled in."""

    title: str
    made: str
    settled: str
    unsettled: str
    confidential: str
    definition: str
    boundary: str
    hotkey: str
    colour: str
    scheme_examples: str
    right: str
    wrong: str
    counts: str
    right_count: str
    wrong_count: str
    faults: Mapping[Fault, str]
    assertions: str
    assertion: str
    meaning: str
    relations: str
    labels: str


@cache
def words(language: str) -> Words:
    """The words of the language, in English where there are none."""
    known = {path.stem: path for path in (FOLDER / "wording").glob("*.yaml")}
    return Words.model_validate(yaml.safe_load(known.get(language, known["en"]).read_text(encoding="utf-8")))


def guidelines(scheme: Scheme, lessons: Lessons, *, language: str) -> str:
    """The page: of each category its definition, boundary, key and colour, with right and wrong examples and counts."""
    said = words(language)
    return (
        templates(FOLDER, extra="review")
        .get_template(TEMPLATE)
        .render(
            scheme=scheme,
            lessons=lessons,
            words=said,
            language=language,
            say=lambda localised: say(localised, language),
            examples=lambda category: category.examples.get(language) or category.examples.get("en") or (),
            fault=lambda wrong: _explained(wrong, scheme, said, language),
            faults=list(Fault),
            assertions=[(name, say(hint, language)) for name, (_, hint) in ASSERTIONS.items()],
        )
    )


def _explained(wrong: Wrong, scheme: Scheme, said: Words, language: str) -> str:
    instead = wrong.instead
    if wrong.fault is Fault.CATEGORY and instead in scheme.by_name:
        instead = say(scheme.by_name[instead].label, language)
    if wrong.fault is Fault.ASSERTION:
        instead = say(ASSERTIONS[instead][1], language)
    return said.faults[wrong.fault].format(instead=instead)
