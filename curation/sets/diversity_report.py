"""The report on generated texts as files: one self-contained page, its figures as JSON, and the plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.html_templates import templates
from curation.sets.diversity import REAL, GroupDiversity
from curation.sets.diversity_plot import diversity_plot

TEMPLATE = "diversity.html.jinja"


def write_diversity(
    groups: Sequence[GroupDiversity], to: Path, *, told: Mapping[str, JsonValue], copied_words: int
) -> Path:
    """The page of the report in a folder: report.html, beside report.json and diversity.png; no clinical text in them.

    told: counts of what models told, and what is not as it was ordered.
    """
    figures = {"told": dict(told), "copied_words": copied_words, "groups": [group.as_json() for group in groups]}
    environment = templates(Path(__file__).parent, extra="validate")
    plot = diversity_plot(groups).decode("utf-8")
    page = environment.get_template(TEMPLATE).render(
        groups=groups, told=told, copied_words=copied_words, real=REAL, plot=plot[plot.index("<svg") :]
    )
    with refilled(to) as inside:
        (inside / "diversity.png").write_bytes(diversity_plot(groups, form="png"))
        (inside / "report.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        (inside / "report.html").write_text(page, encoding="utf-8")
    return to / "report.html"
