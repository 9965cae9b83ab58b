"""Errors of wrong usage with what was typed in them escaped, as in all other output."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from curation.printable import printable


class PrintableErrors(TyperGroup):
    """A group of commands whose errors of usage can be shown."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """The context, as it is made elsewhere."""
        try:
            return super().make_context(*args, **options)
        except Exception as error:
            _escape(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """What the command gives."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            _escape(error)
            raise


def _escape(error: Exception) -> None:
    # Typer brings a Click of its own, whose errors have no public name; all of them have this method.
    if hasattr(error, "format_message") and isinstance(message := getattr(error, "message", None), str):
        error.message = printable(message)  # type: ignore[attr-defined]
