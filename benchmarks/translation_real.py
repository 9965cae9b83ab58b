"""The packaged Gemma 3 270M as a translator: how well it does, and how well our checks tell what it gets wrong.

    python benchmarks/translation_real.py [--quick] [--sentences NUMBER] [--kept] [--store FILE] [--dtype bfloat16]

300 English sentences of abstracts (WMT 2019, biomedical) are translated into German by way of the product's translator
with a prompt of a few examples: fluently, and often wrongly. Answers are kept in a store's ledger, so that the script
goes on where it was ended. Reports chrF against the references; then, for each check of `translation`, the area under
the curve by which it tells the worst quarter (by chrF of the sentence), for all checks together, and the same with
multilingual-e5-small beside them. Needs the data, the packages of the model (it says which), and the extras [local],
[multilingual] and [benchmarks]. Prints tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter

import packages_first  # noqa: F401
from measuring import table
from translation_real_parts.sentences import DATA, sentences, weights
from translation_real_parts.telling import Row, area, findings, suspicions, together

from curation.cache_folder import cache_folder
from curation.embeddings.encoder import Encoder
from curation.embeddings.multilingual import MULTILINGUAL_ENCODER, has_multilingual, load_multilingual
from curation.models.asked_stage import AskedStage
from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings
from curation.record import Record
from curation.scheme import Scheme, load_scheme
from curation.settings import TranslateSettings
from curation.stage import Item, Result
from curation.store import Store
from curation.translate.asking import AskingTranslator
from validation.settings import ValidationSettings
from validation.translation.pair import TranslationPair, measured

PROMPT = Path(__file__).with_name("translation_real_parts") / "few-shot.v1.jinja"
SENTENCES = {True: 12, False: 300}
#: Tokens that an answer has at most, before the product asks once more for one that was cut off.
MOST = 320
#: Sentences that are translated side by side.
AT_ONCE = 32
#: The part of the translations that is to be told from the others.
WORST = 0.25


@dataclass(frozen=True)
class RealTranslation:
    """A sentence with its translation, the reference, and the chrF of the two."""

    original: Record
    translation: Record
    reference: str

    @cached_property
    def chrf(self) -> float:
        """Of the sentence."""
        return corpus_chrf([self.translation.text], [self.reference])


def main() -> None:
    """Translate, check, and print the tables and the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help=f"{SENTENCES[True]} sentences: too few for the areas")
    parser.add_argument("--sentences", type=int, help=f"how many; {SENTENCES[False]} by default")
    parser.add_argument("--kept", action="store_true", help="only those of them that were asked about before")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with wmt_biomed")
    parser.add_argument("--store", type=Path, default=cache_folder() / "benchmarks" / "translation_real.db")
    parser.add_argument("--dtype", default="auto", help="numbers that the model computes with")
    asked = parser.parse_args()
    pairs = sentences(asked.data, asked.sentences or SENTENCES[asked.quick])
    scheme = load_scheme()
    parameters = {"temperature": 0, "seed": 0, "max_tokens": MOST}
    model = LocalModel(
        "gemma-3-270m",
        LocalModelSettings(path=str(weights()), dtype=asked.dtype, concurrency=AT_ONCE, parameters=parameters),
    )
    asked.store.parent.mkdir(parents=True, exist_ok=True)
    with Store.open(f"sqlite:///{asked.store}") as store:
        if asked.kept:
            pairs = [(record, reference) for record, reference in pairs if store.attempts_about(record.id)]
        results, cost = translated(model, store, scheme, [record for record, _ in pairs])
    made = [
        RealTranslation(record, result.records[0], reference)
        for (record, reference), result in zip(pairs, results, strict=True)
        if result.records
    ]
    failed = Counter(result.kind for result in results if not result.records)
    copied = corpus_chrf([record.text for record, _ in pairs], [reference for _, reference in pairs])
    figures: dict[str, object] = {"sentences": len(pairs), "translated": len(made), "chrf_of_source": copied, **cost}
    if made:
        figures |= {"chrf": corpus_chrf([each.translation.text for each in made], [each.reference for each in made])}
        print(table(("translation", "sentences", "chrF"), _quarters(made)), "\n")
        figures |= told(made, scheme)
    for kind, count in failed.items():
        print(f"{count} without a translation: {kind}")
    print(json.dumps(figures))


