"""Category consistency: entities that a model which learnt from other records puts into another category.

Confident learning (Northcutt et al. 2021): a linear model in the space of the sentence encoder gives each entity
the probability of its category by a model trained without its patient or article; cleanlab ranks by it. The model is
linear discriminant analysis with a shrunken covariance (Ledoit and Wolf 2004), which learns in one pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from curation.decision import DecisionKind
from curation.embeddings.encoder import Encoder
from curation.errors import MissingExtraError
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Whole, embeddings_off
from validation.measures.rule import Rule
from validation.settings import Severity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Parts of the set; each is judged by what was learnt from the others.
FOLDS = 5
#: Entities that are learnt from and judged at most; with fewer than the least nothing is learnt.
MOST, LEAST = 50_000, 100
#: A category with fewer entities is not judged: nothing could be learnt of it.
FEWEST = 2 * FOLDS


DOUBTFUL_CATEGORIES = MeasureColumn(
    "doubtful_categories", "entities that what other records teach would put into another category"
)
DOUBTFUL_CATEGORY_ENTITIES = MeasureColumn("doubtful_category_entities", "their ids", Holds.ENTITY_IDS)


@dataclass(frozen=True, slots=True)
class CategorisedEntity:
    """An entity in its category."""

    record_id: str
    group: str
    entity_id: str
    category: str
    text: str


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The doubtful entities of each record that has entities which could be judged."""
    settings = whole.scope.settings
    judged = judgeable(placed_entities(whole))
    doubted: dict[str, list[str]] = defaultdict(list)
    for entity in doubtful(judged, whole.scope.encoder, settings.categories.minimum):
        doubted[entity.record_id].append(entity.entity_id)
    return {
        record_id: {
            DOUBTFUL_CATEGORIES: len(doubted.get(record_id, ())),
            DOUBTFUL_CATEGORY_ENTITIES: list(doubted.get(record_id, ())),
        }
        for record_id in dict.fromkeys(entity.record_id for entity in judged)
    }


def placed_entities(whole: Whole) -> list[CategorisedEntity]:
    """The entities of all checked layers, in order, up to a bound."""
    entities = (
        CategorisedEntity(subject.record.id, subject.record.group, entity.id, entity.category, entity.text)
        for subject in whole.subjects()
        for entity in (subject.layer.entities if subject.layer else ())
    )
    return list(islice(entities, MOST))


def judgeable(placed: Sequence[CategorisedEntity]) -> list[CategorisedEntity]:
    """The entities of which the others teach enough to judge them; none of too few entities, categories or groups."""
    counts: dict[str, int] = defaultdict(int)
    for entity in placed:
        counts[entity.category] += 1
    judged = [entity for entity in placed if counts[entity.category] >= FEWEST]
    categories, groups = ({entity.category for entity in judged}, {entity.group for entity in judged})
    return judged if len(judged) >= LEAST and len(categories) > 1 and len(groups) >= FOLDS else []


def doubtful(placed: Sequence[CategorisedEntity], encoder: Encoder, minimum: float) -> list[CategorisedEntity]:
    """The entities whose category has a probability below the minimum, by what other groups of records teach."""
    judged = judgeable(placed)
    if not judged:
        return []
    names = sorted({entity.category for entity in judged})
    vectors = encoder.encode([entity.text for entity in judged])
    scores = _self_confidence(
        vectors, [names.index(entity.category) for entity in judged], [entity.group for entity in judged], len(names)
    )
    return [entity for entity, score in zip(judged, scores, strict=True) if score < minimum]


def _self_confidence(
    vectors: NDArray[np.float32], labels: Sequence[int], groups: Sequence[str], categories: int
) -> NDArray[np.float64]:
    """The out-of-fold probability of each entity's own category: shape (entities,)."""
    import numpy as np

    try:
        from cleanlab.rank import get_self_confidence_for_each_label
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.model_selection import GroupKFold
    except ImportError as error:
        raise MissingExtraError(error.name or "cleanlab", "validate") from error
    given = np.asarray(labels)
    chances = np.zeros((len(given), categories))
    for learnt, asked in GroupKFold(FOLDS).split(vectors, given, groups):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(vectors[learnt], given[learnt])
        chances[np.ix_(asked, model.classes_)] = model.predict_proba(vectors[asked])
    scores: Any = get_self_confidence_for_each_label(given, chances)
    return np.asarray(scores, dtype=np.float64)


CATEGORIES = MeasureSpec(
    name="categories",
    version=2,
    of=DecisionKind.LAYER,
    columns=(DOUBTFUL_CATEGORIES, DOUBTFUL_CATEGORY_ENTITIES),
    rules=(
        Rule(
            "categories_consistent",
            DOUBTFUL_CATEGORIES,
            "Entities stand in the category that other records put their like into.",
            severity=Severity.OFF,
            beside=(DOUBTFUL_CATEGORY_ENTITIES,),
        ),
    ),
    settings=("categories.minimum", "similarity.enabled", "similarity.encoder"),
    lacks=embeddings_off,
    over=measure,
)
