"""Any name is drawn as it is written."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hostile_names import GOOD_NAMES, HOSTILE_NAMES, is_clean

from annotation.agreement import plots
from annotation.agreement.estimate import Figure
from curation.plot_names import LONGEST, plot_name
from curation.scoring.entities import EntityScores, Mean, ModeScores, Score
from training.plot import f1_plot
from validation.report.embedding_map import EmbeddingMap, Point
from validation.report.plots import scatter

NAMES = (*HOSTILE_NAMES, *GOOD_NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_short_line(name: str) -> None:
    drawn = plot_name(name)
    assert is_clean(drawn)
    assert len(drawn) <= LONGEST + 1
    assert "\n" not in drawn
    assert not drawn.startswith("_")


def words(svg: str) -> str:
    """All that is written in a plot, which is well-formed XML."""
    return "\n".join(text.text or "" for text in ElementTree.fromstring(svg[svg.index("<svg") :]).iter() if text.text)


def scores() -> EntityScores:
    """Scores in a category of each name."""
    score = Score(precision=0.5, recall=0.5, f1=0.5, f1_interval=(0.4, 0.6), matched=1, gold=2, predicted=2)
    mean = Mean(precision=0.5, recall=0.5, f1=0.5, over=1)
    mode = ModeScores(micro=score, macro=mean, documents=mean, per_category=dict.fromkeys(NAMES, score))
    return EntityScores(strict=mode, lenient=mode, records=1, missing=0, unscored=0, unplaced={})


def test_plots_of_scores_take_any_name() -> None:
    drawn = words(f1_plot(scores(), {}, title="$x^{ _y\x1b").decode())
    assert all(plot_name(name).strip() in drawn for name in NAMES)
    assert f1_plot(scores(), {name: name for name in NAMES}, form="png", title="$").startswith(b"\x89PNG")


def test_plots_of_agreement_take_any_name() -> None:
    figures = [Figure(value=0.5, interval=(0.4, 0.6))] * len(NAMES)
    table = [[1.0] * len(NAMES)] * len(NAMES)
    series = {"$_{": figures, "_under": figures}
    for svg in (
        plots.forest(NAMES, series),
        plots.matrix(NAMES, NAMES, table, counts=True),
        plots.bars(dict.fromkeys(NAMES, 2)),
        plots.courses(["2026-W01"], {name: {"_a $": figures[:1], "b": figures[:1]} for name in NAMES}),
    ):
        drawn = words(svg)
        assert is_clean(drawn)
        assert all(plot_name(name).strip() in drawn for name in NAMES)
    assert " _under" in words(plots.forest(NAMES, series))


def test_the_map_of_embeddings_takes_any_name() -> None:
    points = tuple(Point("r", str(at), name, float(at), 0.0, None) for at, name in enumerate(NAMES))
    drawn = words(scatter(EmbeddingMap("hashed", 0.5, points), {}, label=str, far="far $"))
    assert all(plot_name(name).strip() in drawn for name in NAMES)
