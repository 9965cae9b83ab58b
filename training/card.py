"""The model card of an adapter: what it is, what it learnt from, how good it is, and what it is not for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from curation.markdown import code, plain
from curation.printable import printable
from curation.tagging.folder import AdapterManifest
from training.course_figures import CourseFigures

if TYPE_CHECKING:
    from curation.scoring.entities import EntityScores, Score
    from training.evaluate import EvaluationReport

CARD = "README.md"
BODY = """
# {title}

{opening} {languages} text, {count} of the scheme {scheme}:
{categories}.

It is {kind} {base_model}, trained by Clincurate with
`curate train` on {records} records with {entities} annotations.

## Use

    curate annotate --with adapter:{name}

or from Python, `annotation.adapter.AdapterAnnotator(path, scheme)`. What it is an adapter
for is named in `clincurate.json` and is not part of this folder.

## Intended use and limits

For pre-annotation that people review, and for research on data sets of the same kind. It is not a medical
device, it has not been tested for the care of patients, and its scores are not probabilities of being right.
{limits} It knows only the kind of text that it has seen: measure it on your own records before use.

## Trained on

{data}

## Scores

{scores}

## How

{settings}
"""


FLATTERED = "They chose the checkpoint, so that these scores flatter it; other records measure it fairly."
MARKS = "It marks only wording that stands in the text, gives no assertion (such as negated) and no codes"
#: Of a tagger with labels of each category apart.
LIMITS_OF_HEADS = f"{MARKS}, and marks two pieces of one category on one word only where such were in training."
LINKS = "It links only entities that a layer gives it"
_DECODER = (
    *("Extracts clinical information as one answer from", "categories and document labels"),
    "It may invent or repeat; the annotator holds its answers to the scheme's form and looks for each wording in the "
    "text.",
    "text-generation",
)
#: By task and model: what the adapter does, what it does it in, its limits, and the task as the Hugging Face hub names
#: it.
KINDS = {
    ("entities", "tagger"): (
        *("Marks pieces of clinical information in", "categories"),
        f"{MARKS}, and cannot mark two pieces of information on one word.",
        "token-classification",
    ),
    ("entities", "questions"): (
        *("Answers questions about clinical information by marking it in", "categories"),
        f"{MARKS}, and cannot mark two pieces of information of one category on one word.",
        "token-classification",
    ),
    ("entities", "decoder"): _DECODER,
    ("labels", "classifier"): (
        *("Gives labels to whole documents of clinical", "document labels"),
        "It always chooses a value that it has learnt, also for a text that says nothing about it.",
        "text-classification",
    ),
    ("labels", "decoder"): _DECODER,
    ("relations", "pairs"): (
        *("Finds relations between given entities in", "relation types"),
        f"{LINKS}, at most one type from each to each other, and none that are further apart than its window.",
        "text-classification",
    ),
    ("relations", "questions"): (
        *("Answers questions about given entities by marking what they have a relation with in", "relation types"),
        f"{LINKS}, and none that are further apart than its window; an answer that meets none of them is left out.",
        "token-classification",
    ),
}


def write_card(
    manifest: AdapterManifest,
    folder: Path,
    *,
    report: EvaluationReport | None = None,
    sets: Mapping[str, str] | None = None,
) -> None:
    """The card as README.md in the adapter's folder."""
    (folder / CARD).write_text(card(manifest, report=report, sets=sets), encoding="utf-8")


def card(
    manifest: AdapterManifest, *, report: EvaluationReport | None = None, sets: Mapping[str, str] | None = None
) -> str:
    """The card's text, with the metadata that the Hugging Face hub reads at its top.

    report: the scores on the validation records by category and language. sets: the digests of the curated sets that
    it was trained on, by their names.
    """
    opening, what, limits, _ = KINDS[manifest.task, manifest.model]
    if manifest.settings.get("heads") == "category":
        limits = LIMITS_OF_HEADS
    learnt: Any = manifest.details.get("learnt", ())
    given = (*manifest.categories, *manifest.document_labels) or tuple(learnt)
    body = BODY.format(
        opening=opening,
        limits=limits,
        title=plain(manifest.name),
        name=printable(manifest.name),
        languages=plain(", ".join(manifest.languages)),
        count=f"{len(given)} {what}",
        scheme=code(manifest.scheme),
        categories=", ".join(map(plain, given)),
        kind=how_tuned(manifest),
        base_model=code(manifest.base_model),
        records=manifest.training.get("records", 0),
        entities=manifest.training.get("entities", 0),
        data=_items({**{f"set {name}": digest for name, digest in (sets or {}).items()}, **_data(manifest)}),
        scores=_measured(manifest, report),
        settings=_items(
            {
                **manifest.settings,
                **manifest.versions,
                "seconds": manifest.seconds,
                **_course(manifest),
                **_thresholds(manifest),
            }
        ),
    )
    return f"---\n{yaml.safe_dump(_metadata(manifest), sort_keys=False, allow_unicode=True)}---\n{body}"


