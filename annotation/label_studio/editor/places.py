"""The classes of parts of the page, which the label config's style gives their place and size."""

from __future__ import annotations

#: Stays at the top or at the foot while a long text is scrolled.
AT_TOP, AT_FOOT = "curate-top", "curate-foot"
#: Small lines.
LINE = "curate-line"
#: A heading with its choices beside it.
ROW = "curate-row"
#: What is negated, possible ... in the pre-annotation.
NOT_PRESENT = "curate-not-present"
#: The page of a record that has no original.
NO_ORIGINAL = "curate-no-original"
