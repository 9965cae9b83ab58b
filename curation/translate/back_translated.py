"""What was found about a translation by translating it back."""

from __future__ import annotations

from pydantic import Field

from curation.record import Frozen
from curation.text.folding import Span

#: The name of the stage; what it found is stored under it.
BACK = "back-translate"


class BackTranslation(Frozen):
    """How like its original a translation is when it is translated back, and by whom; no words of the text.

    chrf, chrf_words: chrF and chrF++ of the whole text, 0 to 100 (Popović 2015 and 2017). least, least_span: the chrF
    of the segment that is least like its original, and where it stands in the translation.
    """

    by: str
    chrf: float = Field(ge=0, le=100)
    chrf_words: float = Field(ge=0, le=100)
    least: float | None = None
    least_span: Span | None = None
