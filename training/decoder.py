"""A language model learns to answer the prompt that it is asked by later: LoRA, and a loss on the answer only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from curation.errors import UsageError
from curation.file_digest import file_digest
from curation.models.local.chat import prompt_tokens
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import ADAPTER_CONFIG, model_source
from curation.models.local.weights import LoadedModel, load_model
from curation.models.prompt import Prompt
from curation.quiet_libraries import quiet
from curation.record import Layer, Record
from curation.scheme import ABSENT, FACT_JOIN, Scheme
from curation.scheme_change import check_foreign
from curation.tagging.encoder import PACKAGED
from curation.tagging.folder import ADAPTER_WEIGHTS
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of
from training.examples import Pair
from training.loop import learn, seeded_torch
from training.prepared_encoder import with_lora
from training.row_file import RowFile
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.view_check import TrainingRefusedError, ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The prompt that is learnt, and asked by.
PROMPT = "naive.v1"
#: The model where the settings name the packaged encoder, and the learning rate where they name none.
PACKAGED_DECODER, RATE = "smollm2", 5e-4
NOT_READ = -100


def base_model(settings: TrainingSettings) -> str:
    """The language model that is tuned: the packaged one in the place of the packaged encoder."""
    return PACKAGED_DECODER if settings.base_model == PACKAGED else settings.base_model


def identity(settings: TrainingSettings) -> str:
    """What distinguishes the language model from others of its name."""
    return model_source(base_model(settings)).revision


def answer_of(layer: Layer, scheme: Scheme) -> str:
    """The flat view as constrained decoding writes it: without white space between the parts."""
    return json.dumps(scheme.flat(layer), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class ChatRows:
    """The tokens of prompts with their answers on disk, with how many of them are the answer's."""

    file: RowFile
    check: ViewCheck

    def read(self, number: int) -> tuple[NDArray[np.int64], int]:
        """The tokens of a prompt and its answer, and the number of the answer's."""
        ids, (answer,) = self.file.read(number)
        return ids, int(answer)


class ChatRowMaker:
    """Writes records as tokens of a prompt with its answer."""

    def __init__(self, tokenizer: Any, scheme: Scheme, context: int) -> None:
        self._tokenizer = tokenizer
        self._scheme = scheme
        self._context = context
        self._prompt = Prompt(PROMPT, scheme)

    def tokens(self, record: Record, layer: Layer) -> tuple[list[int], list[int]]:
        """The tokens of the prompt, as it is asked later, and those of the answer with its end."""
        prompt = prompt_tokens(self._tokenizer, self._prompt.messages(record.text, record.language))
        answer = self._tokenizer(answer_of(layer, self._scheme), add_special_tokens=False)["input_ids"]
        return prompt, [*answer, self._tokenizer.eos_token_id]

    def rows(self, pairs: Iterable[Pair], folder: Path | None = None) -> ChatRows:
        """The rows of all records that fit into the context; what does not is lost, and counted."""
        import numpy as np

        file, count = RowFile(folder), ViewCount("chat with the flat view as the answer", self._context)
        for record, layer in pairs:
            check_foreign([layer], self._scheme)
            prompt, answer = self.tokens(record, layer)
            length = len(prompt) + len(answer)
            held = _held(record, layer, self._scheme)
            count.read(record.id, length)
            count.annotations += held.total()
            count.seen.update(entity.category for entity in layer.entities if self._scheme.counts(entity))
            count.seen.update(layer.labels)
            if length > self._context:
                reason = "cut off" if len(prompt) < self._context else "left out whole"
                count.lost[f"in an answer that would be {reason} by the context"] += held.total()
                continue
            count.given_back += held[True]
            count.changed["not where its wording is found first"] += held[False]
            count.rows += 1
            count.negatives += not held
            file.append((np.array([*prompt, *answer]), np.array([len(answer)])))
        return ChatRows(file, count.check(self._scheme.flat_keys))


def _held(record: Record, layer: Layer, scheme: Scheme) -> Counter[bool]:
    """How many annotations the flat view gives back where they stand, and how many not: a wording that stands several
    times is told once, and found where it stands first."""
    held = Counter({True: len(layer.labels)})
    found: set[tuple[str, int]] = set()
    for entity in layer.entities:
        if scheme.counts(entity):
            start = record.text.find(entity.text)
            first = (entity.category, start)
            same = entity.spans == ((start, start + len(entity.text)),)
            held[same and FACT_JOIN not in entity.text and entity.text != ABSENT and first not in found] += 1
            found.add(first)
    return held


def _loaded(settings: TrainingSettings) -> LoadedModel:
    named = LocalModelSettings(path=base_model(settings), dtype="float32", device=settings.device)
    return load_model(model_source(named.path).prepared(), named)


