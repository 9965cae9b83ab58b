"""Several processes that train one model: each reads batches of its own, and all take the same step.

They are started by `torch.distributed.run` (or `accelerate launch`, which sets the same variables), each with a part of
the GPUs. The first of them writes files and talks; the others only compute.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

#: How long one process waits for another, which may be validating.
PATIENCE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class TrainingGroup:
    """This process among those that train one model: its number, and how many there are."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and talks."""
        return self.rank == 0

    def steps(self, batches: int) -> int:
        """The steps of an epoch: in each, every process reads a batch."""
        return -(-batches // self.size)

    def batch(self, step: int, batches: int) -> int:
        """The number of this process's batch in a step; where the last ones do not suffice for all, the first ones are
        read again."""
        return (step * self.size + self.rank) % batches

    def wait(self) -> None:
        """Returns once all processes are here."""
        if self.size > 1:
            from torch import distributed

            distributed.barrier()

    def begin_step(self, step: int, seed: int) -> None:
        """Random numbers of its own for this process in this step, the same after a resumption."""
        if self.size > 1:
            import torch

            torch.manual_seed((seed * 1_000_003 + step) * self.size + self.rank)

    def average(self, weights: Sequence[Any]) -> None:
        """Replaces the gradients of the weights by their mean over the processes."""
        if self.size == 1:
            return
        import torch
        from torch import distributed

        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        # In one message: each has a wait of its own.
        together = torch.cat([gradient.flatten().float() for gradient in gradients])
        distributed.all_reduce(together)
        parts = (together / self.size).split([weight.numel() for weight in weights])
        for weight, part in zip(weights, parts, strict=True):
            weight.grad = part.view_as(weight).to(weight.dtype)

    def mean(self, value: float, device: Any) -> float:
        """The mean of the processes' values."""
        return self._reduced(value, device) / self.size

    def of_first(self, value: float, device: Any) -> float:
        """The first process's value, in all of them."""
        return self._reduced(value if self.is_first else 0.0, device)

    def _reduced(self, value: float, device: Any) -> float:
        if self.size == 1:
            return value
        import torch
        from torch import distributed

        found = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.all_reduce(found)
        return float(found)


def is_started() -> bool:
    """Whether this process is one of several that were started to train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ


@cache
def training_group() -> TrainingGroup:
    """This process among those that were started with it; alone where it was started alone."""
    if not is_started():
        return TrainingGroup()
    import torch
    from torch import distributed

    has_gpus = torch.cuda.is_available()
    if has_gpus:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if has_gpus else "gloo", timeout=PATIENCE)
    return TrainingGroup(distributed.get_rank(), distributed.get_world_size())
