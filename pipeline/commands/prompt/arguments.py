"""Arguments that the commands about prompts share."""

from __future__ import annotations

from typing import Annotated

import typer

PROMPT_WORDS = "A prompt: naive.v1, naive for the newest version, or the path of a jinja file."
PromptArgument = Annotated[str, typer.Argument(metavar="NAME", help=PROMPT_WORDS)]
