"""The loop that all trainers have in common: AdamW, a rate that rises and falls, the best epoch kept, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from curation.errors import MissingExtraError, UsageError
from curation.interrupts import Uninterrupted
from curation.quiet_libraries import quiet
from training.checkpoints import Checkpoints
from training.course import Course, Validation, trained_weights
from training.settings import TrainingSettings
from training.training_group import training_group

#: Called after each step with the steps done, their total, and the loss.
OnStep = Callable[[int, int, float], None]

#: Parts of the names of weights that give the labels: the last layer, and a CRF's scores of steps.
HEADS = frozenset({"classifier", "crf"})


class Learner(Protocol):
    """What a trainer gives to the loop: a model, its batches, their loss, and how good it is."""

    @property
    def model(self) -> Any:
        """A torch module."""

    def epoch(self, random: Random) -> Sequence[Any]:
        """The batches of one reading of all rows; the same again from the same state of `random`."""

    def loss(self, batch: Any) -> Any:
        """The mean loss of a batch, a tensor of no dimension."""

    def validate(self) -> Validation | None:
        """How good the model is on records that it does not learn from; None without any."""


@contextmanager
def seeded_torch(settings: TrainingSettings) -> Iterator[None]:
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


@dataclass(frozen=True, slots=True)
class _Epochs:
    """Where each epoch ends, in steps from the beginning, and the random state that its batches are made from."""

    states: list[Any]
    ends: list[int]

    @classmethod
    def of(cls, learner: Learner, settings: TrainingSettings) -> _Epochs:
        random = Random(settings.seed)
        states: list[Any] = []
        ends: list[int] = []
        for _ in range(settings.epochs):
            states.append(random.getstate())
            steps = training_group().steps(len(learner.epoch(random)))
            ends.append(steps + (ends[-1] if ends else 0))
        return cls(states, ends)

    def batches(self, learner: Learner, number: int) -> Sequence[Any]:
        """The batches of an epoch."""
        random = Random()
        random.setstate(self.states[number])
        return learner.epoch(random)


def learn(
    learner: Learner,
    settings: TrainingSettings,
    *,
    checkpoints: Checkpoints | None = None,
    on_step: OnStep | None = None,
) -> Course:
    """The course of a training, with the model at its best: the epoch with the best validation, else the last one.

    Goes on from the checkpoint where there is one; what comes out is what comes out without an interruption. Ctrl-C
    leaves a checkpoint. Raises UsageError when the loss is no number any more.
    """
    stepper = Stepper(learner, settings)
    epochs = _Epochs.of(learner, settings)
    stepper.total = epochs.ends[-1]
    course = (checkpoints.resume(learner.model, stepper.optimiser) if checkpoints else None) or Course()
    if course.random_states:
        _put_random_states(course.random_states)
    course.random_states = _random_states()
    try:
        for number in range(settings.epochs):
            if course.over(settings.patience):
                break
            _one_epoch(stepper, course, epochs, number, checkpoints, on_step)
    except KeyboardInterrupt:
        if checkpoints and training_group().is_first:
            with Uninterrupted():
                checkpoints.save(learner.model, stepper.optimiser, course)
        raise
    course.restore_best(learner.model)
    learner.model.eval()
    return course


def _one_epoch(
    stepper: Stepper,
    course: Course,
    epochs: _Epochs,
    number: int,
    checkpoints: Checkpoints | None,
    on_step: OnStep | None,
) -> None:
    """What is left of an epoch: its steps, then its validation."""
    learner, settings, group = stepper.learner, stepper.settings, training_group()
    start, end = epochs.ends[number - 1] if number else 0, epochs.ends[number]
    if course.done < end:
        learner.model.train()
        batches = epochs.batches(learner, number)
        for i in range(course.done - start, end - start):
            loss = stepper(batches[group.batch(i, len(batches))], course)
            if on_step:
                on_step(course.done, stepper.total, loss)
            if checkpoints and group.is_first and course.done % settings.checkpoint_steps == 0:
                checkpoints.save(learner.model, stepper.optimiser, course)
    if len(course.losses) > number:
        return
    learner.model.eval()
    validation = _validated(learner)
    with Uninterrupted():
        course.losses.append(course.epoch_loss / max(1, end - start))
        course.epoch_loss = 0.0
        if validation is not None:
            course.note(learner.model, validation)


def _validated(learner: Learner) -> Validation | None:
    """The validation of the first process, whose figure all processes keep to."""
    group = training_group()
    found = learner.validate() if group.is_first else None
    value = group.of_first(math.nan if found is None else found.value, learner.model.device)
    if group.is_first or math.isnan(value):
        return found
    return Validation(value, {})


class Stepper:
    """One step on a batch; the rate rises, then falls to zero, linearly."""

    def __init__(self, learner: Learner, settings: TrainingSettings) -> None:
        import torch

        self.learner = learner
        self.settings = settings
        self.total = 0
        self._group = training_group()
        self._weights = list(trained_weights(learner.model).values())
        # Fused: one pass over the weights in place of several, which are most of a step's time on a processor.
        self.optimiser = torch.optim.AdamW(
            _by_rate(learner.model, settings), lr=settings.rate, weight_decay=settings.weight_decay, fused=True
        )
        if settings.gradient_checkpointing:
            _keep_less(learner.model)
        self._precision = precision(settings, learner.model.device.type)

    def __call__(self, batch: Any, course: Course) -> float:
        """The loss of a batch before the step; the course is one step further after it.

        Raises UsageError when the loss is no number any more.
        """
        import torch

        self._group.begin_step(course.done, self.settings.seed)
        with self._precision():
            loss = self.learner.loss(batch)
        value = self._group.mean(float(loss.detach()), self.learner.model.device)
        if not math.isfinite(value):
            raise UsageError(
                f"expected a loss that is a number at step {course.done + 1} of {self.total}, got {value}: choose a "
                "lower training.learning_rate"
            )
        loss.backward()
        self._group.average(self._weights)
        torch.nn.utils.clip_grad_norm_(self._weights, self.settings.clip)
        with Uninterrupted():
            for group in self.optimiser.param_groups:
                group["lr"] = group["highest"] * self._share(course.done)
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            course.done += 1
            course.epoch_loss += value
            course.random_states = _random_states()
        return value

    def _share(self, step: int) -> float:
        """Which share of the highest rate a step has."""
        warmup = int(self.settings.warmup * self.total)
        if step < warmup:
            return step / max(1, warmup)
        return max(0.0, (self.total - step) / max(1, self.total - warmup))


def _by_rate(model: Any, settings: TrainingSettings) -> list[dict[str, Any]]:
    """The trained weights in groups of one highest rate: all, or those of the head apart where it has its own."""
    weights = trained_weights(model)
    head = [name for name in weights if settings.rate_of_head != settings.rate and HEADS & {*name.split(".")}]
    groups = (([name for name in weights if name not in head], settings.rate), (head, settings.rate_of_head))
    return [{"params": [weights[name] for name in names], "highest": rate} for names, rate in groups if names]


def _keep_less(model: Any) -> None:
    """Have the model compute again in the backward pass what it would keep from the forward one."""
    with quiet():
        if enable := getattr(model, "activation_checkpointing_enable", None):
            enable(activation_checkpointing_kwargs={"use_reentrant": False})
        else:  # transformers before 5.24
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.config.use_cache = False


def precision(settings: TrainingSettings, device: str) -> Callable[[], AbstractContextManager[Any]]:
    """What computes in the settings' precision."""
    import torch

    if settings.precision == "fp32":
        return nullcontext
    return lambda: torch.autocast(device, dtype=torch.bfloat16)


def _random_states() -> dict[str, Any]:
    import torch

    gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"processor": torch.get_rng_state(), **{f"gpu {number}": state for number, state in enumerate(gpus)}}


def _put_random_states(states: dict[str, Any]) -> None:
    import torch

    torch.set_rng_state(states["processor"])
    if gpus := [state for name, state in states.items() if name != "processor"]:
        torch.cuda.set_rng_state_all(gpus)
