"""The table of measures. A new one is one file here and one line below, with its import.

A measure describes a record, and its rules what is expected; what follows from a failure is in `validation.policy`.
"""

from curation.decision import DecisionKind
from validation.measures.adequacy import TRANSLATION_ADEQUACY
from validation.measures.agreement import AGREEMENT
from validation.measures.amounts import AMOUNTS
from validation.measures.back_translation import BACK_TRANSLATION
from validation.measures.boundaries import BOUNDARIES
from validation.measures.categories import CATEGORIES
from validation.measures.columns import AS_LISTS, AS_WORDS, RECORD_ID, MeasureColumn
from validation.measures.dates import DATES
from validation.measures.duplicates import DUPLICATES
from validation.measures.flat import FLAT
from validation.measures.grounding import GROUNDING
from validation.measures.language import LANGUAGE
from validation.measures.layer import LAYER
from validation.measures.leakage import LEAKAGE
from validation.measures.likely_omissions import MENTIONS
from validation.measures.measure import MeasureSpec
from validation.measures.negation import NEGATION
from validation.measures.omission import OMISSION
from validation.measures.outliers import OUTLIERS
from validation.measures.plausibility import PLAUSIBILITY
from validation.measures.privacy import PRIVACY
from validation.measures.semantic_duplicates import SEMANTIC_DUPLICATES
from validation.measures.similarity import SIMILARITY
from validation.measures.text import TEXT
from validation.measures.translation import TRANSLATION

MEASURES: tuple[MeasureSpec, ...] = (
    TEXT,
    LANGUAGE,
    LAYER,
    FLAT,
    GROUNDING,
    OMISSION,
    MENTIONS,
    PLAUSIBILITY,
    AMOUNTS,
    NEGATION,
    DATES,
    SIMILARITY,
    AGREEMENT,
    BOUNDARIES,
    CATEGORIES,
    OUTLIERS,
    TRANSLATION,
    BACK_TRANSLATION,
    TRANSLATION_ADEQUACY,
    DUPLICATES,
    SEMANTIC_DUPLICATES,
    LEAKAGE,
    PRIVACY,
)

#: Every column that a measure gives, by its name.
COLUMNS: dict[str, MeasureColumn] = {column: column for spec in MEASURES for column in spec.columns}
#: The columns that expectations see as words, and those that they do not see; all others hold numbers.
WORDS: frozenset[str] = frozenset(column for column in COLUMNS.values() if column.holds in AS_WORDS)
LISTS: frozenset[str] = frozenset(column for column in COLUMNS.values() if column.holds in AS_LISTS)
#: What a verdict on a column is of: the text, the layer, or privacy.
KINDS: dict[str, DecisionKind] = {column: column.of for column in (RECORD_ID, *COLUMNS.values())}