def translated(
    model: LocalModel, store: Store, scheme: Scheme, records: Sequence[Record]
) -> tuple[list[Result], dict[str, float]]:
    """A result for each record by way of the ledger, and what was asked of the model for it now."""
    store.add_records(records)
    before = sum(len(store.attempts_about(record.id)) for record in records)
    settings = TranslateSettings(prompt=str(PROMPT))
    stage = AskedStage(AskingTranslator(scheme, settings, {model.name: model}, to="de", layers=()), store)
    began = perf_counter()
    try:
        results = stage([Item(record) for record in records])
    finally:
        stage.close()
    seconds = perf_counter() - began
    attempts = [attempt for record in records for attempt in store.attempts_about(record.id)]
    return results, {"questions": len(attempts), "asked_now": len(attempts) - before, "seconds": round(seconds)}


def told(made: Sequence[RealTranslation], scheme: Scheme) -> dict[str, object]:
    """How the checks tell the worst quarter, printed as a table and as figures."""
    limit = sorted(each.chrf for each in made)[int(WORST * len(made))]
    bad = [each.chrf < limit for each in made]
    settings = ValidationSettings()
    rows: list[tuple[object, ...]] = []
    figures: dict[str, object] = {"worst_below_chrf": round(limit, 1)}
    for name, encoder in _encoders().items():
        began = perf_counter()
        measures: list[Row] = [
            measured(
                TranslationPair(each.original, each.translation), aligned=settings.translation.aligned, encoder=encoder
            )
            for each in made
        ]
        seconds = perf_counter() - began
        scores = {check.name: [check.of(row) for row in measures] for check in suspicions()}
        failures = [findings(row, settings, scheme) for row in measures]
        areas = {check: area(found, bad) for check, found in scores.items()}
        areas["findings, by their number"] = area([float(len(found)) for found in failures], bad)
        areas["all together, learnt from the others"] = together(list(scores.values()), bad)
        rows += [(name, check, *_cells(check, found, failures, bad)) for check, found in areas.items()]
        figures[name] = {check: found and round(found, 3) for check, found in areas.items()}
        figures[name] |= {  # type: ignore[operator]
            "bad_found": _share(failures, bad, True),
            "others_found": _share(failures, bad, False),
            "milliseconds": round(1_000 * seconds / len(made), 1),
        }
    print(table(("encoder", "check", "area", "bad with a finding", "others with a finding"), rows), "\n")
    return figures


def _encoders() -> dict[str, Encoder | None]:
    return {"none": None, **({MULTILINGUAL_ENCODER: load_multilingual()} if has_multilingual() else {})}


def _cells(check: str, found: float | None, failures: Sequence[list[str]], bad: Sequence[bool]) -> tuple[object, ...]:
    shares = ["", ""]
    known = {name for names in failures for name in names}
    if check in known or check == "findings, by their number":
        named = [names if check not in known else [name for name in names if name == check] for names in failures]
        shares = [str(_share(named, bad, which)) for which in (True, False)]
    return ("" if found is None else round(found, 3), *shares)


def _share(failures: Sequence[list[str]], bad: Sequence[bool], which: bool) -> float:
    chosen = [bool(names) for names, is_bad in zip(failures, bad, strict=True) if is_bad == which]
    return round(sum(chosen) / max(1, len(chosen)), 3)


def _quarters(made: Sequence[RealTranslation]) -> list[tuple[object, ...]]:
    ordered = sorted(made, key=lambda each: each.chrf)
    found: list[tuple[object, ...]] = [("all", len(ordered), _chrf_of(ordered))]
    for quarter in range(4):
        part = ordered[quarter * len(ordered) // 4 : (quarter + 1) * len(ordered) // 4]
        if part:
            found.append((f"quarter {quarter + 1} by chrF", len(part), _chrf_of(part)))
    return found


def _chrf_of(made: Sequence[RealTranslation]) -> float:
    return corpus_chrf([each.translation.text for each in made], [each.reference for each in made])


def corpus_chrf(found: Sequence[str], references: Sequence[str]) -> float:
    """chrF of texts beside their references, by sacrebleu."""
    import sacrebleu

    return round(float(sacrebleu.corpus_chrf(list(found), [list(references)]).score), 2)


if __name__ == "__main__":
    main()
