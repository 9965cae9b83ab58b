"""A file of variants is understood or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UsageError
from training.experiments.variants import read_variants

YAML = """
baseline: lora
variants:
  lora: {}
  full: {training: {full: true}}
  rules: {with: rules}
  naive: {with: "llm:small", prompt: naive.v1, annotation: {llm: {repairs: 0}}}
  retrieved: {with: llm, examples: true}
"""
TOML = """
[variants.lora]
[variants.full.training]
full = true
[variants.naive]
with = "llm:small"
prompt = "naive.v1"
"""


def test_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "v.toml").write_text(TOML, encoding="utf-8")
    found, other = read_variants(tmp_path / "v.yaml"), read_variants(tmp_path / "v.toml")
    assert list(found.variants) == ["lora", "full", "rules", "naive", "retrieved"]
    assert found.variants["full"] == other.variants["full"]
    assert found.variants["naive"].sections["annotation"] == {"llm": {"repairs": 0, "prompt": "naive.v1"}}
    assert found.variants["full"].sections["training"] == {"full": True}
    assert (found.baseline, other.baseline) == ("lora", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("variants: {}", "variants: .* at least 1 item"),
        ("- a", "the file: "),
        ("variants: {a: {wiht: rules}}", "variants.a.wiht: Extra inputs are not permitted; known are: with, training"),
        ("variants: {a: {with: rules, training: {full: true}}}", "expected settings of training without `with`"),
        ("variants: {a: {with: rules, prompt: naive.v1}}", "expected `prompt` and `examples` beside a language model"),
        ("variants: {a: {examples: true}}", "expected `prompt` and `examples` beside a language model"),
        ("variants: {../a: {}}", "expected the name of a variant in letters"),
        ("variants: {a: {}}\nbaseline: b", "expected a variant as the baseline, got 'b'"),
        ("variants: [", "expected a file of variants in YAML or TOML at .*cannot be read"),
    ],
)
def test_what_is_no_file_of_variants_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "v.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as refused:
        read_variants(path)
    assert "\n" not in str(refused.value)
    with pytest.raises(UsageError, match="cannot be read"):
        read_variants(tmp_path / "none.yaml")
