"""What a scheme file says, what was filled in, and what the annotators can give of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from annotation.annotators import annotator, unserved
from annotation.settings import AnnotationSettings
from curation.author import AuthorKind, layer_name
from curation.errors import CurateError
from curation.models.models import named_model
from curation.scheme import Scheme, SchemeFile, read_scheme
from curation.tagging.folder import MANIFEST
from pipeline.config import CONFIG_FILE
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AnnotatorService:
    """What an annotator cannot give of a scheme, by language; or why it cannot be asked at all."""

    name: str
    lacking: Mapping[str, tuple[str, ...]]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SchemeCheck:
    """A scheme file as it is read, what each annotator can give, and what people should mend."""

    path: Path
    file: SchemeFile
    services: tuple[AnnotatorService, ...]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "path": str(self.path),
            "scheme": self.file.scheme.model_dump(mode="json"),
            "digest": self.file.scheme.digest,
            "filled_in": {name: list(keys) for name, keys in self.file.filled.items()},
            "annotators": {
                service.name: {
                    "lacking": {language: list(names) for language, names in service.lacking.items()},
                    "problem": service.problem,
                }
                for service in self.services
            },
            "problems": list(self.problems),
        }


def check_scheme(folder: Path, path: Path | None = None) -> SchemeCheck:
    """The check of a scheme file, by default the workspace's own; a file needs no workspace.

    Raises SchemeError with a line for each fault where the file is no scheme.
    """
    workspace = Workspace.at(folder) if path is None or (folder / CONFIG_FILE).is_file() else None
    chosen = path or (folder / workspace.config.curation.scheme if workspace else folder)
    file = read_scheme(chosen)
    services = tuple(_services(file.scheme, workspace))
    return SchemeCheck(chosen, file, services, tuple(_problems(file.scheme)))


def _services(scheme: Scheme, workspace: Workspace | None) -> Iterator[AnnotatorService]:
    settings = workspace.config.annotation if workspace else AnnotationSettings()
    folders = sorted((workspace.folder / "adapters").glob(f"*/{MANIFEST}")) if workspace else []
    adapters = [layer_name(AuthorKind.ADAPTER, str(path.parent)) for path in folders]
    for name in (AuthorKind.RULES, AuthorKind.FEW_SHOT, *adapters):
        try:
            stage = annotator(name, scheme, settings)
            lacking = {language: unserved(stage, language) for language in scheme.languages}
            yield AnnotatorService(str(name), lacking)
        except CurateError as error:
            yield AnnotatorService(str(name), {}, str(error))
    try:
        named_model(settings.llm.model, workspace.config.models if workspace else {})
        yield AnnotatorService(AuthorKind.LLM, dict.fromkeys(scheme.languages, ()))
    except CurateError as error:
        yield AnnotatorService(AuthorKind.LLM, {}, str(error))


def _problems(scheme: Scheme) -> Iterator[str]:
    """What is allowed and yet makes bad data: categories and labels that nobody has defined."""
    for language in scheme.languages:
        definitions = {category.name: category.definition for category in scheme.categories}
        definitions |= {label.name: label.definition for label in scheme.labels}
        undefined = [name for name, definition in definitions.items() if not definition.get(language)]
        if undefined:
            yield f"no definition in {language}: {', '.join(undefined)}; annotators and models go by it"
