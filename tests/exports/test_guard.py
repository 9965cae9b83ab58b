from __future__ import annotations

from dataclasses import replace

import pytest

from curation.errors import ExportBlockedError
from exports.guard import NAMED, hold_back
from exports.view import SetView


def test_a_set_without_identifiers_leaves(view: SetView):
    hold_back(view, lambda record: 0)


def test_what_holds_identifiers_is_named_and_counted(view: SetView):
    with pytest.raises(ExportBlockedError, match=r"1 of 3 in .* hold 4 .*: r3 \(4\)\. Nothing was written"):
        hold_back(view, lambda record: 4 if record.id == "r3" else 0)


def test_a_long_list_is_cut(view: SetView):
    record, layer = next(iter(view.members("train")))
    many = [(record.model_copy(update={"id": f"x{number}"}), layer) for number in range(NAMED + 5)]
    with pytest.raises(ExportBlockedError, match=r"x19 \(1\) and 5 more"):
        hold_back(replace(view, members=lambda split: iter(many if split == "train" else ())), lambda record: 1)
