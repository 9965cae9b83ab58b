"""A tagger with a head for each category, with a CRF and without: what it holds, learns, and how it comes back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from curation.adapters.predictors import load_predictor
from curation.errors import UsageError
from curation.record import Entity, Fragment, Layer, Record
from curation.scheme import Scheme
from curation.stage import Item
from curation.tagging.decoding import allowed, best_path, marginals
from curation.tagging.encoder import WEIGHTS
from curation.tagging.folder import COMMON_SCHEME, MANIFEST, MEMBERS, load_tagger
from curation.tagging.labels import label_set
from pipeline.commands.train import say_scores
from training.card import CARD
from training.course_figures import CourseFigures
from training.encoder import check, scored, shown, train, train_tagger
from training.loop import OnStep
from training.settings import TrainingSettings
from training.trained import TrainingJob
from training.trainers import chosen
from training.training_group import TrainingGroup

pytestmark = pytest.mark.model

TEXTS = (
    "[Known [gout]]{medical_surgical_history} in a [60-year-old]{age} [man]{gender}.",
    "[Haemoglobin 7.9 g/dL]{laboratory_values} und [Fieber]{signs_symptoms}.",
    "The [woman]{gender} had [a dry cough]{signs_symptoms}.",
    "No findings.",
)
TEXT = "The woman had known gout."
INSIDE = {"gout": "comorbidities"}


@pytest.fixture(scope="module")
def nested(annotated: Callable[..., tuple[Record, Layer]]) -> list[tuple[Record, Layer]]:
    """Records of which one has an entity within another."""
    pairs = []
    for text in TEXTS:
        record, layer = annotated(text.replace("[gout]", "gout"))
        inner = [
            Entity(id="N1", category=category, text=word, fragments=(Fragment(start=start, end=start + len(word)),))
            for word, category in INSIDE.items()
            if (start := record.text.find(word)) >= 0
        ]
        pairs.append((record, layer.model_copy(update={"entities": (*layer.entities, *inner)})))
    return pairs


def settings_of(quick: TrainingSettings, **changes: object) -> TrainingSettings:
    return quick.model_copy(update={"epochs": 40, "batch_size": 4, **changes})


def test_one_head_loses_what_a_head_for_each_category_holds(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings, tmp_path: Path
) -> None:
    one = check(nested, scheme, quick_settings)
    each = check(nested, scheme, settings_of(quick_settings, heads="category"))
    assert (one.lost, each.lost) == ({"overlapped": 1}, {})
    assert one.oracle is not None
    assert one.oracle < 1 == each.oracle
    with pytest.raises(UsageError, match="1 overlapped"):
        train(nested, scheme=scheme, settings=quick_settings, to=tmp_path / "one")


@pytest.mark.parametrize(
    "changes",
    [{"heads": "category"}, {"heads": "category", "crf": True}, {"crf": True, "allow_lost": True}],
    ids=["category", "category with crf", "crf"],
)
def test_it_learns_its_texts_by_heart_and_comes_back(
    nested: list[tuple[Record, Layer]],
    scheme: Scheme,
    quick_settings: TrainingSettings,
    place: Path,
    changes: dict[str, object],
) -> None:
    settings = settings_of(quick_settings, **changes)
    to = place / "adapters" / "-".join(map(str, changes))
    trained = train(nested, nested, scheme=scheme, settings=settings, to=to)
    tagger, manifest = load_tagger(trained.folder)
    assert bool(manifest.transitions) == settings.crf
    assert len(set(manifest.categories)) == len(manifest.categories)
    scores = scored(tagger, nested, scheme)
    assert max(trained.history) == scores.strict.micro.f1
    assert scores.strict.micro.f1 == (1.0 if settings.heads == "category" else pytest.approx(12 / 13, abs=0.09))
    records = [record for record, _ in nested]
    found = load_predictor(trained.folder)([Item(record) for record in records])
    assert [list(each.spans) for each in found] == tagger([record.text for record in records])
    assert all(0 < span.score <= 1 for each in found for span in each.spans)


def test_transitions_that_do_not_fit_the_labels_are_one_line(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings, place: Path
) -> None:
    settings = settings_of(quick_settings, epochs=1, heads="category", crf=True)
    trained = train(nested, scheme=scheme, settings=settings, to=place / "adapters" / "other")
    details = trained.manifest.details | {"transitions": [[[0.0]]]}
    manifest = trained.manifest.model_copy(update={"details": details})
    (trained.folder / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    with pytest.raises(UsageError, match="expected transitions for its labels"):
        load_tagger(trained.folder)


def test_each_head_is_shown_that_has_an_answer(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings
) -> None:
    rows = list(shown(nested[:1], scheme, settings_of(quick_settings, heads="category")))
    answers = [[(word, label) for word, label, learnt in row.words if learnt] for row in rows]
    assert [("gout", "B-comorbidities")] in answers
    assert [("Known", "B-medical_surgical_history"), ("gout", "I-medical_surgical_history")] in answers
    (empty,) = shown(nested[3:], scheme, settings_of(quick_settings, heads="category"))
    assert not any(learnt for _, _, learnt in empty.words)


@pytest.mark.parametrize("changes", [{"heads": "category"}, {"crf": True}, {"members": 2}, {"replacement": 0.1}])
def test_what_another_model_would_pass_over_is_refused(changes: dict[str, object], scheme: Scheme) -> None:
    (name,) = changes
    assert chosen(TrainingSettings(**changes), scheme) == ("entities", "tagger")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=f'"tagger" with training.{name}, got questions: leave out {name}'):
        chosen(TrainingSettings(model="questions", **changes), scheme)  # type: ignore[arg-type]


def test_the_loss_of_a_crf_is_minus_the_log_share_of_the_path() -> None:
    import torch

    from training.head_loss import HeadLoss

    labels = (*label_set(["age"]), *label_set(["gender"], continued=["gender"]))
    criterion = HeadLoss(labels, 1.0, crf=True)
    torch.manual_seed(0)
    criterion.steps.data.normal_(std=0.1)
    logits = torch.randn(2, 5, len(labels))
    # Two rows: words of 1, 2 and 1 pieces between two special ones, and one word.
    words = torch.tensor([[0, 0, 1, 1, 2], [0, 0, 0, 0, 0]])
    targets = torch.full((2, 5, 2), -100)
    targets[0, 1:] = torch.tensor([[1, 0], [2, 1], [2, 1], [0, 3]])
    targets[1, 1] = torch.tensor([0, 1])
    means = [[logits[0, 1], logits[0, 2:4].mean(0), logits[0, 4]], [logits[1, 1]]]
    paths = [[[1, 2, 0], [0, 1, 3]], [[0], [1]]]
    total = 0.0
    for row, of_row in zip(means, paths, strict=True):
        for number, head in enumerate((slice(0, 3), slice(3, 7))):
            steps, follows = criterion.transitions()[number], allowed(labels[head])

            def score(path: tuple[int, ...], row=row, head=head, steps=steps) -> float:  # type: ignore[no-untyped-def]
                inside = sum(float(each[head][label]) for each, label in zip(row, path, strict=True))
                return inside + sum(float(steps[a, b]) for a, b in pairwise(path))

            every = [
                score(path)
                for path in product(range(head.stop - head.start), repeat=len(row))
                if all(follows[a, b] for a, b in pairwise(path))
            ]
            total += float(np.logaddexp.reduce(every)) - score(tuple(of_row[number]))
    assert float(criterion(logits, targets, words).detach()) == pytest.approx(total / 4, abs=1e-3)


def test_the_weight_of_outside_is_laid_on_the_paths_of_a_crf() -> None:
    import torch

    from training.head_loss import HeadLoss

    labels = (*label_set(["age"]), *label_set(["gender"], continued=["gender"]))
    torch.manual_seed(0)
    plain, weighted = (HeadLoss(labels, weight, crf=True) for weight in (1.0, 0.25))
    weighted.steps.data = plain.steps.data.normal_(std=0.1)
    differing = 0
    for head, steps, lighter in zip(
        (slice(0, 3), slice(3, 7)), plain.transitions(), weighted.transitions(), strict=True
    ):
        follows = allowed(labels[head])
        for _ in range(50):
            scores = torch.randn(6, head.stop - head.start).numpy()
            lowered = scores.copy()
            lowered[:, 0] += np.log(0.25)
            path = best_path(scores, follows, transitions=lighter)
            assert path.tolist() == best_path(lowered, follows, transitions=steps).tolist()
            assert marginals(scores, follows, lighter) == pytest.approx(marginals(lowered, follows, steps), abs=1e-3)
            differing += path.tolist() != best_path(scores, follows, transitions=steps).tolist()
    assert differing


def test_members_are_one_adapter_that_gives_the_mean_of_their_scores(
    nested: list[tuple[Record, Layer]],
    scheme: Scheme,
    quick_settings: TrainingSettings,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of(quick_settings, epochs=2, heads="category", crf=True)
    to, steps = place / "adapters" / "several", []
    trained = train(
        nested,
        nested,
        scheme=scheme,
        settings=settings.model_copy(update={"members": 2}),
        to=to,
        on_step=lambda done, total, loss: steps.append((done, total)),
    )
    assert steps == [(number, 4) for number in range(1, 5)]
    alone = []
    for seed in (0, 1):
        own = settings.model_copy(update={"seed": seed})
        made = train(nested, nested, scheme=scheme, settings=own, to=place / "adapters" / f"alone-{seed}")
        alone.append(load_tagger(made.folder)[0])
    tagger, manifest = load_tagger(trained.folder)
    found = scored(tagger, nested, scheme)
    assert manifest.metrics["validation"] == found.to_json()
    say_scores(trained)
    assert f"validation: {found.strict.micro.f1 or 0:.4f}, of 2 members together\n" in capsys.readouterr().err
    written = (trained.folder / CARD).read_text(encoding="utf-8")
    assert "two pieces of one category on one word only where such were in training" in written
    assert "cannot mark two pieces" not in written
    together = [scores for _, scores in tagger.scores([TEXT])]
    each = [[scores for _, scores in one.scores([TEXT])] for one in alone]
    assert together[0] is not None
    head = tagger.heads[0]
    mean = sum(scores[0][:, head] for scores in each) / 2  # type: ignore[index,misc]
    expected = mean - np.logaddexp.reduce(mean, axis=1, keepdims=True)
    assert together[0][:, head] == pytest.approx(expected, abs=1e-4)
    for number, transitions in enumerate(tagger.transitions):
        both = [one.transitions[number] for one in alone]
        assert transitions == pytest.approx((both[0] + both[1]) / 2, abs=1e-3)
    shutil.copyfile(trained.folder / WEIGHTS, trained.folder / MEMBERS / "1" / WEIGHTS)
    with pytest.raises(UsageError, match="weights with the digest"):
        load_tagger(trained.folder)


def test_an_ended_training_with_a_crf_and_other_mentions_ends_with_the_same_weights(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings, place: Path, tmp_path: Path
) -> None:
    settings = settings_of(
        quick_settings, epochs=4, batch_size=2, heads="category", crf=True, replacement=0.7, masking=0.1
    )

    def ended(done: int, total: int, loss: float) -> None:
        if done == 5:
            raise KeyboardInterrupt

    def weights(name: str, on_step: OnStep | None, work: Path | None) -> tuple[str, object]:
        to = place / "adapters" / name
        job = TrainingJob(nested, nested, scheme, settings, to, on_step, work=work, fingerprint="one")
        manifest = train_tagger(job).manifest
        return manifest.weights_digest, manifest.details["transitions"]

    with pytest.raises(KeyboardInterrupt):
        weights("ended", ended, tmp_path / "work")
    assert weights("ended", None, tmp_path / "work") == weights("whole", None, None)


def test_a_member_that_was_trained_before_a_kill_is_not_trained_again(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings, place: Path, tmp_path: Path
) -> None:
    settings = settings_of(quick_settings, epochs=1, heads="category", members=2)
    begun: list[int] = []

    def ended(done: int, total: int, loss: float) -> None:
        begun.append(done)
        if begun == [1, 2]:
            raise KeyboardInterrupt

    def job(on_step: OnStep) -> TrainingJob:
        to = place / "adapters" / "killed"
        return TrainingJob(nested, (), scheme, settings, to, on_step, work=tmp_path / "work", fingerprint="one")

    with pytest.raises(KeyboardInterrupt):
        train_tagger(job(ended))
    begun.clear()
    trained = train_tagger(job(lambda done, total, loss: begun.append(done)))
    assert begun in ([2], [])
    assert len(trained.manifest.members) == 1
    assert not (tmp_path / "work").exists()


def test_members_keep_what_the_sets_are_and_the_course_of_the_first(
    nested: list[tuple[Record, Layer]], scheme: Scheme, quick_settings: TrainingSettings, place: Path
) -> None:
    about: dict[str, JsonValue] = {"sets": [], "mapping": {}}
    settings = settings_of(quick_settings, epochs=2, heads="category", members=2)
    job = TrainingJob(nested, nested, scheme, settings, place / "adapters" / "of-sets", about=about)
    trained = train_tagger(job)
    assert trained.manifest.training["mapping"] == {}
    assert (trained.folder / COMMON_SCHEME).is_file()
    course = CourseFigures.in_manifest(trained.manifest)
    assert course is not None
    assert len(course.losses) == 2
    assert trained.manifest.metrics["validation"]


def test_beside_the_first_process_no_member_is_written_where_the_first_writes(
    nested: list[tuple[Record, Layer]],
    scheme: Scheme,
    quick_settings: TrainingSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Beside(TrainingGroup):
        def wait(self) -> None:
            """The first one is not there."""

    monkeypatch.setattr("training.members.training_group", lambda: Beside(rank=1, size=2))
    settings = settings_of(quick_settings, epochs=1, heads="category", members=2)
    work = tmp_path / "work"
    train_tagger(TrainingJob(nested, (), scheme, settings, tmp_path / "unkept", work=work, fingerprint="one"))
    assert not [*work.glob("member-*")]
    assert work.is_dir()
