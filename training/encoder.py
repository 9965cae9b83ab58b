"""An encoder learns to label words: LoRA matrices on every linear layer (Hu et al. 2021), or all weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from curation.atomic_file import refilled
from curation.downloads import downloads_allowed
from curation.errors import MissingExtraError, UsageError
from curation.file_digest import file_digest
from curation.quiet_libraries import quiet
from curation.record import Layer, Record, digest
from curation.scheme import Scheme
from curation.scoring.entities import EntityScores, score_entities
from curation.tagging.encoder import (
    WEIGHTS,
    base_folder,
    device,
    longest_window,
    splitter,
    with_head,
)
from curation.tagging.folder import AdapterManifest, file_digests, save_weights, write_manifest
from curation.tagging.tagger import Tagger, padded, to_entities
from training.card import write_card
from training.examples import Pair, TrainingExample, TrainingSet, Window, epoch_batches, make_examples
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Called after each step with the steps done, their total, and the loss.
OnStep = Callable[[int, int, float], None]

PACKAGES = ("torch", "transformers", "peft", "tokenizers", "safetensors")


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished adapter: its folder, its manifest, and the validation score after each epoch."""

    folder: Path
    manifest: AdapterManifest
    history: tuple[float, ...] = ()


def train(
    pairs: Iterable[Pair],
    validation: Iterable[Pair] = (),
    *,
    scheme: Scheme,
    settings: TrainingSettings,
    to: Path,
    on_step: OnStep | None = None,
) -> Trained:
    """A tagger trained on the layers of some records, saved whole in a folder that `load_tagger` reads.

    With validation records the weights of the best epoch are kept (strict micro F1), and training
    ends when ``patience`` epochs bring nothing better; without, the weights of the last epoch.
    Raises UsageError when there is nothing to learn from.
    """
    began = time.monotonic()
    pairs, validation = list(pairs), list(validation)
    base = base_folder(settings.base_model, download=downloads_allowed())
    examples = make_examples(pairs, scheme=scheme, splitter=splitter(base))
    _check(examples, settings, longest=longest_window(base))
    with _torch(settings):
        model = prepared(base, examples.labels, settings).to(device(settings.device))
        tagger = Tagger(
            model=model,
            splitter=splitter(base),
            labels=examples.labels,
            window=settings.window,
            stride=settings.stride,
        )
        course = _learn(tagger, examples, validation, scheme, settings, on_step)
    kind = "full" if settings.full else "lora"
    with refilled(to) as inside:
        weights = save_weights(model, tagger.splitter, inside, base_model=settings.base_model, kind=kind)
        manifest = AdapterManifest(
            name=to.name,
            kind="full" if settings.full else "lora",
            scheme=scheme.name,
            scheme_digest=scheme.digest,
            labels=examples.labels,
            languages=tuple(sorted({record.language for record, _ in pairs})),
            window=settings.window,
            stride=settings.stride,
            base_model=settings.base_model,
            base_digest=file_digest(base / WEIGHTS),
            weights_digest=weights,
            files=file_digests(inside, kind, base),
            training=_training_set(pairs, validation, examples),
            settings=settings.model_dump(mode="json"),
            metrics={"validation": course.scores.to_json()} if course.scores else {},
            versions={package: version(package) for package in PACKAGES},
            seconds=round(time.monotonic() - began, 1),
        )
        write_card(manifest, inside)
        write_manifest(manifest, inside)
    return Trained(to, manifest, tuple(course.history))


def _check(examples: TrainingSet, settings: TrainingSettings, *, longest: int) -> None:
    if len(examples.labels) < 3:
        raise UsageError(
            f"expected training records with entities that count as information, got {len(examples.rows)} "
            "records without any; annotate or review them first"
        )
    if settings.window > longest:
        raise UsageError(
            f"expected a window of at most {longest} word pieces with {settings.base_model}, got {settings.window}"
        )


@contextmanager
def _torch(settings: TrainingSettings) -> Iterator[None]:
    """Torch with the settings' seed and threads, and as it was before afterwards."""
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "train") from error
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads or threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def prepared(base: Path, labels: Sequence[str], settings: TrainingSettings) -> Any:
    """The encoder with a head, and with LoRA matrices on all of its linear layers unless tuned in full."""
    import torch

    model = with_head(base, labels)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = settings.dropout
    if settings.full:
        return model
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise MissingExtraError("peft", "train") from error
    config = LoraConfig(
        task_type=TaskType.TOKEN_CLS,
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        modules_to_save=["classifier"],
    )
    with quiet():
        return get_peft_model(model, config)


