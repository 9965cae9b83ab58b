"""A language model learns to answer the prompt that it is asked by later: a loss on the answer only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from curation.models.local.chat import prompt_tokens
from curation.models.local.source import model_source
from curation.models.local.weights import LoadedModel
from curation.models.prompt import Prompt
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.views.forms import FORMS, AnswerForm, FormName, WrittenAnswer
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of
from training.examples import Pair
from training.loop import learn, seeded_torch
from training.mixing import mixed
from training.row_file import RowFile
from training.scope import LayerScope, asked_scheme, scope_of
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.tuned_decoder import RATES, base_model, loaded_base, tuned
from training.view_check import TrainingRefusedError, ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOT_READ = -100


def identity(settings: TrainingSettings) -> str:
    """What distinguishes the language model from others of its name."""
    return model_source(base_model(settings)).revision


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
    """Writes records as tokens of a prompt with its answer, once in each form."""

    def __init__(
        self,
        tokenizer: Any,
        scheme: Scheme,
        context: int,
        forms: Sequence[FormName] = ("flat",),
        prefix: tuple[int, ...] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._scheme = scheme
        self._context = context
        self._prefix = prefix
        self._forms = [FORMS[name] for name in forms]
        self._prompts: dict[tuple[str, LayerScope | None], Prompt] = {}

    def _asked(self, form: AnswerForm, layer: Layer) -> Prompt:
        """The prompt about what a layer annotates."""
        key = (form.prompt, scope_of(layer))
        if key not in self._prompts:
            self._prompts[key] = Prompt(form.prompt, asked_scheme(layer, self._scheme))
        return self._prompts[key]

    def tokens(self, record: Record, layer: Layer, form: AnswerForm, answer: str) -> tuple[list[int], list[int]]:
        """The tokens of the prompt, as it is asked later, and those of the answer with its end."""
        prompt = prompt_tokens(self._tokenizer, self._asked(form, layer).messages(record.text, record.language))
        told = self._tokenizer(answer, add_special_tokens=False)["input_ids"]
        return [*self._prefix, *prompt], [*told, self._tokenizer.eos_token_id]

    def answers(self, record: Record, layer: Layer) -> Iterator[tuple[AnswerForm, WrittenAnswer | None]]:
        """The record's right answer in each form; None in one that cannot hold it."""
        for form in self._forms:
            yield form, form.write(record, layer, asked_scheme(layer, self._scheme))

    def rows(self, pairs: Iterable[Pair], folder: Path | None = None) -> ChatRows:
        """The rows of all records that fit into the context; what does not is lost, and counted."""
        import numpy as np

        file = RowFile(folder)
        count = ViewCount(" and ".join(form.view for form in self._forms), self._context)
        for record, layer in pairs:
            check_foreign([layer], self._scheme)
            count.seen.update(entity.category for entity in layer.entities if self._scheme.counts(entity))
            count.seen.update(layer.labels)
            longest = 0
            for form, answer in self.answers(record, layer):
                if answer is None:
                    whole = len(layer.entities) + len(layer.labels)
                    count.annotations += whole
                    count.lost["in a text that has tags itself"] += whole
                    continue
                prompt, told = self.tokens(record, layer, form, answer.text)
                longest = max(longest, length := len(prompt) + len(told))
                count.annotations += answer.annotations
                if length > self._context:
                    reason = "cut off" if len(prompt) < self._context else "left out whole"
                    count.lost[f"in an answer that would be {reason} by the context"] += answer.annotations
                    continue
                count.given_back += answer.held
                count.lost.update(answer.lost)
                count.changed.update(answer.changed)
                count.rows += 1
                count.negatives += not answer.annotations
                file.append((np.array([*prompt, *told]), np.array([len(told)])), scope_of(layer))
            count.read(record.id, longest)
        return ChatRows(file, count.check(self._scheme.flat_keys))


def _maker(loaded: LoadedModel, scheme: Scheme, settings: TrainingSettings) -> ChatRowMaker:
    return ChatRowMaker(loaded.tokenizer, scheme, loaded.context, settings.form, loaded.prefix)


def train_decoder(job: TrainingJob) -> Trained:
    """A language model tuned on the answers of some records; with validation records the epoch with the lowest loss of
    their answers is kept.

    Raises UsageError when there is nothing to learn from, and where annotations would be lost that may not be.
    """
    settings = job.settings
    settings = settings.model_copy(update={"learning_rate": settings.learning_rate or RATES[settings.tuned]})
    loaded = loaded_base(settings)
    maker = _maker(loaded, job.scheme, settings)
    rows = maker.rows(job.learnt_from, job.work)
    if not rows.check.annotations:
        raise TrainingRefusedError(
            f"expected training records with entities that count as information or labels, got {rows.check.records} "
            "records without any; annotate or review them first"
        )
    rows.check.require(settings)
    with seeded_torch(settings):
        decoder = tuned(loaded, settings)
        learner = DecoderLearner(decoder.model, loaded.tokenizer, rows, maker.rows(job.validation, job.work), settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    return job.written(
        decoder.write,
        course,
        check=rows.check,
        labels=(),
        head="decoder",
        task="entities" if job.scheme.categories else "labels",
        base_model=base_model(settings),
        base_digest=identity(settings),
        details={
            "prompt": FORMS[settings.form[0]].prompt,
            "forms": [*settings.form],
            "categories": [*job.scheme.names],
            "values": {label.name: [*label.values] for label in job.scheme.labels},
        },
    )


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the chat's view holds of some records."""
    return _maker(loaded_base(settings), scheme, settings).rows(pairs, folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterator[ShownRow]:
    """Each record's prompt, and the answer that is learnt: clinical text."""
    loaded = loaded_base(settings)
    maker = _maker(loaded, scheme, settings)
    for record, layer in pairs:
        for form, answer in maker.answers(record, layer):
            if answer is not None:
                asked, learnt = maker.tokens(record, layer, form, answer.text)
                prompt, told = map(loaded.tokenizer.decode, (asked[len(loaded.prefix) :], learnt))
                yield ShownRow(record.id, ((prompt, "", False), (told, "learnt", True)), title=form.view)


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
        return self._batches(self._rows, random, temperature=self._settings.mixing)

    def _batches(self, rows: ChatRows, random: Random, temperature: float = 1.0) -> EpochBatches:
        import numpy as np

        lengths = np.array(rows.file.lengths, dtype=np.int32)
        whole = np.stack([np.arange(len(lengths), dtype=np.int32), np.zeros_like(lengths), lengths], axis=1)
        settings = self._settings
        whole = mixed(whole, rows.file.owners, temperature=temperature, random=random)
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
