"""`curate whoami`, and the person that other commands record."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.commands.options import JsonOption
from pipeline.commands.output import print_json, say

#: What to do where the person is not known.
TELL = "say who you are once with `curate whoami NAME` (or CLINCURATE_PERSON), or give --by NAME"


def whoami(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Your name, kept for you on this machine.", show_default="show it"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say once who you are: the name that stands beside your decisions. Without NAME: show it."""
    from curation.errors import UsageError
    from pipeline.steps.whoami import keep_person, known_person

    if name is not None:
        keep_person(name)
    found = known_person()
    if found is None:
        raise UsageError(f"expected a person, none was told yet; {TELL}")
    person, source = found
    if name is not None and person != name.strip():
        say(f"{source} says {person}, and goes before what is kept")
    print_json({"person": person, "from": source}) if as_json else say(f"{person} (from {source})")


def signer(by: str | None) -> str:
    """The person who decides: the one given, the one who is known, or the one who answers when asked in a terminal.

    Raises UsageError, and does not take the name of the account, when nobody is known and nobody can be asked.
    """
    from curation.errors import UsageError
    from pipeline.steps.whoami import keep_person, known_person, person_name

    if by is not None:
        return person_name(by)
    if found := known_person():
        return found[0]
    if sys.stdin.isatty():
        return keep_person(typer.prompt("Your name, as it will stand beside your decisions", err=True))
    raise UsageError(f"expected who decides; {TELL}")