class _Course:
    """The best weights so far, and the score of each epoch."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.history: list[float] = []
        self.scores: EntityScores | None = None
        self._weights: dict[str, Any] = {}

    def note(self, model: Any, scores: EntityScores) -> None:
        value = scores.strict.micro.f1 or 0.0
        if not self.history or value > max(self.history):
            self.scores = scores
            self._weights = {
                name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad
            }
        self.history.append(value)

    @property
    def over(self) -> bool:
        best = self.history.index(max(self.history)) if self.history else 0
        return len(self.history) - 1 - best >= self.patience

    def restore(self, model: Any) -> None:
        import torch

        with torch.no_grad():
            for name, weight in model.named_parameters():
                if name in self._weights:
                    weight.copy_(self._weights[name])


def _learn(
    tagger: Tagger,
    examples: TrainingSet,
    validation: Sequence[Pair],
    scheme: Scheme,
    settings: TrainingSettings,
    on_step: OnStep | None,
) -> _Course:
    random = Random(settings.seed)
    epochs = [
        epoch_batches(examples.rows, room=tagger.room, batch_size=settings.batch_size, random=random)
        for _ in range(settings.epochs)
    ]
    total = sum(map(len, epochs))
    step = _stepper(tagger, examples.rows, settings, total)
    course = _Course(settings.patience)
    done = 0
    for batches in epochs:
        tagger.model.train()
        for batch in batches:
            loss = step(batch)
            done += 1
            if on_step:
                on_step(done, total, loss)
        if validation:
            tagger.model.eval()
            course.note(tagger.model, scored(tagger, validation, scheme))
            if course.over:
                break
    course.restore(tagger.model)
    tagger.model.eval()
    return course


def _stepper(
    tagger: Tagger, rows: Sequence[TrainingExample], settings: TrainingSettings, total: int
) -> Callable[[Sequence[Window]], float]:
    """One step of AdamW on a batch, giving its loss; the rate rises, then falls to zero, linearly."""
    import torch
    from transformers import get_linear_schedule_with_warmup

    weights = [weight for weight in tagger.model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=settings.rate, weight_decay=settings.weight_decay)
    schedule = get_linear_schedule_with_warmup(optimiser, int(settings.warmup * total), total)
    where = tagger.model.device
    importance = torch.ones(len(tagger.labels), device=where)
    importance[0] = settings.outside_weight
    criterion = torch.nn.CrossEntropyLoss(weight=importance, ignore_index=-100)
    first = len(tagger.splitter.before)

    def step(batch: Sequence[Window]) -> float:
        ids, mask = padded([rows[i].ids[start:end] for i, start, end in batch], tagger.splitter)
        hidden = torch.rand(ids.shape) < settings.masking
        targets = torch.full(ids.shape, -100)
        for number, (i, start, end) in enumerate(batch):
            targets[number, first : first + end - start] = torch.from_numpy(rows[i].targets[start:end])
        ids = ids.masked_fill(hidden & (targets >= 0), tagger.splitter.mask_id)
        logits = tagger.model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits
        loss = criterion(logits.flatten(0, 1), targets.to(where).flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, settings.clip)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    return step


def scored(tagger: Tagger, pairs: Sequence[Pair], scheme: Scheme) -> EntityScores:
    """The scores of a tagger on records with gold layers."""
    spans = tagger([record.text for record, _ in pairs])
    predicted = [
        _layer(record, to_entities(record.text, found)) for (record, _), found in zip(pairs, spans, strict=True)
    ]
    return score_entities([layer for _, layer in pairs], predicted, scheme=scheme)


def _layer(record: Record, entities: Any) -> Layer:
    return Layer(record_id=record.id, name="tagger", author="tagger", entities=entities)


def _training_set(pairs: Sequence[Pair], validation: Sequence[Pair], examples: TrainingSet) -> dict[str, Any]:
    """What was learnt from, as counts and a digest: no wording."""
    licences = sorted({record.licence or "not stated" for record, _ in pairs})
    return {
        "records": len(pairs),
        "validation_records": len(validation),
        "entities": examples.entities,
        "lost": dict(examples.lost),
        "sources": sorted({record.source for record, _ in pairs}),
        "licences": licences,
        "digest": digest(sorted([record.id, layer.digest] for record, layer in pairs)),
    }
