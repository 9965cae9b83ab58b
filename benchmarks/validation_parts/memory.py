"""Peak memory of validation as the set grows, without embeddings; each size in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import measured, table

SIZES = (10_000, 100_000)


def run(*, quick: bool) -> dict[str, object]:
    """Megabytes at two sizes, and bytes that one more record takes."""
    if quick:
        print("(left out of the quick run: generating the larger set alone takes minutes)")
        return {}
    return grown(*SIZES)


def grown(small: int, large: int) -> dict[str, object]:
    """The same work on so many and on so many generated records."""
    found = {size: _in_a_process(size) for size in (small, large)}
    rows: list[tuple[object, ...]] = [
        (f"{size:,}", step, cost["seconds"], cost["peak_mb"])
        for size, steps in found.items()
        for step, cost in steps.items()
    ]
    print(table(("records", "step", "seconds", "peak MB"), rows))
    more = {
        step: (found[large][step]["peak_mb"] - found[small][step]["peak_mb"]) * 2**20 / (large - small)
        for step in found[small]
    }
    print(
        "\n" + table(("step", "bytes for each further record"), [(name, round(count)) for name, count in more.items()])
    )
    return {
        "peak_memory_ratio": {
            step: round(found[large][step]["peak_mb"] / found[small][step]["peak_mb"], 3) for step in found[small]
        },
        "bytes_per_record": {step: round(count) for step, count in more.items()},
    }


def _in_a_process(size: int) -> dict[str, dict[str, float]]:
    place = Path(__file__).parents[1]
    # The root before the benchmarks: one of their scripts has the name of a package that it measures.
    path = f"import sys; sys.path[:0] = [{str(place.parent)!r}, {str(place)!r}]"
    code = f"{path}; from validation_parts.memory import steps; steps({size})"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def steps(size: int) -> None:
    """Generate, measure, judge; prints what each cost as JSON."""
    from pipeline.importing import generate_into
    from pipeline.runner import run_stage
    from pipeline.workspace import Workspace
    from validation.judge import judge
    from validation.stage import Measure

    costs: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.make(Path(folder), {"validation.similarity.enabled": False})
        settings = workspace.config.validation
        with workspace.open_store() as store:
            generate_into(workspace, store, size, languages=("en",), seed=0, noise=0.0)
            stage = Measure.over(store, workspace.scheme, settings)
            for name, work in {
                "measuring": lambda: run_stage(store, stage),
                "verdicts and report": lambda: judge(store, workspace.scheme, settings, workspace.folder),
            }.items():
                with measured() as cost:
                    work()
                costs[name] = {"seconds": cost.seconds, "peak_mb": cost.peak_mb}
    print(json.dumps(costs))
