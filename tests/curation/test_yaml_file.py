"""YAML of others: no alias makes it larger than a machine, whatever reads it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import yaml

from annotation.few_shot.example_sentences import load_examples
from annotation.guidelines.page import guidelines
from annotation.guidelines.settled_examples import SettledExamples
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.settings import Variant
from annotation.rules.patterns import load_patterns
from curation.errors import CurateError
from curation.scheme import load_scheme
from curation.scheme_file import _free_colours
from curation.sources.mapping import load_mapping
from curation.yaml_file import load_yaml, yaml_problem
from training.experiments.variants import read_variants
from training.set_mapping import read_mapping
from validation.boundaries.rules import load_boundaries

pytestmark = pytest.mark.long


def bomb(depth: int = 9) -> str:
    """A list of lists by aliases: nine to the power of the depth."""
    levels = [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, depth)]
    return "\n".join(["l0: &l0 [a, a, a, a, a, a, a, a, a]", *levels])


def merged() -> str:
    """The same by merged tables."""
    levels = [f"m{level}: &m{level}\n  <<: [{', '.join([f'*m{level - 1}'] * 9)}]" for level in range(1, 9)]
    return "\n".join(["m0: &m0 {a: b}", *levels])


CASES = {
    "aliases": bomb(),
    "merged": merged(),
    "circle": "a: &a [*a]",
    "circle of tables": "a: &a\n  b: *a",
    "deep": "[" * 20_000 + "]" * 20_000,
    "deep tables": "\n".join(" " * level + "a:" for level in range(3_000)),
    "long": "a: " + "b" * (9 << 20),
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_grows_without_end_is_refused_at_once(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(yaml.YAMLError, match="expected"):
        load_yaml(text)
    assert time.monotonic() - started < 10


READERS: dict[str, Callable[[Path], object]] = {
    "mapping": load_mapping,
    "scheme": load_scheme,
    "patterns": lambda path: load_patterns(path.stem, folder=path.parent),
    "examples": lambda path: load_examples(path.stem, folder=path.parent),
    "boundaries": lambda path: load_boundaries(str(path)),
}


@pytest.mark.parametrize("text", [CASES[name] for name in ("aliases", "circle", "deep")])
@pytest.mark.parametrize("load", READERS.values(), ids=READERS)
def test_every_file_of_a_user_is_read_so(tmp_path: Path, load: Callable[[Path], object], text: str) -> None:
    path = tmp_path / "en.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CurateError) as caught:
        load(path)
    assert len(str(caught.value)) < 500


KEY_TWICE = {
    "at the top": ("a: 1\nb: 2\na: 3\n", "line 3, column 1: expected each key once, got a again"),
    "inside": ("cases:\n  Müdigkeit: x\n  Müdigkeit: x\n", "line 3, column 3: .*got Müdigkeit again"),
    "in a list": ("- {a: 1, a: 2}\n", "line 1, column 10: .*got a again"),
    "quoted": ("'a': 1\na: 2\n", "line 2, column 1: .*got a again"),
}


@pytest.mark.parametrize(("text", "message"), KEY_TWICE.values(), ids=KEY_TWICE)
def test_a_key_that_stands_twice_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        load_yaml(text)
    assert re.fullmatch(message, yaml_problem(caught.value))
    path = tmp_path / "written.yaml"
    path.write_text(text, encoding="utf-8")
    for load in (read_mapping, read_variants, load_mapping, load_scheme):
        with pytest.raises(CurateError, match="expected each key once") as refused:
            load(path)
        assert "\n" not in str(refused.value)


def test_a_key_of_a_merged_table_may_be_given_anew() -> None:
    text = "a: &a {k: 1, l: 1}\nb: &b {<<: *a, k: 2}\nc: {<<: *b, l: 3}\nd: {k: 1, 'on': 2}\n"
    assert load_yaml(text)["c"] == {"k": 2, "l": 3}
    assert load_yaml(text)["b"] == {"k": 2, "l": 1}


def test_aliases_of_people_are_read() -> None:
    text = "a: &a [x, y]\nb: *a\nc:\n  <<: &d {k: v}\n  e: *a\n"
    assert load_yaml(text) == {"a": ["x", "y"], "b": ["x", "y"], "c": {"k": "v", "e": ["x", "y"]}}
    assert load_yaml("") is None


@pytest.mark.parametrize("kind", ["labels", "attributes"])
def test_long_lists_of_values_are_read_in_seconds(tmp_path: Path, kind: str) -> None:
    values = ", ".join(f"c{number}" for number in range(20_000))
    path = tmp_path / "scheme.yaml"
    path.write_text(f"name: long\ncategories: [a]\n{kind}:\n  code: [{values}]\n", encoding="utf-8")
    started = time.monotonic()
    scheme = load_scheme(path)
    assert len((scheme.labels or scheme.attributes)[0].values) == 20_000
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("count", [75, 700])
def test_more_categories_than_there_are_keys_or_colours(tmp_path: Path, count: int) -> None:
    path = tmp_path / "scheme.yaml"
    path.write_text("name: long\ncategories:\n" + "".join(f"  c{n}: x\n" for n in range(count)), encoding="utf-8")
    scheme = load_scheme(path)
    assert [category.hotkey is None for category in scheme.categories] == [n >= 74 for n in range(count)]
    colours = [category.colour for category in scheme.categories]
    assert len(set(colours)) > min(count - 1, 450)
    for variant in (Variant.SPANS, Variant.SIDE_BY_SIDE):
        view = fromstring(label_config(scheme, variant=variant))
        assert len(list(view.iter("Label"))) in {count, 2 * count}
        keys = [key for tag in view.iter() if (key := tag.get("hotkey"))]
        assert len(keys) == len(set(keys)) > 74
    assert "None" not in guideline(scheme) + guidelines(scheme, SettledExamples((), language="de"), language="de")


def test_every_default_colour_is_given_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "scheme.yaml"
    colours = enumerate(islice(_free_colours(()), 600))
    lines = [f'  c{number}: {{definition: x, colour: "{colour}"}}\n' for number, colour in colours]
    path.write_text("name: long\ncategories:\n" + "".join([*lines, "  last: x\n"]), encoding="utf-8")
    assert load_scheme(path).categories[-1].colour.startswith("#")


def test_a_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("cases: {Müdigkeit: x}\n".encode("latin-1"))
    for path, message in (
        (tmp_path / "missing.yaml", "no such file or directory"),
        (tmp_path, "is a directory"),
        (latin, r"a file that is not in UTF-8 \(byte 10\)"),
    ):
        for load in (read_mapping, read_variants):
            with pytest.raises(CurateError, match=message):
                load(path)
