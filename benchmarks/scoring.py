"""ROUGE, BERTScore and the whole evaluation against what they are measured by, and their pace and memory.

    python benchmarks/scoring.py [--quick]

ROUGE: pairs of generated summaries (long) and of fields of their flat views (short) by `rouge-score`, as published, and
by ours, with the greatest difference of any figure. BERTScore: the facts of the same summaries, in which wordings
come again as they do in clinical text, by a plain loop that encodes both texts of one pair after the other with the
same encoder, and by ours; and against the library `bert-score` where it is installed. Evaluation: documents with gold
and a layer of which a part is missing, a tenth and all of them, with the peak of memory of each. Prints tables; the
last line is one JSON object; the exit code is 1 where a figure differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import packages_first  # noqa: F401
from measuring import measured, table

from curation.embeddings.encoder import packaged_encoder_path
from curation.generate import generate
from curation.scheme import ABSENT, load_scheme
from curation.scoring.bert_score import BertScorer
from curation.scoring.rouge import FAST, ROUGE, RougeScorer, rouge_library
from curation.scoring.scores import ScoredDocument
from curation.scoring.token_vectors import load_token_encoder
from curation.settings import RougeProfile
from training.evaluate import evaluate_documents

SEED = 2_026
#: Pairs of ROUGE (long, short), pairs of BERTScore, documents of the evaluation.
SIZES = {True: (30, 400, 150, 300), False: (300, 5_000, 2_000, 10_000)}
#: Figures may differ by so much: ROUGE not at all, BERTScore by rounding of other batches.
ROUGE_TOLERANCE, BERT_TOLERANCE = 0.0, 1e-4

Pair = tuple[str, str]


def documents(number: int) -> Iterator[ScoredDocument]:
    """Generated records with their gold, and a layer that lacks a sixth of its entities."""
    chance = random.Random(SEED)
    for record, gold in generate(number, languages=("en",), seed=SEED):
        kept = tuple(entity for entity in gold.entities if chance.random() > 1 / 6)
        ids = {entity.id for entity in kept}
        links = tuple(link for link in gold.relations if {link.head, link.tail} <= ids)
        update = {"name": "found", "author": "found", "entities": kept, "relations": links}
        yield ScoredDocument(record, gold, gold.model_copy(update=update))


def changed(text: str, chance: random.Random) -> str:
    """A text of which a tenth of the words is left out, and a tenth said twice."""
    words = [[word] * chance.choices((0, 1, 2), (1, 8, 1))[0] for word in text.split()]
    return " ".join(word for some in words for word in some)


def fields(found: Sequence[ScoredDocument]) -> list[Pair]:
    """The fields of the flat views that gold has, with a wording like it."""
    scheme, chance = load_scheme(), random.Random(SEED)
    views = (scheme.flat(document.gold) for document in found)
    return [(value, changed(value, chance) or value) for view in views for value in view.values() if value != ABSENT]


def paced(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a piece of work gives, and the seconds that it took."""
    started = perf_counter()
    found = work()
    return found, perf_counter() - started


def rouge(pairs: Sequence[Pair]) -> dict[str, float]:
    """Pairs a second by `rouge-score` and by ours, and the greatest difference."""
    from rouge_score.rouge_scorer import RougeScorer as Original

    original = Original(list(ROUGE), use_stemmer=True)
    ours = RougeScorer("en", RougeProfile.ORIGINAL)
    golds, predicted = zip(*pairs, strict=True)
    theirs, slow = paced(lambda: [original.score(gold, other) for gold, other in pairs])
    found, fast = paced(lambda: ours.scores(golds, predicted))
    difference = max(
        abs(score[name] - expected[name].fmeasure)
        for score, expected in zip(found, theirs, strict=True)
        for name in ROUGE
    )
    return {"pairs": len(pairs), "rouge_score": len(pairs) / slow, "ours": len(pairs) / fast, "times": slow / fast,
            "difference": difference}  # fmt: skip


