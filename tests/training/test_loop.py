"""The loop that trainers share: a training that was ended goes on as if nothing had happened."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from curation.errors import UsageError
from training.checkpoints import Checkpoints
from training.course import Validation
from training.loop import learn, seeded_torch
from training.settings import TrainingSettings

pytestmark = pytest.mark.model

SETTINGS = TrainingSettings(epochs=4, full=True, learning_rate=0.05, checkpoint_steps=3, threads=1, patience=9)


class Line:
    """Learns a line through noise, with dropout, so that random numbers matter."""

    def __init__(self, scores: Sequence[float] = (), bad_from: int = 10**9) -> None:
        self.model: Any = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
        self.model.device = torch.device("cpu")
        self._scores = iter(scores)
        self._steps = 0
        self._bad_from = bad_from

    def epoch(self, random: Random) -> list[list[float]]:
        points = [[i / 10, 1 - i / 10] for i in range(10)]
        random.shuffle(points)
        return points

    def loss(self, batch: list[float]) -> Any:
        self._steps += 1
        value = (self.model(torch.tensor([batch])) - batch[0]).square().mean()
        return value * float("nan") if self._steps > self._bad_from else value

    def validate(self) -> Validation | None:
        value = next(self._scores, None)
        return None if value is None else Validation(value, {"f1": value})


def weights(line: Line) -> dict[str, Any]:
    return {name: weight.clone() for name, weight in line.model.state_dict().items()}


def learnt(
    scores: Sequence[float] = (),
    folder: Path | None = None,
    on_step: Callable[[int, int, float], None] | None = None,
    **changes: Any,
) -> tuple[Line, Any]:
    settings = SETTINGS.model_copy(update=changes)
    with seeded_torch(settings):
        line = Line(scores)
        checkpoints = Checkpoints(folder, "same") if folder else None
        return line, learn(line, settings, checkpoints=checkpoints, on_step=on_step)


class KilledError(Exception):
    """A process that ends without a word: nothing is saved on the way out."""


def stop_at(step: int, error: type[BaseException]) -> Callable[[int, int, float], None]:
    def on_step(done: int, total: int, loss: float) -> None:
        if done == step:
            raise error

    return on_step


@pytest.mark.parametrize("error", [KilledError, KeyboardInterrupt])
@pytest.mark.parametrize("step", [4, 10, 11, 29, 40])
def test_a_training_that_was_ended_gives_the_weights_of_one_that_was_not(
    step: int, error: type[BaseException], tmp_path: Path
) -> None:
    scores = [0.1, 0.4, 0.3, 0.2]
    whole, course = learnt(scores)
    with pytest.raises(error):
        learnt(scores, tmp_path / "work", on_step=stop_at(step, error))
    kept = step if error is KeyboardInterrupt else step // 3 * 3
    steps: list[int] = []
    # What an epoch before the end has scored is in the checkpoint.
    rest = scores[(kept - 1) // 10 :] if kept % 10 == 0 else scores[kept // 10 :]
    again, resumed = learnt(rest, tmp_path / "work", on_step=lambda done, total, loss: steps.append(done))
    assert steps == list(range(kept + 1, 41))
    assert resumed.history == course.history == scores
    assert resumed.losses == course.losses
    assert resumed.scores == {"f1": 0.4}
    for name, weight in weights(whole).items():
        assert torch.equal(weight, weights(again)[name])


def test_the_seconds_of_a_training_are_those_of_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": 100.0}
    monkeypatch.setattr("training.course.monotonic", lambda: clock["now"])

    def tick(until: int) -> Callable[[int, int, float], None]:
        def on_step(done: int, total: int, loss: float) -> None:
            clock["now"] += 1
            if done == until:
                raise KeyboardInterrupt

        return on_step

    with pytest.raises(KeyboardInterrupt):
        learnt(folder=tmp_path / "w", on_step=tick(25))
    clock["now"] = 10.0  # another process, after a restart of the machine
    _, course = learnt(folder=tmp_path / "w", on_step=tick(100))
    assert (course.spent, course.seconds) == (25.0, 40.0)


@pytest.mark.parametrize(
    ("changes", "encoder", "head"),
    [
        ({"learning_rate": None}, 0.0002, 0.002),
        ({"learning_rate": None, "crf": True}, 0.0002, 0.0007),
        ({"learning_rate": 0.003}, 0.003, 0.003),
        ({"learning_rate": 0.003, "head_rate": 0.01}, 0.003, 0.01),
        ({"full": False, "tuning": "lora", "learning_rate": None}, 0.002, 0.002),
    ],
)
def test_in_full_tuning_a_new_head_has_a_rate_of_its_own(
    changes: dict[str, Any], encoder: float, head: float, tmp_path: Path
) -> None:
    settings = SETTINGS.model_copy(update={"warmup": 0.0, "weight_decay": 0.0, **changes})
    line = Line()
    layers = OrderedDict(encoder=torch.nn.Linear(2, 8), classifier=torch.nn.Linear(8, 1))
    line.model = torch.nn.Sequential(layers)
    line.model.device = torch.device("cpu")
    before = weights(line)
    with pytest.raises(KilledError):
        learn(line, settings, checkpoints=None, on_step=stop_at(1, KilledError))
    # The first step of Adam changes each weight by its rate.
    moved = {name: float((weight - before[name]).abs().max()) for name, weight in weights(line).items()}
    rates = {"encoder.weight": encoder, "encoder.bias": encoder, "classifier.weight": head, "classifier.bias": head}
    assert moved == pytest.approx(rates, rel=0.01)


def test_without_a_validation_the_last_weights_stay(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        learnt(folder=tmp_path / "w", on_step=stop_at(25, KilledError))
    whole, course = learnt()
    again, _ = learnt(folder=tmp_path / "w")
    assert course.history == []
    assert all(torch.equal(weight, weights(again)[name]) for name, weight in weights(whole).items())


def test_training_ends_when_patience_does() -> None:
    _, course = learnt([0.5, 0.4, 0.3, 0.2], patience=2)
    assert (course.history, course.done) == ([0.5, 0.4, 0.3], 30)


def test_the_checkpoint_of_another_training_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        learnt(folder=tmp_path / "w", on_step=stop_at(7, KilledError))
    other = Checkpoints(tmp_path / "w", "other")
    assert other.found == "same"
    assert other.resume(Line().model, None) is None
    other.clear()
    assert other.found is None


def test_a_damaged_checkpoint_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        learnt(folder=tmp_path / "w", on_step=stop_at(7, KilledError))
    (tmp_path / "w" / "checkpoint" / "optimiser.safetensors").write_bytes(b"half")
    with pytest.raises(UsageError, match="--again"):
        learnt(folder=tmp_path / "w")
    (tmp_path / "w" / "checkpoint" / "state.json").write_text("{")
    assert Checkpoints(tmp_path / "w", "same").found == ""


def test_a_checkpoint_holds_no_pickle(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        learnt([0.1, 0.2], folder=tmp_path / "w", on_step=stop_at(15, KeyboardInterrupt))
    names = {file.name for file in (tmp_path / "w" / "checkpoint").iterdir()}
    assert names == {
        *("model.safetensors", "best.safetensors", "optimiser.safetensors", "random.safetensors", "state.json")
    }


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    with seeded_torch(SETTINGS), pytest.raises(UsageError, match=r"at step 6 of 40, got nan: .*learning_rate"):
        learn(Line(bad_from=5), SETTINGS)


def test_a_training_in_half_precision_learns_too() -> None:
    (whole, _), (half, course) = (
        learnt(epochs=8, learning_rate=0.01),
        learnt(precision="bf16", epochs=8, learning_rate=0.01),
    )
    assert course.losses[-1] < course.losses[0]
    assert not torch.equal(weights(whole)["0.weight"], weights(half)["0.weight"])


def test_two_processes_take_the_steps_of_one_with_batches_twice_as_large(tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    script = Path(__file__).with_name("trained_together.py")
    together = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    runs: list[tuple[str, str, dict[str, str]]] = [("alone", "4", {})]
    runs += [(f"rank{rank}", "2", together | {"RANK": str(rank)}) for rank in range(2)]
    started = [
        subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / name), batch],
            env=os.environ | {"PYTHONPATH": str(Path.cwd())} | variables,
        )
        for name, batch, variables in runs
    ]
    assert [process.wait(120) for process in started] == [0, 0, 0]
    alone, first, second = (torch.load(tmp_path / name, weights_only=True) for name, _, _ in runs)
    for one, other, both in zip(alone, first, second, strict=True):
        torch.testing.assert_close(other, both, rtol=0, atol=0)
        torch.testing.assert_close(other, one)
