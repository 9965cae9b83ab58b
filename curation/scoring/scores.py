"""All scores of one layer against another, and what is not measured, with the reason; over all records and by language.

Documents come one after the other; what is kept of each are counts that add up (`DocumentTally`), so that memory does
not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from curation.batches import batched
from curation.record import Frozen, Layer, Record
from curation.scheme import Scheme
from curation.scoring.bert_scorers import BertScorers, BertScores, bert_scores
from curation.scoring.concepts import ConceptScores, concept_counts, concept_scores
from curation.scoring.entities import EntityScores, Resampling, entity_counts, entity_scores
from curation.scoring.entity_confidence import EntityConfidence, confidence_counts, confidence_scores
from curation.scoring.facts import FactScores, fact_counts, fact_scores
from curation.scoring.flat import FlatScores, flat_counts, flat_scores, problem_of
from curation.scoring.flat_shape import ValueForm, kept_shape
from curation.scoring.labels import LabelScores, label_counts, label_scores
from curation.scoring.relations import RelationScores, relation_counts, relation_scores
from curation.scoring.rouge import RougeScorer
from curation.scoring.tally import DocumentCounts, DocumentTally
from curation.settings import ScoringSettings

#: Documents whose texts an encoder reads at a time.
TOGETHER = 64
#: The scores that need a model, which are measured where they are asked for.
BERTSCORE = "bertscore"
WITH_MODELS = (BERTSCORE,)


class ScoredDocument(NamedTuple):
    """A record with its layer of gold, and the predicted one if it has one."""

    record: Record
    gold: Layer
    predicted: Layer | None


class LanguageScores(Frozen):
    """The scores over the records of a language; None for what is not measured."""

    entities: EntityScores
    flat: FlatScores
    #: Facts, values, inventions and omissions, age and gender; None where the scheme has no categories.
    facts: FactScores | None = None
    #: By the name of the document label.
    labels: dict[str, LabelScores] = Field(default_factory=dict)
    relations: RelationScores | None = None
    concepts: ConceptScores | None = None
    confidence: EntityConfidence | None = None
    bertscore: BertScores | None = None
    #: By the name of the score, why there is none.
    not_measured: dict[str, str] = Field(default_factory=dict)


@dataclass
class Tallies:
    """What was counted, over all documents and by language."""

    whole: DocumentTally = field(default_factory=DocumentTally)
    languages: dict[str, DocumentTally] = field(default_factory=dict)

    def add(self, record: Record, counts: DocumentCounts) -> None:
        """Add what was counted in a document."""
        self.whole.add(record.group, counts)
        self.languages.setdefault(record.language, DocumentTally()).add(record.group, counts)


class DocumentScorer:
    """Counts documents by every score that a scheme has.

    asked: the scores of WITH_MODELS that are wanted. everything: also entities that do not count as information.
    documents: for idf, those that will be scored; read once more for each language. languages: of all documents.
    root: the folder that files of the settings are relative to.
    """

    def __init__(
        self,
        scheme: Scheme,
        *,
        settings: ScoringSettings | None = None,
        asked: Sequence[str] = (),
        everything: bool = False,
        languages: Iterable[str] = (),
        documents: Callable[[], Iterable[ScoredDocument]] | None = None,
        root: Path = Path(),
    ) -> None:
        self.scheme = scheme
        self.settings = settings or ScoringSettings()
        self._everything = everything
        self.bert: BertScorers | None = None
        if BERTSCORE in asked and scheme.categories:
            self.bert = BertScorers(self.settings.bertscore, languages, root=root)
            if self.settings.bertscore.idf and documents is not None:
                self.bert.weigh(lambda: ((found.record.language, scheme.flat(found.gold)) for found in documents()))

    def counted(self, documents: Iterable[ScoredDocument]) -> Iterator[tuple[ScoredDocument, DocumentCounts]]:
        """Each document with what it adds to the figures."""
        for some in batched(documents, TOGETHER):
            views = [self._views(document) for document in some]
            found = [self._counts(document, *view) for document, view in zip(some, views, strict=True)]
            if self.bert is not None:
                pairs = [(document.record.language, *view) for document, view in zip(some, views, strict=True)]
                more = self.bert.counts(pairs, self.scheme)
                found = [{**counts, **added} for counts, added in zip(found, more, strict=True)]
            yield from zip(some, found, strict=True)

    def _views(self, document: ScoredDocument) -> tuple[dict[str, str], dict[str, str] | None]:
        predicted = document.predicted
        return self.scheme.flat(document.gold), self.scheme.flat(predicted) if predicted else None

    def _counts(
        self, document: ScoredDocument, gold_view: dict[str, str], view: dict[str, str] | None
    ) -> DocumentCounts:
        record, gold, predicted = document
        scheme, everything = self.scheme, self._everything
        shape = ValueForm.NO_ANSWER.value if predicted is None else kept_shape(predicted)
        problem = problem_of(shape, scheme) if shape is not None else None
        scorer = RougeScorer(record.language, self.settings.rouge)
        return {
            **entity_counts(gold, predicted, scheme=scheme, everything=everything, text=record.text),
            **relation_counts(gold, predicted, scheme=scheme, everything=everything),
            **concept_counts(gold, predicted, scheme=scheme, everything=everything),
            **confidence_counts(gold, predicted, scheme=scheme, everything=everything),
            **label_counts(gold, predicted, scheme=scheme),
            **flat_counts(gold_view, view, problem, scheme=scheme, scorer=scorer),
            **fact_counts(gold_view, view, scheme=scheme, language=record.language),
        }

    def scores(self, tally: DocumentTally, resampling: Resampling, *, language: str | None = None) -> LanguageScores:
        """The scores of what was counted, over all documents or those of a language."""
        scheme, bert = self.scheme, None
        if self.bert is not None:
            known = self.bert.signatures
            signatures = known if language is None else {key: value for key, value in known.items() if key == language}
            bert = bert_scores(tally, scheme=scheme, signatures=signatures, resampling=resampling)
        made = LanguageScores(
            entities=entity_scores(tally, scheme=scheme, resampling=resampling),
            flat=flat_scores(tally, scheme=scheme, profile=self.settings.rouge),
            facts=fact_scores(tally, scheme=scheme, resampling=resampling) if scheme.categories else None,
            labels=label_scores(tally, scheme=scheme, resampling=resampling),
            relations=relation_scores(tally, scheme=scheme, resampling=resampling),
            concepts=concept_scores(tally, scheme=scheme, resampling=resampling),
            confidence=confidence_scores(tally, resampling=resampling),
            bertscore=bert,
        )
        return made.model_copy(update={"not_measured": dict(self._not_measured(made, language))})

    def _not_measured(self, made: LanguageScores, language: str | None) -> Iterator[tuple[str, str]]:
        if self.scheme.categories and made.entities.strict.micro.f1 is None:
            yield "entities", "neither side has entities"
        if not self.scheme.categories:
            yield "facts", "the scheme has no categories"
        if not self.scheme.labels:
            yield "labels", "the scheme has no document labels"
        for name in (name for name, label in made.labels.items() if not label.records):
            yield f"label {name}", "gold does not give it"
        if made.relations is None:
            yield "relations", "neither side has relations" if self.scheme.relations else "the scheme has no relations"
        if made.concepts is None:
            yield "concepts", "gold has no codes"
        if made.confidence is None and self.scheme.categories:
            yield "confidence", "the predicted entities have no scores"
        for name in (name for name, person in (made.facts.person if made.facts else {}).items() if not person.records):
            yield name, "no record of gold has one that can be read"
        yield from self._no_bertscore(made, language)

    def _no_bertscore(self, made: LanguageScores, language: str | None) -> Iterator[tuple[str, str]]:
        if self.bert is None:
            asks = "not asked for: --with bertscore" if self.scheme.categories else "the scheme has no categories"
            yield BERTSCORE, asks
            return
        reasons = {key: why for key, why in self.bert.not_measured.items() if language in (None, key)}
        yield from ((f"{BERTSCORE} {key}", why) for key, why in reasons.items())
        if made.bertscore is None and not reasons:
            yield BERTSCORE, "neither side has facts"
