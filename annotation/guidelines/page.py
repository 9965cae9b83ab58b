"""The guidelines of a scheme as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from annotation.guidelines.settled_examples import IncorrectExample, MarkError, SettledExamples
from annotation.label_studio.editor.wording import ASSERTIONS, localised
from curation.html_templates import templates
from curation.record import Frozen
from curation.scheme import Scheme

FOLDER = Path(__file__).parent
#: The languages that the page has words of its own in.
WORDED = tuple(sorted(path.stem for path in (FOLDER / "wording").glob("*.yaml")))

TEMPLATE = "guidelines.html.jinja"


class GuidelineWording(Frozen):
    """The words of one language; names in braces are filled in."""

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
    faults: Mapping[MarkError, str]
    assertions: str
    assertion: str
    meaning: str
    relations: str
    labels: str


@cache
def guideline_wording(language: str) -> GuidelineWording:
    """The words of the language, in English where there are none."""
    path = FOLDER / "wording" / f"{language if language in WORDED else 'en'}.yaml"
    return GuidelineWording.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def guidelines(scheme: Scheme, settled: SettledExamples, *, language: str) -> str:
    """The page as HTML: each category with definition, boundary, key, colour, counts and examples."""
    wording = guideline_wording(language)
    return (
        templates(FOLDER, extra="review")
        .get_template(TEMPLATE)
        .render(
            scheme=scheme,
            settled=settled,
            words=wording,
            language=language,
            localised=lambda wordings: localised(wordings, language),
            examples=lambda category: category.examples.get(language) or category.examples.get("en") or (),
            error=lambda wrong: _explained(wrong, scheme, wording, language),
            errors=list(MarkError),
            assertions=[(name, localised(hint, language)) for name, (_, hint) in ASSERTIONS.items()],
        )
    )


def _explained(wrong: IncorrectExample, scheme: Scheme, wording: GuidelineWording, language: str) -> str:
    instead = wrong.instead
    if wrong.error is MarkError.CATEGORY and instead in scheme.by_name:
        instead = localised(scheme.by_name[instead].label, language)
    if wrong.error is MarkError.ASSERTION:
        instead = localised(ASSERTIONS[instead][1], language)
    return wording.faults[wrong.error].format(instead=instead)
