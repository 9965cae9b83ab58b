"""`curate --version`"""

from __future__ import annotations

import typer


def print_version(asked: bool) -> None:
    """Print the product's version and Python's, and end, where they are asked for."""
    from importlib.metadata import version
    from platform import python_version

    if asked:
        print(f"clincurate {version('clincurate')} (Python {python_version()})")
        raise typer.Exit
