"""The checks of translations, put to those that stand and to those that could: what fails, and which is the best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from pydantic import JsonValue

from curation.egress.gate import Gate
from curation.embeddings.encoder import Encoder
from curation.stage import Item
from curation.store import Store
from curation.translate.adequacy import ADEQUACY, JudgedTranslation
from curation.translate.back_translated import BACK, BackTranslation
from curation.translate.candidates import CandidateRank, TranslationCandidate
from curation.translate.projection.layers import ENTITIES, counts, is_carried
from curation.translate.projection.projected import ProjectionState
from pipeline.workspace import Workspace
from validation.frame import whole_of
from validation.layers import preferred_layers
from validation.measures import adequacy, back_translation
from validation.measures.adequacy import TRANSLATION_ADEQUACY
from validation.measures.back_translation import BACK_TRANSLATION
from validation.measures.measure import VECTORS, Columns, Scope
from validation.measures.rule import Rule
from validation.measures.translation import KEPT, TRANSLATION, PairWork, paired
from validation.rules import severities
from validation.settings import Severity
from validation.translation import columns
from validation.translation.multilingual import meaning_encoder
from validation.translation.pair import measured

#: The measures whose rules are put to translations.
LOOKED_AT = (TRANSLATION, BACK_TRANSLATION, TRANSLATION_ADEQUACY)


class TranslationChecks:
    """The rules of validation on translations, under the settings of a workspace; those that are off are left out."""

    def __init__(self, workspace: Workspace, store: Store, gate: Gate) -> None:
        self._store, self._scheme, self._settings = store, workspace.scheme, workspace.config.validation
        self._scope = Scope(workspace.scheme, self._settings, workspace.folder / VECTORS, gate)
        severity = severities(self._settings)
        self.rules: tuple[Rule, ...] = tuple(
            rule for spec in LOOKED_AT for rule in spec.rules if severity[rule.name] is not Severity.OFF
        )

    @cached_property
    def identity(self) -> JsonValue:
        """What ranks depend on beside the records."""
        rules: list[JsonValue] = [[rule.name, rule.parameters(self._settings, self._scheme)] for rule in self.rules]
        return [rules, [[spec.name, spec.version] for spec in LOOKED_AT], self._settings.translation.aligned]

    def failing(self, row: Columns) -> list[str]:
        """The names of the rules that a row breaks; what was not measured breaks none."""
        return [
            rule.name
            for rule in self.rules
            if isinstance(value := row.get(rule.column), int | float)
            and not _within(value, rule.parameters(self._settings, self._scheme))
        ]

    def rows(self, pairs: Mapping[str, str], *, writes: bool = True) -> dict[str, Columns]:
        """What is measured on each translation, by its id; kept for validation.

        pairs: by a translation's id, that of its original. writes: whether it is kept.
        """
        work = PairWork(whole_of(self._store, self._scope, foreign={}, looked_at=()))
        wanted = list(pairs.items())
        keys, rows = work.known(wanted)
        unknown = [pair for pair in wanted if pair[0] not in rows]
        if unknown:
            fresh = work.reader(work.items(unknown), encoder=self._encoder)
            rows |= work.keep(keys, fresh) if writes else dict(fresh)
        return {id: row | self._asked_row(found) for id, row, found in self._with_asked(rows)}

    def rows_so_far(self, ids: Sequence[str]) -> dict[str, Columns]:
        """What was measured last on these translations, without those that were never measured."""
        rows = dict(self._store.measures(ids, stage=KEPT))
        return {id: row | self._asked_row(found) for id, row, found in self._with_asked(rows)}

    def weigh(self, item: Item, candidate: TranslationCandidate) -> CandidateRank:
        """The rank of a translation: the rules that it breaks, its lost spans, and how far it is from a perfect score.

        The score is the mean of what is known of: chrF of the text translated back, mean cosine of sentences, share of
        spans that are not in doubt.
        """
        pair = paired(item, Item(candidate.record, candidate.layers), self._reads)
        found = measured(pair, aligned=self._settings.translation.aligned, encoder=self._encoder)
        row = found | self._asked_row(candidate.measures)
        spans, lost, doubtful = _spans(candidate)
        back, meant = row.get(back_translation.CHRF), row.get(columns.TRANSLATION_SIMILARITY_MEAN)
        scores = [
            *([back / 100] if isinstance(back, int | float) else []),
            *([meant] if isinstance(meant, int | float) else []),
            *([1 - (lost + doubtful) / spans] if spans else []),
        ]
        distance = 1 - sum(scores) / len(scores) if scores else 0.0
        return CandidateRank(len(self.failing(row)), lost, round(distance, 4))

    @cached_property
    def _reads(self) -> tuple[str, ...]:
        return preferred_layers(self._store.layer_authors(), self._settings)

    @cached_property
    def _encoder(self) -> Encoder | None:
        return meaning_encoder(self._scope)

    def _with_asked(self, rows: Mapping[str, Columns]) -> list[tuple[str, Columns, Mapping[str, JsonValue]]]:
        asked: dict[str, dict[str, JsonValue]] = {}
        for stage in (BACK, ADEQUACY):
            for id, found in self._store.measures(rows, stage=stage):
                asked.setdefault(id, {}).update(found)
        return [(id, row, asked.get(id, {})) for id, row in rows.items()]

    def _asked_row(self, measures: Mapping[str, JsonValue]) -> Columns:
        """The columns of what was asked about a translation."""
        row: Columns = {}
        if BACK in measures:
            row |= back_translation.row_of(BackTranslation.model_validate(measures[BACK]))
        if ADEQUACY in measures:
            row |= adequacy.row_of(JudgedTranslation.model_validate(measures[ADEQUACY]))
        return row


def _within(value: float, bounds: Mapping[str, JsonValue]) -> bool:
    low, high = bounds.get("min_value"), bounds.get("max_value")
    return (not isinstance(low, int | float) or value >= low) and (not isinstance(high, int | float) or value <= high)


def _spans(candidate: TranslationCandidate) -> tuple[int, int, int]:
    """How many entities were carried over, and of how many of them the place is lost, or in doubt."""
    total = Counter[str]()
    for layer in candidate.layers.values():
        for tally in counts(layer).values() if is_carried(layer) else ():
            total.update(tally)
    return total[ENTITIES], total[ProjectionState.LOST.value], total[ProjectionState.DISAGREEING.value]
