"""Whether a small model is better asked or tuned, and what either costs (study 1).

    python benchmarks/prompt_or_tune.py [--quick] [--minutes N] [--only SET] [--way NAME ...]

The packaged language model (SmolLM2-135M) on 100 test sentences of PHEE (drug, effect, patient) and on 20 English
records of the shipped sample (15 categories): asked by the naive prompt, by the advanced one, by the advanced one with
three retrieved examples, and tuned by LoRA on 400 sentences, or the sample's other English records, each held to the
form of the scheme; beside it the packaged encoder tuned on the same records. ROUGE and BERTScore (of the packaged
encoder, not rescaled) of the flat view, entities, validity, processor seconds and memory. What has no answer that can
be read counts as empty.

Each cell is a row of `measured/prompt_or_tune.jsonl` beside the script; what is there is not measured again, and what
was begun, in the user's cache folder, is gone on with. `--minutes` ends the script after so many. It needs
../shared/data/phee and `curate models install smollm2`. Prints the tables, with the line of a plain script; the last
line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from real_model_parts.exact import exact_f1
from real_model_parts.phee import Neighbours
from study_parts.cells import AskedModel, found, learnt, oracle, preload, scored, tuned
from study_parts.ledger import Deadline, StudyCell, StudyLedger
from study_parts.sets import StudySet, needed, study_set
from study_parts.sizes import ordered

from annotation.llm.annotator import LlmAnnotator
from annotation.settings import LlmSettings
from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings
from training.settings import TrainingSettings

#: Raised when the same cell would be measured otherwise.
VERSION = 1
#: By set: records to learn from, records to measure on, and the same of the short form.
RECORDS = {"phee": (400, 100), "sample": (54, 20)}
QUICK = {"phee": (30, 6), "sample": (10, 2)}
EXAMPLES = 3
#: The prompt of each way that only asks, and whether it has examples.
PROMPTS = {"naive": ("naive.v1", False), "advanced": ("advanced.v1", False), "retrieved": ("advanced.v1", True)}
TUNED, ENCODER = "tuned", "encoder"
WAYS = (*PROMPTS, TUNED, ENCODER)
#: The plain script: LoRA of rank 16 on all linear layers, two epochs of batches of 8.
DECODER = {"model": "decoder", "rank": 16, "alpha": 32, "masking": 0.0, "batch_size": 8}
EPOCHS = {("phee", TUNED): 2, ("sample", TUNED): 4, ("phee", ENCODER): 6, ("sample", ENCODER): 20}
#: What a plain script gets on the same 100 sentences with the same weights: valid answers, F1 of exact strings.
PLAIN = {
    "plain script: one instruction": (0.0, 0.0),
    "plain script: three fixed examples": (0.98, 0.208),
    "plain script: LoRA on 400 sentences": (0.99, 0.622),
}


def main() -> None:
    """Measure the cells that have no row, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a few records to learn from and to measure on")
    parser.add_argument("--minutes", type=float, help="end after so many, and go on with the next call")
    parser.add_argument("--only", action="append", choices=RECORDS, help="only this set; may be given again")
    parser.add_argument("--way", action="append", choices=WAYS, help="only this one; may be given again")
    words = parser.parse_args()
    names = tuple(words.only or RECORDS)
    if lacking := needed(names):
        raise SystemExit(lacking)
    for name in names:
        study_set(name)  # read once, before processes of cells are forked
    preload()
    cells = list(_cells(names, words.way or WAYS, QUICK if words.quick else RECORDS))
    ledger = StudyLedger("prompt_or_tune", quick=words.quick)
    left = ledger.measure(cells, Deadline.after(words.minutes))
    rows = [row for cell in cells if (row := ledger.rows.get(cell.digest))]
    print(shown(rows))
    print(json.dumps({"cells": len(cells), "left": left, **summary(rows)}))


