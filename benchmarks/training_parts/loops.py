"""Our loop beside bare ones of transformers and peft that do the same steps: of a tagger and of a decoder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import model_source
from curation.models.local.weights import load_model
from curation.quiet_libraries import quiet
from curation.scheme import load_scheme
from curation.tagging.encoder import base_folder, splitter, with_head
from curation.tagging.tagger import Tagger
from training.course import Course
from training.decoder import ChatRowMaker, DecoderLearner
from training.encoder import TaggerLearner
from training.examples import make_examples
from training.loop import Learner, Stepper, seeded_torch
from training.prepared_encoder import prepared, with_lora
from training.settings import TrainingSettings
from training_parts.pacing import paces, ratio
from training_parts.records import GeneratedPairs

#: Batches of a round.
STEPS = 4
#: The numbers of a row's tokens, and what each of them is to be; NO_TARGET where it teaches nothing.
Row = tuple[list[int], list[int]]
NO_TARGET = -100


class OwnWork:
    """Our loop, so many batches at a time."""

    def __init__(self, learner: Learner, settings: TrainingSettings, tokens: Callable[[Any], int]) -> None:
        self._stepper = Stepper(learner, settings)
        self._stepper.total = 10**6
        self._course = Course()
        self._batches = self._again(learner)
        self._tokens = tokens
        learner.model.train()

    @staticmethod
    def _again(learner: Learner) -> Iterator[Any]:
        chance = random.Random(0)
        while True:
            batches = learner.epoch(chance)
            yield from (batches[number] for number in range(len(batches)))

    def __call__(self) -> int:
        """The tokens of the next batches, which were learnt."""
        done = 0
        for _ in range(STEPS):
            batch = next(self._batches)
            self._stepper(batch, self._course)
            done += self._tokens(batch)
        return done


class BareWork:
    """A loop as it is written by hand: batches of rows, padded to their longest or to a width, AdamW, clipping."""

    def __init__(
        self,
        model: Any,
        rows: Sequence[Row],
        *,
        batch_size: int,
        rate: float,
        padding: int,
        by_length: bool,
        width: int = 0,
    ) -> None:
        import torch

        self._model = model.train()
        self._rows = sorted(rows, key=lambda row: len(row[0])) if by_length else list(rows)
        self._batch_size = batch_size
        self._padding = padding
        self._width = width
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(self._weights, lr=rate, weight_decay=0.01, fused=True)
        self._batches = self._again()

    def _again(self) -> Iterator[list[Row]]:
        starts = list(range(0, len(self._rows), self._batch_size))
        chance = random.Random(0)
        while True:
            chance.shuffle(starts)
            for start in starts:
                yield self._rows[start : start + self._batch_size]

    def __call__(self) -> int:
        """The tokens of the next batches, which were learnt."""
        import torch

        done = 0
        for _ in range(STEPS):
            batch = next(self._batches)
            width = self._width or max(len(ids) for ids, _ in batch)
            ids = torch.tensor([row + [self._padding] * (width - len(row)) for row, _ in batch])
            targets = torch.tensor([row + [NO_TARGET] * (width - len(row)) for _, row in batch])
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row, _ in batch])
            loss = self._model(input_ids=ids, attention_mask=mask, labels=targets).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
            self._optimiser.step()
            self._optimiser.zero_grad(set_to_none=True)
            done += sum(len(row) for row, _ in batch)
        return done


def _lora(model: Any, task: str, settings: TrainingSettings, **more: Any) -> Any:
    """LoRA matrices by peft itself, of the same shape as ours; no dropout, as ours by default."""
    import torch
    from peft import LoraConfig, get_peft_model

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    config = LoraConfig(task_type=task, r=settings.rank, lora_alpha=settings.alpha, target_modules="all-linear", **more)
    with quiet():
        return get_peft_model(model, config)


def tagger_paces(records: int, rounds: int) -> dict[str, Any]:
    """Tokens a second of our tagger's loop, of a bare one by length, and of padded ones."""
    settings, scheme = TrainingSettings(allow_lost=True, threads=1), load_scheme()
    base = base_folder(settings.base_model)
    split = splitter(base)
    examples = make_examples(GeneratedPairs(records), scheme=scheme, splitter=split, window=settings.window)
    room = settings.window - len(split.before) - len(split.after)
    around = [NO_TARGET] * len(split.before), [NO_TARGET] * len(split.after)
    rows: list[Row] = []
    for example in examples.rows:
        for start in range(0, len(example.ids), room):
            ids, targets = example.ids[start : start + room], example.targets[start : start + room, 0]
            rows.append(([*split.before, *ids.tolist(), *split.after], [*around[0], *targets.tolist(), *around[1]]))
    with seeded_torch(settings):
        model = prepared(base, examples.labels, settings)
        tagger = Tagger(model, split, examples.labels, settings.window, settings.stride)
        learner = TaggerLearner(tagger, examples, (), scheme, settings)
        special = len(split.before) + len(split.after)

        def bare(**more: Any) -> BareWork:
            own = _lora(with_head(base, examples.labels), "TOKEN_CLS", settings, modules_to_save=["classifier"])
            return BareWork(
                own, rows, batch_size=settings.batch_size, rate=settings.rate, padding=split.padding_id, **more
            )

        return paces(
            {
                "ours": OwnWork(learner, settings, lambda batch: sum(w[2] - w[1] + special for w in batch)),
                "bare, by length": bare(by_length=True),
                "padded to the batch's longest": bare(by_length=False),
                "padded to the window": bare(by_length=False, width=settings.window),
            },
            rounds=rounds,
        )


