"""How few examples are enough: F1 and validity against the number of training records (study 3).

    python benchmarks/small_data.py [--quick] [--minutes N] [--only SET]

The classes of 200 sections of MTS-Dialog, and the entities of 200 sentences of PHEE and of 30 reports of MACCROBAT, by
the packaged encoder (LoRA; three seeds, each with training sets of its own) and by the packaged language model (LoRA,
one seed). Training sets of a seed are nested and stratified; MTS-Dialog and PHEE have test parts of their own.

There is no validation: small sets read more often than large ones, so that each learns from about as many
readings (`EPOCHS`). The language model is asked twice, held to the form of the scheme (F1) and free (validity, F1).
Each cell is a row of `measured/small_data.jsonl` beside the script; what is there is not measured again, and what was
begun, in the user's cache folder, is gone on with. `--minutes` ends the script after so many. It needs ../shared/data,
and for the language model `curate models install smollm2`. Prints the tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from study_parts.cells import AskedModel, found, learnt, oracle, preload, scored, tuned
from study_parts.curves import curve_of
from study_parts.ledger import Deadline, StudyCell, StudyLedger
from study_parts.sets import needed, study_set
from study_parts.sizes import ordered

from training.settings import TrainingSettings

#: Raised when the same cell would be measured otherwise.
VERSION = 1
SEEDS = (0, 1, 2)
#: The step that is told, where a curve has both sizes.
GAINS = ((200, 300),)
#: Records to measure on, at most.
TEST = {"mts-dialog": 200, "phee": 200, "maccrobat": 30}
ENCODER_SIZES: Mapping[str, Sequence[int]] = {
    "mts-dialog": (25, 50, 100, 200, 300, 600, 1201),
    "phee": (10, 25, 50, 100, 120, 200, 300),
    "maccrobat": (10, 20, 40, 80, 120),
}
DECODER_SIZES: Mapping[str, Sequence[int]] = {"mts-dialog": (25, 100, 300), "phee": (25, 100, 300)}
#: By set: readings of records that a training has about, and the least and the most times that it reads all.
EPOCHS = {"mts-dialog": (1200, 3, 20), "phee": (1200, 4, 20), "maccrobat": (240, 3, 12)}
DECODER_EPOCHS = (400, 2, 4)
#: Tokens of an answer of the language model, at most: twice what gold takes.
MOST = 150
#: Records that the language model is measured on, at most.
DECODER_TEST = 100


def main() -> None:
    """Measure the cells that have no row, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="two sizes, one seed, few readings, no language model")
    parser.add_argument("--minutes", type=float, help="end after so many, and go on with the next call")
    parser.add_argument("--only", action="append", choices=TEST, help="only this set; may be given again")
    parser.add_argument("--model", action="append", choices=("encoder", "decoder"), help="only this one")
    words = parser.parse_args()
    names = tuple(words.only or TEST)
    if lacking := needed(names):
        raise SystemExit(lacking)
    for name in names:
        study_set(name)  # read once, before processes of cells are forked
    preload()
    cells = list(_cells(names, words.model or ["encoder", "decoder"], quick=words.quick))
    ledger = StudyLedger("small_data", quick=words.quick)
    left = ledger.measure(cells, Deadline.after(words.minutes))
    rows = [row for cell in cells if (row := ledger.rows.get(cell.digest))]
    print(f"{shown(rows)}\n\n{fits(rows)}")
    print(json.dumps({"cells": len(cells), "left": left, **summary(rows)}))


def _cells(names: Sequence[str], models: Sequence[str], *, quick: bool) -> Iterator[StudyCell]:
    """The cells: the encoder with one seed, the language model, the encoder with the other seeds."""
    seeds = SEEDS[:1] if quick else SEEDS
    for number, seed in enumerate(seeds if "encoder" in models else ()):
        for name in names:
            sizes = ENCODER_SIZES[name]
            yield from (_cell(name, "encoder", size, seed, quick=quick) for size in (sizes[:2] if quick else sizes))
        if not number and not quick:
            yield from _decoder_cells(names, models)
    if "encoder" not in models:
        yield from _decoder_cells(names, models)


def _decoder_cells(names: Sequence[str], models: Sequence[str]) -> Iterator[StudyCell]:
    for name in names if "decoder" in models else ():
        yield from (_cell(name, "decoder", size, 0) for size in DECODER_SIZES.get(name, ()))


def _cell(name: str, model: str, size: int, seed: int, *, quick: bool = False) -> StudyCell:
    readings, least, most = (0, 4, 4) if quick else EPOCHS[name] if model == "encoder" else DECODER_EPOCHS
    parameters = {
        "version": VERSION,
        "set": name,
        "model": model,
        "size": size,
        "seed": seed,
        "test": 20 if quick else min(TEST[name], DECODER_TEST) if model == "decoder" else TEST[name],
        "epochs": max(least, min(most, round(readings / size))),
    }
    return StudyCell(parameters, partial(_measured, parameters))


