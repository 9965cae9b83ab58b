"""Who made the annotations of a row, and whether the tool that they were made with took them for valid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from curation.author import GOLD, REVIEW_RANK, human, kind_of
from curation.sources.draft import Draft
from curation.sources.reading import NAME, ReadOptions, SourceTally

#: What Prodigy writes beside a task that was not accepted, and the columns by which its rows are known.
REFUSING = frozenset({"reject", "ignore"})
PRODIGY = frozenset({"_task_hash", "_input_hash", "_view_id", "_session_id", "_annotator_id", "spans", "tokens"})
MACHINES = frozenset(REVIEW_RANK)
#: An address, or an author with a revision.
ADDRESS = re.compile(r"[\w.:/+-]{1,80}@[\w.-]{1,40}")
#: The name of a session that nobody gave a name: the time when it began.
UNNAMED = re.compile(r"\d{4}-\d\d-\d\d[ T_]\d\d[-:]\d\d.*")


def take_answer(draft: Draft, values: Mapping[str, Any], tally: SourceTally) -> None:
    """Leaves out the annotations of a task that was rejected or ignored: they are no gold."""
    answer = values.get("answer")
    if answer in REFUSING and draft.annotated and PRODIGY & values.keys():
        tally.notice(draft.where, f"the answer is {answer}: the annotations of the row were left out")
        draft.left_out = len(draft.entities) + len(draft.relations)
        draft.entities, draft.relations, draft.labels, draft.annotated = [], [], {}, False


def by_annotator(draft: Draft) -> Iterator[Draft]:
    """The draft itself, or one for each annotator where single annotations name several."""
    names = list(dict.fromkeys(entity.annotator for entity in draft.entities if entity.annotator))
    if len(names) < 2:
        draft.annotator = draft.annotator or next(iter(names), "")
        yield draft
        return
    for name in names:
        entities = [entity for entity in draft.entities if entity.annotator in {name, ""}]
        ids = {entity.id for entity in entities}
        relations = [relation for relation in draft.relations if {relation.head, relation.tail} <= ids]
        yield replace(draft, entities=entities, relations=relations, annotator=name)


def layer_options(draft: Draft, options: ReadOptions) -> ReadOptions:
    """The options with the annotator's own layer, unless a layer was asked for.

    A machine that signs with its kind (``rules@2``, ``llm:NAME``) keeps it; everybody else is a person.
    """
    if options.layer != GOLD or not _is_name(draft.annotator):
        return options
    machine = kind_of(draft.annotator) in MACHINES
    layer = draft.annotator.partition("@")[0] if machine else human(draft.annotator)
    return replace(options, layer=layer, author=options.author or (draft.annotator if machine else layer))


def _is_name(name: str) -> bool:
    """Whether this can name somebody: short, and no time of a session that nobody gave a name."""
    return not UNNAMED.fullmatch(name) and (NAME.fullmatch(name) or ADDRESS.fullmatch(name)) is not None
