"""The scheme as pages to print and as JSON Schema: whole, in both languages, and without a record."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from curation.record import Assertion, Entity, Layer, Record, Relation
from curation.scheme import Scheme, load_scheme, read_scheme
from exports.guidelines.codebook import codebook
from exports.guidelines.pages import printed_guidelines, printed_wording
from exports.handover import hand_over
from exports.rows import row
from exports.settings import ExportSettings
from exports.writer import ExportedSet
from pipeline.command import app
from pipeline.workspace import Workspace

#: Before schemes could have counter-examples.
DEFAULT_DIGEST = "7aa1ce4d513fb5e1"
OWN = """
name: wards
version: 3
languages: [de]
categories:
  drug:
    definition: ein gegebenes <Mittel>
    boundary: ohne Dosis
    examples: [Heparin]
    counter_examples: [Heparin-Allergie, "5 mg"]
  dose: die Menge
attributes:
  route: {values: [oral, iv], categories: [drug], definition: der Weg}
relations:
  dosed: {heads: [drug], tails: [dose], definition: so viel davon}
labels:
  smoker: {values: [ja, nein], definition: raucht}
"""


@pytest.fixture
def own(tmp_path: Path) -> Scheme:
    path = tmp_path / "scheme.yaml"
    path.write_text(OWN, encoding="utf-8")
    return read_scheme(path).scheme


class Page(HTMLParser):
    """The ids of a page, what it links to, and what it would load or run."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.headings: list[int] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.links += [named["href"] or ""] if "href" in named else []
        self.loads += [tag] if tag in ("script", "link", "iframe", "img", "object") or "src" in named else []
        self.headings += [int(tag[1])] if tag in ("h1", "h2", "h3") else []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_the_whole_scheme_in_its_language(scheme: Scheme, language: str) -> None:
    content = printed_guidelines(scheme, language)
    assert f'<html lang="{language}">' in content
    page = Page(content)
    assert page.loads == []
    assert "url(" not in content
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    for category in scheme.categories:
        for said in (category.label, category.definition, category.boundary):
            assert said[language].replace("'", "&#39;") in content
        for example in category.examples[language]:
            assert example in content
        assert f"<kbd>{category.hotkey}</kbd>" in content
        assert category.colour in content
    assert scheme.digest in content
    assert "size: A4" in content


def test_every_part_of_a_scheme_of_ones_own_is_there_and_escaped(own: Scheme) -> None:
    content = printed_guidelines(own, "de")
    assert "ein gegebenes &lt;Mittel&gt;" in content
    for said in ("ohne Dosis", "Heparin-Allergie", "5 mg", "der Weg", "oral, iv", "so viel davon", "ja, nein"):
        assert said in content
    assert printed_wording("de").counter_examples in content
    assert printed_wording("de").none in content or "die Menge" in content


def test_a_scheme_of_labels_alone_has_no_heading_of_categories(tmp_path: Path) -> None:
    path = tmp_path / "scheme.yaml"
    path.write_text("name: smoking\nlabels:\n  status: [current, never]\n", encoding="utf-8")
    scheme = read_scheme(path).scheme
    content = printed_guidelines(scheme, "en")
    assert "current, never" in content
    assert printed_wording("en").categories not in content
    schema = codebook(scheme)
    Draft202012Validator.check_schema(schema)
    nothing = {"text": "a", "entities": [], "relations": [], "labels": [{"name": "status", "value": "never"}]}
    assert Draft202012Validator(schema).is_valid(nothing)


def test_a_language_is_no_path(own: Scheme, view: ExportedSet, tmp_path: Path) -> None:
    scheme = own.model_copy(update={"languages": ("de", "../../up", "de", 'x"><script>')})
    files = hand_over("guidelines", replace(view, scheme=scheme), tmp_path / "out", ExportSettings(), Counter())
    assert {path.parent for path in files} == {tmp_path / "out"}
    assert len(files) == len(set(files)) == 5
    assert all(b"<script" not in path.read_bytes() for path in files if path.suffix == ".html")


