"""Drift: shifts planted into real and generated batches, and random halves of one set, which do not differ.

The limits were chosen on MTSamples, MACCROBAT, the shipped sample and generated cases of one seed; none of these is
measured on here.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from measuring import table

from curation.embeddings.encoder import Encoder, load_encoder
from validation.drift.compare import Drift, compare
from validation.drift.profile import BatchProfile, batch_profile
from validation.drift.settings import DriftSettings
from validation.measures.measure import Subject
from validation_parts.error_planting import Share
from validation_parts.semantic_duplicates import CASES, NEW, e3c, retold

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
#: Of these the sizes by chance are shown: their limits were set by such sizes in other sources.
SIZED = ("categories", "vocabulary", "embeddings")

Rows = Sequence[int]


@dataclass(frozen=True, slots=True)
class Shift:
    """A change planted into the second half of a source, and the feature that must differ then."""

    feature: str
    source: str
    #: From the whole, the rows of both halves: the second half as it is after the change.
    plant: Callable[[BatchProfile, Rows, Rows], BatchProfile]
    says: str
    #: Counted apart, and left out of a quick run, whose few records cannot show it.
    mild: bool = False

    @property
    def kind(self) -> str:
        """What recall is given of."""
        return f"{self.feature}, mild" if self.mild else self.feature


def run(*, quick: bool) -> dict[str, object]:
    """Recall by shifted feature, false alarms by feature; embeddings take minutes and are left out of a quick run."""
    wholes = {name: records for name, read in SOURCES.items() if (records := read(quick)) is not None}
    settings = DriftSettings(permutations=PERMUTATIONS[quick])
    chance = _no_shift(wholes, settings, quick)
    return {
        "recall": {
            f"drift in {name}": round(share.value, 4) for name, share in _shifts(wholes, settings, quick).items()
        },
        "false_alarm": {f"drift in {name}": round(share.value, 4) for name, share in chance.items()},
    }


def _no_shift(wholes: Mapping[str, BatchProfile], settings: DriftSettings, quick: bool) -> dict[str, Share]:
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
            seen = [drifted for drift in found for drifted in drift.features if drifted.name == feature]
            if seen:
                share = Share(sum(drifted.drifted for drifted in seen), len(seen))
                wrong[feature] += share
                significant = Share(sum(drifted.corrected < settings.significance for drifted in seen), len(seen))
                rows.append((feature, source, found[0].before, share.of, share, significant))
                if feature in SIZED:
                    raw = [drifted.tested.statistic for drifted in seen]
                    size = [drifted.tested.size for drifted in seen]
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


def _shifts(wholes: Mapping[str, BatchProfile], settings: DriftSettings, quick: bool) -> dict[str, Share]:
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
        hits = [drifted for drift in found for drifted in drift.features if drifted.name == shift.feature]
        share = Share(sum(drifted.drifted for drifted in hits), len(hits))
        recall[shift.kind] = recall.get(shift.kind, Share(0, 0)) + share
        size = _spread([abs(drifted.tested.size) for drifted in hits])
        rows.append((shift.kind, shift.says, shift.source, found[0].after, share.of, share, size))
    print(table(("feature", "planted", "in", "new ones", "trials", "found", "size: median, 99th"), rows))
    return recall


def _halves(whole: BatchProfile, seed: str, quick: bool) -> tuple[list[int], list[int]]:
    order = Random(seed).sample(range(whole.records), whole.records)
    side = min(SIDE[quick], whole.records // 2)
    return order[:side], order[side : 2 * side]


def part(whole: BatchProfile, rows: Rows) -> BatchProfile:
    """The profile of some of the records."""
    return BatchProfile(
        records=len(rows),
        lengths=[whole.lengths[row] for row in rows],
        languages=[whole.languages[row] for row in rows],
        categories=[whole.categories[row] for row in rows],
        words=[whole.words[row] for row in rows],
        vectors=None if whole.vectors is None else whole.vectors[list(rows)],
    )


def _other(whole: BatchProfile, **fields: object) -> BatchProfile:
    return BatchProfile(**{name: fields.get(name, getattr(whole, name)) for name in BatchProfile.__dataclass_fields__})


def _total(counts: Sequence[Counter[str]]) -> Counter[str]:
    total = Counter[str]()
    for counted in counts:
        total.update(counted)
    return total


def cut(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Texts that were cut to a third of their length."""
    new = part(whole, right)
    return _other(new, lengths=[length / 3 for length in new.lengths])


