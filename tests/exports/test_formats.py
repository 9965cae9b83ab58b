"""Every format: what it says it loses is what is lost on the way out and back; the same set gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from export_parts.differences import differences

from curation.errors import SourceError
from curation.record import Layer, Record
from curation.sources import Notice, Problem, Read, read
from curation.sources.own_folder import MARKER
from exports.formats import FORMATS, export_format
from exports.handover import hand_over
from exports.losses import CHARACTERS
from exports.settings import ExportSettings
from exports.writer import ExportedSet

READ_AGAIN = [name for name in FORMATS if export_format(name).read_as]


def read_again(folder: Path) -> dict[str, tuple[Record, Layer]]:
    """The records of a folder with their layers, by id; nothing may be wrong with one."""
    found: dict[str, tuple[Record, Layer]] = {}
    for item in read(folder):
        assert not isinstance(item, Problem | Notice), str(item)
        if isinstance(item, Read):
            (layer,) = item.layers
            assert item.record.id not in found
            found[item.record.id] = (item.record, layer)
    return found


@pytest.mark.parametrize("name", READ_AGAIN)
def test_what_a_format_says_it_loses_is_what_is_lost(name: str, hard, hard_view: ExportedSet, tmp_path: Path) -> None:
    format = export_format(name)
    hand_over(name, hard_view, tmp_path, ExportSettings(), format.lost(hard_view))
    back = read_again(tmp_path)
    for rows in hard.values():
        for record, layer in rows:
            lost = differences((record, layer), back.get(record.id))
            said = format.losses(record, layer, hard_view.scheme)
            del said[CHARACTERS]
            assert lost == said, record.id
    assert len(back) == sum(map(len, hard.values()))


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_of_nothing_but_one_record_without_annotations(name: str, scheme, tmp_path: Path, view) -> None:
    record = Record(id="r", group="g", source="s", language="de", text="Kein Befund.")
    layer = Layer(record_id="r", name="gold", author="gold")
    manifest = view.curated.manifest | {"splits": {"train": 1}}
    curated = view.curated.model_copy(update={"manifest": manifest})
    files = hand_over(
        name,
        ExportedSet(curated, scheme, lambda split: iter([(record, layer)])),
        tmp_path,
        ExportSettings(),
        Counter(),
    )
    assert all(path.is_file() for path in files)
    if export_format(name).read_as:
        assert read_again(tmp_path)["r"][0] == record


@pytest.mark.parametrize("name", FORMATS)
def test_the_marker_says_what_the_folder_is(name: str, view: ExportedSet, tmp_path: Path) -> None:
    manifest = view.curated.manifest | {"unreviewed": True}
    open_view = replace(view, curated=view.curated.model_copy(update={"manifest": manifest}))
    files = hand_over(name, open_view, tmp_path, ExportSettings(), Counter({"entities": 2}))
    marker = json.loads((tmp_path / MARKER).read_text(encoding="utf-8"))
    assert (marker["format"], marker["set"], marker["unreviewed"]) == (name, "cases@2", True)
    assert marker["lost"] == {"entities": 2}
    assert {tmp_path / file for file in marker["files"]} == {path for path in files if path.name != MARKER}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in READ_AGAIN])
def test_an_export_that_does_not_come_back_is_no_source(name: str, view: ExportedSet, tmp_path: Path) -> None:
    files = hand_over(name, view, tmp_path, ExportSettings(), Counter())
    for source in (tmp_path, files[0]):
        with pytest.raises(SourceError, match=rf"an export in the format {name}, which does not"):
            read(source)


def test_who_says_what_the_files_of_such_an_export_are_is_believed(view: ExportedSet, tmp_path: Path) -> None:
    hand_over("csv-long", view, tmp_path, ExportSettings(), Counter())
    named = {"text": "text", "id": "record"}
    assert any(isinstance(item, Read) for item in read(tmp_path / "train.entities.csv", format="csv"))
    assert list(read(tmp_path / "train.entities.csv", mapping=named))


WRITE = """
import pickle, sys
from collections import Counter
from pathlib import Path
from exports.formats import FORMATS
from exports.handover import hand_over
from exports.losses import CHARACTERS
from exports.settings import ExportSettings
from exports.writer import ExportedSet
curated, scheme, rows = pickle.loads(Path(sys.argv[1]).read_bytes())
for name in FORMATS:
    to = Path(sys.argv[2]) / name
    hand_over(name, ExportedSet(curated, scheme, lambda split: iter(rows[split])), to, ExportSettings(), Counter())
"""


@pytest.mark.server
def test_the_same_set_gives_the_same_bytes_in_every_process(hard, hard_view: ExportedSet, tmp_path: Path) -> None:
    import pickle

    (tmp_path / "view").write_bytes(pickle.dumps((hard_view.curated, hard_view.scheme, hard)))
    digests = []
    for seed in ("1", "2"):
        to = tmp_path / seed
        subprocess.run(
            [sys.executable, "-c", WRITE, str(tmp_path / "view"), str(to)],
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
        )
        files = sorted(path for path in to.rglob("*") if path.is_file())
        digests.append({str(path.relative_to(to)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert digests[0] == digests[1]
    assert len(digests[0]) > 2 * len(FORMATS)
