"""All steps on 150 real case reports: who annotates how well, and what each step costs.

    python benchmarks/maccrobat.py [--data ../shared/data/maccrobat] [--workspace DIR] [--no-review]

Imports MACCROBAT with its gold, hides the gold, annotates with the rules and few-shot, validates,
pushes to a real Label Studio and pulls, freezes, trains a LoRA adapter on 120 reports, evaluates all
three on the other 30, exports, and loads the export. Prints the tables; the last line is one JSON
object with the micro F1 of each.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import packages_first  # noqa: F401
from measuring import measured, table

from curation.store.sets import CuratedSet
from pipeline.commands.run import addresses, step_counts, step_scores
from pipeline.steps.run import FinishedStep, StepResult, run_steps
from pipeline.workspace import Workspace

DATA = Path(__file__).parents[2] / "shared" / "data" / "maccrobat"

#: 120 reports to learn from and 30 to measure on; no report chooses a checkpoint.
SETTINGS: dict[str, object] = {
    "run.format": "brat",
    "run.mapping": "maccrobat",
    "run.language": "en",
    "run.annotators": ("rules", "few-shot"),
    "run.set_name": "maccrobat",
    # Its entities lie in each other, which labels of words cannot hold: the figures count what is lost.
    "training.allow_lost": True,
    # Soft findings (invisible characters in the source) ask for a person, whom a benchmark does not have.
    "run.verdicts": ("accepted", "needs_review"),
    "curation.split.train": 0.8,
    "curation.split.validation": 0.0,
    "curation.split.test": 0.2,
}


def main() -> None:
    """Run all steps and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--no-review", action="store_true", help="without Label Studio")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        folder = options.workspace or Path(fresh) / "workspace"
        wanted = SETTINGS | {"run.sources": (str(options.data.resolve()),), "run.review": not options.no_review}
        workspace = Workspace.make(folder, wanted)
        try:
            print(json.dumps(run_all(workspace)))
        finally:
            if not options.workspace:
                from annotation.label_studio.server.server import stop

                stop(workspace.folder)


def run_all(workspace: Workspace) -> dict[str, dict[str, float]]:
    """The micro F1 of each annotator on the test split, after printing what was measured."""
    costs: list[tuple[object, ...]] = []
    with workspace.open_store() as store:
        steps = run_steps(workspace, store)
        finished: list[FinishedStep[StepResult]] = []
        while True:
            with measured() as cost:
                step = next(steps, None)
            if step is None:
                break
            print(f"{step.name}: {json.dumps(step_counts(step.result))}", flush=True)
            costs.append((step.name, cost.seconds, cost.peak_mb))
            finished.append(step)
        with measured() as cost:
            loaded = _load(Path(addresses(finished)["exported set (hf)"]))
        costs.append(("load the export", cost.seconds, cost.peak_mb))
    splits = next(step.result.splits for step in finished if isinstance(step.result, CuratedSet))
    assert loaded == splits, f"expected {splits} in the loaded export, got {loaded}"
    scores = step_scores(finished)
    print("\n" + _scores(scores))
    print("\n" + table(("step", "seconds", "peak MB"), costs))
    return {
        name.replace("-", "_"): {f"{mode}_f1": round(found[mode]["micro"]["f1"], 4) for mode in ("strict", "lenient")}
        for name, found in scores.items()
    }


def _load(folder: Path) -> dict[str, int]:
    import datasets

    with tempfile.TemporaryDirectory() as cache:
        return {name: len(rows) for name, rows in datasets.load_dataset(str(folder), cache_dir=cache).items()}


def _scores(figures: dict[str, dict[str, dict[str, dict[str, dict[str, float]]]]]) -> str:
    first = next(iter(figures.values()))
    rows: list[tuple[object, ...]] = []
    for category, score in first["strict"]["per_category"].items():
        rows.append((category, score["gold"], *_both(figures, lambda found, c=category: found["per_category"].get(c))))
    for mean in ("micro", "macro"):
        rows.append((mean, "", *_both(figures, lambda found, m=mean: found[m])))
    head = [f"{name} {mode}" for name in figures for mode in ("strict", "lenient")]
    return table(("category", "gold", *head), rows)


def _both(figures, pick) -> list[object]:  # type: ignore[no-untyped-def]
    cells: list[object] = []
    for found in figures.values():
        for mode in ("strict", "lenient"):
            score = pick(found[mode])
            value = score.get("f1") if score else None
            cells.append("-" if value is None else value)
    return cells


if __name__ == "__main__":
    main()
