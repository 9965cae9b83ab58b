"""A value for each key of curate.toml that has none by default, as an example of what may stand there."""

from __future__ import annotations

from pathlib import Path

from curation.author import GOLD
from curation.models.local.settings import LocalModelSettings
from curation.models.settings import EndpointModelSettings, ModelSettings, ScriptedModelSettings
from curation.translate.seq2seq.settings import Seq2SeqSettings

#: A section [models.NAME] of each kind, with what such a section must say.
EXAMPLE_MODELS: dict[str, ModelSettings] = {
    "hospital": EndpointModelSettings(urls=("http://127.0.0.1:8000/v1",)),
    "small": LocalModelSettings(),
    "script": ScriptedModelSettings(script=Path("answers.jsonl")),
}

#: A section [translators.NAME], with what such a section must say.
EXAMPLE_TRANSLATORS = {"opus": Seq2SeqSettings(path="opus-mt-en-de")}

EXAMPLES: dict[str, object] = {
    "curation.translate.translator": "llm:hospital",
    "curation.translate.encoder": "multilingual-e5-small",
    "curation.scoring.bertscore.layer": 17,
    "curation.workers": 1,
    "annotation.rules.patterns": "patterns",
    "annotation.few_shot.curated": "curated@2",
    "annotation.few_shot.examples": "examples",
    "annotation.adapter.path": "adapters/adapter",
    "annotation.adapter.reads": "gold",
    "annotation.llm.model": "hospital",
    "annotation.llm.agreement": 0.6,
    "annotation.llm.examples": "curated@2",
    "annotation.examples.encoder": "http://127.0.0.1:8080/v1#bge-m3",
    "review.url": "https://label-studio.example.org",
    "review.environment": "/opt/label-studio",
    "review.proxy.certificate": "/etc/ssl/certs/labels.example.org.pem",
    "review.proxy.key": "/etc/ssl/private/labels.example.org.pem",
    "review.python": "/usr/bin/python3.12",
    "review.database": "postgresql://curate@127.0.0.1/labelstudio",
    "review.layers": ("adapter", "rules"),
    "review.backend.address": "http://this-machine:9090",
    "review.watch.address": "http://this-machine:8123/hints",
    "review.agreement.project": "Clinical review",
    "validation.layer": "rules",
    "validation.boundaries.file": "boundaries.yaml",
    "validation.boundaries.rules": ("life_style_in_social_history",),
    "validation.translation.encoder": "http://127.0.0.1:8080/v1#bge-m3",
    "validation.translation.multilingual": True,
    "validation.report.language": "de",
    "training.task": "entities",
    "training.tuning": "prompt",
    "training.model": "tagger",
    "training.batch_tokens": 2048,
    "training.questions": "questions.yaml",
    "training.head_rate": 0.005,
    "training.learning_rate": 0.002,
    "run.mapping": "mapping.yaml",
    "run.language": "en",
    "run.layer": GOLD,
    "models.hospital.model": "qwen3:8b",
    "models.hospital.requests_per_minute": 600,
    "models.hospital.tokens_per_minute": 200_000,
    "models.hospital.context": 32_768,
    "models.hospital.tokenizer": "tokenizer.json",
    "models.hospital.prices": {"input": 0.4, "output": 1.6, "currency": "EUR"},
    "models.hospital.proxy": "http://proxy.example.org:3128",
    "models.hospital.ca_bundle": "/etc/ssl/certs/hospital.pem",
    "models.small.adapter": "adapters/small",
    "models.small.context": 4096,
    "translators.opus.revision": "refs/pr/3",
    "models.script.prices": {"input": 0.4, "output": 1.6, "currency": "EUR"},
}
