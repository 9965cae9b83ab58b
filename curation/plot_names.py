"""Names in plots: any name is drawn as it is written, without formulas, and without a word about missing glyphs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from curation.printable import printable

#: Longer names are cut: a plot has to keep room for its bars.
LONGEST = 48


def plot_name(name: str) -> str:
    """The name as it stands in a plot: on one line, cut where it is long."""
    shown = printable(name)
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST - 1]}\u2026"
    # Matplotlib leaves names that begin so out of a legend.
    return f" {shown}" if shown.startswith("_") else shown


@contextmanager
def plain_names() -> Iterator[None]:
    """Inside the block Matplotlib takes no sign of a name for a formula and says nothing of glyphs that it lacks.

    A decorator, too: a text is made with the setting of its time. Without Matplotlib, nothing.
    """
    try:
        from matplotlib import rc_context
    except ImportError:
        yield
        return
    with warnings.catch_warnings(), rc_context({"text.parse_math": False, "text.usetex": False}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        yield
