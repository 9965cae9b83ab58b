"""What to run after a command: one table, a line for people on standard error; none after a command not in it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from curation.author import GOLD, PEOPLE, AuthorKind, is_human, kind_of, layer_kind, layer_name, ranked
from pipeline.commands.options import HERE
from pipeline.commands.output import say

if TYPE_CHECKING:
    from pipeline.workspace import Workspace


@dataclass(frozen=True)
class FinishedCommand:
    """The options of a command that has ended, whether it left something undone, and what the workspace holds now."""

    options: Mapping[str, Any]
    failed: bool = False

    @property
    def folder(self) -> Path:
        """The workspace's folder."""
        return Path(self.options.get("new_folder") or self.options.get("folder") or HERE)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace."""
        from pipeline.workspace import Workspace

        return Workspace.at(self.folder)

    @cached_property
    def authors(self) -> dict[str, str]:
        """Who wrote the layers, by their names."""
        with self.workspace.open_store() as store:
            return store.layer_authors()

    @cached_property
    def has_batches(self) -> bool:
        """Whether questions lie at a provider."""
        with self.workspace.open_store() as store:
            return bool(store.batches())

    @cached_property
    def verdicts(self) -> dict[str, dict[str, int]]:
        """How many records have each verdict on each layer."""
        from curation.decision import DecisionKind

        with self.workspace.open_store() as store:
            return store.count_decisions(DecisionKind.LAYER)

    @cached_property
    def newest_set(self) -> tuple[str, str] | None:
        """The name of the newest curated set, and of the layer that it holds."""
        with self.workspace.open_store() as store:
            sets = store.curated_sets()
        return (sets[-1].name, str(sets[-1].manifest["layer"]).split(" or ")[0]) if sets else None

    @property
    def reviewed(self) -> list[str]:
        """The layers of single people."""
        return [name for name in self.authors if is_human(name)]


Suggestion = Callable[[FinishedCommand], str | None]

#: Options of `annotate` without which another layer would be made, or the same one from other questions.
ASKED_BY = ("layer", "examples", "samples", "merge")


def _after_importing(done: FinishedCommand) -> str | None:
    if done.failed:
        with done.workspace.open_store() as store:
            if not store.count_records():
                return None
    return _first_annotation(done)


def _first_annotation(done: FinishedCommand) -> str:
    # Rules give no document labels.
    kind = AuthorKind.RULES if done.workspace.scheme.categories else AuthorKind.FEW_SHOT
    return f"annotate --with {layer_name(kind)}"


def _after_freezing(done: FinishedCommand) -> str:
    return f"train --set {_quoted(done.options['name'])}"


def _after_training(done: FinishedCommand) -> str:
    """Annotating with the adapter, or the merged model; after a look at what would be learnt, the training."""
    from curation.scheme import load_scheme
    from curation.tagging.folder import COMMON_SCHEME

    if done.options.get("action") == "merge":
        return f"annotate --with adapter:{_quoted(done.options['to'])}"
    if done.options.get("action"):
        sets = "".join(f" --set {_quoted(name)}" for name in done.options.get("curated") or ())
        mapping = done.options.get("mapping")
        return f"train{sets}" + (f" --mapping {_quoted(mapping)}" if mapping else "")
    named = str(done.options["name"])
    common = Path("adapters", named, COMMON_SCHEME)
    if not (done.folder / common).is_file() or load_scheme(done.folder / common).digest == done.workspace.scheme.digest:
        return f"annotate --with adapter:{_quoted(named)}"
    return f"annotate --with adapter:{_quoted(named)}, once curation.scheme names {common.as_posix()}"


def _after_annotating(done: FinishedCommand) -> str | None:
    spoken = str(done.options["annotator"])
    layer = done.options.get("layer") or layer_name(kind_of(spoken))
    same = f"annotate --with {_quoted(spoken)}" + "".join(
        f" --{option} {_quoted(value)}" for option in ASKED_BY if (value := done.options.get(option))
    )
    in_batches = " --batch" if done.options.get("batch") else ""
    if done.options.get("dry"):
        return f"{same}{in_batches}"
    if in_batches and done.has_batches:
        return f"{same} --batch, to collect what has come: curate batches list shows it"
    if done.failed:
        return f"{same}{in_batches} --retry-failed, once you know why: curate status shows it"
    if done.options.get("again") or layer not in done.authors:
        return None
    if kind_of(spoken) is AuthorKind.ADAPTER and done.newest_set:
        name, gold = done.newest_set
        return f"evaluate --gold {_quoted(gold)} --predicted {_quoted(layer)} --set {_quoted(name)}"
    return f"validate --layer {_quoted(layer)}"


def _after_validating(done: FinishedCommand) -> str | None:
    from curation.author import VALIDATION_RANK

    if done.options.get("changes"):
        return None
    settings = done.workspace.config
    layer = done.options.get("layer") or settings.validation.layer
    layer = layer or next(iter(ranked(done.authors, VALIDATION_RANK)), None)
    if layer is None:
        return _first_annotation(done)
    if layer_kind(layer, done.authors.get(layer, "")) in PEOPLE and done.verdicts.get(layer, {}).get("accepted"):
        return f"freeze --layer {_quoted(layer)}"
    return "review push" if settings.review.url or _runs(done) else "review start"


def _after_deidentifying(done: FinishedCommand) -> str | None:
    if not done.options["dry_run"]:
        return "validate"
    kinds = "".join(f" --kinds {_quoted(kind)}" for kind in done.options["kinds"] or ())
    mode = done.options["mode"]
    return f"deidentify{kinds}{'' if mode == 'surrogate' else f' --mode {_quoted(mode)}'}"


def _after_starting(done: FinishedCommand) -> str | None:
    return "review push" if done.verdicts else "validate"


def _after_pulling(done: FinishedCommand) -> str | None:
    if not done.reviewed:
        return "review pull, once people have submitted"
    waiting = [name for name in done.reviewed if name not in done.verdicts]
    return f"validate --layer {_quoted(waiting[0])}" if waiting else f"freeze --layer {_quoted(done.reviewed[0])}"


def _after_evaluating(done: FinishedCommand) -> str | None:
    if done.newest_set is None:
        return f"freeze --layer {_quoted(done.options['gold'] or GOLD)}"
    return f"export hf --to exports/{_quoted(done.newest_set[0])}"


def _only_looks(done: FinishedCommand) -> bool:
    return bool(done.options.get("report_only") or done.options.get("dry"))


def _runs(done: FinishedCommand) -> bool:
    from annotation.label_studio.server.server import status

    return status(done.folder) is not None


def _quoted(word: object) -> str:
    return shlex.quote(str(word))


#: By the words of the command: what to run after it, without `curate`.
NEXT: dict[str, Suggestion] = {
    "init": lambda done: "import FILE --language en",
    "import": _after_importing,
    "generate": lambda done: None if _only_looks(done) else _first_annotation(done),
    "annotate": _after_annotating,
    "deidentify": _after_deidentifying,
    "translate": lambda done: None if _only_looks(done) else "validate",
    "validate": _after_validating,
    "review install": lambda done: "review start",
    "review start": _after_starting,
    "review queue": lambda done: (
        None
        if done.options["stop"]
        else "review pull, once people have submitted"
        if done.options["push"]
        else "review queue --push"
    ),
    "review push": lambda done: "review pull, once people have submitted",
    "review pull": _after_pulling,
    "review agreement": lambda done: "review adjudicate settle",
    "review adjudicate settle": lambda done: "review adjudicate push",
    "review adjudicate push": lambda done: "review adjudicate pull, once it is decided",
    "review adjudicate pull": lambda done: f"validate --layer {GOLD}",
    "freeze": _after_freezing,
    "train": _after_training,
    "evaluate": _after_evaluating,
}

#: Commands that end with exit code 1 where some of the input was refused, and the rest is there.
PARTLY = frozenset({"import", "annotate"})


def add_next_steps(app: typer.Typer, *words: str) -> None:
    """Let the commands of an app, and of the apps in it, end with the step that follows."""
    for command in app.registered_commands:
        assert command.callback is not None
        path = " ".join((*words, command.name or command.callback.__name__))
        if path in NEXT:
            command.callback = _followed(path, command.callback)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        add_next_steps(group.typer_instance, *words, str(group.name))


def _followed(path: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def command(**options: Any) -> None:
        try:
            function(**options)
        except typer.Exit as ended:
            if path in PARTLY and ended.exit_code == 1:
                _say_next(path, FinishedCommand(options, failed=True))
            raise
        _say_next(path, FinishedCommand(options))

    return command


def _say_next(path: str, done: FinishedCommand) -> None:
    from curation.errors import CurateError

    if done.options.get("as_json"):
        return
    try:
        line = NEXT[path](done)
    except CurateError:
        return  # the command has done its work; a line of advice is no reason to fail
    if line is not None:
        say(f"next: {with_workspace(f'curate {line}', done.folder)}")


def with_workspace(line: str, folder: Path) -> str:
    """The line for a workspace in another folder than this one: before a comma, which words for people follow."""
    if folder == HERE:
        return line
    command, comma, words = line.partition(", ")
    return f"{command} --workspace {_quoted(folder)}{comma}{words}"