def test_every_language_has_all_words() -> None:
    assert printed_wording("xx") == printed_wording("en") != printed_wording("de")
    assert set(printed_wording("de").said) == set(printed_wording("en").said) == set(Assertion)


def test_the_codebook_is_json_schema_and_has_all_of_the_scheme(scheme: Scheme, own: Scheme) -> None:
    for found in (scheme, own):
        schema = codebook(found)
        Draft202012Validator.check_schema(schema)
        assert schema["x-codebook"]["digest"] == found.digest
        names = [choice["const"] for choice in schema["$defs"]["category"]["oneOf"]]
        assert names == list(found.names)
        for choice, category in zip(schema["$defs"]["category"]["oneOf"], found.categories, strict=True):
            assert choice["x-codebook"]["colour"] == category.colour
            assert choice["x-codebook"]["definition"] == category.definition


def valid_row(own: Scheme) -> dict[str, Any]:
    """A row of `curate export jsonl` of the scheme of our own."""
    text = "Heparin 5 mg"
    drug = Entity.at(text, 0, 7, "drug", id="T1", attributes={"route": "iv"}, score=0.5)
    amount = Entity.at(text, 8, 12, "dose", id="T2", assertion="possible")
    link = Relation(id="R1", type="dosed", head="T1", tail="T2")
    record = Record(id="r", group="g", source="s", language="de", text=text)
    layer = Layer(record_id="r", name="gold", author="gold", entities=(drug, amount), relations=(link,),
                  labels={"smoker": "ja"})  # fmt: skip
    found: dict[str, Any] = json.loads(json.dumps(row(record, layer, own)))
    return found


def test_rows_of_an_export_fit_the_codebook(own: Scheme, members, scheme: Scheme) -> None:
    assert Draft202012Validator(codebook(own)).is_valid(valid_row(own))
    for record, layer in members["train"]:
        made = json.loads(json.dumps(row(record, layer, scheme)))
        Draft202012Validator(codebook(scheme)).validate(made)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("entities", 0, "category"), "medication"),
        (("entities", 0, "assertion"), "denied"),
        (("entities", 0, "attributes", 0, "value"), "nasal"),
        (("entities", 0, "category"), "dose"),  # a dose has no route
        (("entities", 0, "text"), ""),
        (("relations", 0, "type"), "caused"),
        (("labels", 0, "value"), "vielleicht"),
        (("labels", 0, "name"), "drinker"),
        (("summary", "smoker"), "vielleicht"),
    ],
)
def test_what_the_scheme_does_not_have_does_not_fit(own: Scheme, path: tuple[Any, ...], value: str) -> None:
    made = valid_row(own)
    found: Any = made
    for part in path[:-1]:
        found = found[part]
    found[path[-1]] = value
    assert not Draft202012Validator(codebook(own)).is_valid(made)


def test_counter_examples_leave_the_digest_of_older_schemes(own: Scheme) -> None:
    assert load_scheme().digest == DEFAULT_DIGEST
    without = own.model_copy(
        update={"categories": (own.categories[0].model_copy(update={"counter_examples": {}}), own.categories[1])}
    )
    assert without.digest != own.digest
    assert own.categories[0].counter_examples == {"de": ("Heparin-Allergie", "5 mg")}


def test_the_command_needs_no_set_and_refuses_one(tmp_path: Path) -> None:
    place = Workspace.make(tmp_path / "workspace").folder
    line = ["export", "guidelines", "--to", str(tmp_path / "out"), "--workspace", str(place)]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "clincurate-export.json", "codebook.schema.json", "guidelines.de.html", "guidelines.en.html",
    ]  # fmt: skip
    checked = CliRunner().invoke(app, ["export", "guidelines", "--check", "--json", "--workspace", str(place)])
    assert json.loads(checked.stdout)["lost"] == {}
    for option in ("--set", "--layer"):
        refused = CliRunner().invoke(app, [*line, option, "x"])
        assert refused.exit_code != 0
        assert "made of the scheme alone" in str(refused.exception)
