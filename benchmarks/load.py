"""Validation and rules over generated pairs, and lists at 20,000 records: rate, memory, the cost of a pair.

    python benchmarks/load.py [--quick] [--records N] [--only PART ...]

Without embeddings. Commands run as commands; memory is the highest sum of the proportional set sizes of the command
and all its processes, so that pages which they share count once. The bare loop does the same measures in one process
without store, pool, Great Expectations and report. Times are those of this machine as it is: the load average is shown.
`measured` and `not_measured` in the last line name the parts that were run and that were not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import packages_first  # noqa: F401
from load_parts.process_tree import TreeCost, measured_command
from measuring import table

QUICK, WHOLE = 2_000, 20_000
#: Records of the lists, in the short form too: such a store is made in bulk, all set aside, all reviewed.
LISTED = 20_000
#: The shares of them that two people have reviewed: a control sample's, and half.
DOUBLE = (0.05, 0.5)
#: Looks at the progress: where nothing was counted by the commands that brought the layers, as after another setting;
#: where it was, as a pull leaves it; and where nothing has changed since.
FIRST = "first"
LOOKS = ("all counted anew", FIRST, "again")
#: Records of the bare loop, at most.
LOOP = 2_000
#: Records of the rules by one worker and by two, at least: with fewer the start of the command counts for much.
RULES = 6_000
WITHOUT_EMBEDDINGS: dict[str, object] = {"validation.similarity.enabled": False}

Figures = dict[str, object]
#: Notes what was done, with how many records and at which cost, and gives the cost back.
Note = Callable[[str, int, TreeCost], TreeCost]


def main() -> None:
    """Generate, measure, print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} records instead of {WHOLE:,}")
    parser.add_argument("--records", type=int, help="another number of records, an even one")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the parts")
    asked = parser.parse_args()
    records = asked.records or (QUICK if asked.quick else WHOLE)
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        print(json.dumps(run(Path(name), records, asked.only)))


def run(folder: Path, records: int, parts: list[str]) -> Figures:
    """The figures of the parts, after the table of all that was run."""
    from curation.processes import usable_cores

    rows: list[tuple[object, ...]] = []

    def note(what: str, count: int, cost: TreeCost) -> TreeCost:
        rows.append((what, count, cost.seconds, count / cost.seconds, cost.processor_seconds, cost.peak_mb))
        return cost

    figures: Figures = {"records": records}
    for part in parts:
        figures |= PARTS[part](folder, records, note)
    head = ("what", "records", "seconds", "records/s", "processor seconds", "peak MB")
    print(table(head, rows))
    print(f"\n{usable_cores()} cores, load average {os.getloadavg()[0]:.1f} at the end\n")
    return figures | {
        "load_average": round(os.getloadavg()[0], 1),
        "measured": [part for part in PARTS if part in parts],
        "not_measured": [part for part in PARTS if part not in parts],
    }


def validation(folder: Path, records: int, note: Note) -> Figures:
    """Validation of all records, and again with nothing new."""
    large = generated(folder / "validated", records)
    validated = note("validate", records, curate_in(large, "validate", "--json"))
    again = note("validate again, nothing new", records, curate_in(large, "validate", "--json"))
    return {
        "records_per_second": round(records / validated.seconds, 1),
        "processor_ms_per_record": round(1000 * validated.processor_seconds / records, 2),
        "peak_mb": round(validated.peak_mb),
        "again_seconds": round(again.seconds, 1),
    }


def loop(folder: Path, records: int, note: Note) -> Figures:
    """The bare loop, and what a translated pair costs in it."""
    part = min(records, LOOP)
    seconds, pair = bare_loop(generated(folder / "loop", part))
    note("bare loop, one process", part, TreeCost(seconds, seconds, 0.0, ""))
    return {"bare_loop_records_per_second": round(part / seconds, 1), "pair_ms": round(pair, 2)}


