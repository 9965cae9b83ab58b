"""Drift: shifts planted into real and generated batches, and random halves of one set, which do not differ."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from measuring import table

from curation.duplicates import normalised
from curation.embeddings import Encoder, load_encoder
from curation.record import Record
from validation.drift.compare import Drift, compare
from validation.drift.portrait import Portrait, portrait
from validation.drift.settings import DriftSettings
from validation.measures import Subject
from validation_parts.planting import Share
from validation_parts.semantic_duplicates import CASES, retold

DATA = Path(__file__).parents[3] / "shared" / "data"
#: Random halves of each source, and trials of each shift.
TRIALS = {True: 1, False: 40}
#: Trials of each shift at most.
SHIFTED = 10
#: Records of each side at most.
SIDE = {True: 40, False: 60}
#: Records that are read of each source at most.
READ = {True: 80, False: 2_500}
#: Shufflings behind each test.
PERMUTATIONS = {True: 600, False: 999}
FEATURES = ("length", "language", "entities a record", "categories", "vocabulary", "embeddings")
#: Of these the sizes by chance are shown: their limits were set by them.
SIZED = ("categories", "vocabulary", "embeddings")

Rows = Sequence[int]


@dataclass(frozen=True, slots=True)
class Shift:
    """A change planted into the second half of a source, and the feature that must differ then."""

    feature: str
    source: str
    #: From the whole, the rows of both halves: the second half as it is after the change.
    plant: Callable[[Portrait, Rows, Rows], Portrait]
    says: str
    #: Counted apart, and left out of a quick run, whose few records cannot show it.
    mild: bool = False

    @property
    def kind(self) -> str:
        """What recall is given of."""
        return f"{self.feature}, mild" if self.mild else self.feature


def run(*, quick: bool) -> dict[str, object]:
    """Recall by shifted feature, false alarms by feature; embeddings take minutes and are left out of a quick run."""
    wholes = {name: one for name, read in SOURCES.items() if (one := read(quick)) is not None}
    settings = DriftSettings(permutations=PERMUTATIONS[quick])
    chance = _no_shift(wholes, settings, quick)
    return {
        "recall": {
            f"drift in {name}": round(share.value, 4) for name, share in _shifts(wholes, settings, quick).items()
        },
        "false_alarm": {f"drift in {name}": round(share.value, 4) for name, share in chance.items()},
    }


def _no_shift(wholes: Mapping[str, Portrait], settings: DriftSettings, quick: bool) -> dict[str, Share]:
    """Features that are called drifted between random halves of one source."""
    rows: list[tuple[object, ...]] = []
    sizes: list[tuple[object, ...]] = []
    wrong = dict.fromkeys(FEATURES, Share(0, 0))
    for source, whole in wholes.items():
        found = [
            compare(part(whole, left), part(whole, right), settings)
            for left, right in (_halves(whole, f"{source} {trial}", quick) for trial in range(TRIALS[quick]))
        ]
        for feature in FEATURES:
            seen = [one for drift in found for one in drift.features if one.name == feature]
            if seen:
                share = Share(sum(one.drifted for one in seen), len(seen))
                wrong[feature] += share
                significant = Share(sum(one.corrected < settings.significance for one in seen), len(seen))
                rows.append((feature, source, found[0].before, share.of, share, significant))
                if feature in SIZED:
                    raw = [one.tested.statistic for one in seen]
                    size = [one.tested.size for one in seen]
                    sizes.append((feature, source, found[0].before, _spread(raw), _spread(size)))
        any_ = Share(sum(drift.drifted for drift in found), len(found))
        rows.append(("any", source, found[0].before, any_.of, any_, ""))
    print(table(("feature", "in", "a side", "halves", "called drifted", "chance below 0.01"), rows) + "\n")
    print(
        table(("size without a shift", "in", "a side", "statistic: median, 99th", "size: median, 99th"), sizes) + "\n"
    )
    return {feature: share for feature, share in wrong.items() if share.of}


def _spread(values: Sequence[float]) -> str:
    return f"{np.median(values):.3f}, {np.percentile(values, 99):.3f}"


def _shifts(wholes: Mapping[str, Portrait], settings: DriftSettings, quick: bool) -> dict[str, Share]:
    rows: list[tuple[object, ...]] = []
    recall: dict[str, Share] = {}
    for shift in SHIFTS:
        whole = wholes.get(shift.source)
        if whole is None or (quick and shift.mild) or (shift.feature == "embeddings" and whole.vectors is None):
            continue
        found: list[Drift] = []
        for trial in range(min(TRIALS[quick], SHIFTED)):
            left, right = _halves(whole, f"{shift.says} {trial}", quick)
            found.append(compare(part(whole, left), shift.plant(whole, left, right), settings))
        hits = [one for drift in found for one in drift.features if one.name == shift.feature]
        share = Share(sum(one.drifted for one in hits), len(hits))
        recall[shift.kind] = recall.get(shift.kind, Share(0, 0)) + share
        size = _spread([abs(one.tested.size) for one in hits])
        rows.append((shift.kind, shift.says, shift.source, found[0].after, share.of, share, size))
    print(table(("feature", "planted", "in", "new ones", "trials", "found", "size: median, 99th"), rows))
    return recall


def _halves(whole: Portrait, seed: str, quick: bool) -> tuple[list[int], list[int]]:
    order = Random(seed).sample(range(whole.records), whole.records)
    side = min(SIDE[quick], whole.records // 2)
    return order[:side], order[side : 2 * side]


def part(whole: Portrait, rows: Rows) -> Portrait:
    """The portrait of some of the records."""
    return Portrait(
        records=len(rows),
        lengths=[whole.lengths[row] for row in rows],
        languages=[whole.languages[row] for row in rows],
        categories=[whole.categories[row] for row in rows],
        words=[whole.words[row] for row in rows],
        vectors=None if whole.vectors is None else whole.vectors[list(rows)],
    )


def _other(whole: Portrait, **fields: object) -> Portrait:
    return Portrait(**{name: fields.get(name, getattr(whole, name)) for name in Portrait.__dataclass_fields__})


def _total(counts: Sequence[Counter[str]]) -> Counter[str]:
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return total


def cut(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Texts that were cut to a third of their length."""
    new = part(whole, right)
    return _other(new, lengths=[length / 3 for length in new.lengths])


