"""The table of measures. A new one is one file here and one line below.

Measures only say what is; where a threshold lies is in `validation.rules`, and what follows from it in
`validation.policy`.
"""

from validation.measures.agreement import AGREEMENT
from validation.measures.amounts import AMOUNTS
from validation.measures.boundaries import BOUNDARIES
from validation.measures.categories import CATEGORIES
from validation.measures.dates import DATES
from validation.measures.duplicates import DUPLICATES
from validation.measures.flat import FLAT
from validation.measures.grounding import GROUNDING
from validation.measures.language import LANGUAGE
from validation.measures.leakage import LEAKAGE
from validation.measures.likely_omissions import MENTIONS
from validation.measures.measure import Columns, Level, MeasureSpec, Scope, Subject, Whole
from validation.measures.negation import NEGATION
from validation.measures.omission import OMISSION
from validation.measures.outliers import OUTLIERS
from validation.measures.plausibility import PLAUSIBILITY
from validation.measures.privacy import PRIVACY
from validation.measures.semantic_duplicates import SEMANTIC_DUPLICATES
from validation.measures.similarity import SIMILARITY
from validation.measures.structure import LAYER, TEXT
from validation.measures.translation import TRANSLATION

MEASURES: tuple[MeasureSpec, ...] = (
    TEXT,
    LANGUAGE,
    LAYER,
    FLAT,
    BOUNDARIES,
    GROUNDING,
    OMISSION,
    PLAUSIBILITY,
    AMOUNTS,
    NEGATION,
    DATES,
    PRIVACY,
    AGREEMENT,
    SIMILARITY,
    CATEGORIES,
    OUTLIERS,
    MENTIONS,
    DUPLICATES,
    SEMANTIC_DUPLICATES,
    LEAKAGE,
    TRANSLATION,
)

#: Every column that a measure gives, and what it says.
COLUMNS: dict[str, str] = {name: says for spec in MEASURES for name, says in spec.columns.items()}

#: Columns of words, and columns of lists that explain; all others hold numbers.
WORDS: frozenset[str] = frozenset().union(*(spec.words for spec in MEASURES))
LISTS: frozenset[str] = frozenset().union(*(spec.lists for spec in MEASURES))

__all__ = ["COLUMNS", "LISTS", "MEASURES", "WORDS", "Columns", "Level", "MeasureSpec", "Scope", "Subject", "Whole"]
