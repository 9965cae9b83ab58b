from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from annotation.adjudication.consensus import adjudication_cases, settle
from annotation.adjudication.exchange import adjudicated
from annotation.adjudication.settings import AdjudicationSettings
from annotation.guidelines.page import guideline_wording, guidelines
from annotation.guidelines.settled_examples import MarkError, SettledExamples
from curation.markup import parse_markup
from curation.record import Layer, Record, record_id
from curation.scheme import Scheme
from curation.store import Store
from pipeline.command import app
from pipeline.workspace import Workspace

SETTINGS = AdjudicationSettings()

GOLD = "[high fever]{signs_symptoms}, no [cough]{signs_symptoms negated}, [sepsis]{diagnosis} since <Monday>"
ANNA = "[high fever]{signs_symptoms}, no [cough]{signs_symptoms}, [sepsis]{pathology} since <Monday>"
BEN = "high [fever]{signs_symptoms}, no cough, [sepsis]{diagnosis} [since]{age} <Monday>"


def add(store: Store, marked: dict[str, str], *, language: str = "en") -> str:
    texts = {name: parse_markup(one) for name, one in marked.items()}
    (text,) = {text for text, _ in texts.values()}
    id = record_id(text, language=language)
    store.add_records([Record(id=id, group=id, source="t", language=language, text=text)])
    store.add_layers(
        Layer(record_id=id, name=f"human:{name}", author=f"human:{name}", entities=entities)
        for name, (_, entities) in texts.items()
    )
    return id


@pytest.fixture
def settled(sqlite_store: Store, scheme: Scheme) -> Store:
    """A store with a record that an adjudicator has decided, and one on which all agree."""
    id = add(sqlite_store, {"anna": ANNA, "ben": BEN})
    (one,) = adjudication_cases(sqlite_store, SETTINGS, ids=[id])
    said = Layer(record_id=id, name="human:clara", author="human:clara", entities=parse_markup(GOLD)[1])
    sqlite_store.add_layers([adjudicated(said, one.ballot, name="gold")])
    add(sqlite_store, dict.fromkeys(("anna", "ben"), "again [sepsis]{diagnosis}"))
    settle(sqlite_store, scheme, SETTINGS)
    return sqlite_store


def settled_examples(store: Store, **options) -> SettledExamples:
    return SettledExamples(adjudication_cases(store, SETTINGS), **{"language": "en", **options})


def marked(excerpt) -> str:
    return "".join(f"[{part.text}]" if part.is_marked else part.text for part in excerpt)


def test_every_fault_is_named_with_what_is_right(settled: Store) -> None:
    found = settled_examples(settled)
    assert (found.records, found.adjudicated) == (2, 1)
    symptoms = found.of("signs_symptoms")
    assert {(marked(one.excerpt), one.error, one.instead, one.count) for one in symptoms.wrong} == {
        ("high fever, no [cough], sepsis since <Monday>", MarkError.ASSERTION, "negated", 1),
        ("high [fever], no cough, sepsis since <Monday>", MarkError.BOUNDARY, "high fever", 1),
    }
    assert [(one.error, one.instead) for one in found.of("pathology").wrong] == [(MarkError.CATEGORY, "diagnosis")]
    assert [(one.error, one.instead) for one in found.of("age").wrong] == [(MarkError.REMOVED, "")]


def test_what_is_right_is_counted_and_what_was_missed_comes_first(settled: Store) -> None:
    symptoms, diagnosis = (settled_examples(settled).of(name) for name in ("signs_symptoms", "diagnosis"))
    assert [(marked(one.excerpt), one.count, one.found, one.missed) for one in symptoms.right] == [
        ("high fever, no [cough], sepsis since <Monday>", 1, 0, 2),
        ("[high fever], no cough, sepsis since <Monday>", 1, 1, 1),
    ]
    ((one),) = diagnosis.right
    assert (one.count, one.found, one.missed) == (2, 3, 1)
    assert (diagnosis.gold, diagnosis.correct, sum(diagnosis.errors.values())) == (2, 3, 0)
    assert (
        symptoms.gold,
        symptoms.correct,
        symptoms.errors[MarkError.BOUNDARY],
        symptoms.errors[MarkError.ASSERTION],
    ) == (
        2,
        1,
        1,
        1,
    )


def test_only_records_of_the_language_teach(settled: Store) -> None:
    assert settled_examples(settled, language="de").records == 0


def test_no_examples_quote_no_record(settled: Store, scheme: Scheme) -> None:
    page = guidelines(scheme, settled_examples(settled, examples=0), language="en")
    assert "Monday" not in page


class Links(HTMLParser):
    """What a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes) -> None:
        named = dict(attributes)
        self.found += [named[name] for name in ("src", "href") if name in named]
        self.found += [tag] if tag in ("script", "link", "iframe", "img") else []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_the_whole_scheme_and_loads_nothing(settled: Store, scheme: Scheme, language: str) -> None:
    page = guidelines(scheme, settled_examples(settled), language=language)
    links = Links()
    links.feed(page)
    assert {link for link in links.found if not link.startswith("#")} == set()
    assert "url(" not in page
    for category in scheme.categories:
        for said in (category.label, category.definition, category.boundary):
            assert said[language].replace("'", "&#39;") in page
        assert f"<kbd>{category.hotkey}</kbd>" in page
        assert category.colour in page


def test_the_page_is_escaped(settled: Store, scheme: Scheme) -> None:
    page = guidelines(scheme, settled_examples(settled), language="en")
    assert "<Monday>" not in page
    assert "&lt;Monday&gt;" in page
    assert "<mark>fever</mark>" in page
    assert "should be “high fever”" in page
    assert re.search(r"<mark>sepsis</mark>[^<]*: <b>is Diagnosis</b>", page)


def test_every_language_has_all_words() -> None:
    assert guideline_wording("xx") == guideline_wording("en") != guideline_wording("de")
    assert set(guideline_wording("de").faults) == set(MarkError)


def test_the_command_writes_the_page_of_the_language(tmp_path) -> None:
    place = Workspace.make(tmp_path / "workspace")
    path = tmp_path / "leitfaden.html"
    line = ["review", "guidelines", "--language", "de", "--to", str(path), "--workspace", str(place.folder)]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert '<html lang="de">' in path.read_text(encoding="utf-8")
    assert guideline_wording("de").unsettled in path.read_text(encoding="utf-8")
