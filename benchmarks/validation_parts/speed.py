"""The cost of validation beside the encoding of its sentences; records a second of each measure and of a second run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from math import ceil
from operator import add
from pathlib import Path
from time import perf_counter, process_time

from measuring import table

from curation.batches import batched
from curation.embeddings.encoder import load_encoder, packaged_encoder_path
from curation.record import Record
from curation.store import Store
from curation.text.folding import fold
from curation.text.sentences import sentence_texts
from pipeline.runner import run_over
from pipeline.steps.annotate import annotate
from pipeline.workspace import Workspace
from validation.measures.measure import VECTORS, Scope, Subject, Whole
from validation.measures.table import MEASURES
from validation.rules import RULES
from validation.settings import SimilaritySettings, ValidationSettings
from validation.stage import AT_ONCE, Measure
from validation.verdict import judge

REPORTS = Path(__file__).parents[3] / "shared" / "data" / "e3c" / "case_reports_en.jsonl"
#: Reports, taken evenly from the file.
SIZE = {True: 4, False: 1_000}
LAYER = "rules"
#: Parts in which encoding and measuring take turns: a machine is not as fast at one time as at another.
TURNS = {True: 1, False: 5}
#: The measures that together are to read a thousand records a second.
CHEAP = ("text", "layer", "grounding", "language", "amounts", "duplicates")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, and of the processor in all threads."""

    clock: float
    processor: float

    @classmethod
    def of(cls, work: Callable[[], object]) -> Cost:
        """What a piece of work costs."""
        clock, processor = perf_counter(), process_time()
        work()
        return cls(perf_counter() - clock, process_time() - processor)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.clock + other.clock, self.processor + other.processor)

    def __truediv__(self, other: Cost) -> Cost:
        return Cost(self.clock / other.clock, self.processor / other.processor)


def run(*, quick: bool) -> dict[str, object]:
    """The ratio to bare encoding, records a second by measure, and the second run's share of the first."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.make(Path(folder))
        with workspace.open_store() as store:
            return whole(workspace, store, reports(SIZE[quick]), quick=quick) | paces(workspace, store)


def reports(count: int) -> list[Record]:
    """Real case reports spread over the file, or generated ones where the data are absent."""
    if not REPORTS.is_file():
        from curation.generate import generate

        return [record for record, _ in islice(generate(count, seed=6, languages=("en",)), count)]
    lines = REPORTS.read_text(encoding="utf-8").splitlines()
    read = map(json.loads, lines[:: max(1, len(lines) // count)][:count])
    return [Record(id=row["id"], group=row["id"], source="e3c", language="en", text=row["text"]) for row in read]


def whole(workspace: Workspace, store: Store, records: Sequence[Record], *, quick: bool) -> dict[str, object]:
    """Encoding alone against all of validation, by turns, and validation again."""
    _warm(quick=quick)
    bare = ours = measuring = Cost(0.0, 0.0)
    sentences: dict[str, None] = {}
    for part in batched(records, ceil(len(records) / TURNS[quick])):
        store.add_records(part)
        annotate(workspace, store, LAYER)
        new = list(
            dict.fromkeys(
                text
                for record in part
                for text in sentence_texts(record.text, record.language)
                if text not in sentences
            )
        )
        sentences |= dict.fromkeys(new)
        bare += Cost.of(_bare(new))
        ours += Cost.of(_ours(new, workspace.folder / "bare.db"))
        measuring += _measuring(workspace, store)
    rows = [
        ("sentence-transformers encodes the sentences", bare),
        ("our encoder encodes the sentences", ours),
        ("measuring", measuring),
    ]
    # So few records would be outweighed by what verdicts cost in any case.
    counted, figures = measuring, dict[str, object]()
    if not quick:
        verdicts = _verdicts(workspace, store)
        counted = measuring + verdicts
        second = _measuring(workspace, store) + _verdicts(workspace, store)
        rows += [("verdicts, Data Docs, report", verdicts), ("the same again, with nothing new", second)]
        figures = {"second_run_share": round((second / counted).clock, 4)}
    print(f"{sum(store.count_records().values())} reports, {len(sentences)} different sentences\n")
    print(table(("step", "seconds", "of the processor"), [(name, cost.clock, cost.processor) for name, cost in rows]))
    what = "measuring" if quick else "validation"
    ratio, own = counted / bare, counted / ours
    print(f"\n{what} costs {ratio.clock:.2f} times the bare encoding by sentence-transformers,")
    print(f"{ratio.processor:.2f} times its processor time, and {own.clock:.2f} times that by our encoder\n")
    return {
        "time_ratio": round(ratio.clock, 3),
        "time_ratio_of": what,
        "time_ratio_processor": round(ratio.processor, 3),
        "time_ratio_own_encoder": round(own.clock, 3),
        **figures,
    }


def _bare(sentences: Sequence[str]) -> Callable[[], object]:
    """The library's own way with the model, with its defaults."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(packaged_encoder_path()), device="cpu")
    model.encode(["warm"])
    return lambda: model.encode(list(sentences), show_progress_bar=False)


