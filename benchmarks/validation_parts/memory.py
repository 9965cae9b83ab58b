"""Peak memory of validation as the set grows, without embeddings."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import measured, table

from pipeline.runner import run_stage
from pipeline.steps.generate import generate_into
from pipeline.workspace import Workspace
from validation.settings import Engine
from validation.stage import Measure
from validation.verdict import judge

SIZES = (10_000, 100_000)
WITHOUT_VECTORS: dict[str, object] = {"validation.similarity.enabled": False}
ENGINES = {
    "verdicts and report, by default": Engine.AUTO,
    "verdicts and report, in the store": Engine.SQL,
    "verdicts and report, in memory": Engine.PANDAS,
}
STEPS = ("measuring", *ENGINES)


def run(*, quick: bool) -> dict[str, object]:
    """Megabytes at two sizes, and bytes that one more record takes."""
    if quick:
        print("(left out of the quick run: generating the larger set alone takes minutes)")
        return {}
    return grown(*SIZES)


def grown(small: int, large: int) -> dict[str, object]:
    """The same work on so many and on so many generated records."""
    found = {size: _costs(size) for size in (small, large)}
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


def _costs(size: int) -> dict[str, dict[str, float]]:
    """What each step costs, in a process of its own so that none sees the memory of another."""
    with tempfile.TemporaryDirectory() as folder:
        return {step: _in_a_process(step, folder, size) for step in STEPS}


def _in_a_process(step: str, folder: str, size: int) -> dict[str, float]:
    benchmarks = Path(__file__).parents[1]
    # The root before the benchmarks: one of their scripts has the name of a package that it measures.
    path = f"import sys; sys.path[:0] = [{str(benchmarks.parent)!r}, {str(benchmarks)!r}]"
    code = f"{path}; from validation_parts.memory import print_cost; print_cost({step!r}, {folder!r}, {size})"
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def print_cost(step: str, folder: str, size: int) -> None:
    """Do one step in a workspace, which the first of them makes; seconds and peak memory as JSON."""
    workspace = Workspace.at(Path(folder)) if step in ENGINES else Workspace.make(Path(folder), WITHOUT_VECTORS)
    settings = workspace.config.validation.model_copy(update={"engine": ENGINES.get(step, Engine.AUTO)})
    with workspace.open_store() as store:
        if step not in ENGINES:
            generate_into(workspace, store, size, languages=("en",), seed=0, noise=0.0)
        with measured() as cost:
            if step in ENGINES:
                judge(store, workspace.scheme, settings, workspace.folder)
            else:
                run_stage(store, Measure.over(store, workspace.scheme, settings))
    print(json.dumps({"seconds": cost.seconds, "peak_mb": cost.peak_mb}))