def decoder_paces(folder: Path, records: int, rounds: int) -> dict[str, Any]:
    """Tokens a second of our decoder's loop and of bare transformers, on a language model in a folder."""
    settings, scheme = TrainingSettings(threads=1, batch_size=2, allow_lost=True, learning_rate=5e-4), load_scheme()
    named = LocalModelSettings(path=str(folder), dtype="float32", device="cpu")

    def loaded() -> Any:
        return load_model(model_source(named.path).prepared(), named)

    first = loaded()
    maker = ChatRowMaker(first.tokenizer, scheme, first.context)
    pairs = GeneratedPairs(records)
    rows: list[Row] = []
    for record, layer in pairs:
        for form, written in maker.answers(record, layer):
            if written is not None:
                prompt, answer = maker.tokens(record, layer, form, written.text)
                rows.append(([*prompt, *answer], [NO_TARGET] * len(prompt) + answer))
    with seeded_torch(settings):
        model = with_lora(first.model, settings, head=None, task="CAUSAL_LM")
        learner = DecoderLearner(model, first.tokenizer, maker.rows(pairs), maker.rows(()), settings)
        bare = BareWork(
            _lora(loaded().model, "CAUSAL_LM", settings),
            rows,
            batch_size=settings.batch_size,
            rate=settings.rate,
            padding=first.tokenizer.pad_token_id or 0,
            by_length=True,
        )
        ours = OwnWork(learner, settings, lambda batch: sum(window[2] for window in batch))
        return paces({"ours": ours, "bare transformers": bare}, rounds=rounds)


def loop_figures(tagger: dict[str, list[float]], decoder: dict[str, list[float]]) -> dict[str, float]:
    """The ratios of ours to each of the others."""
    return {
        "tokens_ratio_to_bare_loop": ratio(tagger, "ours", "bare, by length"),
        "tokens_ratio_to_padded_batches": ratio(tagger, "ours", "padded to the batch's longest"),
        "tokens_ratio_to_padded_loop": ratio(tagger, "ours", "padded to the window"),
        "decoder_ratio_to_bare_loop": ratio(decoder, "ours", "bare transformers"),
    }
