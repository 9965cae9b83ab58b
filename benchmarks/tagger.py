"""What makes the tagger better on real case reports: variants screened, and the best measured beside the default.

    python benchmarks/tagger.py [--quick] [--only screening|final] [--minutes N] [--data ...] [--folder ..] [--rows ..]

Screening: each variant learns 60 of the 120 reports of MACCROBAT that `benchmarks/maccrobat.py` learns, with one seed,
and is measured on the other 60; some are only other ways to read an adapter. Then the best of them and the settings of
before learn the 120 with three seeds each, and are measured on the other 30: the mean difference with its paired 95 %
interval (reports resampled), also of the best with a lighter "outside" (the same adapters with `outside_weight`), and
the three adapters of each averaged. What was counted is kept beside the script (`measured/tagger.jsonl`) and is not
measured again; the adapters are in the user's cache, and a training that was ended goes on where it was. --minutes:
begin nothing more after so many. Prints tables, also of what is not finished; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from study_parts.measured_rows import MEASURED, MeasuredRows
from tagger_parts.corpus import DATA, halves, reports
from tagger_parts.runs import MODES, MeasuredRun, RunLedger, difference
from tagger_parts.variants import BEST, BEST_READ, CROSS_FITTED, READ_OTHERWISE, SCREENED, SEEDS, TODAY

from curation.cache_folder import cache_folder
from curation.generate import generate

#: By --quick: few generated records and few variants, so that every step is done once.
QUICK: Mapping[str, dict[str, Any]] = {
    TODAY: {},
    "CRF": {"crf": True},
    "a head for each category": {"heads": "category"},
}
QUICK_EPOCHS = {"epochs": 3}
THE_BEST = "the best"


class Clock:
    """Whether there is time to begin with something."""

    def __init__(self, minutes: float | None) -> None:
        self._end = None if minutes is None else monotonic() + 60 * minutes

    @property
    def over(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._end is not None and monotonic() > self._end


def main() -> None:
    """Train and measure what is not there yet, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="generated records, three variants, three epochs")
    parser.add_argument("--only", choices=("screening", "final"), help="one of the two tables")
    parser.add_argument("--minutes", type=float, help="begin nothing more after so many")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folder", type=Path, help="where the adapters are kept")
    parser.add_argument("--rows", type=Path, default=MEASURED / "tagger.jsonl", help="where the counts are kept")
    asked = parser.parse_args()
    folder = asked.folder or cache_folder() / "benchmarks" / "tagger"
    rows = MeasuredRows(folder / "quick.jsonl" if asked.quick else asked.rows)
    clock = Clock(asked.minutes)
    if asked.quick:
        pairs = list(generate(45, languages=("en",), seed=0))
        learnt, measured = pairs[:30], pairs[30:]
    else:
        learnt, measured = reports(asked.data)
    fixed = QUICK_EPOCHS if asked.quick else {}
    figures: dict[str, object] = {}
    if asked.only != "final":
        figures |= _screening(
            RunLedger(folder, rows, *halves(learnt), fixed), clock, QUICK if asked.quick else SCREENED
        )
        print()
    if asked.only != "screening":
        best = QUICK["CRF"] if asked.quick else BEST
        seeds = SEEDS[:2] if asked.quick else SEEDS
        figures |= _final(RunLedger(folder, rows, learnt, measured, fixed), clock, best, seeds)
    print(json.dumps(figures))


def _screening(ledger: RunLedger, clock: Clock, variants: Mapping[str, dict[str, Any]]) -> dict[str, object]:
    """The table of the variants."""
    runs = dict(_screened(ledger, clock, variants))
    today = runs.get(TODAY)
    rows: list[tuple[object, ...]] = []
    every = (*variants, *READ_OTHERWISE, CROSS_FITTED)
    for name in every:
        run = runs.get(name)
        cells = [cell for mode in MODES for cell in _beside([run], [today], mode)] if run and today else ["-"] * 4
        rows.append((name, *cells, f"{run.seconds:.0f}" if run and run.seconds else "-"))
    print(table(("60 reports, one seed", *_head()), rows), flush=True)
    return {"screened": len(runs), "not_screened": len(every) - len(runs)}


