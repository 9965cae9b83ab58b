"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="The workspace folder.", show_default="this folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="Also try records again that failed before.")]
SetOption = Annotated[
    str | None, typer.Option("--set", metavar="NAME", help="NAME, NAME@VERSION or a hash.", show_default="newest")
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
