"""The same expectations over a frame in memory and over a table of the store: the same verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from planted_errors import GERMAN, KEPT, PLANTED, SOUND, fill, story
from verdicts import gravest

from curation.scheme import Scheme
from curation.store import Store
from validation import verdict as judging
from validation.frame import NUMBERS, TEXTS, Frame
from validation.measures.measure import Scope
from validation.measures.table import LISTS
from validation.settings import Engine, GroundingSettings, ValidationSettings
from validation.table import NAME, MeasureTable
from validation.verdict import gather, judge
from validation.what_if import what_if


@pytest.mark.expectations
def test_both_engines_decide_alike_for_the_same_reasons(
    store: Store, tmp_path: Path, scheme: Scheme, settings: ValidationSettings
) -> None:
    sound = [KEPT, story("s0", SOUND), story("s2", GERMAN, language="de")]
    fill(store, [*sound, *(pair for pair, _, _ in PLANTED.values())], scheme, settings)
    in_store = settings.model_copy(update={"engine": Engine.SQL})
    stricter = in_store.model_copy(update={"grounding": GroundingSettings(minimum=0.6)})

    by_frame = judge(store, scheme, settings, tmp_path)
    decided = gravest(store)
    by_table = judge(store, scheme, in_store, tmp_path)

    assert {"quarantined", "needs_review", "accepted"} <= set(by_frame.counts)
    # Nothing new was said: not another verdict, value, threshold or reason.
    assert by_table.changed == 0
    assert gravest(store) == decided
    assert [finding.as_json() for finding in by_table.per_expectation] == [
        finding.as_json() for finding in by_frame.per_expectation
    ]
    assert [finding.failed for finding in by_table.per_expectation] == [
        finding.failed for finding in by_frame.per_expectation
    ]
    # Which engine looked is the only difference.
    frame_then = stricter.model_copy(update={"engine": Engine.PANDAS})
    assert what_if(store, scheme, in_store, stricter, tmp_path) == what_if(
        store, scheme, settings, frame_then, tmp_path
    )
    written = "".join(path.read_text() for path in (tmp_path / "gx").rglob("*.yml"))
    assert "${CLINCURATE_STORE}" in written
    assert store.url not in written


def test_workspaces_that_share_a_database_have_tables_of_their_own(tmp_path: Path) -> None:
    columns: dict[str, object] = dict.fromkeys([*TEXTS, *NUMBERS, *LISTS])
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:

        def table(id: str, folder: Path) -> MeasureTable:
            return MeasureTable(store, [(id, columns)], workspace=folder)

        inside = table("r0", tmp_path)
        first, second = (table(id, tmp_path.parent / id) for id in ("r1", "r2"))
        assert [list(each.ids()) for each in (inside, first, second)] == [["r0"], ["r1"], ["r2"]]
        assert inside.name == NAME
        assert len({inside.name, first.name, second.name}) == 3
        # A deletion takes the words out of all of them.
        store.drop_table(NAME)
        with store.read() as connection:
            left = sa.inspect(connection).get_table_names()
        assert not [name for name in left if name.startswith(NAME)]


@pytest.mark.parametrize(("most", "kind"), [(2, Frame), (1, MeasureTable)])
def test_by_default_many_records_are_held_in_the_store(
    store: Store, scheme: Scheme, settings: ValidationSettings, monkeypatch: pytest.MonkeyPatch, most: int, kind: type
) -> None:
    fill(store, [KEPT, story("s0", SOUND)], scheme, settings)
    monkeypatch.setattr(judging, "IN_MEMORY", most)
    assert settings.engine is Engine.AUTO
    assert type(gather(store, Scope(scheme, settings), {}, ())) is kind
