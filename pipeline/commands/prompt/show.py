"""`curate prompt show`"""

from __future__ import annotations

from pipeline.commands.options import JsonOption
from pipeline.commands.output import print_json, show_text
from pipeline.commands.prompt.arguments import PromptArgument


def show(name: PromptArgument, as_json: JsonOption = False) -> None:
    """Show the file of a prompt."""
    from pipeline.steps.prompt.files import prompt_source

    prompt = prompt_source(name)
    if as_json:
        print_json({"name": prompt.name, "style": prompt.style, "digest": prompt.digest, "source": prompt.source})
    else:
        show_text(prompt.source)
