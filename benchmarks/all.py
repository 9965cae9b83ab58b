"""All figures of `docs/benchmarks.md` made anew, each with its date and commit; what is not run is marked old there.

    python benchmarks/all.py [--quick] [--only NAME ...] [--page docs/benchmarks.md]

Some scripts train or ask a model for half an hour and more (LONG): they run only where they are named, or in their
short form. The page is written after each script, so that what was made stays when a later one fails or is interrupted.
A script that fails keeps its figures of before, which are old; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import packages_first  # noqa: F401
from commands import ROOT, environment
from figures import FiguresRun, printed, read_page, with_runs

#: The scripts by name, in the order in which they run. Those of NOT_QUICK have no short form.
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "load": ("load.py",),
    "throughput": ("throughput.py",),
    "import_honesty": ("import_honesty.py",),
    "exports": ("exports.py",),
    "doors": ("doors.py",),
    "faults": ("faults.py",),
    "validation": ("validation.py",),
    "alignment": ("alignment.py",),
    "review": ("review.py",),
    "language_model": ("language_model.py",),
    "clients": ("clients.py",),
    "maccrobat": ("maccrobat.py",),
    "real_model": ("real_model.py",),
    "injection": ("injection.py",),
    "projection": ("projection.py",),
    "damaged_markers": ("damaged_markers.py",),
    "translation_trained": ("translation_trained.py",),
    "translation_real": ("translation_real.py",),
    "scoring": ("scoring.py",),
    "small_data": ("small_data.py",),
    "prompt_or_tune": ("prompt_or_tune.py",),
    "transfer": ("transfer.py",),
    "training": ("training.py",),
    "optimiser": ("optimiser.py",),
    "tagger": ("tagger.py",),
    "edsnlp_tagger": ("edsnlp_tagger.py",),
}
NOT_QUICK = frozenset({"maccrobat"})
LONG = frozenset(
    {"translation_trained", "translation_real", "small_data", "prompt_or_tune", "transfer", "tagger", "edsnlp_tagger"}
)
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Run the scripts and write the page; exit code 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--quick", action="store_true", help="the short form of each script; those without one stay old"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=SCRIPTS,
        help=f"only this one; may be given again. Without it {' and '.join(sorted(LONG))} run only with --quick",
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write to")
    asked = parser.parse_args()
    sys.exit(1 if make(chosen(asked.only, quick=asked.quick), quick=asked.quick, page=asked.page) else 0)


def chosen(only: Sequence[str] | None, *, quick: bool) -> list[str]:
    """The scripts to run: those that are named, else all but the long ones; of the short forms those that there are."""
    wanted = only or [name for name in SCRIPTS if quick or name not in LONG]
    return [name for name in wanted if not (quick and name in NOT_QUICK)]


def make(names: Sequence[str], *, quick: bool, page: Path, scripts: Mapping[str, Sequence[str]] = SCRIPTS) -> list[str]:
    """The scripts that failed, once the others have their figures in the page."""
    made: list[FiguresRun] = []
    failed: list[str] = []
    for name in names:
        words = [*scripts[name], *(["--quick"] if quick else [])]
        print(f"{name}: python benchmarks/{' '.join(words)}", file=sys.stderr, flush=True)
        command = [sys.executable, str(ROOT / "benchmarks" / words[0]), *words[1:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT, check=False)
        if done.returncode:
            print(f"{name}: failed with {done.returncode}, its figures stay as they were", file=sys.stderr, flush=True)
            failed.append(name)
        else:
            spoken = f"python benchmarks/{' '.join(words)}"
            made.append(
                FiguresRun(name, spoken, f"{datetime.now(UTC):%Y-%m-%d}", commit(), "new", printed(done.stdout))
            )
        page.write_text(with_runs(read_page(page), made, names=scripts), encoding="utf-8")
    return failed


def commit() -> str:
    """The commit of the checkout, and whether it holds changes that are in none."""
    said = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*said, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run(
            [*said, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + (" with changes" if changes.stdout.strip() else "")


if __name__ == "__main__":
    main()