def english(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Only the English new ones."""
    return part(whole, [row for row in right if whole.languages[row] == "en"])


def german(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Only the German new ones."""
    return part(whole, [row for row in right if whole.languages[row] == "de"])


def longer(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """The longer two thirds of the new ones."""
    return part(whole, sorted(right, key=lambda row: -whole.lengths[row])[: 2 * len(right) // 3])


def more_german(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Of the English new ones every third."""
    english = [row for row in right if whole.languages[row] == "en"]
    return part(whole, [*english[::3], *(row for row in right if whole.languages[row] != "en")])


def two_categories_less(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Two of the frequent categories are marked no more."""
    new = part(whole, right)
    frequent = [name for name, _ in _total(whole.categories).most_common(4)][1:3]
    kept = [Counter({name: n for name, n in one.items() if name not in frequent}) for one in new.categories]
    return _other(new, categories=kept)


def half_the_entities(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Of each category every second entity is marked no more."""
    new = part(whole, right)
    return _other(new, categories=[Counter({name: n // 2 for name, n in one.items()}) for one in new.categories])


def other_words(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """Every twentieth of the 1,000 commonest words is spelt otherwise."""
    new = part(whole, right)
    spelt = {word: f"{word}e" for word, _ in _total(whole.words).most_common(1_000)[::20]}
    return _other(new, words=[Counter({spelt.get(word, word): n for word, n in one.items()}) for one in new.words])


def one_topic(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """The 30 records that are nearest to one of them, of all that are not in the first half."""
    return part(whole, _nearest([row for row in range(whole.records) if row not in set(left)], whole, 30))


def a_third_of_topics(whole: Portrait, left: Rows, right: Rows) -> Portrait:
    """The third of the new ones that is nearest to one of them."""
    return part(whole, _nearest(right, whole, len(right) // 3))


def _nearest(rows: Rows, whole: Portrait, count: int) -> list[int]:
    assert whole.vectors is not None
    vectors = whole.vectors[list(rows)]
    return [rows[int(at)] for at in np.argsort(-(vectors @ vectors[0]))[:count]]


SHIFTS = (
    Shift("length", "MTSamples", cut, "cut to a third"),
    Shift("length", "MACCROBAT", cut, "cut to a third"),
    Shift("length", "MTSamples", longer, "the longer two thirds", mild=True),
    Shift("length", "MACCROBAT", longer, "the longer two thirds", mild=True),
    Shift("language", "sample", german, "the German ones alone"),
    Shift("language", "sample", english, "the English ones alone", mild=True),
    Shift("language", "sample", more_german, "a third of the English ones", mild=True),
    Shift("entities a record", "MACCROBAT", half_the_entities, "every second entity"),
    Shift("categories", "MACCROBAT", two_categories_less, "two categories less"),
    Shift("categories", "sample", two_categories_less, "two categories less"),
    Shift("vocabulary", "MTSamples", other_words, "50 common words spelt otherwise"),
    Shift("vocabulary", "MACCROBAT", other_words, "50 common words spelt otherwise"),
    Shift("embeddings", "generated", one_topic, "the 30 of one topic"),
    Shift("embeddings", "generated", a_third_of_topics, "the nearest third", mild=True),
    Shift("embeddings", "sample", a_third_of_topics, "the nearest third", mild=True),
)


def _encoder(quick: bool) -> Encoder | None:
    """The packaged encoder, with vectors kept for the next run; none in a quick run."""
    return None if quick else load_encoder().kept_in(Path(tempfile.gettempdir()) / "clincurate-benchmark-vectors.db")


def mtsamples(quick: bool) -> Portrait | None:
    """The notes, each text once; too many to encode."""
    file = DATA / "mtsamples" / "mtsamples.jsonl"
    if not file.is_file():
        return None
    with file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["transcription"] or "" for line in lines]
    firsts = list({normalised(text): text for text in texts if text.strip()}.values())[: READ[quick]]
    records = (Record(id=f"m{n}", group=f"m{n}", source="m", language="en", text=text) for n, text in enumerate(firsts))
    return portrait(map(Subject, records), most=READ[quick], encoder=None)


def maccrobat(quick: bool) -> Portrait | None:
    """Case reports with gold; too many sentences to encode."""
    folder = DATA / "maccrobat"
    if not folder.is_dir():
        return None
    from curation.sources import Read, ReadOptions, read

    found = read(folder, format="brat", mapping="maccrobat", options=ReadOptions(language="en"))
    good = (item for item in islice(found, READ[quick] if quick else None) if isinstance(item, Read))
    subjects = [Subject(item.record, item.layers[0]) for item in good if item.layers]
    return portrait(subjects, most=READ[quick], encoder=None)


def generated(quick: bool) -> Portrait | None:
    """English cases; only their embeddings say something of texts, so a quick run leaves them out."""
    if quick:
        return None
    subjects = [Subject(record) for record, _ in retold(CASES[quick], "en")]
    return portrait(subjects, most=READ[quick], encoder=_encoder(quick))


def sample(quick: bool) -> Portrait | None:
    """The shipped gold, English and German."""
    from curation.sources.sample import read_sample

    return portrait((Subject(*pair) for pair in read_sample()), most=READ[quick], encoder=_encoder(quick))


SOURCES: Mapping[str, Callable[[bool], Portrait | None]] = {
    "MTSamples": mtsamples,
    "MACCROBAT": maccrobat,
    "sample": sample,
    "generated": generated,
}
