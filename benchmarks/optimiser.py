"""What a step of AdamW takes of a training, in one pass over the weights (fused, as trainings do) and as torch has it.

    python benchmarks/optimiser.py [--quick]

Two encoders with random weights, of the packaged one's size and of a small multilingual one's, whose word list is two
thirds of its weights; all weights tuned, batches of 4 texts of 80 pieces, one thread. Processor seconds, medians over
the steps after the first. The last line is one JSON object: by encoder, how many times as long a whole step takes in
torch's own way.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median
from typing import Any

import packages_first  # noqa: F401
from measuring import table

#: Layers, width, and entries of the word list.
ENCODERS = {"packaged (MiniLM)": (6, 384, 30_522), "multilingual (e5-small)": (12, 384, 250_037)}
TEXTS, PIECES = 4, 80


def main() -> None:
    """Measure both encoders in both ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="two steps in place of eight")
    steps = 2 if parser.parse_args().quick else 8
    rows: list[tuple[object, ...]] = []
    ratios: dict[str, float] = {}
    for name, shape in ENCODERS.items():
        fused, plain = (_seconds(shape, steps, fused=fused) for fused in (True, False))
        ratios[name] = round(sum(plain) / sum(fused), 2)
        rows += [(name, "one pass", *fused, sum(fused)), (name, "torch's own way", *plain, sum(plain))]
    print(table(("encoder", "AdamW", "loss and gradients, s", "weights, s", "step, s"), rows))
    print(json.dumps({"step_ratio": ratios}))


def _seconds(shape: tuple[int, int, int], steps: int, *, fused: bool) -> tuple[float, float]:
    """Of a step: the seconds to the gradients, and those of clipping and of changing the weights."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = _encoder(*shape).train()
    weights = list(model.parameters())
    optimiser = torch.optim.AdamW(weights, lr=1e-4, weight_decay=0.01, fused=fused)
    taken: list[tuple[float, float]] = []
    for _ in range(steps + 1):
        ids = torch.randint(5, shape[2], (TEXTS, PIECES))
        begun = time.process_time()
        model(input_ids=ids).last_hidden_state.square().mean().backward()
        between = time.process_time()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        taken.append((between - begun, time.process_time() - between))
    first, second = zip(*taken[1:], strict=True)
    return median(first), median(second)


def _encoder(layers: int, width: int, words: int) -> Any:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=4 * width,
    )
    return BertModel(config, add_pooling_layer=False)


if __name__ == "__main__":
    main()
