"""Runs in edsnlp's own environment: `python child.py JOB ANSWER`. No part of the product is imported here.

JOB: {"encoder", "seed", "steps", "batch", "window", "stride", "learnt": [{"text", "spans": [[start, end, label]]}],
"texts": [text]}. ANSWER: {"spans": [[[start, end, label]]], "seconds"}, by text.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import process_time


def main(job: Path, answer: Path) -> None:
    """Train by its documented call, predict, and write."""
    import edsnlp
    import edsnlp.pipes as eds
    import torch
    from edsnlp.training import ScheduledOptimizer, TrainingData, train
    from edsnlp.utils.span_getters import set_spans

    asked = json.loads(job.read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    nlp = edsnlp.blank("eds")
    embedding = eds.transformer(model=asked["encoder"], window=asked["window"], stride=asked["stride"])
    nlp.add_pipe(
        eds.ner_crf(mode="joint", target_span_getter="gold", span_setter="found", window=20, embedding=embedding),
        name="ner",
    )
    docs = []
    for report in asked["learnt"]:
        doc = nlp.make_doc(report["text"])
        spans = [doc.char_span(*span[:2], label=span[2], alignment_mode="expand") for span in report["spans"]]
        set_spans(doc, [span for span in spans if span is not None], {"gold": True})
        docs.append(doc)
    started = process_time()
    optimiser = ScheduledOptimizer(
        optim="adamw",
        module=nlp,
        total_steps=asked["steps"],
        groups=[
            {
                "selector": "ner[.]embedding",
                "lr": {"@schedules": "linear", "warmup_rate": 0.1, "start_value": 0.0, "max_value": 2e-4},
            },
            {
                "selector": ".*",
                "lr": {"@schedules": "linear", "warmup_rate": 0.1, "start_value": 2e-3, "max_value": 2e-3},
            },
        ],
    )
    with tempfile.TemporaryDirectory() as folder:
        train(
            nlp=nlp,
            train_data=TrainingData(
                data=edsnlp.data.from_iterable(docs), batch_size=asked["batch"], shuffle="dataset", pipe_names=["ner"]
            ),
            max_steps=asked["steps"],
            optimizer=optimiser,
            seed=asked["seed"],
            grad_max_norm=1.0,
            cpu=True,
            output_dir=folder,
            save_model=False,
            logger=False,
        )
    seconds = process_time() - started
    # spaCy's spans are of use only as long as their document is kept.
    marked = [nlp(text) for text in asked["texts"]]
    found = [[[span.start_char, span.end_char, span.label_] for span in doc.spans["found"]] for doc in marked]
    answer.write_text(json.dumps({"spans": found, "seconds": round(seconds, 1)}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
