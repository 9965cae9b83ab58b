"""A training in a process of its own, that can be killed or measured.

    python -m training_parts.child FOLDER RECORDS EPOCHS STEPS

Trains a small encoder with random weights on generated records in FOLDER, going on from a checkpoint that is there, and
prints a line for each step; the last line is one JSON object with the digest of the weights and the peak memory. STEPS:
after so many it ends; 0 is all of them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import packages_first  # noqa: F401
from measuring import peak_mb

from curation.scheme import load_scheme
from training.encoder import train_tagger
from training.settings import TrainingSettings
from training.trained import TrainingJob
from training_parts.records import GeneratedPairs

CHECKPOINT_STEPS = 5


def main(folder: Path, records: int, epochs: int, steps: int) -> None:
    """Train, and print."""

    def on_step(done: int, total: int, loss: float) -> None:
        print(done, total, flush=True)
        if done == steps:
            print(json.dumps({"peak_mb": peak_mb()}), flush=True)
            sys.exit(0)

    settings = TrainingSettings(
        base_model=str(folder.parent / "encoder"),
        epochs=epochs,
        checkpoint_steps=CHECKPOINT_STEPS if not steps else 10**6,
        allow_lost=True,
        threads=1,
    )
    job = TrainingJob(
        GeneratedPairs(records), (), load_scheme(), settings, folder, on_step, folder / "work", fingerprint="benchmark"
    )
    trained = train_tagger(job)
    print(json.dumps({"weights": trained.manifest.weights_digest, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
