"""Checkpoints: all that a training needs to go on as if it had never been ended; no pickles.

A folder with the weights that are trained, the best ones so far, the state of the optimiser and of the random numbers
as safetensors, and the rest as JSON. It is there whole or not at all.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from curation.atomic_file import replaced
from curation.errors import UsageError
from curation.private_files import made_private
from training.course import Course, put_weights, trained_weights

STATE, WEIGHTS, BEST, OPTIMISER, RANDOM = "state.json", "model", "best", "optimiser", "random"
#: The time that a training has taken so far; checkpoints of before do not have it.
SECONDS = "seconds"
#: Of a course, what is plain.
PLAIN = ("done", "history", "losses", "epoch_loss", "scores")


class Checkpoints:
    """The checkpoint of one training in a folder of its own; that of another training is not taken for it."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = made_private(folder)
        self._fingerprint = fingerprint
        self._last = folder / "checkpoint"

    @property
    def found(self) -> str | None:
        """The fingerprint of the training whose checkpoint is there, empty where it is damaged; None without one."""
        state = self._last / STATE
        if not state.is_file():
            return None
        try:
            return str(json.loads(state.read_text(encoding="utf-8"))["fingerprint"])
        except (ValueError, KeyError, TypeError):
            return ""

    def save(self, model: Any, optimiser: Any, course: Course) -> None:
        """The state between two steps, in place of the one before."""
        from safetensors.torch import save_file

        with replaced(self._last) as unfinished:
            unfinished.mkdir(mode=0o700)
            parts = {
                WEIGHTS: trained_weights(model),
                BEST: course.best,
                OPTIMISER: _optimiser_state(optimiser),
                RANDOM: course.random_states,
            }
            for name, tensors in parts.items():
                save_file(
                    {key: tensor.detach().contiguous() for key, tensor in tensors.items()}, _file(unfinished, name)
                )
            state = {"fingerprint": self._fingerprint, SECONDS: course.seconds}
            state |= {name: getattr(course, name) for name in PLAIN}
            (unfinished / STATE).write_text(json.dumps(state), encoding="utf-8")

    def resume(self, model: Any, optimiser: Any) -> Course | None:
        """The course of this training, with model and optimiser as they were; None where there is none to go on with.

        Raises UsageError for a checkpoint that cannot be read.
        """
        if self.found != self._fingerprint:
            return None
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            parts = {name: load_file(_file(self._last, name)) for name in (WEIGHTS, BEST, OPTIMISER, RANDOM)}
            state = json.loads((self._last / STATE).read_text(encoding="utf-8"))
            put_weights(model, parts[WEIGHTS])
            _put_optimiser_state(optimiser, parts[OPTIMISER])
            plain = {name: state[name] for name in PLAIN}
            spent = float(state.get(SECONDS, 0.0))
            return Course(best=parts[BEST], random_states=parts[RANDOM], spent=spent, **plain)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"expected a checkpoint in {self._last}, got one that cannot be read ({type(error).__name__}); "
                "`curate train --again` begins at the start"
            ) from error

    def clear(self) -> None:
        """Remove the checkpoint."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"


def _optimiser_state(optimiser: Any) -> dict[str, Any]:
    """The optimiser's tensors by the number of their weight and their name."""
    state = optimiser.state_dict()["state"]
    return {f"{number}.{name}": tensor for number, tensors in state.items() for name, tensor in tensors.items()}


def _put_optimiser_state(optimiser: Any, tensors: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
