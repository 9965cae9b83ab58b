"""The scheme as it is printed for annotators, and as a codebook for programs; no record is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml

from curation.html_templates import templates
from curation.path_name import folder_name
from curation.private_files import made_private
from curation.record import Assertion, Frozen
from curation.scheme import Scheme
from exports.guidelines.codebook import codebook
from exports.settings import ExportSettings
from exports.writer import ExportedSet, ExportFormat

FOLDER = Path(__file__).parent
TEMPLATE = "guidelines.html.jinja"
CODEBOOK = "codebook.schema.json"
Said = TypeVar("Said")


class PrintedWording(Frozen):
    """The words of one language; names in braces are filled in."""

    title: str
    made: str
    contents: str
    categories: str
    definition: str
    boundary: str
    examples: str
    counter_examples: str
    hotkey: str
    colour: str
    name: str
    counts: str
    attributes: str
    attribute: str
    values: str
    of: str
    every: str
    meaning: str
    assertions: str
    assertion: str
    said: dict[Assertion, str]
    relations: str
    relation: str
    heads: str
    tails: str
    labels: str
    label: str
    none: str


@cache
def printed_wording(language: str) -> PrintedWording:
    """The words of the language, in English where there are none."""
    words = {path.stem: path for path in (FOLDER / "wording").glob("*.yaml")}
    content = words.get(language, words["en"]).read_text(encoding="utf-8")
    return PrintedWording.model_validate(yaml.safe_load(content))


def printed_guidelines(scheme: Scheme, language: str) -> str:
    """The page: contents, each category, assertions, attributes, relations and labels; A4 when it is printed."""

    def localised(said: Mapping[str, Said]) -> Said | None:
        return said.get(language) or said.get("en") or next(iter(said.values()), None)

    template = templates(FOLDER, extra="export").get_template(TEMPLATE)
    words = printed_wording(language)
    return template.render(scheme=scheme, words=words, language=language, localised=localised)


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`guidelines.LANGUAGE.html` for each language of the scheme, and the codebook as JSON Schema."""
    made_private(to)
    files = []
    for language in dict.fromkeys(view.scheme.languages):
        path = to / f"{folder_name(f'guidelines.{language}')}.html"
        path.write_text(printed_guidelines(view.scheme, language), encoding="utf-8", newline="\n")
        files.append(path)
    described = to / CODEBOOK
    content = json.dumps(codebook(view.scheme), ensure_ascii=False, indent=2)
    described.write_text(content + "\n", encoding="utf-8", newline="\n")
    return [*files, described]


FORMAT = ExportFormat(
    "the scheme for people (HTML to print, each language) and for programs (JSON Schema); no records",
    write,
    lambda record, layer, scheme: Counter(),
    of_scheme=True,
)