def _ours(sentences: Sequence[str], file: Path) -> Callable[[], object]:
    encoder = load_encoder().cached_in(file)
    encoder.encode(["warm"])
    return lambda: encoder.encode(sentences)


def _warm(*, quick: bool) -> None:
    """Libraries, word lists and recognizers are loaded, as the library and the model are before they are timed."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.make(Path(folder))
        with workspace.open_store() as store:
            text = "Mr. Miller, 61, had a fever of 39 °C. He was given ibuprofen."
            store.add_records([Record(id="warm", group="warm", source="warm", language="en", text=text)])
            annotate(workspace, store, LAYER)
            _measuring(workspace, store)
            if not quick:
                _verdicts(workspace, store)


def _measuring(workspace: Workspace, store: Store) -> Cost:
    stage = Measure.over(store, workspace.scheme, workspace.config.validation, vectors=workspace.folder / VECTORS)
    return Cost.of(lambda: run_over(workspace, store, stage, at_once=AT_ONCE))


def _verdicts(workspace: Workspace, store: Store) -> Cost:
    return Cost.of(lambda: judge(store, workspace.scheme, workspace.config.validation, workspace.folder))


def paces(workspace: Workspace, store: Store) -> dict[str, object]:
    """Records a second of each measure with every rule on; vectors are there already, so encoding is not in it."""
    severity = {rule.name: "soft" for rule in RULES}
    settings = ValidationSettings.model_validate({"severity": severity})
    scope = Scope(workspace.scheme, settings, workspace.folder / VECTORS)
    letters = Scope(workspace.scheme, settings.model_copy(update={"similarity": SimilaritySettings(enabled=False)}))
    subjects = [Subject(item.record, item.layers.get(LAYER)) for item in store.items((LAYER,))]
    costs = {spec.name: _cost(spec.name, subjects, scope, store) for spec in MEASURES}
    cheap = {name: _cost(name, subjects, letters, store) for name in CHEAP}
    count = len(subjects)
    together = reduce(add, cheap.values())
    rows: list[tuple[object, ...]] = [
        (name, cost.processor, cost.clock, round(count / max(cost.processor, 1e-6)), round(count / cost.clock))
        for name, cost in [*costs.items(), (" + ".join(CHEAP) + " (exact only)", together)]
    ]
    head = ("measure", "seconds of the processor", "on the clock", "records a second of one core", "on this machine")
    print(table(head, rows))
    return {
        "records_per_second": {name: round(count / cost.clock, 1) for name, cost in costs.items()},
        "records_per_second_cheap": round(count / together.clock, 1),
    }


def _cost(name: str, subjects: Iterable[Subject], scope: Scope, store: Store) -> Cost:
    spec = next(spec for spec in MEASURES if spec.name == name)
    fit = [subject for subject in subjects if subject.layer is not None or not spec.needs_layer]
    if spec.measure is not None:
        measure = spec.measure
        # Words and models are loaded at the first record, once a process; what is remembered of texts would flatter.
        measure(fit[:1], scope)
        fold.cache_clear()
        return Cost.of(lambda: measure(fit, scope))
    everything = Whole(store, scope, frozenset(subject.record.id for subject in subjects), {}, spec.columns)
    return Cost.of(lambda: spec.rows_over(everything))
