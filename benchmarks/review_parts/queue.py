"""How much sooner than chance the queue finds errors, and the coverage of its estimate of the rest.

MACCROBAT's gold (the shipped sample's without it) plays the reviewers, who here never err. What they are shown:

- *failing*: a scripted model that fails on one report in five (HASTY there, SOUND on the others);
- *even*: a scripted model that is as good on each report (AVERAGE): little is to be gained by any order;
- *rules*: the rules as they are, whose errors are real: all reports have many of them.

Beside the scripted models stands the layer of the real rules, and their marks have scores drawn from those that
the rules give to marks which gold keeps, or does not keep. Nothing else about gold reaches the queue before a report
is reviewed. A queue is made of a tenth of the reports at a time, with the default settings; its control sample
and its repeats count as reviews. The ceiling is the order of a reviewer who knows all errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import fmean

from annotation.queue.plan import plan
from annotation.queue.record_summary import RecordSummary, summarised
from annotation.queue.reviewed import ReviewOutcome, compare
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import RecordPool
from annotation.queue.stopping import stopping
from annotation.reviewable import Reviewable
from annotation.rules.annotator import RulesAnnotator
from curation.error_detection.label_errors import LabelErrors
from curation.record import Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.scoring.changes import marking_of, markings
from curation.stage import Item
from review_parts.output import output_folder
from review_parts.scripted_annotators import AVERAGE, HASTY, Habits, annotate, reports

Pair = tuple[Record, Layer]
Reviews = Mapping[str, ReviewOutcome]

#: A model where it does not fail: about four marks in a hundred want a correction.
SOUND = Habits(drop=0.01, category=0.005, boundary=0.015, assertion=0.005, invent=0.005)

#: The scripted model fails on so many of the reports.
FAILING = 0.2

#: Share of the errors whose finding is timed, and share of the reports whose yield is counted.
HALF, FIRST = 0.5, 0.2

RANDOM_ORDERS = 500

#: A queue is so large a part of the reports.
ROUND = 0.1


@dataclass(frozen=True, slots=True)
class Course:
    """One review of all reports: errors found after each report looked at, by queue, chance, and foreknowledge."""

    queue: list[int]
    random: list[float]
    best: list[int]

    @property
    def speedup(self) -> float:
        """How many times fewer reports than by chance until half of the errors are found."""
        return needed(self.random) / needed(self.queue)

    @property
    def ceiling(self) -> float:
        """The same for a reviewer who knows all errors."""
        return needed(self.random) / needed(self.best)

    @property
    def yields(self) -> float:
        """How many times more errors than by chance in the first fifth of the reports."""
        first = round(len(self.random) * FIRST) - 1
        return self.queue[first] / self.random[first]


def run(*, quick: bool) -> dict[str, object]:
    """Print speed-ups and coverage, draw the curves, and give the figures."""
    scheme = load_scheme()
    # Quick: the shipped sample, whose texts are a third as long, and one run of the first.
    pairs = reports(12 if quick else None, real=not quick)
    ruled = rules_layers(pairs, scheme)
    shows: dict[str, tuple[Callable[[int], list[Item]], int]] = {
        "failing": (partial(scripted, pairs, ruled, scheme, _failing), 1 if quick else 5),
        "even": (partial(scripted, pairs, ruled, scheme, lambda _: AVERAGE), 0 if quick else 3),
        "rules": (lambda _: [Item(record, {"shown": ruled[record.id]}) for record, _ in pairs], 0 if quick else 1),
    }
    gold = {record.id: layer for record, layer in pairs}
    courses = {
        name: [course(show(seed), gold, seed=seed) for seed in range(seeds)]
        for name, (show, seeds) in shows.items()
        if seeds
    }
    _print(courses, len(pairs))
    if (folder := output_folder()) is not None:
        print(f"\nplot: {plot(courses, folder)}")
    simulations = 5 if quick else 100
    records, entities = coverage(pairs, scheme, simulations=simulations)
    print(f"\nstopping, 95 % intervals that hold the truth, of {simulations}:", end=" ")
    print(f"records {records:.0%}, entities {entities:.0%}")
    others = {f"queue_speedup_{name}": _mean(several, "speedup") for name, several in courses.items()}
    return {
        "queue_speedup": others.pop("queue_speedup_failing"),
        "queue_speedup_ceiling": _mean(courses["failing"], "ceiling"),
        **others,
        "stopping_coverage": records,
        "stopping_coverage_entities": entities,
    }


def rules_layers(pairs: Sequence[Pair], scheme: Scheme) -> dict[str, Layer]:
    """What the rules say about each report."""
    results = RulesAnnotator(scheme)([Item(record) for record, _ in pairs])
    return {result.record_id: layer for result in results for layer in result.layers}


def scripted(
    pairs: Sequence[Pair], ruled: Mapping[str, Layer], scheme: Scheme, habits: Callable[[Random], Habits], seed: int
) -> list[Item]:
    """The reports with a scripted model's layer to show, and the rules' beside it."""
    random = Random(seed)
    right, wrong = rule_scores(pairs, ruled)
    items = []
    for record, gold in pairs:
        made = annotate(record, gold, habits(random), name="model", categories=scheme.names, seed=seed).layer
        kept = markings(gold)
        entities = tuple(
            entity.model_copy(update={"score": random.choice(right if marking_of(entity) in kept else wrong)})
            for entity in made.entities
        )
        shown = made.model_copy(update={"name": "shown", "author": "scripted model", "entities": entities})
        items.append(Item(record, {"shown": shown, "rules": ruled[record.id]}))
    return items


def _failing(random: Random) -> Habits:
    return HASTY if random.random() < FAILING else SOUND


def rule_scores(pairs: Sequence[Pair], ruled: Mapping[str, Layer]) -> tuple[list[float], list[float]]:
    """The scores that the rules give to marks which gold keeps, and to the others."""
    right, wrong = [], []
    for record, gold in pairs:
        for score, kept in compare(ruled[record.id], gold).score_outcomes:
            (right if kept else wrong).append(score)
    return right, wrong


def course(items: Sequence[Item], gold: Mapping[str, Layer], *, seed: int) -> Course:
    """All reports reviewed in queue order, in random orders, and in the best one."""
    truth = {item.record.id: compare(item.layers["shown"], gold[item.record.id]) for item in items}
    errors = {id: review.changes.errors for id, review in truth.items()}
    found = [0 if again else errors[id] for id, again in queue_order(items, truth, seed=seed)]
    random = Random(seed)
    shuffled = [random.sample(list(errors.values()), len(errors)) for _ in range(RANDOM_ORDERS)]
    return Course(
        queue=list(accumulate(found)),
        random=[fmean(column) for column in zip(*map(accumulate, shuffled), strict=True)],
        best=list(accumulate(sorted(errors.values(), reverse=True))),
    )


def queue_order(items: Sequence[Item], truth: Reviews, *, seed: int) -> list[tuple[str, bool]]:
    """Report after report as the queue shows them, and whether it was seen before; each queue learns from the last."""
    layers = ("shown", "rules")
    suspect = LabelErrors([(item.record, item.layers["shown"]) for item in items], seed=seed)
    known = list(summarised(items, layers, suspect, Reviewable(), {}))
    settings = QueueSettings(size=max(1, round(len(items) * ROUND)), seed=seed)
    order: list[tuple[str, bool]] = []
    reviews: dict[str, ReviewOutcome] = {}
    number = 0
    while len(reviews) < len(items):
        number += 1
        queue = plan(RecordPool(known, reviews), settings, number=number)
        order += [(entry.record_id, entry.is_repeat) for entry in queue.entries]
        reviews |= {entry.record_id: truth[entry.record_id] for entry in queue.entries}
    return order


def needed(found: Sequence[float]) -> float:
    """Reports looked at until half of the errors are found, parts of a report counted."""
    wanted = HALF * found[-1]
    number = next(number for number, total in enumerate(found) if total >= wanted)
    before = found[number - 1] if number else 0.0
    return number + (wanted - before) / (found[number] - before)


def coverage(pairs: Sequence[Pair], scheme: Scheme, *, simulations: int) -> tuple[float, float]:
    """How often the intervals for records and for entities hold the truth about the records that are not reviewed.

    Each simulation plants errors at another rate, makes a queue of half of the reports, half of it control,
    reviews all of it, and compares.
    """
    # Who has learned from nothing suspects nothing: here the order does not matter.
    untaught = LabelErrors([])
    unreviewed = [Item(record, {"shown": gold}) for record, gold in pairs]
    plain = list(summarised(unreviewed, ("shown",), untaught, Reviewable(), {}))
    settings = QueueSettings(size=len(pairs) // 2, control=0.5, repeats=0)
    held = [_holds(pairs, plain, scheme, settings, seed) for seed in range(simulations)]
    return fmean(records for records, _ in held), fmean(entities for _, entities in held)


def _holds(
    pairs: Sequence[Pair], plain: Sequence[RecordSummary], scheme: Scheme, settings: QueueSettings, seed: int
) -> tuple[bool, bool]:
    random = Random(seed)
    # From one mark in a thousand to one in ten, so that some and nearly all reports need a change.
    rate = 10 ** random.uniform(-3, -1)
    habits = Habits(drop=rate / 2, category=rate / 4, boundary=rate / 4)
    truth: dict[str, ReviewOutcome] = {}
    sketches = []
    for (record, gold), sketch in zip(pairs, plain, strict=True):
        made = annotate(record, gold, habits, name="model", categories=scheme.names, seed=seed).layer
        truth[record.id] = compare(made, gold)
        # What the model says is told by noise as much as by errors: the order must not matter to the estimate.
        unsure = tuple(random.random() for _ in range(truth[record.id].changes.errors + random.randrange(3)))
        sketches.append(replace(sketch, scores=unsure))
    queue = plan(RecordPool(sketches, {}), settings.model_copy(update={"seed": seed}))
    reviews = {entry.record_id: truth[entry.record_id] for entry in queue.entries}
    found = stopping([queue], reviews, settings)
    rest = [review for id, review in truth.items() if id not in reviews]
    bad = sum(review.needed_change for review in rest) / len(rest)
    errors = sum(review.changes.errors for review in rest) / sum(review.changes.entities for review in rest)
    assert found.records is not None
    assert found.entities is not None
    return (
        found.records.low <= bad <= found.records.high,
        found.entities.low <= errors <= found.entities.high,
    )


def _mean(courses: Sequence[Course], name: str) -> float:
    return round(fmean(getattr(course, name) for course in courses), 2)


def _print(courses: Mapping[str, Sequence[Course]], count: int) -> None:
    print(f"{count} reports; half of the errors found after so many reports (means)\n")
    print("| shown | errors | by chance | in queue order | speed-up (each run) | ceiling | errors in a fifth, times |")
    print("|---|---|---|---|---|---|---|")
    for name, several in courses.items():
        errors = fmean(course.queue[-1] for course in several)
        chance, queue = (fmean(needed(getattr(course, kind)) for course in several) for kind in ("random", "queue"))
        runs = ", ".join(f"{course.speedup:.2f}" for course in several)
        print(
            f"| {name} | {errors:,.0f} | {chance:.0f} | {queue:.0f} | {_mean(several, 'speedup'):.2f} ({runs}) "
            f"| {_mean(several, 'ceiling'):.2f} | {_mean(several, 'yields'):.2f} |"
        )


def plot(courses: Mapping[str, Sequence[Course]], folder: Path) -> Path:
    """A picture of errors found against reports reviewed, of the first run of each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(courses), figsize=(4.2 * len(courses), 3.8), sharey=True, squeeze=False)
    for axis, (name, (first, *_)) in zip(axes[0], courses.items(), strict=True):
        for line, style, label in (
            (first.best, ":", "all errors known"),
            (first.queue, "-", "queue"),
            (first.random, "--", "random (mean)"),
        ):
            axis.plot(range(1, len(line) + 1), [100 * found / line[-1] for found in line], style, label=label)
        axis.set(title=name, xlabel="reports reviewed")
        axis.axhline(100 * HALF, color="grey", linewidth=0.5)
    axes[0][0].set_ylabel("errors found, %")
    axes[0][0].legend(loc="lower right")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "queue.png"
    figure.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(figure)
    return path