def rules(folder: Path, records: int, note: Note) -> Figures:
    """The rules by one worker and by two: the whole command, and the stage alone, without its start."""
    part = max(records, RULES)
    small = generated(folder / "ruled", part)
    one, two = [note(f"rules, {workers} workers", part, annotated(small, workers)) for workers in (1, 2)]
    stage_one, stage_two = (json.loads(cost.output)["seconds"] for cost in (one, two))
    return {
        "rules_records": part,
        "rules_two_workers_to_one": round(one.seconds / two.seconds, 2),
        "rules_two_workers_to_one_once_begun": round(stage_one / stage_two, 2),
    }


def lists(folder: Path, records: int, note: Note) -> Figures:
    """`quarantine list` and `review progress` over LISTED records, whatever the number of the others is."""
    from load_parts.large_store import large_store

    from annotation.progress.kept_figures import FILE

    few, half = (large_store(folder / f"listed-{share}", LISTED, double=share) for share in DOUBLE)
    listed = note("quarantine list --json", LISTED, curate_in(few, "quarantine", "list", "--json"))
    shown = note("quarantine list", LISTED, curate_in(few, "quarantine", "list"))
    progress = {}
    for share, store in zip(DOUBLE, (few, half), strict=True):
        for times in LOOKS:
            if times == FIRST:
                (store / FILE).unlink()
            done = curate_in(store, "review", "progress", "--json")
            progress[share, times] = note(f"review progress, {share:.0%} by two, {times}", LISTED, done)
    return {
        "listed_records": LISTED,
        "quarantine_list_seconds": round(shown.seconds, 2),
        "quarantine_list_json_seconds": round(listed.seconds, 2),
        "review_progress_seconds": {
            f"{share:.0%} by two, {times}": round(cost.seconds, 2) for (share, times), cost in progress.items()
        },
        "quarantined": len(json.loads(listed.output)["quarantined"]),
    }


#: What is measured, each in folders of its own.
PARTS: dict[str, Callable[[Path, int, Note], Figures]] = {
    "validation": validation,
    "loop": loop,
    "rules": rules,
    "lists": lists,
}


def generated(folder: Path, records: int) -> Path:
    """A workspace with so many records, half of them translations of the others."""
    from pipeline.steps.generate import generate_into
    from pipeline.workspace import Workspace

    workspace = Workspace.make(folder, WITHOUT_EMBEDDINGS)
    with workspace.open_store() as store:
        generate_into(workspace, store, records // 2, languages=("en", "de"), seed=0, noise=0.0)
    return folder


def bare_loop(folder: Path) -> tuple[float, float]:
    """Processor seconds of all measures in one process, and milliseconds of them for each translated pair."""
    from curation.batches import batched
    from pipeline.runner import attempt_stored
    from pipeline.steps.validate import in_language_of_review
    from pipeline.workspace import Workspace
    from validation.layers import preferred_layers
    from validation.measures.translation import PairReader
    from validation.stage import Measure

    workspace = Workspace.at(folder)
    settings = in_language_of_review(workspace.config)
    with workspace.open_store() as store:
        stage = Measure.over(store, workspace.scheme, settings)
        reads = preferred_layers(store.layer_authors(), settings)
        items = {item.record.id: item for item in store.stored_items(list(dict.fromkeys([*stage.reads, *reads])))}
        pairs = [(items[id], items.get(original)) for id, original in store.translations()]
    reader = PairReader(reads, settings.translation.aligned, None)
    attempt_stored(stage, list(items.values())[:2]), reader(pairs[:1])  # loads what is loaded once
    started = process_time()
    for batch in batched(items.values(), 32):
        attempt_stored(stage, batch)
    middle = process_time()
    reader(pairs)
    ended = process_time()
    return ended - started, 1000 * (ended - middle) / max(1, len(pairs))


def annotated(folder: Path, workers: int) -> TreeCost:
    """The rules over a copy of a workspace by so many workers."""
    copy = folder.with_name(f"rules-{workers}")
    shutil.copytree(folder, copy)
    config = copy / "curate.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[curation]", f"[curation]\nworkers = {workers}", 1), encoding="utf-8")
    return curate_in(copy, "annotate", "--with", "rules", "--json")


def curate_in(folder: Path, *arguments: str) -> TreeCost:
    """The cost of a command in a workspace."""
    return measured_command(*arguments, "--workspace", str(folder), folder=folder)


if __name__ == "__main__":
    main()