def how_tuned(manifest: AdapterManifest) -> str:
    """What the adapter is, before the name of its base."""
    if "merged" in manifest.details:
        return "a LoRA adapter merged into"
    if manifest.members:
        kinds = {"lora": "LoRA adapters for", "full": "full tunings of"}
        return f"the mean of {len(manifest.members) + 1} {kinds[manifest.kind]}"
    return {"lora": "a LoRA adapter for", "prompt": "a soft prompt for", "full": "a full tuning of"}[manifest.kind]


def _metadata(manifest: AdapterManifest) -> dict[str, Any]:
    kind = KINDS[manifest.task, manifest.model][-1]
    tag = "named-entity-recognition" if (manifest.task, kind) == ("entities", "token-classification") else kind
    return {
        "language": list(manifest.languages),
        "library_name": "transformers" if manifest.kind == "full" else "peft",
        "base_model": printable(manifest.base_model),
        "pipeline_tag": kind,
        "tags": ["clinical", tag, "clincurate"],
    }


def _data(manifest: AdapterManifest) -> dict[str, Any]:
    training = dict(manifest.training)
    lost, view = training.pop("lost", {}), training.pop("view", None)
    sets: Any = training.pop("sets", ())
    mapping = training.pop("mapping", None)
    reasons = ", ".join(f"{count} {reason}" for reason, count in lost.items()) if isinstance(lost, dict) else ""
    held = {"annotations that the view does not hold, or holds with other borders": reasons or "none"}
    for curated in sets:
        held[f"set {curated['name']}"] = _set(curated)
    if mapping:
        held["common names by set"] = json.dumps(mapping, ensure_ascii=False)
    if isinstance(view, dict):
        recall = view.get("oracle")
        held["view"] = str(view["view"])
        held["oracle recall of the view (no model gets above it)"] = _figure(
            recall if isinstance(recall, float) else None
        )
    return {**training, **held}


def _set(curated: dict[str, Any]) -> str:
    """One of several sets in a sentence: its digest, its records, what it does not annotate."""
    records = ", ".join(f"{count} {split}" for split, count in curated["records"].items())
    left_out = ", ".join(
        f"{count} of {split} with {reason} in what another set is measured by"
        for split, reasons in curated["left_out"].items()
        for reason, count in reasons.items()
    )
    lacking = ", ".join(curated["not_annotated"])
    twice = ", ".join(f"{count} with {reason}" for reason, count in curated.get("learnt_twice", {}).items())
    return (
        f"{curated['digest']}, scheme {curated['scheme']}; records: {records}; left out: {left_out or 'none'}; "
        f"{f'learnt from a set before too: {twice}; ' if twice else ''}"
        f"not annotated there, so that it teaches nothing about it: {lacking or 'nothing'}"
    )


def _items(values: dict[str, Any]) -> str:
    return "\n".join(f"- {plain(name.replace('_', ' '))}: {plain(_plain(value))}" for name, value in values.items())


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _course(manifest: AdapterManifest) -> dict[str, Any]:
    """How the training went."""
    course = CourseFigures.in_manifest(manifest)
    if course is None:
        return {}
    ended = f"early, after {course.patience} epochs without a better one" if course.ended_early else "as set"
    kept = course.best or len(course.losses)
    return {"epochs done": len(course.losses), "steps": course.steps, "epoch kept": kept, "ended": ended}


def _thresholds(manifest: AdapterManifest) -> dict[str, str]:
    """Which categories' thresholds have moved, where they were chosen."""
    words = threshold_words(manifest)
    return {"thresholds per category": words} if words else {}


