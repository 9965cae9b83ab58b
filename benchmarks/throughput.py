"""Records a second and peak memory of import, rules and validation on real texts, and memory as the input doubles.

    python benchmarks/throughput.py [--data ../shared/data/e3c/case_reports_en.jsonl] [--quick]

Each run is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import packages_first  # noqa: F401
from measuring import measured, table

DATA = Path(__file__).parents[2] / "shared" / "data" / "e3c" / "case_reports_en.jsonl"


def main() -> None:
    """Run every case in a process of its own and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(_run(options.case)))
        return
    sizes = (1_000, 2_000) if options.quick else (10_000, 20_000)
    cases = {f"generated {size:,}": f"generated:{size}" for size in sizes}
    if options.data.exists():
        cases = {options.data.name: f"file:{options.data.resolve()}"} | cases
    found = {name: _in_a_process(case) for name, case in cases.items()}
    rows: list[tuple[object, ...]] = [
        (name, stage, cost["records"], cost["seconds"], cost["records"] / cost["seconds"], cost["peak_mb"])
        for name, stages in found.items()
        for stage, cost in stages.items()
    ]
    print(table(("input", "stage", "records", "seconds", "records/s", "peak MB"), rows))
    small, large = (found[f"generated {size:,}"] for size in sizes)
    growth = {stage: round(large[stage]["peak_mb"] / small[stage]["peak_mb"], 3) for stage in large}
    print(json.dumps({"peak_memory_ratio_when_doubled": growth}))


def _in_a_process(case: str) -> dict[str, dict[str, float]]:
    done = subprocess.run([sys.executable, __file__, "--case", case], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _run(case: str) -> dict[str, dict[str, float]]:
    from curation.sources import ReadOptions
    from pipeline.steps.annotate import annotate
    from pipeline.steps.generate import generate_into
    from pipeline.steps.imports import import_into
    from pipeline.steps.validate import validate
    from pipeline.workspace import Workspace

    kind, _, what = case.partition(":")
    costs: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        # Without the similarity by embeddings, whose pace is the encoder's and not ours.
        workspace = Workspace.make(Path(folder), {"validation.similarity.enabled": False})
        with workspace.open_store() as store:

            def bring() -> object:
                if kind == "file":
                    return import_into(workspace, store, [what], ReadOptions(language="en"))
                return generate_into(workspace, store, int(what), languages=("en",), seed=0, noise=0.0)

            stages: dict[str, Callable[[], object]] = {
                "import" if kind == "file" else "generate": bring,
                "annotate rules": lambda: annotate(workspace, store, "rules"),
                "validate": lambda: validate(workspace, store, layer="rules"),
            }
            for stage, do in stages.items():
                with measured() as cost:
                    do()
                records = sum(store.count_records().values())
                costs[stage] = {"records": records, "seconds": cost.seconds, "peak_mb": cost.peak_mb}
    return costs


if __name__ == "__main__":
    main()
