"""The one place that knows how authors and layers are named, and who comes before whom."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from annotation.adapter import AdapterAnnotator
from annotation.annotators import ANNOTATORS
from annotation.few_shot.annotator import FewShotAnnotator
from annotation.llm.annotator import LlmAnnotator
from annotation.rules.annotator import RulesAnnotator
from curation.author import (
    REVIEW_RANK,
    VALIDATION_RANK,
    AuthorKind,
    author_name,
    doubted,
    human,
    is_doubted,
    is_human,
    is_repeat,
    kind_of,
    layer_kind,
    layer_name,
    own_name,
    ranked,
    repeat,
)

ROOT = Path(__file__).parents[2]
PRODUCT = ("curation", "annotation", "validation", "training", "exports", "pipeline")

#: Where a kind's word means something else than a kind of author.
OTHER_MEANINGS = {
    ("curation/models/endpoint/transport.py", "llm"): "an extra to install",
    ("curation/embeddings/endpoint.py", "llm"): "an extra to install",
    ("curation/models/local/model.py", "adapter"): "a key of what answers depend on",
    ("pipeline/config.py", "llm"): "a section of the settings",
    ("pipeline/config_migration.py", "llm"): "a section of the settings",
    ("pipeline/foreign.py", "adapter"): "a key of the settings",
    ("curation/models/prompt.py", "llm"): "an extra to install",
    ("pipeline/steps/doctor.py", "llm"): "an extra to install",
    ("pipeline/steps/annotate.py", "llm"): "a section of the settings",
    ("pipeline/steps/prompt/preview.py", "llm"): "a section of the settings",
    ("annotation/adapter.py", "adapter"): "a key of provenance",
    ("pipeline/config.py", "adapter"): "the name of an adapter",
    ("pipeline/config_examples.py", "adapter"): "an example of a setting",
    ("pipeline/config_examples.py", "rules"): "an example of a setting",
    ("pipeline/config_examples.py", "llm:hospital"): "an example of a setting",
    ("pipeline/commands/evaluate.py", "gold"): "a side of a comparison",
    ("pipeline/steps/evaluate.py", "gold"): "an option of a command",
    ("pipeline/commands/next_steps.py", "gold"): "an option of a command",
    ("pipeline/commands/train.py", "adapter"): "the name of an adapter",
    ("pipeline/commands/run.py", "adapter"): "a line of the summary",
    ("curation/text/tokens.py", "rules"): "a part of a tokenizer of spaCy",
    ("annotation/label_studio/exchange/repeats.py", "repeat"): "what a key is made of",
    ("annotation/progress/work.py", "repeat"): "what somebody did",
    ("annotation/queue/plan.py", "repeat"): "why a record is in a queue",
    ("curation/scoring/entities.py", "gold"): "a side of a comparison",
    ("curation/scoring/concepts.py", "gold"): "a side of a comparison",
    ("curation/scoring/relations.py", "gold"): "a side of a comparison",
    ("training/evaluate.py", "gold"): "a side of a comparison",
    ("pipeline/steps/compare.py", "gold"): "an option of a command",
    ("pipeline/config_examples.py", "gold"): "an example of a setting",
    ("training/card.py", "gold"): "a figure",
    ("training/relations.py", "gold"): "a figure",
    ("training/merging.py", "adapter"): "the name of an adapter",
    ("training/training_page.py", "adapter"): "the name of an adapter",
    ("training/experiments/variants.py", "llm"): "a section of the settings",
    ("pipeline/steps/experiment/errors.py", "gold"): "an option of a command",
    ("pipeline/steps/experiment/predictions.py", "adapter"): "a section of the settings",
    ("pipeline/steps/experiment/predictions.py", "few-shot"): "a name that people type",
    ("pipeline/evidence/trained.py", "adapter"): "the head of a table",
    ("pipeline/evidence/trained.py", "gold"): "an option of a command",
    ("exports/counted.py", "gold"): "a note on a card",
}
KINDS = [kind.value for kind in AuthorKind if kind is not AuthorKind.OTHER]
PREFIX = re.compile(rf"({'|'.join(KINDS)})[:@](?! )")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gold", AuthorKind.GOLD),
        ("human:anna", AuthorKind.HUMAN),
        ("rules@1", AuthorKind.RULES),
        ("llm:qwen3:8b@prompt.v2", AuthorKind.LLM),
        ("adapter:adapters/mine", AuthorKind.ADAPTER),
        ("adapter2", AuthorKind.OTHER),
        ("rules-old", AuthorKind.OTHER),
        ("golden", AuthorKind.OTHER),
        ("other", AuthorKind.OTHER),
        ("", AuthorKind.OTHER),
    ],
)
def test_a_name_tells_its_kind_only_as_a_whole_word(name: str, kind: AuthorKind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("name", "author", "kind"),
    [
        ("adapter2", "adapter:mine@1a2b", AuthorKind.ADAPTER),
        ("rules-old", "rules@1", AuthorKind.RULES),
        ("qwen", "llm:qwen3:8b@extract.v1", AuthorKind.LLM),
        # A name that begins like a kind says nothing: what was imported under it may be anything.
        ("adapter2", "adapter2", AuthorKind.OTHER),
        # Who signs gold that was adjudicated is a person; the layer is gold.
        ("gold", "human:eve", AuthorKind.GOLD),
        ("repeat:anna", "human:anna", AuthorKind.REPEAT),
    ],
)
def test_a_layer_under_a_users_own_name_is_of_its_authors_kind(name: str, author: str, kind: AuthorKind) -> None:
    assert layer_kind(name, author) is kind


def test_names_are_written_and_read_alike() -> None:
    assert (human("anna"), repeat("anna"), layer_name(AuthorKind.RULES)) == ("human:anna", "repeat:anna", "rules")
    assert author_name(AuthorKind.RULES, revision=1) == "rules@1"
    assert author_name(AuthorKind.ADAPTER, "mine", revision="1a2b") == "adapter:mine@1a2b"
    assert (own_name("human:anna"), own_name("rules")) == ("anna", "")
    assert [name for name in ("human:anna", "repeat:anna", "humane", "human") if is_human(name)] == ["human:anna"]
    assert [name for name in ("human:anna", "repeat:anna") if is_repeat(name)] == ["repeat:anna"]
    assert [name for name in (doubted("17"), "human:anna") if is_doubted(name)] == ["doubted:17"]


def test_layers_are_ranked_by_kind_and_users_own_names_come_after_the_kinds() -> None:
    authors = {
        "gold": "gold",
        "few-shot": "few-shot@1",
        "rules": "rules@1",
        "a-model": "llm:qwen3@extract.v1",
        "llm": "llm:other@extract.v1",
        "cases-1": "adapter:cases-1@1a2b",
        "mine": "mine",
        "human:ben": "human:ben",
        "human:anna": "human:anna",
    }
    assert ranked(authors, VALIDATION_RANK) == (
        *("human:anna", "human:ben", "cases-1", "llm", "a-model", "rules", "few-shot", "mine", "gold"),
    )
    assert ranked(authors, REVIEW_RANK) == ("cases-1", "llm", "a-model", "rules", "few-shot")


def test_every_annotator_declares_its_kind_and_every_kind_has_its_rank() -> None:
    classes = (AdapterAnnotator, LlmAnnotator, RulesAnnotator, FewShotAnnotator)
    assert [annotator.kind for annotator in classes] == list(REVIEW_RANK)
    assert set(ANNOTATORS) == set(REVIEW_RANK)
    # What is in doubt is checked by nobody.
    assert set(VALIDATION_RANK) == set(AuthorKind) - {AuthorKind.DOUBTED}


def test_nobody_else_writes_a_kind() -> None:
    """A second place that knows a prefix forgets the kind that is added next."""
    found = {
        (path.relative_to(ROOT).as_posix(), text)
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        if path != ROOT / "curation" / "author.py"
        for text in _strings(path)
        if text in KINDS or PREFIX.match(text)
    }
    assert found == OTHER_MEANINGS.keys()


def _strings(path: Path) -> list[str]:
    """Every string of a module but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [node.value for node in constants if isinstance(node.value, str)]
