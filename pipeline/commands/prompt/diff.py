"""`curate prompt diff`"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands.options import JsonOption
from pipeline.commands.output import print_json, say, show_text
from pipeline.commands.prompt.arguments import PROMPT_WORDS


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help=PROMPT_WORDS)],
    new: Annotated[str, typer.Argument(metavar="B", help=PROMPT_WORDS)],
    as_json: JsonOption = False,
) -> None:
    """Show what differs between the files of two prompts."""
    from pipeline.steps.prompt.files import diff_prompts

    lines = diff_prompts(old, new)
    if as_json:
        print_json({"lines": list(lines)})
    elif lines:
        show_text("\n".join(lines))
    else:
        say("the two prompts say the same")
