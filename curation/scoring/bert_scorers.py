"""BERTScore of the flat view: a scorer for each language that the encoder reads, and why others are not measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from curation.embeddings.languages import card_languages, covers
from curation.record import Frozen
from curation.scheme import ABSENT, Scheme
from curation.scoring.bert_score import BertScorer, read_baseline, token_weights
from curation.scoring.entities import RESAMPLING, Resampling
from curation.scoring.means import WIDTH, mean_at, mean_interval, means
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key, in_order
from curation.scoring.token_vectors import encoder_folder, load_token_encoder
from curation.settings import BertScoreSettings

PARTS = ("precision", "recall", "f1")
#: Tables of means: of the F1 and of its parts.
TABLES = {part: f"bertscore {part}" for part in PARTS}
F1_TABLE = TABLES["f1"]

#: The gold and the predicted flat view of a document in a language.
FlatPair = tuple[str, Mapping[str, str], Mapping[str, str] | None]


class BertScores(Frozen):
    """Means over the pairs in which gold or prediction has a fact; a pair that one side leaves empty scores 0."""

    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: tuple[float, float] | None
    per_category: dict[str, float | None]
    pairs: int
    #: Model, layer, weights and baseline, by language: figures are only comparable under the same.
    signatures: dict[str, str]


class BertScorers:
    """Scores flat views in the languages that can be measured; ``not_measured`` has the reason for each other one.

    root: the folder that baseline files are relative to. Raises ConfigError or UsageError where the encoder, the layer
    or a baseline is not there.
    """

    def __init__(self, settings: BertScoreSettings, languages: Iterable[str], *, root: Path = Path()) -> None:
        self.settings = settings
        self.not_measured: dict[str, str] = {}
        self._scorers: dict[str, BertScorer] = {}
        for language in languages:
            if reason := _reason(settings, language):
                self.not_measured[language] = reason
                continue
            encoder = load_token_encoder(settings.encoder, settings.layer)
            path = settings.baselines.get(language)
            baseline = read_baseline(root / path, encoder.layer) if path else None
            self._scorers[language] = BertScorer(encoder, baseline=baseline)

    @property
    def signatures(self) -> dict[str, str]:
        """What the figures of each language have to be given with."""
        return {language: scorer.signature for language, scorer in self._scorers.items()}

    def weigh(self, references: Callable[[], Iterable[tuple[str, Mapping[str, str]]]]) -> None:
        """Weight tokens by how rare they are among the facts of gold, given by language."""
        for language, scorer in list(self._scorers.items()):
            texts = (
                value for found, view in references() if found == language for value in view.values() if value != ABSENT
            )
            weights = token_weights(scorer.encoder, texts)
            self._scorers[language] = BertScorer(scorer.encoder, weights=weights, baseline=scorer.baseline)

    def counts(self, pairs: Sequence[FlatPair], scheme: Scheme) -> list[DocumentCounts]:
        """What each document adds to the figures of `bert_scores`: nothing in a language that is not measured."""
        found: list[dict[Key, tuple[float, ...]]] = [{} for _ in pairs]
        for language, scorer in self._scorers.items():
            fields = [
                (number, name, sides)
                for number, (spoken, gold, view) in enumerate(pairs)
                if spoken == language
                for name, sides in _fields(gold, view, scheme)
            ]
            scores = scorer.score(*([sides[side] for _, _, sides in fields] for side in (0, 1)))
            scored = [(number, name, score) for (number, name, _), score in zip(fields, scores, strict=True) if score]
            for number, of_document in groupby(scored, key=lambda row: row[0]):
                by_name = {name: score for _, name, score in of_document}
                for part in PARTS:
                    values = {name: getattr(score, part) for name, score in by_name.items()}
                    found[number] |= means(TABLES[part], values)
        return list(found)


def bert_scores(
    tally: DocumentTally, *, scheme: Scheme, signatures: Mapping[str, str], resampling: Resampling = RESAMPLING
) -> BertScores | None:
    """The scores of what was counted; None where nothing was."""
    key = F1_TABLE, TOTAL
    pairs = tally.total(key, WIDTH)[1]
    if not pairs:
        return None
    parts = {part: mean_at(tally, (TABLES[part], TOTAL)) for part in PARTS}
    return BertScores(
        **parts,
        f1_interval=mean_interval(tally.counts(key, WIDTH), pairs, resampling),
        per_category={name: mean_at(tally, (F1_TABLE, name)) for name in in_order(tally.rows(F1_TABLE), scheme.names)},
        pairs=int(pairs),
        signatures=dict(signatures),
    )


def _fields(
    gold: Mapping[str, str], view: Mapping[str, str] | None, scheme: Scheme
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The fields that either side has; an absent one is an empty text."""
    for name in scheme.names:
        sides = gold.get(name, ABSENT), (view or {}).get(name, ABSENT)
        if sides != (ABSENT, ABSENT):
            yield name, ("" if sides[0] == ABSENT else sides[0], "" if sides[1] == ABSENT else sides[1])


def _reason(settings: BertScoreSettings, language: str) -> str | None:
    """Why a language cannot be measured, if so."""
    folder = encoder_folder(settings.encoder)
    if settings.languages:
        reads = language in settings.languages
    else:
        reads = any(covers(name, frozenset({language})) for name in (settings.encoder, str(folder)))
        # A model whose card says nothing of languages is of English.
        reads = reads or (language == "en" and not card_languages(folder))
    if not reads:
        return (
            f"{settings.encoder} does not read {language}; name an encoder that does in "
            "curation.scoring.bertscore.encoder, such as xlm-roberta-large"
        )
    if settings.baselines and language not in settings.baselines:
        return f"there is no baseline for {language} in curation.scoring.bertscore.baselines, others have one"
    return None
