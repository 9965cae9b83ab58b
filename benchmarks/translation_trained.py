"""A small translator trained from nothing: what it translates, and how the spans come along.

    python benchmarks/translation_trained.py [--quick] [--folder FOLDER]

A Marian model learns from at most 40,000 generated sentences told alike in English and German (26 minutes at most; a
training that was ended goes on where it was, a finished one is not made again), half of them with a marker around each
span. It then translates generated sentences of other cases that it has not seen: chrF (sacrebleu) beside that of the
source left as it is; how many markers come back; where the spans end by markers alone, by the assignment alone, and by
both. Beside it the bare loop: transformers' own `generate`, sentence by sentence. The sentences are of the same kind as
those that it learnt: the figures say how projection does on real translations, not how well a model translates real
reports. Prints tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

import packages_first  # noqa: F401
from measuring import table
from projection_parts.generated import SentencePair
from translation_trained_parts.pairs import learnt, lessons, symbols, unseen
from translation_trained_parts.scoring import Projections
from translation_trained_parts.training import TrainedTranslator, TrainingPlan, train

from curation.cache_folder import cache_folder
from curation.quiet_libraries import quiet
from curation.record import digest
from curation.translate.projection.markers import marked, unmarked
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator, Translated

#: By --quick: how the model learns, sentences to learn from, and sentences to be translated.
PLANS = {
    True: (TrainingPlan(pieces=1_000, minutes=1.0), 2_000, 60),
    False: (TrainingPlan(), 40_000, 1_000),
}
#: Sentences that the bare loop translates too.
LOOPED = {True: 10, False: 100}
BEAMS = 4

#: Methods whose share of spans on the very place is followed from version to version.
FOLLOWED = {
    "markers_strict": "markers alone",
    "assignment_strict": "assignment, translated without markers",
    "both_strict": "both",
}


def main() -> None:
    """Train where that is needed, translate, and print the tables and the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a minute of training: too little to translate")
    parser.add_argument("--folder", type=Path, help="where the training is kept; by default in the user's cache")
    asked = parser.parse_args()
    plan, number, tested = PLANS[asked.quick]
    known = learnt(number)
    taught = lessons(known)
    folder = asked.folder or cache_folder() / "benchmarks" / f"translator-{digest([asdict(plan), taught])}"
    trained = train(folder, taught, symbols(known), plan)
    pairs = unseen(tested, known)
    translator = Seq2SeqTranslator("trained", Seq2SeqSettings(path=str(trained.folder), beams=BEAMS))
    began = perf_counter()
    plain = translator.translate([pair.source for pair in pairs], "en", "de")
    seconds = perf_counter() - began
    asked_texts = [marked(pair.source, [(span,) for span in pair.spans]) for pair in pairs]
    answers = translator.translate([text.text for text in asked_texts], "en", "de")
    freed = [unmarked(answer.text, text).text for answer, text in zip(answers, asked_texts, strict=True)]
    references = [pair.target for pair in pairs]
    chrf = {
        "source left as it is": _chrf([pair.source for pair in pairs], references),
        "translated": _chrf([each.text for each in plain], references),
        "translated with markers, which are taken out": _chrf(freed, references),
    }
    found = Projections()
    for pair, translation, answer in zip(pairs, plain, answers, strict=True):
        found.add(pair, translation.text, answer.text)
    loop_seconds, equal = _bare_loop(trained, pairs[: LOOPED[asked.quick]], plain)
    rates = {"in batches by length": len(pairs) / seconds, "bare loop": LOOPED[asked.quick] / loop_seconds}
    _print(trained, chrf, found, plain, answers, rates, equal)
    both = found.tallies["both"]
    print(
        json.dumps(
            {
                "training_seconds": round(trained.seconds),
                "chrf": chrf["translated"],
                "chrf_with_markers": chrf["translated with markers, which are taken out"],
                "markers_back": _share(found.markers["back"], found.markers.total()),
                **{
                    name: _share(found.tallies[method].strict, found.tallies[method].said)
                    for name, method in FOLLOWED.items()
                },
                "said": _share(both.said, both.asked),
                "off": _share(both.off, both.said),
                "sentences_a_second": round(rates["in batches by length"], 2),
                "bare_loop_sentences_a_second": round(rates["bare loop"], 2),
            }
        )
    )


def _print(
    trained: TrainedTranslator,
    chrf: dict[str, float],
    found: Projections,
    plain: Sequence[Translated],
    answers: Sequence[Translated],
    rates: dict[str, float],
    equal: int,
) -> None:
    print(
        f"{trained.parameters / 1e6:.1f} million parameters, {trained.epochs:.1f} epochs ({trained.steps} steps) in "
        f"{trained.seconds / 60:.1f} minutes, loss {trained.loss:.2f}\n"
    )
    print(table(("text", "chrF"), list(chrf.items())), "\n")
    rows = [(method, *tally.row) for method, tally in found.tallies.items()]
    print(table(("method", "spans", "said", "found", "strict", "lenient", "off"), rows), "\n")
    print(table(("state of a place by both, of spans that are said", "spans"), sorted(found.states.items())), "\n")
    print(table(("markers", "spans"), found.markers.most_common()), "\n")
    ends = [
        (finish, sum(each.finish == finish for each in plain), sum(each.finish == finish for each in answers))
        for finish in sorted({each.finish for each in (*plain, *answers)})
    ]
    print(table(("a translation ended by", "without markers", "with markers"), ends), "\n")
    speeds = [(name, round(rate, 2)) for name, rate in rates.items()]
    print(table(("way", "sentences a second"), speeds))
    print(f"\nThe bare loop translates {equal} of its sentences in the same words.")


def _bare_loop(
    trained: TrainedTranslator, pairs: Sequence[SentencePair], ours: Sequence[Translated]
) -> tuple[float, int]:
    """The seconds that transformers' own way takes, sentence by sentence, and how many translations are the same."""
    from transformers import MarianMTModel, MarianTokenizer

    with quiet():
        tokenizer = MarianTokenizer.from_pretrained(trained.folder, local_files_only=True)
        model = MarianMTModel.from_pretrained(trained.folder, local_files_only=True).eval()
    equal = 0
    began = perf_counter()
    for pair, our in zip(pairs, ours, strict=False):
        row = model.generate(**tokenizer([pair.source], return_tensors="pt"), num_beams=BEAMS, max_new_tokens=250)[0]
        equal += tokenizer.decode(row, skip_special_tokens=True).strip() == our.text
    return perf_counter() - began, equal


def _chrf(found: Sequence[str], references: Sequence[str]) -> float:
    from sacrebleu import corpus_chrf

    return round(float(corpus_chrf(list(found), [list(references)]).score), 2)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


if __name__ == "__main__":
    main()
