"""What docs/formats.md says about mapping files is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from curation.sources import ImportMapping, ReadOptions, load_mapping, shipped_mappings

PAGE = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_example_is_a_mapping_and_does_what_it_says(written, outcome):
    import json

    text = "History of diabetes. Hb of 7.9. No cancer."
    spans = [
        {"id": "a", "kind": "History", "from": 0, "to": 19}, {"id": "b", "kind": "Problem", "from": 11, "to": 19},
        {"id": "c", "kind": "Lab", "from": 21, "to": 23}, {"id": "d", "kind": "Problem", "from": 35, "to": 41,
                                                           "certainty": "excluded"},
    ]  # fmt: skip
    row = {
        "letter_no": "17-3",
        "content": {"body": text},
        "lang": "E",
        "ward": 4,
        "spans": spans,
        "smoking_status": "no",
    }
    result = outcome(written("x.jsonl", json.dumps(row)), mapping=yaml.safe_load(EXAMPLE))
    assert result.problems == []
    (record,), (layer,) = result.records, result.layers
    assert (record.language, record.group, record.licence, record.meta) == (
        "en", "17", "internal use", {"source_id": "17-3", "ward": 4},
    )  # fmt: skip
    assert [(one.category, one.text, one.assertion.value) for one in layer.entities] == [
        ("comorbidities", "diabetes", "present"), ("laboratory_values", "Hb", "present"),
        ("diagnosis", "cancer", "negated"),
    ]  # fmt: skip
    assert layer.labels == {"smoking": "no"}


@pytest.mark.parametrize("key", sorted(set(ImportMapping.model_fields) - {"name"}))
def test_every_key_is_explained(key):
    assert f"`{key}`" in PAGE


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_shipped_mapping_is_named(name):
    assert f"`{name}`" in PAGE
    assert load_mapping(name).name == name


@pytest.mark.parametrize("option", ReadOptions.__dataclass_fields__)
def test_every_option_is_named(option):
    assert f"`{option}`" in PAGE
