"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="The workspace folder.", show_default="this folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="Also try records again that failed before.")]
#: What commands take that ask language models.
RetryKindsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--retry",
        metavar="KIND",
        help="Also ask a language model again about records that failed by this: truncated (with room for a longer "
        "answer), refused, looping, empty, unparsable, incomplete. May be given again.",
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing: show one prompt, and what the run would ask and cost.")
]
MaxCostOption = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="Money after which nothing more is sent in this run.")
]
MaxTokensOption = Annotated[
    int | None, typer.Option("--max-tokens", min=0, help="Tokens, sent and answered, after which it stops.")
]
MaxTimeOption = Annotated[float | None, typer.Option("--max-time", min=0, help="Seconds after which it stops.")]
SetOption = Annotated[
    str | None, typer.Option("--set", metavar="NAME", help="NAME, NAME@VERSION or a hash.", show_default="newest")
]
SetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME", help="NAME, NAME@VERSION or a hash; several: all of them.", show_default="newest"
    ),
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="YAML file with the common names of several sets' categories, relations and labels.",
        show_default=False,
    ),
]
WithScoresOption = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="SCORE", help="Also a score that needs a model: bertscore. May be given again."),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Port of Label Studio.", show_default="the last, or review.port"),
]


def _allow(value: bool) -> bool:
    """The option's value, once downloads are allowed where it is given."""
    if value:
        from curation.downloads import allow_downloads

        allow_downloads()
    return value


DownloadOption = Annotated[
    bool,
    typer.Option(
        "--allow-download",
        callback=_allow,
        help="Fetch a model that is named and not on this machine from the Hugging Face hub.",
    ),
]

HERE = Path()


def refuse_beside(option: str, others: Mapping[str, object]) -> None:
    """Raises UsageError where others are given that would be passed over beside an option."""
    from curation.errors import UsageError

    if given := [name for name, value in others.items() if value is not None]:
        raise UsageError(f"expected {option} without {', '.join(given)}, which would change nothing")
