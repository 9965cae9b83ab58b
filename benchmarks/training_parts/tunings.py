"""LoRA beside tuning in full: the same records, the same epochs, each with its own learning rate."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import process_time

from curation.scheme import load_scheme
from curation.tagging.folder import load_tagger
from training.encoder import scored, train
from training.settings import TrainingSettings
from training_parts.records import GeneratedPairs

#: Records that nothing was learnt from.
UNSEEN = 40
BOTH = {"LoRA": False, "full": True}


def tunings(records: int, epochs: int) -> dict[str, dict[str, float]]:
    """Strict and lenient F1 on unseen generated records, and processor seconds, of each way."""
    scheme = load_scheme()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, full in BOTH.items():
            settings = TrainingSettings(epochs=epochs, full=full, allow_lost=True, threads=1)
            started = process_time()
            trained = train(GeneratedPairs(records), scheme=scheme, settings=settings, to=Path(folder) / name)
            seconds = process_time() - started
            scores = scored(load_tagger(trained.folder)[0], list(GeneratedPairs(UNSEEN, seed=1)), scheme)
            found[name] = {
                "strict": scores.strict.micro.f1 or 0.0,
                "lenient": scores.lenient.micro.f1 or 0.0,
                "seconds": seconds,
            }
    return found
