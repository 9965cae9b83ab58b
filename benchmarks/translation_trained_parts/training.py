"""A small Marian model trained from nothing; a training that was ended goes on where it was."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from curation.quiet_libraries import quiet
from translation_trained_parts.tokenizer import make_tokenizer

#: Seconds between two checkpoints; steps in which the rate rises, and their share of a short training. A model of this
#: kind learns first how often pieces occur and follow each other, and only after about a thousand steps to look at the
#: source: many small steps translate sooner than few large ones.
SAVED, WARM, WARM_SHARE = 30.0, 200, 0.2
#: Tokens that a text may have.
PLACES = 256


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How large a model becomes and how long it learns: until its epochs or its minutes are over.

    pieces: of its tokenizer, at most. batch: tokens of a batch, padding included.
    """

    pieces: int = 2_000
    width: int = 128
    layers: int = 2
    epochs: int = 12
    minutes: float = 26.0
    batch: int = 800
    rate: float = 2e-3


@dataclass(frozen=True, slots=True)
class TrainedTranslator:
    """Where a model is, how long it learnt, and its loss at the end (the mean of the last batches)."""

    folder: Path
    seconds: float
    steps: int
    epochs: float
    loss: float
    parameters: int


def train(
    folder: Path, lessons: Sequence[tuple[str, str]], symbols: Sequence[str], plan: TrainingPlan
) -> TrainedTranslator:
    """The model that learnt the lessons, in a folder; one that is finished there is not trained again."""
    import torch

    model_folder, state_file = folder / "model", folder / "state.pt"
    if not state_file.is_file():
        texts = (text for lesson in lessons for text in lesson)
        make_tokenizer(model_folder, texts, pieces=plan.pieces, symbols=symbols)
    tokenizer = _tokenizer(model_folder)
    torch.manual_seed(0)
    model = _model(tokenizer, plan)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    state: dict[str, Any] = {"steps": 0, "seconds": 0.0, "loss": 0.0, "is_done": False}
    if state_file.is_file():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["chance"])
    rows = _rows(tokenizer, lessons)
    batches = len(list(_batches(rows, plan.batch, 0)))
    if not state["is_done"]:
        _learn(model, optimizer, rows, batches, state, state_file, plan, tokenizer.pad_token_id)
        with quiet():
            model.save_pretrained(model_folder)
        _save(state_file, model, optimizer, state | {"is_done": True})
    return TrainedTranslator(
        model_folder,
        state["seconds"],
        state["steps"],
        state["steps"] / batches,
        state["loss"],
        sum(each.numel() for each in model.parameters()),
    )


def _learn(
    model: Any,
    optimizer: Any,
    rows: Sequence[tuple[list[int], list[int]]],
    batches: int,
    state: dict[str, Any],
    file: Path,
    plan: TrainingPlan,
    padding: int,
) -> None:
    """Train until the plan is over; `state` has where it is."""
    import torch

    model.train()
    began = saved = perf_counter()
    before = state["seconds"]
    for batch in _from(rows, plan.batch, state["steps"], batches):
        state["seconds"] = before + perf_counter() - began
        done = max(state["steps"] / (plan.epochs * batches), state["seconds"] / (60 * plan.minutes))
        if done >= 1:
            return
        risen = max((state["steps"] + 1) / WARM, done / WARM_SHARE)
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(risen, 0.5 * (1 + math.cos(math.pi * done))) + 1e-6
        loss = _loss(model, batch, padding)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        state["steps"] += 1
        state["loss"] += (float(loss.detach()) - state["loss"]) / min(state["steps"], 50)
        if perf_counter() - saved > SAVED:
            _save(file, model, optimizer, state)
            saved = perf_counter()
            said = f"step {state['steps']}, {state['seconds']:.0f} s, loss {state['loss']:.2f}"
            print(said, file=sys.stderr, flush=True)


def _loss(model: Any, batch: Sequence[tuple[list[int], list[int]]], padding: int) -> Any:
    import torch

    ids, labels = (
        torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(row[side]) for row in batch], batch_first=True, padding_value=padding
        )
        for side in (0, 1)
    )
    started = torch.cat([torch.full((len(batch), 1), padding), labels[:, :-1]], dim=1)
    logits = model(input_ids=ids, attention_mask=(ids != padding).long(), decoder_input_ids=started).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=padding)


def _save(file: Path, model: Any, optimizer: Any, state: dict[str, Any]) -> None:
    """Write down where the training is, whole or not at all."""
    import torch

    whole = state | {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "chance": torch.get_rng_state()}
    torch.save(whole, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def _tokenizer(folder: Path) -> Any:
    from transformers import MarianTokenizer

    with quiet():
        return MarianTokenizer.from_pretrained(folder, local_files_only=True)


def _model(tokenizer: Any, plan: TrainingPlan) -> Any:
    from transformers import MarianConfig, MarianMTModel

    size = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", plan.layers), ("attention_heads", 4), ("ffn_dim", 4 * plan.width))
    }
    return MarianMTModel(
        MarianConfig(
            vocab_size=len(tokenizer),
            d_model=plan.width,
            max_position_embeddings=PLACES,
            activation_function="swish",
            scale_embedding=True,
            # What is generated has no noise to be learnt by heart.
            dropout=0.0,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
            forced_eos_token_id=tokenizer.eos_token_id,
            **size,
        )
    )


def _rows(tokenizer: Any, lessons: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """The lessons in tokens, those that have room."""
    sources = tokenizer([source for source, _ in lessons])["input_ids"]
    targets = tokenizer(text_target=[target for _, target in lessons])["input_ids"]
    both = zip(sources, targets, strict=True)
    return [(source, target) for source, target in both if max(len(source), len(target)) <= PLACES]


def _batches(
    rows: Sequence[tuple[list[int], list[int]]], most: int, epoch: int
) -> Iterator[list[tuple[list[int], list[int]]]]:
    """Batches of rows of like length, shuffled anew in each epoch."""
    chance = random.Random(epoch)
    ordered = sorted(rows, key=lambda row: (len(row[1]) + chance.random() * 4, chance.random()))
    found: list[list[tuple[list[int], list[int]]]] = [[]]
    longest = 0
    for row in ordered:
        longest = max(longest, *map(len, row))
        if found[-1] and (len(found[-1]) + 1) * longest > most:
            found.append([])
            longest = max(map(len, row))
        found[-1].append(row)
    chance.shuffle(found)
    yield from found


def _from(
    rows: Sequence[tuple[list[int], list[int]]], most: int, step: int, batches: int
) -> Iterator[list[tuple[list[int], list[int]]]]:
    """Batches without end, those before a step left out."""
    for epoch in count(step // batches):
        for number, batch in enumerate(_batches(rows, most, epoch)):
            if epoch * batches + number >= step:
                yield batch