def _measured(parameters: Mapping[str, Any], folder: Path, deadline: Deadline) -> dict[str, Any]:
    """The figures of one training."""
    of, seed = study_set(parameters["set"]), parameters["seed"]
    train = ordered(of.train, seed)[: parameters["size"]]
    test = of.test[: parameters["test"]]
    common: dict[str, Any] = {"epochs": parameters["epochs"], "seed": seed, "threads": 1, "allow_lost": True}
    if parameters["model"] == "encoder":
        settings = TrainingSettings(task="entities" if of.scheme.categories else "labels", **common)
    else:
        settings = TrainingSettings(model="decoder", rank=16, alpha=32, masking=0.0, batch_size=8, **common)
    manifest = learnt(train, of.scheme, settings, folder, deadline)
    told: dict[str, Any] = {"oracle": oracle(manifest), "training_seconds": manifest.seconds}
    if parameters["model"] == "encoder":
        layers = found(test, of.scheme, folder, deadline)
        return told | scored(test, layers, of.scheme).figures | {"validity": len(layers) / len(test)}
    free = AskedModel(tuned(folder, of.scheme), folder, constrained=False, most=MOST)(test, deadline)
    held = AskedModel(tuned(folder, of.scheme), folder, constrained=True, most=MOST)(test, deadline)
    return {
        **told,
        **scored(test, held.layers, of.scheme).figures,
        "free_f1": scored(test, free.layers, of.scheme).figures["f1"],
        "validity": free.validity(of.scheme, len(test)),
        "held_validity": held.validity(of.scheme, len(test)),
    }


def shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line for each set, model and size: means over the seeds."""
    grouped: dict[tuple[str, str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["set"], row["model"], row["size"]].append(row)
    lines: list[tuple[object, ...]] = []
    for (name, model, size), some in grouped.items():
        f1s = [row["f1"] for row in some]
        second = "accuracy" if "accuracy" in some[0] else "lenient_f1"
        lines.append(
            (
                *(name, model, size, some[0]["epochs"], len(some)),
                f"{fmean(f1s):.3f} ({_interval(some)})",
                f"{min(f1s):.3f} to {max(f1s):.3f}",
                fmean(row[second] for row in some),
                fmean(row["validity"] for row in some),
                fmean(row["free_f1"] for row in some) if "free_f1" in some[0] else "",
                round(fmean(row["processor_seconds"] for row in some)),
                max(row["peak_mb"] for row in some),
            )
        )
    head = ("set", "model", "records", "epochs", "seeds", "F1 (95 %)", "seeds' F1", "accuracy or lenient F1")
    return table((*head, "validity", "F1 asked free", "processor s", "peak MB"), sorted(lines, key=_order))


def _order(line: tuple[object, ...]) -> tuple[object, ...]:
    return (list(TEST).index(str(line[0])), line[1] == "decoder", line[2])


def _interval(rows: Sequence[Mapping[str, Any]]) -> str:
    """The ends of the intervals by document, the mean over the seeds."""
    known = [row["f1_interval"] for row in rows if row["f1_interval"]]
    return " to ".join(f"{fmean(ends[end] for ends in known):.3f}" for end in (0, 1)) if known else "-"


def fits(rows: Sequence[Mapping[str, Any]]) -> str:
    """What 100 records bring from 200 on, and the power law through the points, of each set and model."""
    lines: list[tuple[object, ...]] = []
    for name, some in _by_curve(rows).items():
        curve = curve_of(some, GAINS)
        if curve is None:
            continue
        gain = next((gain for gain in curve.gains if (gain.smaller, gain.larger) in GAINS), None)
        law = curve.fit
        lines.append(
            (
                name,
                f"{curve.sizes[0].asked} to {curve.sizes[-1].asked}, {curve.seeds} seeds",
                f"{gain.gain:+.3f} ({gain.interval[0]:+.3f} to {gain.interval[1]:+.3f})"
                if gain and gain.interval
                else "",
                f"1 - F1 = {law.a:.2f} n^-{law.b:.2f} + {law.c:.2f}" if law else curve.no_fit,
                f"{1 - law.error(2 * curve.sizes[-1].records):.3f}" if law else "",
            )
        )
    return table(
        ("curve", "records", "gain from 200 to 300 (95 %)", "power law", "F1 at twice the largest by it"), lines
    )


def _by_curve(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    grouped: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[f"{row['set']}, {row['model']}"].append(row)
    return grouped


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean F1 by set, model and size, and the curves."""
    f1: dict[str, dict[int, float]] = {}
    for name, some in _by_curve(rows).items():
        sizes = sorted({row["size"] for row in some})
        f1[name] = {size: round(fmean(row["f1"] for row in some if row["size"] == size), 4) for size in sizes}
    curves = {name: curve_of(some, GAINS) for name, some in _by_curve(rows).items()}
    gains = {
        name: round(gain.gain, 4)
        for name, curve in curves.items()
        if curve
        for gain in curve.gains
        if (gain.smaller, gain.larger) in GAINS
    }
    return {"f1": f1, "gain_200_to_300": gains}


if __name__ == "__main__":
    main()
