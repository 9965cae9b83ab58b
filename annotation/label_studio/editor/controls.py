"""The names of the editor's controls, which the results of annotations and predictions refer to."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.label_studio.editor.links import without_link

#: The prefix of the original's regions in annotations that were made before.
OLD_PREFIX = "original:"


@dataclass(frozen=True, slots=True)
class EditorSide:
    """One side of the editor: a text with the controls that mark it."""

    text: str
    labels: str
    assertion: str
    #: The prefix of its regions' ids: both texts may have an entity T1. The page makes classes of ids, whose style is
    #: lost where there is a colon in them.
    prefix: str = ""

    def own_id(self, region: str) -> str:
        """The id of a region without the prefix, or the one that it had before."""
        if not self.prefix:
            return without_link(region)
        return region.removeprefix(self.prefix).removeprefix(OLD_PREFIX)

    @property
    def controls(self) -> frozenset[str]:
        """The controls of the results about this text."""
        return frozenset({self.labels, self.assertion})


#: The record under review.
MAIN = EditorSide("text", "label", "assertion")
#: The record that it was translated from, where that is shown beside it; not `source`, which the page takes for
#: the task itself. One control for both texts would show the spans of both, but could not relabel any.
ORIGINAL = EditorSide("original", "original_label", "original_assertion", prefix="original-")

TEXT, LABELS, ASSERTION = MAIN.text, MAIN.labels, MAIN.assertion
RELATIONS = "relations"
VERDICT = "verdict"
REASON = "reasons"
QUALITY = "quality"
#: The best rating of quality.
STARS = 5
COMMENT = "comment"
#: The text of a translation, to be corrected; the task's data calls it so too.
TRANSLATION = "translation"
#: The original as a page to read; the task's data calls it so too.
ORIGINAL_PAGE = "original_page"

#: Prefix of the controls of a scheme's document labels.
DOCUMENT_LABEL = "document_"
#: Prefix of the controls of a category's facts.
FACTS = "facts_"

#: A relation of ours: the tail is the next fragment of the head's entity. Label Studio has no such spans.
CONTINUES = "continues"
