"""Training beside bare loops: pace, LoRA against full tuning, going on after a kill, memory, and the pace of scores.

    python benchmarks/training.py [--quick]

Tagger and decoder: our loop and loops written by hand with transformers and peft take batches in turn, in one process,
by processor time; tokens without padding count. The loops begin with the same models and LoRA matrices. By length: rows
of like length together; padded: rows as they come, to the longest of their batch or to the window. LoRA and full tuning
learn the same generated records. A training is killed twice (SIGKILL) and goes on; its weights are compared with those
of one that was not. Memory: the peak in the first 50 steps of a small set and of one of five times its records. ROUGE
and BERTScore: as in `benchmarks/scoring.py`. Prints tables; the last line is one JSON object. Exit code 1 where the
weights differ.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from scoring import SEED, bertscore, changed, documents, fields, rouge
from training_parts.killed import memory, resumed
from training_parts.loops import decoder_paces, loop_figures, tagger_paces
from training_parts.small_models import small_decoder
from training_parts.tunings import tunings

#: By --quick: rounds of the loops, records and epochs of the tunings, records of the small and the large set, pairs of
#: texts for ROUGE, and facts for BERTScore.
SIZES = {True: (1, 20, 3, (400, 2_000), 20, 100), False: (9, 200, 8, (10_000, 50_000), 300, 2_000)}
#: Records that the loops learn from.
LOOP_RECORDS = 60


def main() -> None:
    """Print the tables and the line."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, records and pairs: under five minutes")
    rounds, records, epochs, sizes, texts, facts = SIZES[parser.parse_args().quick]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = _loops(folder, rounds) | _tunings(records, epochs) | _resumed(folder / "resumed")
        figures |= _memory(folder / "memory", sizes) | _scores(texts, facts)
    print(json.dumps(figures))
    sys.exit(0 if figures["resume_equal"] else 1)


def _loops(folder: Path, rounds: int) -> dict[str, Any]:
    tagger = tagger_paces(LOOP_RECORDS, rounds)
    decoder = decoder_paces(small_decoder(folder / "decoder"), LOOP_RECORDS // 3, rounds)
    rows = [
        (what, name, median(paces), median(ours / pace for ours, pace in zip(found["ours"], paces, strict=True)))
        for what, found in (("tagger", tagger), ("decoder", decoder))
        for name, paces in found.items()
    ]
    print(table(("model", "loop", "tokens a second", "ours is so many times as fast"), [*rows]) + "\n", flush=True)
    return {name: round(value, 3) for name, value in loop_figures(tagger, decoder).items()}


def _tunings(records: int, epochs: int) -> dict[str, Any]:
    found = tunings(records, epochs)
    rows: list[tuple[object, ...]] = [(name, *scores.values()) for name, scores in found.items()]
    print(table(("tuning", "strict F1", "lenient F1", "processor seconds"), rows) + "\n", flush=True)
    return {
        f"lora_minus_full_{mode}": round(found["LoRA"][mode] - found["full"][mode], 4) for mode in ("strict", "lenient")
    }


def _resumed(folder: Path) -> dict[str, Any]:
    found = resumed(folder)
    print(table(tuple(found), [tuple(found.values())]) + "\n", flush=True)
    return {"resume_equal": found["equal"]}


def _memory(folder: Path, sizes: tuple[int, int]) -> dict[str, Any]:
    found = memory(folder, sizes)
    print(table(tuple(found[0]), [tuple(row.values()) for row in found]) + "\n", flush=True)
    return {"memory_growth": round(found[1]["peak_mb"] / found[0]["peak_mb"], 3)}


def _scores(texts: int, facts: int) -> dict[str, Any]:
    chance = random.Random(SEED)
    some = list(documents(max(texts, facts // 8)))
    long = rouge([(document.record.text, changed(document.record.text, chance)) for document in some[:texts]])
    print(table(("ROUGE", *long), [("long", *long.values())]) + "\n", flush=True)
    rows, figures = bertscore(fields(some)[:facts])
    print(table(("BERTScore", "pairs a second", "times", "difference"), rows), flush=True)
    return {"rouge_speedup": round(long["times"], 1), "bertscore_ratio": round(figures["bertscore_ratio"], 2)}


if __name__ == "__main__":
    main()