def _screened(
    ledger: RunLedger, clock: Clock, variants: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, MeasuredRun]]:
    for name, settings in variants.items():
        run = ledger.known(settings) if clock.over else ledger.trained(settings)
        if run:
            yield name, run
    for name, (of, read) in READ_OTHERWISE.items():
        there = of in variants and ledger.known(variants[of])
        run = ledger.known(variants[of], name) if there else None
        if there and not run and not clock.over:
            run = ledger.read_otherwise(variants[of], name, read)
        if run:
            yield name, run
    run = ledger.known(variants[TODAY], CROSS_FITTED)
    if ledger.known(variants[TODAY]) and not run and not clock.over:
        run = ledger.cross_fitted(variants[TODAY], CROSS_FITTED)
    if run:
        yield CROSS_FITTED, run


def _final(ledger: RunLedger, clock: Clock, best: Mapping[str, Any], seeds: tuple[int, ...]) -> dict[str, object]:
    """The table of the settings of before and of the best, over all seeds and with their adapters averaged."""
    wanted: dict[str, Mapping[str, Any]] = {TODAY: {}, THE_BEST: best}
    runs: dict[str, list[MeasuredRun]] = {name: [] for name in wanted}
    for seed in seeds:
        for name, settings in wanted.items():
            seeded = {**settings, "seed": seed}
            run = ledger.known(seeded) if clock.over else ledger.trained(seeded)
            runs[name] += [run] if run else []
    whole = all(len(found) == len(seeds) for found in runs.values())
    if whole:
        runs |= dict(_read_further(ledger, wanted, seeds))
    today = runs[TODAY]
    rows: list[tuple[object, ...]] = []
    for name, found in runs.items():
        comparable = found and (whole or len(found) == len(today))
        cells = [cell for mode in MODES for cell in _beside(found, today, mode)] if comparable else ["-"] * 4
        seconds = sum(run.seconds for run in found) / max(1, len(found))
        rows.append((f"{name} ({len(found)} runs)", *cells, f"{seconds:.0f}" if seconds else "-"))
    print(table(("all reports", *_head()), rows), flush=True)
    figures: dict[str, object] = {"finished": whole}
    if whole:
        names = (THE_BEST, f"{THE_BEST}, {BEST_READ[0]}", f"{THE_BEST}, adapters averaged, {BEST_READ[0]}")
        for name, key in zip(names, ("as_trained", "best", "averaged"), strict=True):
            for mode in MODES:
                gain, interval = difference(runs[name], today, mode)
                figures[f"{key}_{mode}_gain"] = round(gain, 4)
                figures[f"{key}_{mode}_interval"] = [round(end, 4) for end in interval]
        figures |= {f"{mode}_f1": round(_mean(runs[names[1]], mode), 4) for mode in MODES}
    return figures


def _read_further(
    ledger: RunLedger, wanted: Mapping[str, Mapping[str, Any]], seeds: tuple[int, ...]
) -> Iterator[tuple[str, list[MeasuredRun]]]:
    """The best adapters read in another way, and the adapters of each averaged."""
    every = {name: [{**settings, "seed": seed} for seed in seeds] for name, settings in wanted.items()}
    otherwise, read = BEST_READ
    yield (
        f"{THE_BEST}, {otherwise}",
        [ledger.read_otherwise(settings, otherwise, read) for settings in every[THE_BEST]],
    )
    for name, settings in every.items():
        yield f"{name}, adapters averaged", [ledger.together(settings)]
    yield f"{THE_BEST}, adapters averaged, {otherwise}", [ledger.together(every[THE_BEST], BEST_READ)]


def _head() -> tuple[str, ...]:
    return (*(name for mode in MODES for name in (f"{mode} F1", "difference")), "processor seconds")


def _mean(runs: list[MeasuredRun], mode: str) -> float:
    return sum(run.f1(mode) for run in runs) / len(runs)


def _beside(runs: list[MeasuredRun], today: list[MeasuredRun], mode: str) -> tuple[object, object]:
    """The mean F1, and how much that is above today's, with the interval."""
    if runs[0] is today[0]:
        return _mean(runs, mode), "-"
    gain, (low, high) = difference(runs, today, mode)
    return _mean(runs, mode), f"{gain:+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    main()