def english(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Only the English new ones."""
    return part(whole, [row for row in right if whole.languages[row] == "en"])


def german(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Only the German new ones."""
    return part(whole, [row for row in right if whole.languages[row] == "de"])


def longer(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """The longer two thirds of the new ones."""
    return part(whole, sorted(right, key=lambda row: -whole.lengths[row])[: 2 * len(right) // 3])


def more_german(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Of the English new ones every third."""
    english = [row for row in right if whole.languages[row] == "en"]
    return part(whole, [*english[::3], *(row for row in right if whole.languages[row] != "en")])


def two_categories_less(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Two of the frequent categories are marked no more."""
    new = part(whole, right)
    frequent = [name for name, _ in _total(whole.categories).most_common(4)][1:3]
    kept = [Counter({name: n for name, n in counts.items() if name not in frequent}) for counts in new.categories]
    return _other(new, categories=kept)


def half_the_entities(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Of each category every second entity is marked no more."""
    new = part(whole, right)
    return _other(new, categories=[Counter({name: n // 2 for name, n in counts.items()}) for counts in new.categories])


def other_words(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """Every twentieth of the 1,000 commonest words is spelt otherwise."""
    new = part(whole, right)
    spelt = {word: f"{word}e" for word, _ in _total(whole.words).most_common(1_000)[::20]}
    return _other(
        new, words=[Counter({spelt.get(word, word): n for word, n in counted.items()}) for counted in new.words]
    )


def one_topic(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """The 30 records that are nearest to one of them, of all that are not in the first half."""
    return part(whole, _nearest([row for row in range(whole.records) if row not in set(left)], whole, 30))


def a_third_of_topics(whole: BatchProfile, left: Rows, right: Rows) -> BatchProfile:
    """The third of the new ones that is nearest to one of them."""
    return part(whole, _nearest(right, whole, len(right) // 3))


def _nearest(rows: Rows, whole: BatchProfile, count: int) -> list[int]:
    assert whole.vectors is not None
    vectors = whole.vectors[list(rows)]
    return [rows[int(at)] for at in np.argsort(-(vectors @ vectors[0]))[:count]]


SHIFTS = (
    Shift("length", "E3C", cut, "cut to a third"),
    Shift("length", "BioRED", cut, "cut to a third"),
    Shift("length", "E3C", longer, "the longer two thirds", mild=True),
    Shift("length", "BioRED", longer, "the longer two thirds", mild=True),
    Shift("language", "generated, two languages", german, "the German ones alone"),
    Shift("language", "generated, two languages", english, "the English ones alone", mild=True),
    Shift("language", "generated, two languages", more_german, "a third of the English ones", mild=True),
    Shift("entities a record", "BioRED", half_the_entities, "every second entity"),
    Shift("categories", "BioRED", two_categories_less, "two categories less"),
    Shift("categories", "generated, two languages", two_categories_less, "two categories less"),
    Shift("vocabulary", "E3C", other_words, "50 common words spelt otherwise"),
    Shift("vocabulary", "BioRED", other_words, "50 common words spelt otherwise"),
    Shift("embeddings", "generated, English", one_topic, "the 30 of one topic"),
    Shift("embeddings", "generated, English", a_third_of_topics, "the nearest third", mild=True),
)


def _encoder(quick: bool) -> Encoder | None:
    """The packaged encoder, with vectors kept for the next run; none in a quick run."""
    return None if quick else load_encoder().cached_in(Path(tempfile.gettempdir()) / "clincurate-benchmark-vectors.db")


def reports(quick: bool) -> BatchProfile | None:
    """English case reports without annotations; real sentences take too long to encode."""
    records = e3c()
    return batch_profile(map(Subject, records), most=READ[quick], encoder=None) if records else None


def abstracts(quick: bool) -> BatchProfile | None:
    """Abstracts with gold of six types; too many sentences to encode."""
    file = DATA / "biored" / "Train.PubTator"
    if not file.is_file():
        return None
    from curation.sources import Read, ReadOptions, read

    found = read(file, mapping="biored", options=ReadOptions(language="en"))
    good = (item for item in islice(found, READ[quick]) if isinstance(item, Read))
    subjects = [Subject(item.record, item.layers[0]) for item in good if item.layers]
    return batch_profile(subjects, most=READ[quick], encoder=None)


def generated(quick: bool) -> BatchProfile | None:
    """English cases; only their embeddings say something of texts, so a quick run leaves them out."""
    if quick:
        return None
    subjects = [Subject(record) for record, _ in retold(CASES[quick], "en")]
    return batch_profile(subjects, most=READ[quick], encoder=_encoder(quick))


def two_languages(quick: bool) -> BatchProfile | None:
    """Generated cases, two in three of them English, with gold."""
    from curation.generate import generate

    pairs = list(generate(SIDE[quick] * 5 // 2, seed=NEW))
    english, german = ([pair for pair in pairs if pair[0].language == language] for language in ("en", "de"))
    subjects = [Subject(*pair) for pair in [*english[: 2 * len(german) // 3], *german[len(german) * 2 // 3 :]]]
    return batch_profile(subjects, most=READ[quick], encoder=None)


SOURCES: Mapping[str, Callable[[bool], BatchProfile | None]] = {
    "E3C": reports,
    "BioRED": abstracts,
    "generated, English": generated,
    "generated, two languages": two_languages,
}
