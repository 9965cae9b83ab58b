"""Every format of `curate export`: out and back, opened by its receiver's tool, and memory while records become many.

    python benchmarks/exports.py [--quick] [--maccrobat FOLDER] [--parts FILE [--minutes N]]

The records of MACCROBAT (where the folder is there), the shipped sample and texts that formats stumble over go through
each format and back through `curate import`'s reader; what is missing is counted by looking at both sides and compared
with what the format had said before it wrote, kind by kind. Memory is the peak of a process that writes generated
records as they are made; the bare loop writes the same records with `json.dumps`. With `--parts`, a run that was ended
goes on where it stood. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import packages_first  # noqa: F401
from export_parts.differences import differences
from export_parts.kept_parts import KeptParts
from export_parts.receivers import opened
from export_parts.stumbling import stumbling
from measuring import measured, table

from curation.record import Entity, Layer, Record
from curation.scheme import load_scheme
from curation.sets.layer_set import unreviewed_set
from curation.sources import Problem, Read, read
from exports.formats import FORMATS, export_format
from exports.handover import hand_over
from exports.losses import CHARACTERS
from exports.settings import ExportSettings
from exports.writer import ExportedSet, leaving

MACCROBAT = Path(__file__).parents[2] / "shared" / "data" / "maccrobat"
MACCROBAT_RECORDS, QUICK_RECORDS = 150, 8
#: Generated records of the two sides of the ratio.
SIZES, QUICK_SIZES = (10_000, 50_000), (500, 2_500)
#: Formats that write one file for all records of a split, so that these sizes are a file's.
STREAMED = ("chat", "conll", "csv", "jsonl", "label-studio", "pubtator", "bioc", "parquet", "hf", "spacy", "fhir")
QUICK_STREAMED = ("parquet", "jsonl")
#: Formats whose receiver takes an environment of its own, and half of the time.
SLOW_RECEIVERS = frozenset({"trl"})
BARE = "bare loop"

Members = list[tuple[Record, Layer]]


def main() -> None:
    """Measure, print the tables and the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer records and formats, without TRL; under a minute")
    parser.add_argument("--maccrobat", type=Path, default=MACCROBAT, help="the folder of MACCROBAT")
    parser.add_argument("--parts", type=Path, help="a file that keeps each part; those in it are not measured again")
    parser.add_argument("--minutes", type=float, help="with --parts: begin no part after so long")
    parser.add_argument("--child", nargs=2, metavar=("FORMAT", "RECORDS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(_cost(asked.child[0], int(asked.child[1]))))
        return
    members = _members(asked.maccrobat, QUICK_RECORDS if asked.quick else MACCROBAT_RECORDS)
    kept = KeptParts(asked.parts, asked.minutes)
    # Formats of the scheme alone hold no record that could come back.
    formats = [name for name in FORMATS if not export_format(name).of_scheme]
    left_out = SLOW_RECEIVERS if asked.quick else frozenset()
    trips = {
        name: kept.part(f"{name}, trip", partial(_round_trip, name, members, received=name not in left_out))
        for name in formats
    }
    sizes = QUICK_SIZES if asked.quick else SIZES
    costs = {
        name: [kept.part(f"{name}, {size} records", partial(_child, name, size)) for size in sizes]
        for name in (BARE, *(QUICK_STREAMED if asked.quick else STREAMED))
    }
    ratios = {name: round(large["mb"] / small["mb"], 3) for name, (small, large) in costs.items()}
    print(f"{len(members)} records out and back\n")
    print(table(("format", "announced losses", "back as announced", "receiver", "records it finds"), _rows(trips)))
    if left_out:
        print(f"not run with --quick: the receivers of {', '.join(sorted(left_out))}\n")
    head = ("format", "records/s", *(f"peak MB, {small['records']:,} records" for small in costs[BARE]), "ratio")
    print(
        table(
            head,
            [(name, pair[1]["rate"], *(cost["mb"] for cost in pair), ratios[name]) for name, pair in costs.items()],
        )
    )
    equal = {name: trip["equal"] for name, trip in trips.items() if trip["equal"] is not None}
    found = {name: trip["found"] == len(members) for name, trip in trips.items() if trip["found"] is not None}
    print(
        json.dumps(
            {
                "records": len(members),
                "formats": len(formats),
                "round_trips": len(equal),
                "round_trips_equal": sum(equal.values()),
                "not_equal": [name for name, same in equal.items() if not same],
                "opened_by_receiver": sum(found.values()),
                "receivers_not_run": sorted(left_out),
                "not_opened": [name for name, same in found.items() if not same],
                "flat_memory_ratio": max(ratio for name, ratio in ratios.items() if name != BARE),
                "memory_ratios": ratios,
                "records_a_second": {name: pair[1]["rate"] for name, pair in costs.items()},
            }
        )
    )


def _rows(trips: Mapping[str, Mapping[str, Any]]) -> list[tuple[object, ...]]:
    said = {True: "yes", False: "no", None: "does not come back"}
    return [
        (
            name,
            trip["lost"],
            said[trip["equal"]],
            trip["receiver"] or "none run",
            trip["found"] if trip["receiver"] else "",
        )
        for name, trip in trips.items()
    ]


def _members(maccrobat: Path, count: int) -> Members:
    """MACCROBAT, the sample, and texts that formats stumble over; each id once."""
    sources: list[Iterator[object]] = [read("sample")]
    if maccrobat.is_dir():
        sources.insert(
            0, (item for item, _ in zip(read(maccrobat, mapping="maccrobat"), range(4 * count), strict=False))
        )
    found: dict[str, tuple[Record, Layer]] = {}
    for number, source in enumerate(sources):
        most = count * (number + 1)
        for item in source:
            if isinstance(item, Read) and item.layers and len(found) < most:
                found.setdefault(item.record.id, (item.record, item.layers[0]))
    return [*found.values(), *stumbling()]


def _view(members: Callable[[], Iterator[tuple[Record, Layer]]]) -> ExportedSet:
    scheme = load_scheme()
    curated = unreviewed_set((("train", *member) for member in members()), scheme, "gold")
    return ExportedSet(curated, scheme, lambda split: members())


def _round_trip(name: str, members: Members, *, received: bool) -> dict[str, object]:
    """What a format announced, whether exactly that is missing after the way back, and what its receiver finds."""
    format = export_format(name)
    view = _view(lambda: iter(members))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "out"
        said = format.lost(view)
        hand_over(name, view, folder, ExportSettings(), said)
        lost = dict(sorted(said.items()))
        receiver = opened(name, folder) if received else None
        equal = _comes_back(view, folder, name) if format.read_as else None
    shown = ", ".join(f"{count} {kind}" for kind, count in lost.items()) or "nothing"
    package, found = receiver or (None, None)
    return {"lost": shown, "equal": equal, "receiver": package, "found": found}


def _comes_back(view: ExportedSet, folder: Path, name: str) -> bool:
    format = export_format(name)
    back: dict[str, tuple[Record, Layer]] = {}
    for item in read(folder):
        if isinstance(item, Problem):
            return False
        if isinstance(item, Read):
            back[item.record.id] = (item.record, item.layers[0])
    for record, layer in view.members("train"):
        said: Counter[str] = format.losses(record, layer, view.scheme)
        del said[CHARACTERS]  # in the files alone: they come back from beside them
        if differences((record, layer), back.get(record.id)) != said:
            return False
    return True


def _child(name: str, records: int) -> dict[str, float]:
    """The cost of writing so many generated records in a format, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", name, str(records)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _cost(name: str, records: int) -> dict[str, float]:
    """Records a second and the peak memory (MB) of this process."""
    with tempfile.TemporaryDirectory() as temporary:
        to = Path(temporary) / "out"
        if name == BARE:
            with measured() as cost, to.open("w", encoding="utf-8") as lines:
                for record, layer in _generated(records):
                    lines.write(json.dumps([record.model_dump(mode="json"), layer.model_dump(mode="json")]) + "\n")
        else:
            view = leaving(_view(lambda: _generated(records)))
            with measured() as cost:
                started = perf_counter()
                hand_over(name, view, to, ExportSettings(), Counter())
                cost.seconds = perf_counter() - started
    return {"records": records, "rate": round(records / cost.seconds), "mb": round(cost.peak_mb, 1)}


def _generated(count: int) -> Iterator[tuple[Record, Layer]]:
    """Records that are made one by one and let go; each text is another."""
    for number in range(count):
        id = f"case-{number}"
        text = f"Case {number}: a {number % 90 + 1}-year-old patient reported fever and a cough. " * 8
        starts = [at for at in range(len(text)) if text.startswith("fever", at)]
        entities = tuple(
            Entity.at(text, at, at + 5, "signs_symptoms", id=f"T{index}", score=0.5)
            for index, at in enumerate(starts, start=1)
        )
        record = Record(id=id, group=id, source="generated", language="en", text=text)
        yield record, Layer(record_id=id, name="gold", author="gold", entities=entities)


if __name__ == "__main__":
    main()
