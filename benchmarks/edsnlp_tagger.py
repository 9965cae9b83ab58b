"""edsnlp's tagger on the same reports with the same encoder, by our scorer.

    python benchmarks/edsnlp_tagger.py [--quick] [--seeds N] [--data ../shared/data/maccrobat] [--folder FOLDER]

edsnlp is installed in an environment of its own in the user's cache (once). Its `eds.ner_crf` on `eds.transformer`,
with the packaged encoder and all its weights tuned, learns the 120 reports of MACCROBAT that `benchmarks/maccrobat.py`
learns by the call that its documentation shows, and marks the other 30. It learns entities of different categories on
the same words, and no entities in several pieces: these are left out of what it learns, counted, and stay in the gold.
What was made is kept in FOLDER and not made again; a seed that takes longer than LONGEST is given up. Prints a table;
the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import packages_first  # noqa: F401
from edsnlp_parts.environment import VERSION, python
from measuring import table
from tagger_parts.corpus import DATA, Pair, reports

from curation.atomic_file import write_private
from curation.cache_folder import cache_folder
from curation.embeddings.encoder import packaged_encoder_path
from curation.generate import generate
from curation.private_files import made_private
from curation.record import Entity, Fragment, Layer, digest
from curation.scheme import Scheme, load_scheme
from curation.scoring.entities import EntityScores, score_entities

CHILD = Path(__file__).parent / "edsnlp_parts" / "child.py"
#: Seconds of one seed.
LONGEST = 7_200
#: By --quick: steps. A batch is of about as many tokens as one of ours; ten readings of the 120 reports.
STEPS = {True: 10, False: 1_000}
SETTINGS = {"batch": "1000 tokens", "window": 256, "stride": 192}


def main() -> None:
    """Train and mark what is not there yet, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="generated records, ten steps")
    parser.add_argument("--seeds", type=int, default=1, help="so many trainings, each of three quarters of an hour")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folder", type=Path, help="where the runs are kept")
    asked = parser.parse_args()
    folder = made_private(asked.folder or cache_folder() / "benchmarks" / "edsnlp-runs")
    if asked.quick:
        pairs = list(generate(40, languages=("en",), seed=0))
        learnt, measured = pairs[:30], pairs[30:]
    else:
        learnt, measured = reports(asked.data)
    scheme = load_scheme()
    taught, left_out = _taught(learnt, scheme)
    rows: list[tuple[object, ...]] = []
    for seed in range(asked.seeds):
        job = {
            "encoder": str(packaged_encoder_path()),
            "seed": seed,
            "steps": STEPS[asked.quick],
            **SETTINGS,
            "learnt": taught,
            "texts": [record.text for record, _ in measured],
        }
        answer = _answer(job, folder)
        scores = _scores(answer["spans"], measured, scheme)
        rows.append((seed, scores.strict.micro.f1 or 0.0, scores.lenient.micro.f1 or 0.0, answer["seconds"]))
    print(table((f"edsnlp {VERSION}, seed", "strict F1", "lenient F1", "processor seconds"), rows))
    means = {
        name: sum(float(str(row[place])) for row in rows) / len(rows) for place, name in ((1, "strict"), (2, "lenient"))
    }
    print(json.dumps({f"edsnlp_{name}_f1": round(mean, 4) for name, mean in means.items()} | {"left_out": left_out}))


def _taught(pairs: Sequence[Pair], scheme: Scheme) -> tuple[list[dict[str, object]], int]:
    """The reports as edsnlp learns them, and how many entities it cannot learn."""
    taught: list[dict[str, object]] = []
    left_out = 0
    for record, layer in pairs:
        counted = [entity for entity in layer.entities if scheme.counts(entity)]
        whole = [entity for entity in counted if len(entity.spans) == 1]
        left_out += len(counted) - len(whole)
        taught.append({"text": record.text, "spans": [[*entity.spans[0], entity.category] for entity in whole]})
    return taught, left_out


def _answer(job: dict[str, object], folder: Path) -> dict[str, list[list[list[object]]]]:
    file = folder / f"{digest([VERSION, job])[:16]}.json"
    if not file.is_file():
        with tempfile.TemporaryDirectory() as name:
            asked, answer = Path(name) / "job.json", Path(name) / "answer.json"
            write_private(asked, json.dumps(job))
            offline = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
            offline.pop("PYTHONPATH", None)
            command = [str(python()), str(CHILD), str(asked), str(answer)]
            subprocess.run(command, check=True, env=offline, timeout=LONGEST, stdout=subprocess.DEVNULL)
            write_private(file, answer.read_text(encoding="utf-8"))
    found: dict[str, list[list[list[object]]]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _scores(found: Sequence[Sequence[Sequence[object]]], measured: Sequence[Pair], scheme: Scheme) -> EntityScores:
    """The scores of the spans by our scorer."""
    layers = []
    for spans, (record, _) in zip(found, measured, strict=True):
        entities = tuple(
            Entity(
                id=f"T{number}",
                category=str(label),
                text=record.text[int(str(start)) : int(str(end))],
                fragments=(Fragment(start=int(str(start)), end=int(str(end))),),
            )
            for number, (start, end, label) in enumerate(spans, start=1)
        )
        layers.append(Layer(record_id=record.id, name="edsnlp", author="edsnlp", entities=entities))
    return score_entities([layer for _, layer in measured], layers, scheme=scheme)


if __name__ == "__main__":
    main()
