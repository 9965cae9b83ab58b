"""`curate prompt list`"""

from __future__ import annotations

from pipeline.commands.options import HERE, JsonOption, WorkspaceOption
from pipeline.commands.output import print_json, print_table


def list_prompts(folder: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show which prompts there are for language models, and which one the workspace uses."""
    from pipeline.steps.prompt.files import list_prompts as listed

    rows = listed(folder)
    if as_json:
        print_json({"prompts": [row.as_json() for row in rows]})
        return
    table = [(row.name, row.style, row.digest, "yes" if row.in_use else "") for row in rows]
    print_table("Prompts", ("name", "style", "digest", "in use"), table)
