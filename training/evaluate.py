"""Scores of predicted layers against gold, as one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from curation.record import Layer
from curation.scheme import Scheme
from curation.scoring.entities import RESAMPLING, EntityScores, Resampling, by_record
from curation.scoring.scores import DocumentScorer, LanguageScores, ScoredDocument, Tallies
from curation.scoring.tally import DocumentCounts
from curation.settings import ScoringSettings
from training.examples import Pair

#: Called with each document and what it adds to the figures.
OnDocument = Callable[[ScoredDocument, DocumentCounts], object]


def _not_kept(document: ScoredDocument, counts: DocumentCounts) -> None:
    """Nothing is kept."""


class EvaluationReport(LanguageScores):
    """The scores of one author against gold: over all records, and by language."""

    scheme: str
    scheme_digest: str
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    #: By language (ISO 639-1); with one language, the same as over all records.
    languages: dict[str, LanguageScores] = Field(default_factory=dict)
    #: Intervals over fewer records than this are withheld.
    minimum_records: int = 1
    #: What a reader has to know of the records and the reference, a sentence each.
    notes: tuple[str, ...] = ()
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def measures_entities(self) -> bool:
        """Whether the scheme asked for entities, or a side has any."""
        return not self.labels or bool(self.entities.strict.per_category)

    def to_json(self) -> dict[str, Any]:
        """``strict``, ``lenient``, ``boundary``, ``token`` and ``records`` at the top, then the other scores and who
        was compared; likewise for each language.
        """
        found = _on_top(self.model_dump(mode="json"))
        return found | {"languages": {name: _on_top(scores) for name, scores in found["languages"].items()}}


def _on_top(scores: dict[str, Any]) -> dict[str, Any]:
    return {**scores["entities"], **{name: value for name, value in scores.items() if name != "entities"}}


def evaluate(
    gold_pairs: Iterable[Pair],
    predicted: Iterable[Layer],
    scheme: Scheme,
    *,
    everything: bool = False,
    minimum_records: int = 1,
    notes: tuple[str, ...] = (),
    resamples: int = 1000,
    seed: int = 0,
    settings: ScoringSettings | None = None,
    asked: Sequence[str] = (),
) -> EvaluationReport:
    """The report on predicted layers, over the records of gold; a record without one counts as empty.

    ``everything`` also scores entities that are no information, such as negated symptoms. ``minimum_records``: a figure
    that rests on fewer records has no interval. ``notes`` are kept with the report. ``asked``: scores that need a
    model, such as bertscore. Raises UsageError when a side has two layers of one record.
    """
    pairs, layers = list(gold_pairs), by_record(predicted, "predicted")
    by_record((layer for _, layer in pairs), "gold")
    documents = [ScoredDocument(record, layer, layers.get(record.id)) for record, layer in pairs]
    report = evaluate_documents(
        lambda: documents,
        scheme,
        languages={record.language for record, _ in pairs},
        everything=everything,
        resampling=Resampling(minimum_records, resamples, seed),
        notes=notes,
        settings=settings,
        asked=asked,
    )
    unscored = len(layers.keys() - {record.id for record, _ in pairs})
    return report.model_copy(update={"entities": report.entities.model_copy(update={"unscored": unscored})})


def evaluate_documents(
    documents: Callable[[], Iterable[ScoredDocument]],
    scheme: Scheme,
    *,
    languages: Iterable[str],
    everything: bool = False,
    resampling: Resampling = RESAMPLING,
    notes: tuple[str, ...] = (),
    settings: ScoringSettings | None = None,
    asked: Sequence[str] = (),
    root: Path = Path(),
    on_document: OnDocument = _not_kept,
) -> EvaluationReport:
    """The report on documents of these languages, one after the other; called again where token weights are wanted.

    root: the folder that files of the settings are relative to.
    """
    scorer = DocumentScorer(
        scheme,
        settings=settings,
        asked=asked,
        everything=everything,
        languages=sorted(languages),
        documents=documents,
        root=root,
    )
    tallies, gold, predicted = Tallies(), set(), set()
    for document, counts in scorer.counted(documents()):
        tallies.add(document.record, counts)
        gold.add(document.gold.author)
        predicted |= {document.predicted.author} if document.predicted else set()
        on_document(document, counts)
    whole = scorer.scores(tallies.whole, resampling)
    several = len(tallies.languages) > 1
    by_language = {
        language: scorer.scores(tally, resampling, language=language) if several else whole
        for language, tally in sorted(tallies.languages.items())
    }
    return EvaluationReport(
        **{name: getattr(whole, name) for name in LanguageScores.model_fields},
        scheme=scheme.name,
        scheme_digest=scheme.digest,
        gold=tuple(sorted(gold)),
        predicted=tuple(sorted(predicted)),
        languages=by_language,
        minimum_records=resampling.minimum_records,
        notes=(*notes, *(_withheld(whole.entities, resampling.minimum_records) if scheme.categories else ())),
    )


def _withheld(scores: EntityScores, minimum: int) -> list[str]:
    """Why there is no interval where one is withheld."""
    total = scores.strict.micro.records
    few = [name for name, score in scores.strict.per_category.items() if score.records < minimum]
    if total < minimum:
        return [f"No intervals: {total} records with entities, fewer than {minimum}."]
    if few:
        return [f"No interval for categories that fewer than {minimum} records have: {', '.join(few)}."]
    return []
