"""The packaged language model on real sentences: six ways of asking, free and held to the schema.

    python benchmarks/real_model.py [--quick] [--way NAME ...] [--store FILE] [--dtype bfloat16]

100 test sentences of PHEE (drug, effect, patient), asked naively, by definitions and rules, and with three retrieved
examples besides, each free and constrained; then 20 English records of the shipped sample, 15 categories. Answers are
kept in a store, so that the script goes on where it was ended. Needs `curate models install smollm2`. Prints the table
beside a plain script with three fixed examples; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import packages_first  # noqa: F401
from measuring import table
from real_model_parts.asking import Asking
from real_model_parts.exact import exact_f1
from real_model_parts.phee import DATA, Annotated, Neighbours, scheme, sentences

from annotation.llm.annotator import LlmAnnotator
from annotation.llm.examples import Examples
from annotation.settings import LlmSettings
from curation.cache_folder import cache_folder
from curation.models.contract import Answer
from curation.models.local.model import LocalModel
from curation.models.local.settings import LocalModelSettings
from curation.record import Layer
from curation.scheme import Scheme, load_scheme
from curation.scoring.entities import score_entities
from curation.sources.sample import read_sample
from curation.stage import Item
from curation.store import Store

#: The prompt of each way, and whether it has examples.
WAYS = {
    "naive": ("naive.v1", False),
    "advanced": ("advanced.v1", False),
    "retrieved": ("advanced.v1", True),
    "quotes": ("entities.v1", True),
}
EXAMPLES = 3
FORMS = ("constrained", "free")
#: A plain script with the same weights on the same sentences: three fixed examples, free, greedy.
PLAIN = ("plain script, 3 fixed examples, free", 0.98, 0.208)


def main() -> None:
    """Ask in each way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="10 sentences with retrieved examples, constrained")
    parser.add_argument("--way", action="append", choices=[*WAYS, "sample"], help="only this one; may be given again")
    parser.add_argument("--form", action="append", choices=FORMS, help="only this one; may be given again")
    parser.add_argument("--store", type=Path, default=cache_folder() / "benchmarks" / "real_model.db")
    parser.add_argument("--dtype", default="auto", help="numbers that the model computes with")
    words = parser.parse_args()
    words.store.parent.mkdir(parents=True, exist_ok=True)
    with Store.open(f"sqlite:///{words.store}") as store:
        print(json.dumps(asyncio.run(measure(words, store))))


async def measure(words: argparse.Namespace, store: Store) -> dict[str, Any]:
    """The figures of all ways."""
    model = LocalModel("smollm2", LocalModelSettings(dtype=words.dtype))
    found: dict[str, dict[str, Any]] = {}
    try:
        for name, stage, pairs, constrained in _ways(words, model, store):
            store.add_records(record for record, _ in pairs)
            asking = Asking(model, store, constrained)
            started = perf_counter()
            layers = await asyncio.gather(*(asking.layer(stage, Item(record)) for record, _ in pairs))
            seconds = perf_counter() - started
            found[name] = figures(pairs, layers, asking, seconds, stage)
            print(f"{name}: {json.dumps(found[name])}", flush=True)
    finally:
        await model.close()
    print("\n" + shown(found))
    return found


def _ways(
    words: argparse.Namespace, model: LocalModel, store: Store
) -> Iterator[tuple[str, LlmAnnotator, Sequence[Annotated], bool]]:
    """Each way by its name: what asks, about what, and whether answers are held to the schema."""
    wanted = words.way or (["retrieved"] if words.quick else [*WAYS, "sample"])
    if DATA.is_dir():
        pairs = sentences("test")[: 10 if words.quick else 100]
        training = sentences("train")
        # An answer is kept for as long as the records that it is about are there, examples too.
        store.add_records(record for record, _ in training)
        near = Neighbours(training, EXAMPLES)
        for way in (way for way in WAYS if way in wanted):
            prompt, with_examples = WAYS[way]
            stage = annotator(model, scheme(), prompt, near if with_examples else None)
            for form in ("constrained",) if words.quick else words.form or FORMS:
                yield f"{way}, {form}", stage, pairs, form == "constrained"
    if "sample" in wanted:
        records = list(islice(read_sample(("en",)), 20))
        yield "sample, constrained", annotator(model, load_scheme(), "naive.v1", None), records, True


def annotator(model: LocalModel, asked_for: Scheme, prompt: str, examples: Examples | None) -> LlmAnnotator:
    """The product's annotator, which asks each question once."""
    settings = LlmSettings(prompt=prompt, repairs=0)
    return LlmAnnotator(asked_for, settings, {model.name: model}, examples=examples)


def figures(
    pairs: Sequence[Annotated], layers: Sequence[Layer | None], asking: Asking, seconds: float, stage: LlmAnnotator
) -> dict[str, Any]:
    """Validity, scores and speed of one way; speed of what was asked now, not of what was kept."""
    gold = [layer for _, layer in pairs]
    read = [layer for layer in layers if layer is not None]
    scores = score_entities(gold, read, scheme=stage._scheme)
    tokens = sum(answer.tokens_out or 0 for answer in asking.paid)
    return {
        "records": len(pairs),
        "json": sum(map(_is_object, asking.answers)) / len(pairs),
        "read": len(read) / len(pairs),
        "ends": dict(sorted(_counted(str(answer.finish) for answer in asking.answers).items())),
        "exact_f1": exact_f1(gold, layers),
        "strict_f1": scores.strict.micro.f1,
        "strict_interval": scores.strict.micro.f1_interval,
        "lenient_f1": scores.lenient.micro.f1,
        "tokens_in": statistics.mean(answer.tokens_in or 0 for answer in asking.answers) if asking.answers else None,
        "tokens_out": statistics.mean(answer.tokens_out or 0 for answer in asking.answers) if asking.answers else None,
        "asked_now": len(asking.paid),
        "seconds": seconds if asking.paid else None,
        "tokens_per_second": tokens / seconds if asking.paid else None,
    }


def _is_object(answer: Answer) -> bool:
    """Whether an answer is JSON as it stands."""
    try:
        return isinstance(json.loads(answer.text), dict)
    except ValueError:
        return False


def _counted(words: Iterator[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def shown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The table, with the plain script's line."""
    names = ("json", "read", "exact_f1", "strict_f1", "lenient_f1", "tokens_out", "tokens_per_second")
    rows: list[tuple[object, ...]] = [
        (name, *("" if value[column] is None else float(value[column]) for column in names))
        for name, value in found.items()
    ]
    rows.append((PLAIN[0], PLAIN[1], "", PLAIN[2], "", "", "", ""))
    return table(("way", *names), rows)


if __name__ == "__main__":
    main()
