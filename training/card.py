"""The model card of an adapter: what it is, what it learnt from, how good it is, and what it is not for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from curation.markdown import code, plain
from curation.printable import printable
from curation.tagging.folder import AdapterManifest

BODY = """
# {title}

Marks pieces of clinical information in {languages} text, in {count} categories of the scheme {scheme}:
{categories}.

It is {kind} the encoder {base_model}, trained by Clincurate with
`curate train` on {records} records with {entities} entities.

## Use

    curate annotate --with adapter:{name}

or from Python, `annotation.adapter.AdapterAnnotator(path, scheme)`. The encoder is named in `clincurate.json`
and is not part of this folder.

## Intended use and limits

For pre-annotation that people review, and for research on data sets of the same kind. It is not a medical
device, it has not been tested for the care of patients, and its scores are not probabilities of being right.
It marks only wording that stands in the text, gives no assertion (negated, historical, of a relative) and no
codes, cannot mark two pieces of information on one word, and knows only the kind of text that it has seen:
measure it on your own records before use.

## Trained on

{data}

## Scores

{scores}

## How

{settings}
"""


def write_card(manifest: AdapterManifest, folder: Path) -> None:
    """The card as README.md in the adapter's folder."""
    (folder / "README.md").write_text(card(manifest), encoding="utf-8")


def card(manifest: AdapterManifest) -> str:
    """The card's text, with the metadata that the Hugging Face hub reads at its top."""
    body = BODY.format(
        title=plain(manifest.name),
        name=printable(manifest.name),
        languages=plain(", ".join(manifest.languages)),
        count=len(manifest.categories),
        scheme=code(manifest.scheme),
        categories=", ".join(map(plain, manifest.categories)),
        kind="a LoRA adapter for" if manifest.kind == "lora" else "a full tuning of",
        base_model=code(manifest.base_model),
        records=manifest.training.get("records", 0),
        entities=manifest.training.get("entities", 0),
        data=_items(_data(manifest)),
        scores=_scores(manifest),
        settings=_items({**manifest.settings, **manifest.versions, "seconds": manifest.seconds}),
    )
    return f"---\n{yaml.safe_dump(_metadata(manifest), sort_keys=False, allow_unicode=True)}---\n{body}"


def _metadata(manifest: AdapterManifest) -> dict[str, Any]:
    return {
        "language": list(manifest.languages),
        "library_name": "peft" if manifest.kind == "lora" else "transformers",
        "base_model": printable(manifest.base_model),
        "pipeline_tag": "token-classification",
        "tags": ["clinical", "named-entity-recognition", "clincurate"],
    }


def _data(manifest: AdapterManifest) -> dict[str, Any]:
    training = dict(manifest.training)
    lost = training.pop("lost", {})
    reasons = ", ".join(f"{count} {reason}" for reason, count in lost.items()) if isinstance(lost, dict) else ""
    return {**training, "entities that the labels do not hold, or hold with other borders": reasons or "none"}


def _items(values: dict[str, Any]) -> str:
    return "\n".join(f"- {plain(name.replace('_', ' '))}: {plain(_plain(value))}" for name, value in values.items())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _scores(manifest: AdapterManifest) -> str:
    """The strict and lenient scores of each category, as a table."""
    scores: Any = manifest.metrics.get("validation")
    if not scores:
        return "Not measured in training: there were no validation records. `curate evaluate` measures it."
    strict, lenient = scores["strict"], scores["lenient"]
    rows = [("all (micro)", strict["micro"], lenient["micro"])]
    rows += [(name, score, lenient["per_category"][name]) for name, score in strict["per_category"].items()]
    lines = ["| on validation records | strict F1 | lenient F1 | gold |", "|---|---|---|---|"]
    lines += [
        f"| {plain(name)} | {_figure(exact['f1'])} | {_figure(any_overlap['f1'])} | {exact['gold']} |"
        for name, exact, any_overlap in rows
    ]
    note = "They chose the checkpoint, so that these scores flatter it; other records measure it fairly."
    return "\n".join([*lines, "", note])


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