def plain_loop(pairs: Sequence[Pair]) -> list[tuple[float, float, float]]:
    """BERTScore as the paper has it: for each pair, both texts through the model, then the best match of each token."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(packaged_encoder_path())
    model: Any = AutoModel.from_pretrained(packaged_encoder_path()).eval()

    def vectors(text: str) -> np.ndarray[Any, Any]:
        with torch.inference_mode():
            rows = model(**tokenizer(text, return_tensors="pt", truncation=True)).last_hidden_state[0].numpy()
        unit: np.ndarray[Any, Any] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    found = []
    for gold, predicted in pairs:
        alike = vectors(predicted) @ vectors(gold).T
        precision, recall = alike.max(axis=1)[1:-1].mean(), alike.max(axis=0)[1:-1].mean()
        found.append((precision, recall, 2 * precision * recall / (precision + recall)))
    return found


def library(pairs: Sequence[Pair]) -> list[tuple[float, float, float]] | None:
    """The same by `bert-score`; None where it is not installed or does not run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from bert_score import score

            golds, predicted = zip(*pairs, strict=True)
            path = str(packaged_encoder_path())
            parts = score(list(predicted), list(golds), model_type=path, num_layers=6, device="cpu")
        return list(zip(*(part.tolist() for part in parts), strict=True))
    except (ImportError, AttributeError, OverflowError) as error:
        print(f"bert-score: not measured ({type(error).__name__})", file=sys.stderr)
        return None


def bertscore(pairs: Sequence[Pair]) -> tuple[list[tuple[object, ...]], dict[str, float]]:
    """The table, and the ratio of ours to the loop with the greatest difference from it and from the library."""
    ours = BertScorer(load_token_encoder())
    ours.score(["a"], ["b"])
    golds, predicted = zip(*pairs, strict=True)
    found, fast = paced(lambda: [tuple(score or ()) for score in ours.score(golds, predicted)])
    looped, slow = paced(lambda: plain_loop(pairs))
    theirs, whole = paced(lambda: library(pairs))
    rows: list[tuple[object, ...]] = [
        ("a plain loop over pairs", len(pairs) / slow, 1.0, 0.0),
        ("ours", len(pairs) / fast, slow / fast, _apart(found, looped)),
    ]
    figures = {"bertscore_ratio": slow / fast, "bertscore_difference": _apart(found, looped)}
    if theirs is not None:
        rows.append(("bert-score, all pairs in one call", len(pairs) / whole, slow / whole, _apart(theirs, looped)))
        figures["bertscore_difference"] = max(_apart(found, looped), _apart(found, theirs))
    return rows, figures


def _apart(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]]) -> float:
    return float(np.abs(np.array(left) - np.array(right)).max())


def evaluation(number: int) -> tuple[object, ...]:
    """Documents a second of the whole evaluation without models, and the peak of memory."""
    scheme = load_scheme()
    with measured() as cost:
        evaluate_documents(lambda: documents(number), scheme, languages=("en",))
    return number, number / cost.seconds, cost.peak_mb


def main() -> None:
    """Print the tables and the line; exit code 1 where a figure differs."""
    # As the commands do: threads that spin while they wait slow down what runs beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer pairs and documents")
    long, short, alike, number = SIZES[parser.parse_args().quick]
    chance = random.Random(SEED)
    some = list(documents(max(long, alike // 8)))
    texts = [(document.record.text, changed(document.record.text, chance)) for document in some[:long]]
    pairs = fields(some)
    measures = {"long": rouge(texts), "short": rouge(pairs[:short])}
    print(table(("ROUGE", *measures["long"]), [(name, *row.values()) for name, row in measures.items()]), flush=True)
    print()
    rows, figures = bertscore(pairs[:alike])
    print(table(("BERTScore", "pairs a second", "times", "difference"), rows), flush=True)
    print()
    sizes = [evaluation(number // 10), evaluation(number)]
    print(table(("documents", "documents a second", "peak MB"), sizes))
    difference = max(row["difference"] for row in measures.values())
    summary = {
        "rouge_speedup": round(measures["long"]["times"], 1),
        "rouge_speedup_short": round(measures["short"]["times"], 1),
        "rouge_difference": difference,
        "rouge_library": rouge_library(),
        **{name: round(value, 6) for name, value in figures.items()},
        "evaluation_memory_growth": round(float(str(sizes[1][2])) / float(str(sizes[0][2])), 3),
    }
    wrong = difference > ROUGE_TOLERANCE or figures["bertscore_difference"] > BERT_TOLERANCE
    if rouge_library() != FAST:
        print("rouge-score-rs is not installed: ROUGE is as fast as the original", file=sys.stderr)
    print(json.dumps(summary))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
