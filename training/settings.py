"""The [training] section of curate.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from curation.record import Frozen
from curation.views.forms import FormName

#: Learning rates that served each kind of tuning well (docs/trainers.md has the figures).
LORA_RATE, FULL_RATE = 2e-3, 2e-4
#: Of a new head in full tuning, beside an encoder that is changed with care.
HEAD_RATE = 2e-3
#: LoRA's for questions: at that of a tagger, a training in small batches may end in a model that never answers.
LORA_QUESTION_RATE = 7e-4
#: LoRA's with a CRF, by the tagger's heads: at LORA_RATE it finds nothing.
LORA_CRF_RATES = {"one": 7e-4, "category": 1.4e-3}

#: What is trained of a model.
Tuning = Literal["lora", "full", "prompt", "qlora"]


class TrainingSettings(Frozen):
    """How an adapter is trained."""

    model_config = ConfigDict(allow_inf_nan=False)

    task: Literal["entities", "labels", "relations"] | None = Field(
        None,
        description="What is learnt: entities, labels (of whole documents), or relations between entities. Left out, "
        "entities where the scheme has categories, else labels.",
    )
    model: str | None = Field(
        None,
        description="How it is learnt, such as tagger or questions for entities: docs/trainers.md has the table. Left "
        "out, the first of its task there.",
    )
    base_model: str = Field(
        "all-MiniLM-L6-v2",
        description="The encoder: the packaged one, a folder, or a name on the Hugging Face hub "
        "(fetched once, with --allow-download); weights as safetensors only.",
    )
    epochs: int = Field(10, description="Times that each record is read.", ge=1)
    batch_size: int = Field(4, description="Windows in a step.", ge=1)
    batch_tokens: int | None = Field(
        None, description="Word pieces in a step, padding included, in place of a number of windows.", ge=8
    )
    learning_rate: float | None = Field(
        None,
        description="Highest learning rate; left out, 0.0002 for full tuning, and for LoRA 0.002; by questions 0.0007, "
        "with a CRF 0.0007, or 0.0014 with heads for each category.",
        gt=0,
    )
    head_rate: float | None = Field(
        None,
        description="Highest learning rate of the layer that gives the labels; left out, in full tuning 0.002 (with a "
        "CRF the rate that LoRA has with it) where that is higher than the one of the other weights, which it is with "
        "LoRA.",
        gt=0,
    )
    warmup: float = Field(0.06, description="Share of the steps in which the rate rises.", ge=0, lt=1)
    weight_decay: float = Field(0.01, description="Pull of the weights towards zero.", ge=0)
    clip: float = Field(1.0, description="Longest gradient of a step.", gt=0)
    outside_weight: float = Field(
        1.0,
        description="Weight of words outside any entity; below 1 finds more and is right less often. With `crf` it is "
        "laid on when the best labels are looked for.",
        gt=0,
    )
    rank: int = Field(32, description="Rank of the LoRA matrices.", ge=1)
    alpha: int = Field(64, description="Scale of the LoRA matrices, divided by the rank.", ge=1)
    targets: tuple[str, ...] = Field(
        (), description="Names of the layers that get LoRA matrices; none named, all linear ones."
    )
    rslora: bool = Field(False, description="Divide alpha by the root of the rank (Kalajdzievski 2023).")
    dora: bool = Field(False, description="Learn length and direction of the weights apart (Liu et al. 2024).")
    masking: float = Field(
        0.1,
        description="Share of the word pieces that are hidden in each step, against overfitting.",
        ge=0,
        lt=1,
    )
    dropout: float = Field(
        0.0,
        description="Dropout in all of the encoder; on a processor it doubles the time of a step.",
        ge=0,
        lt=1,
    )
    full: bool = Field(False, description="The same as the tuning full, which says it for all models.")
    tuning: Tuning | None = Field(
        None,
        description="What is trained: lora, full (all weights), prompt (vectors before every prompt, of the model "
        "`decoder`) or qlora (lora on a base in four bits, of the model `decoder`, with a CUDA GPU and bitsandbytes). "
        "Left out, lora.",
    )
    virtual_tokens: int = Field(20, description="Of the tuning `prompt`: vectors before every prompt.", ge=1, le=1000)
    window: int = Field(256, description="Word pieces that the encoder reads at once.", ge=8)
    stride: int = Field(128, description="Word pieces that neighbouring windows share when predicting.", ge=0)
    heads: Literal["one", "category"] = Field(
        "one",
        description="Of the model `tagger`: one label a word, or labels of each category apart (category), which hold "
        "entities that lie in each other, so that none is lost.",
    )
    crf: bool = Field(
        False,
        description="Of the model `tagger`: learn which label follows which as well, word by word (a conditional "
        "random field).",
    )
    replacement: float = Field(
        0.0,
        description="Of the model `tagger`: share of the entities that are learnt with the wording of another one of "
        "their category, drawn anew in each step.",
        ge=0,
        le=1,
    )
    members: int = Field(
        1,
        description="Of the model `tagger`: so many adapters with this seed and the next ones, whose scores are "
        "averaged, for so many times the time.",
        ge=1,
    )
    thresholds: bool = Field(
        False,
        description="Of the model `tagger`: after the training, choose on the validation records by how much the "
        "scores of each category's labels are raised or lowered, for the highest F1.",
    )
    patience: int = Field(4, description="Epochs without a better validation score after which training ends.", ge=1)
    allow_lost: bool = Field(
        False,
        description="Train although the chosen view cannot hold some of the annotations; `curate train check` says "
        "which, and the manifest and the card count them.",
    )
    questions: Path | None = Field(
        None,
        description="File of the questions of the model `questions`, about categories or about heads of relations, in "
        "place of those made from the scheme's definitions (docs/trainers.md).",
    )
    negatives: float = Field(
        2.0,
        description="Of the model `questions`: questions without an answer for each with one, new ones in each epoch.",
        ge=0,
    )
    form: tuple[FormName, ...] = Field(
        ("flat",),
        description="Of the model `decoder`: the form of its answers, flat (one JSON object of strings), entities (a "
        "list with assertions and relations) or tagged (the text with tags); of several, each record is learnt in "
        "each, and the adapter is asked by the first.",
        min_length=1,
    )
    mixing: float = Field(
        1.0,
        description="Of several sets: 1 reads each row of each set once in an epoch; 2 gives each a share by the "
        "square root of its size, and more brings the shares closer to equal. The rows of an epoch are as many.",
        ge=1,
    )
    precision: Literal["fp32", "bf16"] = Field("fp32", description="bf16 computes in half as many bits.")
    gradient_checkpointing: bool = Field(
        False, description="Compute again what a step needs twice instead of keeping it: less memory, more time."
    )
    checkpoint_steps: int = Field(
        100, description="Steps between two checkpoints, from which a training goes on that was ended.", ge=1
    )
    excerpts: int = Field(
        0,
        description="Records whose words stand in the page of a training or an experiment, those with the most errors "
        "first. With 0 no file that training writes holds words of a record.",
        ge=0,
    )
    seed: int = Field(0, description="Another seed gives another order of the records and another head.")
    device: str = Field("auto", description="auto (a GPU that torch sees, else the processor), cpu, or cuda.")
    processes: int = Field(
        1,
        description="Processes that train together, each on a GPU of its own where there are some; a step reads as "
        "many batches.",
        ge=1,
    )
    threads: int = Field(0, description="Processor threads; 0 leaves it to torch.", ge=0)

    @field_validator("form", mode="before")
    @classmethod
    def _of_one(cls, form: object) -> object:
        return (form,) if isinstance(form, str) else form

    @field_validator("form")
    @classmethod
    def _each_once(cls, form: tuple[FormName, ...]) -> tuple[FormName, ...]:
        if len(set(form)) < len(form):
            raise ValueError(f"expected each form once, got {', '.join(form)}")
        return form

    @model_validator(mode="after")
    def _stride_fits(self) -> TrainingSettings:
        if self.stride >= self.window - 2:
            raise ValueError(f"expected a stride below window - 2 = {self.window - 2}, got {self.stride}")
        return self

    @model_validator(mode="after")
    def _one_tuning(self) -> TrainingSettings:
        if self.full and self.tuning not in (None, "full"):
            raise ValueError(f"expected full = false with tuning = {self.tuning}, got full = true")
        return self

    @property
    def tuned(self) -> Tuning:
        """What is trained."""
        return self.tuning or ("full" if self.full else "lora")

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        if self.learning_rate or self.tuned == "full":
            return self.learning_rate or FULL_RATE
        if self.model == "questions":
            return LORA_QUESTION_RATE
        return LORA_CRF_RATES[self.heads] if self.crf else LORA_RATE

    @property
    def rate_of_head(self) -> float:
        """The highest learning rate of the layer that gives the labels."""
        if self.head_rate or self.tuned != "full":
            return self.head_rate or self.rate
        return max(self.rate, LORA_CRF_RATES[self.heads] if self.crf else HEAD_RATE)
