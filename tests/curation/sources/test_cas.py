"""CAS of UIMA: what INCEpTION exports, in both of its forms, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from curation.sources import Problem, Read, read

cassis = pytest.importorskip("cassis")

TEXT = "Frau Muster 👩 hat seit 3 Tagen Fieber.\r\nKein Husten."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A file as somebody's own layers would look: a span with features, a relation, and tokens that say nothing."""
    types = cassis.TypeSystem()
    finding = types.create_type("webanno.custom.Befund", supertypeName="uima.tcas.Annotation")
    types.create_feature(finding, "kind", "uima.cas.String")
    types.create_feature(finding, "sicher", "uima.cas.Boolean")
    link = types.create_type("webanno.custom.Zeit", supertypeName="uima.tcas.Annotation")
    types.create_feature(link, "Governor", finding)
    types.create_feature(link, "Dependent", finding)
    token = types.create_type(
        "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token", supertypeName="uima.tcas.Annotation"
    )
    cas = cassis.Cas(types, document_language="de")
    cas.sofa_string = TEXT
    at = TEXT.index("Fieber")
    symptom = finding(begin=at, end=at + 6, kind="Symptom", sicher=True)
    since = finding(begin=TEXT.index("3 Tagen"), end=TEXT.index("3 Tagen") + 7)
    for annotation in (symptom, since, link(begin=at, end=at + 6, Governor=symptom, Dependent=since)):
        cas.add(annotation)
    cas.add(token(begin=0, end=4))
    (tmp_path / "source").mkdir()
    cas.to_xmi(tmp_path / "source" / "letter.xmi")
    cas.to_json(tmp_path / "letter.json")
    types.to_xml(tmp_path / "TypeSystem.xml")
    return tmp_path


@pytest.mark.parametrize("name", ["source/letter.xmi", "letter.json"])
def test_annotations_come_in_with_their_features(project: Path, name: str) -> None:
    (found,) = read(project / name)
    assert isinstance(found, Read)
    assert (found.record.text, found.record.language) == (TEXT, "de")
    (layer,) = found.layers
    assert [(entity.category, entity.text, entity.attributes) for entity in layer.entities] == [
        ("Befund", "3 Tagen", {}),
        ("Symptom", "Fieber", {"sicher": "true"}),
    ]
    (link,) = layer.relations
    assert (link.type, link.head, link.tail) == ("Zeit", "T2", "T1")


def test_a_folder_of_xmi_is_known_by_its_files(project: Path) -> None:
    assert [type(found) for found in read(project / "source")] == [Read]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xmi", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>', "without a document type declaration"),
        ("a.xmi", "<a>", "expected a type system"),
        ("a.xmi", "", "expected a type system"),
        ("a.json", '{"%TYPES": {}, "%FEATURE_STRUCTURES": 3}', "another or a broken one"),
    ],
)
def test_what_is_no_cas_is_one_problem(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    (found,) = (item for item in read(tmp_path / name) if isinstance(item, Problem))
    assert message in found.what


@pytest.mark.data
def test_a_real_project_comes_in_whole(shared_data: Path) -> None:
    if not (shared_data / "inception").is_dir():
        pytest.skip("the project is not on this machine")
    counts = {}
    for name in ("Albers.xmi", "Albers.json", "Cajal.xmi", "Cajal.json", "Baastrup.json", "Beuerle.json"):
        (found,) = (item for item in read(shared_data / "inception" / name) if isinstance(item, Read))
        counts[name] = Counter(entity.category for entity in found.layers[0].entities)
    assert counts["Albers.xmi"] == counts["Albers.json"]
    assert counts["Cajal.xmi"] == counts["Cajal.json"]
    assert counts["Albers.xmi"].total() == 40
    assert counts["Baastrup.json"].total() == 24
