"""Scheme files as people write them: short forms, what is filled in, and faults as plain sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.label_studio.editor.wording import ASSERTIONS, VERDICTS
from curation.errors import SchemeError
from curation.scheme import SchemeFile, load_scheme, read_scheme
from curation.scheme_file import label_of, relative_luminance, scheme_content

#: Label Studio's own key that works in a text: it unselects a region.
UNSELECT = "u"


def read(tmp_path: Path, text: str) -> SchemeFile:
    path = tmp_path / "scheme.yaml"
    path.write_text(text, encoding="utf-8")
    return read_scheme(path)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SchemeError) as refused:
        read(tmp_path, text)
    return str(refused.value).replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize(
    "categories",
    [
        "{diagnosis: what the doctor found, drug: a substance that was given}",
        "[diagnosis: what the doctor found, drug: a substance that was given]",
        "[{name: diagnosis, definition: what the doctor found}, {name: drug, definition: a substance that was given}]",
        "{diagnosis: {definition: {en: what the doctor found}}, drug: {definition: a substance that was given}}",
    ],
)
def test_each_form_of_a_definition_is_the_same_scheme(tmp_path, categories):
    found = read(tmp_path, f"name: short\ncategories: {categories}\n")
    diagnosis, drug = found.scheme.categories
    assert (diagnosis.label, diagnosis.definition) == ({"en": "Diagnosis"}, {"en": "what the doctor found"})
    assert (diagnosis.hotkey, drug.hotkey) == ("1", "2")
    assert found.filled == dict.fromkeys(("diagnosis", "drug"), ("label", "colour", "hotkey"))
    assert (
        found.scheme.digest
        == read(
            tmp_path,
            "name: short\ncategories:\n  diagnosis: what the doctor found\n  drug: a substance that was given\n",
        ).scheme.digest
    )


def test_only_what_is_absent_is_filled_in(tmp_path):
    found = read(
        tmp_path,
        'name: x\nlanguages: [de, en]\ncategories:\n  befund: {label: Befund, colour: "#1F77B4", hotkey: 2}\n'
        "  signs_symptoms: Zeichen\n  other:\n",
    )
    befund, signs, other = found.scheme.categories
    assert (befund.label, befund.colour, befund.hotkey) == ({"de": "Befund"}, "#1f77b4", "2")
    assert (signs.label, signs.definition, signs.hotkey) == ({"de": "Signs symptoms"}, {"de": "Zeichen"}, "1")
    assert (other.definition, other.hotkey) == ({}, "3")
    assert found.filled == dict.fromkeys(("signs_symptoms", "other"), ("label", "colour", "hotkey"))


def test_words_that_yaml_takes_for_values_stay_words(tmp_path):
    scheme = read(tmp_path, "name: x\nlabels: {smoker: [yes, no, 01, 1.0, null-ish], grade: [1, 2]}\n").scheme
    assert scheme.labels[0].values == ("yes", "no", "01", "1.0", "null-ish")
    assert scheme.labels[1].values == ("1", "2")
    assert scheme.names == ()


@given(st.lists(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), min_size=1, max_size=70, unique=True))
def test_filled_in_colours_and_keys_are_unique_readable_and_always_the_same(names):
    text = "name: x\ncategories: [" + ", ".join(f'"{name}"' for name in names) + "]\n"
    categories = scheme_content(text).content["categories"]
    assert categories == scheme_content(text).content["categories"]
    assert len({category["colour"] for category in categories}) == len(names)
    keys = {category["hotkey"] for category in categories}
    assert len(keys) == len(names)
    own = {key for key, _ in (*VERDICTS.values(), *ASSERTIONS.values())}
    assert not keys & (own | {UNSELECT})
    for category in categories:
        light = relative_luminance([int(category["colour"][at : at + 2], 16) / 255 for at in (1, 3, 5)])
        assert (light + 0.05) / 0.05 > 4.5, "black letters are read on it"
        assert 1.05 / (light + 0.05) > 2, "it stands out from a white page"


def test_filled_in_colours_keep_away_from_those_that_are_given():
    own = scheme_content("name: x\ncategories: [a, b]\n").content["categories"][0]["colour"]
    content = scheme_content(f'name: x\ncategories: [{{name: a, colour: "{own}"}}, b, c]\n').content
    assert len({category["colour"] for category in content["categories"]}) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", ["scheme.yaml: expected keys such as name and categories, got a list of 2"]),
        ("", ["scheme.yaml: expected keys such as name and categories, got nothing"]),
        ("name: x\n", ["scheme.yaml: expected categories or labels, found neither"]),
        ("categories: [a]\n", ["scheme.yaml: name: expected a value here, found none"]),
        (
            "name: x\ncategories: many\n",
            ["scheme.yaml: categories: expected a list or names with their meaning, got 'many'"],
        ),
        (
            "name: x\ncategories: {a: {colour: #ff0000\n}}\n",
            [
                'scheme.yaml: categories.a.colour: expected a colour in quotes, such as "#1f77b4", got nothing '
                "(a # that is not in quotes begins a comment)"
            ],
        ),
        (
            "name: x\ncategories: {a: {colour: blue}, 2b: second, c: {hotkeys: k}}\ndocument_labels: {}\n",
            [
                "scheme.yaml: categories.a.colour: expected a colour such as #1f77b4, got 'blue'",
                "scheme.yaml: categories.2b.name: expected letters (a-z), digits, - and _ after a letter, got '2b'",
                "scheme.yaml: categories.c.hotkeys: unknown key; did you mean hotkey?",
                "scheme.yaml: document_labels: unknown key; did you mean labels?",
            ],
        ),
        (
            "name: x\ncategories: {a: {keeps: [absent]}}\n",
            [
                "scheme.yaml: categories.a.keeps.entry 1: expected 'present', 'negated', 'possible', 'conditional', "
                "'historical' or 'family', got 'absent'"
            ],
        ),
        (
            "name: x\ncategories: {a: b, a: c}\n",
            ["scheme.yaml: line 2, column 20: expected each key once, got a again"],
        ),
        (
            "name: x\ncategories: {a: b\n",
            ["scheme.yaml: line 3, column 1: expected ',' or '}', but got '<stream end>'"],
        ),
        (
            "name: x\nversion: first\ncategories: [a]\n",
            ["scheme.yaml: version: expected a valid integer, unable to parse string as an integer, got 'first'"],
        ),
        (
            "name: x\nlabels: {smoker: [yes]}\n",
            ["scheme.yaml: labels.smoker.values: expected at least 2 values, got 1"],
        ),
        ("name: x\nlabels: [smoker]\n", ["scheme.yaml: labels.smoker.values: expected a value here, found none"]),
    ],
)
def test_faults_are_plain_sentences(tmp_path, text, expected):
    assert faults(tmp_path, text) == expected


def test_a_file_that_is_no_text_is_one_line(tmp_path):
    (tmp_path / "scheme.yaml").write_bytes("name: Übersicht\n".encode("cp1252"))
    with pytest.raises(SchemeError, match="expected a scheme file in UTF-8"):
        load_scheme(tmp_path / "scheme.yaml")
    (tmp_path / "scheme.yaml").write_bytes("\ufeffname: x\ncategories: [a]\n".encode())
    assert load_scheme(tmp_path / "scheme.yaml").names == ("a",)


def test_labels_for_people():
    assert [label_of(name) for name in ("signs_symptoms", "ADE", "route-of_drug")] == [
        "Signs symptoms",
        "ADE",
        "Route of drug",
    ]