def train_decoder(job: TrainingJob) -> Trained:
    """An adapter of a language model trained on the flat views of some records; with validation records the epoch with
    the lowest loss of their answers is kept.

    Raises UsageError for tuning in full, when there is nothing to learn from, and where annotations would be lost that
    may not be.
    """
    settings = job.settings.model_copy(update={"learning_rate": job.settings.learning_rate or RATE})
    if settings.full:
        raise UsageError('expected training.full = false with training.model = "decoder": only LoRA is learnt')
    loaded = _loaded(settings)
    maker = ChatRowMaker(loaded.tokenizer, job.scheme, loaded.context)
    rows = maker.rows(job.learnt_from, job.work)
    if not rows.check.annotations:
        raise TrainingRefusedError(
            f"expected training records with entities that count as information or labels, got {rows.check.records} "
            "records without any; annotate or review them first"
        )
    rows.check.require(settings)
    with seeded_torch(settings):
        model = with_lora(loaded.model, settings, head=None, task="CAUSAL_LM")
        learner = DecoderLearner(model, loaded.tokenizer, rows, maker.rows(job.validation, job.work), settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)

    def write(folder: Path) -> tuple[str, dict[str, str]]:
        model.peft_config["default"].base_model_name_or_path = base_model(settings)
        with quiet():
            model.save_pretrained(folder, save_embedding_layers=False)
        return file_digest(folder / ADAPTER_WEIGHTS), {ADAPTER_CONFIG: file_digest(folder / ADAPTER_CONFIG)}

    return job.written(
        write,
        course,
        check=rows.check,
        labels=(),
        head="decoder",
        task="entities" if job.scheme.categories else "labels",
        base_model=base_model(settings),
        base_digest=identity(settings),
        details={
            "prompt": PROMPT,
            "categories": [*job.scheme.names],
            "values": {label.name: [*label.values] for label in job.scheme.labels},
        },
    )


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the chat's view holds of some records."""
    loaded = _loaded(settings)
    return ChatRowMaker(loaded.tokenizer, scheme, loaded.context).rows(pairs, folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterator[ShownRow]:
    """Each record's prompt, and the answer that is learnt: clinical text."""
    loaded = _loaded(settings)
    maker = ChatRowMaker(loaded.tokenizer, scheme, loaded.context)
    for record, layer in pairs:
        prompt, answer = (loaded.tokenizer.decode(ids) for ids in maker.tokens(record, layer))
        yield ShownRow(record.id, ((prompt, "", False), (answer, "learnt", True)))


class DecoderLearner:
    """Prompts with their answers, for the loop."""

    def __init__(
        self, model: Any, tokenizer: Any, rows: ChatRows, validation: ChatRows, settings: TrainingSettings
    ) -> None:
        self.model = model
        self._padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        self._rows = rows
        self._validation = validation
        self._settings = settings

    def epoch(self, random: Random) -> EpochBatches:
        """All records once."""
        return self._batches(self._rows, random)

    def _batches(self, rows: ChatRows, random: Random) -> EpochBatches:
        import numpy as np

        lengths = np.array(rows.file.lengths, dtype=np.int32)
        whole = np.stack([np.arange(len(lengths), dtype=np.int32), np.zeros_like(lengths), lengths], axis=1)
        settings = self._settings
        return batches_of(whole, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy of the answers' tokens."""
        return self._cross_entropy(self._rows, batch)[0]

    def _cross_entropy(self, rows: ChatRows, batch: Sequence[Window]) -> tuple[Any, int]:
        """The mean over the answers' tokens, and how many these are; prompts stand to the left, so that the head is
        computed for the answers only."""
        import torch

        read = [rows.read(number) for number, *_ in batch]
        width, longest = max(len(ids) for ids, _ in read), max(answer for _, answer in read)
        ids = torch.full((len(read), width), self._padding)
        mask = torch.zeros_like(ids)
        targets = torch.full((len(read), longest), NOT_READ)
        for place, (row, answer) in enumerate(read):
            tokens = torch.from_numpy(row)
            ids[place, width - len(row) :] = tokens
            mask[place, width - len(row) :] = 1
            targets[place, longest - answer :] = tokens[len(row) - answer :]
        where = self.model.device
        logits = self.model(
            input_ids=ids.to(where),
            attention_mask=mask.to(where),
            position_ids=(mask.cumsum(1) - 1).clamp(min=0).to(where),
            logits_to_keep=longest + 1,
            use_cache=False,
        ).logits[:, :-1]
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), targets.to(where).flatten(), ignore_index=NOT_READ
        )
        return loss, int((targets != NOT_READ).sum())

    def validate(self) -> Validation | None:
        """The mean loss of the tokens of the validation records' answers; less is better."""
        import torch

        total, tokens = 0.0, 0
        with torch.inference_mode():
            for batch in self._batches(self._validation, Random(0)):
                loss, count = self._cross_entropy(self._validation, batch)
                total += float(loss) * count
                tokens += count
        if not tokens:
            return None
        return Validation(-total / tokens, {"answers": {"loss": total / tokens, "tokens": tokens}})