def threshold_words(manifest: AdapterManifest) -> str:
    """What the thresholds of a tagger's categories are, which were too few to choose, and what that brought; empty
    where none were chosen."""
    found: Any = manifest.details.get("thresholds")
    if not found:
        return ""
    moved = ", ".join(f"{name} {bias:+g}" for name, bias in found["biases"].items()) or "none moved"
    few = f"; fewer than {found['least_entities']} validation entities, so not chosen: {', '.join(found['too_few'])}"
    return (
        f"{moved}{few if found['too_few'] else ''}; strict F1 on the validation records, which chose them, "
        f"{found['f1_before']:.4f} before and {found['f1_after']:.4f} after"
    )


def _measured(manifest: AdapterManifest, report: EvaluationReport | None) -> str:
    """The scores on the validation records, by category and language with intervals where they were measured so."""
    if report is None or manifest.task != "entities":
        return _scores(manifest)
    tables = {"all languages": report.entities}
    if len(report.languages) > 1:
        tables |= {name: found.entities for name, found in report.languages.items()}
    parts = [_by_category(name, scores) for name, scores in tables.items()]
    return "\n\n".join([*parts, "Intervals: 95 %, bootstrap over groups.", *map(plain, report.notes), FLATTERED])


def _by_category(name: str, scores: EntityScores) -> str:
    head = f"| on {scores.records} validation records, {plain(name)} | strict F1 | 95 % | lenient F1 | 95 % | gold |"
    strict, lenient = scores.strict, scores.lenient
    rows = [("all (micro)", strict.micro, lenient.micro)]
    rows += [(name, score, lenient.per_category[name]) for name, score in strict.per_category.items()]
    lines = [
        f"| {plain(name)} | {_figure(exact.f1)} | {_interval(exact)} | {_figure(any_overlap.f1)} | "
        f"{_interval(any_overlap)} | {exact.gold} |"
        for name, exact, any_overlap in rows
    ]
    return "\n".join([head, "|---|---|---|---|---|---|", *lines])


def _interval(score: Score) -> str:
    low, high = score.f1_interval or (None, None)
    return "n/a" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _scores(manifest: AdapterManifest) -> str:
    """The strict and lenient scores of each category, as a table."""
    scores: Any = manifest.metrics.get("validation")
    if not scores:
        return "Not measured in training: there were no validation records. `curate evaluate` measures it."
    if "strict" not in scores:
        return _OTHER_SCORES[next(iter(scores))](next(iter(scores.values())))
    strict, lenient = scores["strict"], scores["lenient"]
    rows = [("all (micro)", strict["micro"], lenient["micro"])]
    rows += [(name, score, lenient["per_category"][name]) for name, score in strict["per_category"].items()]
    lines = ["| on validation records | strict F1 | lenient F1 | gold |", "|---|---|---|---|"]
    lines += [
        f"| {plain(name)} | {_figure(exact['f1'])} | {_figure(any_overlap['f1'])} | {exact['gold']} |"
        for name, exact, any_overlap in rows
    ]
    return "\n".join([*lines, "", FLATTERED])


def _relation_scores(found: dict[str, Any]) -> str:
    """The micro F1 of relations between gold entities, as a table."""
    lines = ["| on validation records, between gold entities | F1 | gold |", "|---|---|---|"]
    return "\n".join([*lines, f"| all (micro) | {_figure(found['f1'])} | {found['gold']} |", "", FLATTERED])


def _label_scores(labels: dict[str, Any]) -> str:
    """The accuracy and macro F1 of each document label, as a table."""
    lines = ["| on validation records | accuracy | macro F1 | records |", "|---|---|---|---|"]
    lines += [
        f"| {plain(name)} | {_figure(found['accuracy'])} | {_figure(found['macro_f1'])} | {found['records']} |"
        for name, found in labels.items()
        if found["records"]
    ]
    return "\n".join([*lines, "", FLATTERED])


def _answer_scores(found: dict[str, Any]) -> str:
    """The loss of a language model's answers."""
    return f"Mean loss of the answers' tokens on validation records: {_figure(found['loss'])}. {FLATTERED}"


#: How the scores of each task are shown that are none of entities.
_OTHER_SCORES = {"labels": _label_scores, "relations": _relation_scores, "answers": _answer_scores}


def _figure(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