def _cells(names: Sequence[str], ways: Sequence[str], records: Mapping[str, tuple[int, int]]) -> Iterator[StudyCell]:
    for name in names:
        for way in ways:
            train, test = records[name]
            parameters: dict[str, Any] = {"version": VERSION, "set": name, "way": way, "test": test}
            if way not in PROMPTS:
                parameters |= {"train": train, "epochs": EPOCHS[name, way]}
            yield StudyCell(parameters, partial(_measured, parameters))


def _measured(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """The figures of one way on one set."""
    of, way = study_set(parameters["set"]), parameters["way"]
    test = of.test[: parameters["test"]]
    told: dict[str, Any] = {"validity": 1.0}
    if way in PROMPTS:
        answers = AskedModel(_asked(of, way), folder, constrained=True)(test, deadline, also=of.train)
    else:
        train = ordered(of.train, 0)[: parameters["train"]]
        model: dict[str, Any] = DECODER if way == TUNED else {"model": "tagger"}
        common = {"task": "entities", "epochs": parameters["epochs"], "threads": 1, "allow_lost": True}
        manifest = learnt(train, of.scheme, TrainingSettings(**common, **model), folder, deadline)
        told |= {"training_seconds": manifest.seconds, "oracle": oracle(manifest)}
        if way == TUNED:
            answers = AskedModel(tuned(folder, of.scheme), folder, constrained=True)(test, deadline)
    if way == ENCODER:
        layers = found(test, of.scheme, folder, deadline)
    else:
        layers = answers.layers
        told |= {"validity": answers.validity(of.scheme, len(test)), "tokens": answers.tokens}
    scores = scored(test, layers, of.scheme, "bertscore")
    flat, bert = scores.report.flat.micro, scores.report.bertscore
    by_record = {layer.record_id: layer for layer in layers}
    return {
        **told,
        **scores.figures,
        "exact_f1": exact_f1([layer for _, layer in test], [by_record.get(record.id) for record, _ in test]),
        "rouge1": flat.rouge1,
        "rouge2": flat.rouge2,
        "rougeL": flat.rougeL,
        "bertscore": bert.f1 if bert else None,
        "bertscore_interval": bert.f1_interval if bert else None,
        "bertscore_signature": bert.signatures if bert else None,
        "read": len(layers) / len(test),
    }


def _asked(of: StudySet, way: str) -> LlmAnnotator:
    """The product's annotator with the packaged model and a prompt, which asks each question once."""
    prompt, with_examples = PROMPTS[way]
    examples = Neighbours(of.train, EXAMPLES) if with_examples else None
    model = LocalModel("smollm2", LocalModelSettings())
    return LlmAnnotator(of.scheme, LlmSettings(prompt=prompt, repairs=0), {model.name: model}, examples=examples)


def shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line for each way and set, and those of the plain script."""
    lines: list[tuple[object, ...]] = []
    for row in rows:
        low, high = row["f1_interval"] or (0.0, 0.0)
        lines.append(
            (
                row["set"],
                row["way"],
                f"{row['f1']:.3f} ({low:.3f} to {high:.3f})",
                *(row["lenient_f1"], row["exact_f1"], row["rouge1"] or 0.0, row["rougeL"] or 0.0),
                row["bertscore"] if row["bertscore"] is not None else "-",
                row["validity"],
                round(row["processor_seconds"]),
                row["peak_mb"],
            )
        )
    if any(row["set"] == "phee" and row["test"] == RECORDS["phee"][1] for row in rows):
        lines += [("phee", way, *("",) * 2, f1, *("",) * 3, valid, "", "") for way, (valid, f1) in PLAIN.items()]
    head = ("set", "way", "strict F1 (95 %)", "lenient F1", "F1 of exact strings", "ROUGE-1", "ROUGE-L", "BERTScore")
    return table((*head, "validity", "processor s", "peak MB"), lines)


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Strict F1, ROUGE-1 and BERTScore by set and way."""
    return {
        f"{row['set']}, {row['way']}": {
            name: None if row[name] is None else round(row[name], 4)
            for name in ("f1", "rouge1", "bertscore", "validity")
        }
        for row in rows
    }


if __name__ == "__main__":
    main()
