"""What is known of the quality of all translations into a language that stand: nothing is asked or measured here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.store import Store
from curation.translate.adequacy import ADEQUACY, JudgedTranslation
from curation.translate.back_translated import BACK, BackTranslation
from pipeline.egress import gate_of
from pipeline.steps.translations.checks import TranslationChecks
from pipeline.steps.translations.selection import standing_translations
from pipeline.workspace import Workspace


@dataclass(slots=True)
class TranslationQuality:
    """Counts over translations. back: chrF and chrF++ of each that was translated back; below: how many are under the
    limit of the settings. without_verdicts: of which no answer of
    the judge could be read. says, faults: segments that were judged; wrong: translations with a segment that is.
    failing: how many translations break a rule; checked: those on which it was measured.
    """

    translations: int = 0
    back: list[tuple[float, float]] = field(default_factory=list)
    back_by: Counter[str] = field(default_factory=Counter)
    below: int = 0
    limit: float = 0.0
    judged_by: Counter[str] = field(default_factory=Counter)
    judges_itself: int = 0
    without_verdicts: int = 0
    wrong: int = 0
    says: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    checked: int = 0

    @property
    def means(self) -> tuple[float | None, float | None]:
        """The mean chrF and chrF++ of those that were translated back."""
        if not self.back:
            return None, None
        both = [sum(scores) / len(scores) for scores in zip(*self.back, strict=True)]
        return round(both[0], 2), round(both[1], 2)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on; None where nobody asked."""
        chrf, chrf_words = self.means
        return {
            "translations": self.translations,
            "back_translation": {
                "translations": len(self.back),
                "by": dict(sorted(self.back_by.items())),
                "chrf": chrf,
                "chrf_words": chrf_words,
                "below_limit": self.below,
                "limit": self.limit,
            }
            if self.back
            else None,
            "judged": {
                "translations": self.judged_by.total(),
                "by": dict(sorted(self.judged_by.items())),
                "by_their_translator": self.judges_itself,
                "without_verdicts": self.without_verdicts,
                "with_wrong_segments": self.wrong,
                "segments": dict(sorted(self.says.items())),
                "faults": dict(sorted(self.faults.items())),
            }
            if self.judged_by
            else None,
            "checks": {"translations": self.checked, "failing": dict(sorted(self.failing.items()))}
            if self.checked
            else None,
        }


def quality_of(workspace: Workspace, store: Store, to: str) -> TranslationQuality:
    """What was found so far, by whatever was asked and measured last."""
    ids = list(standing_translations(store, to).originals)
    found = TranslationQuality(len(ids), limit=workspace.config.validation.translation.back)
    for _, measures in store.measures(ids, stage=BACK):
        back = BackTranslation.model_validate(measures[BACK])
        found.back.append((back.chrf, back.chrf_words))
        found.back_by[back.by] += 1
        found.below += back.chrf < found.limit
    for _, measures in store.measures(ids, stage=ADEQUACY):
        judged = JudgedTranslation.model_validate(measures[ADEQUACY])
        found.judged_by[judged.by] += 1
        found.judges_itself += judged.judges_itself
        found.without_verdicts += not judged.verdicts
        found.wrong += bool(judged.wrong)
        found.says.update(verdict.says.value for verdict in judged.verdicts)
        found.says.update({"not_judged": sum(judged.not_judged.values())} if judged.not_judged else {})
        found.faults.update(verdict.fault.value for verdict in judged.wrong)
    checks = TranslationChecks(workspace, store, gate_of(workspace, store, writes=False))
    for row in checks.rows_so_far(ids).values():
        found.checked += 1
        found.failing.update(checks.failing(row))
    return found
