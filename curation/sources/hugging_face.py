"""Rows from a Hugging Face data set: a folder saved by it, or a name on the hub (needs datasets)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError, SourceError
from curation.memory_limit import at_most_more
from curation.sources.arrow_rows import bounded_parts, plain_bytes, plain_rows
from curation.sources.draft import Draft
from curation.sources.folder import entries
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

#: In front of a hub name, so that a mistyped path never reaches the network.
HUB = "hf://"
BATCH = 256
#: Bytes that a data set may take while it is opened, beside its files.
MEMORY = 1 << 29
#: The files by which a saved data set is recognised: one split, or several.
SAVED = ("state.json", "dataset_dict.json")


def read_hugging_face(source: Path | str, reading: ReadingContext) -> Iterator[Draft | Read | Problem | Notice]:
    """A draft for each row of every split; the split is in the column ``split``. Hub data sets are streamed.

    A hub name is ``owner/name``, with ``hf://`` before it when the format is to be recognised, and
    with ``@config`` after it to choose a configuration.
    """
    path = Path(source)
    splits = _saved(path) if path.is_dir() else _from_hub(str(source))
    return draft_rows(_rows(splits, str(source), reading), path, reading)


def _rows(splits: Mapping[str, Any], source: str, reading: ReadingContext) -> Iterator[SourceRow | Problem]:
    """The rows of every split as Arrow has them: nothing is decoded, and class numbers are named by the features."""
    limit = reading.options.line_limit
    for name, split in splits.items():
        number = 0
        where = f"{source}/{name}" if name else source
        try:
            features = split.features.to_dict() if split.features else {}
            for batch in split.with_format("arrow").iter(batch_size=BATCH):
                for part in bounded_parts(batch, limit):
                    if plain_bytes(part) > limit:  # a single row: parts of several are smaller
                        number += 1
                        what = f"expected at most {limit} bytes in a row, got more: passed over"
                        yield Problem(f"{where}:{number}", what)
                        continue
                    for values in plain_rows(part, features, where, number + 1, reading.tally):
                        number += 1
                        yield SourceRow(f"{where}:{number}", {"split": name, **values} if name else values)
        except (OSError, ValueError, ArithmeticError, MemoryError) as error:
            yield Problem(f"{where}:{number}", f"cannot be read further: {cause(error)}", Lost.FILE)


def _saved(path: Path) -> Mapping[str, Any]:
    datasets = _library()
    found = list(entries(path))
    if refused := next((said for said in found if isinstance(said, Problem)), None):
        raise SourceError(str(refused))
    for file in found:
        if isinstance(file, Path) and file.name == SAVED[0]:
            _check_inside(file, path)
    size = sum(file.stat().st_size for file in found if isinstance(file, Path))
    try:
        # The files themselves are mapped into memory; what is packed in them is unpacked.
        with at_most_more(size + MEMORY):
            loaded = datasets.load_from_disk(str(path))
    except Exception as error:  # the library raises whatever its readers raise
        raise SourceError(f"{path}: expected a saved Hugging Face data set: {cause(error)}") from error
    return loaded if isinstance(loaded, Mapping) else {"": loaded}


def _check_inside(state: Path, folder: Path) -> None:
    """Raises SourceError where the files of a data set that its state names are not in its folder."""
    try:
        named = json.loads(state.read_text(encoding="utf-8"))["_data_files"]
        files = [state.parent / str(file["filename"]) for file in named]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{state}: expected the state of a saved Hugging Face data set: {cause(error)}") from error
    for file in files:
        if not file.resolve().is_relative_to(folder.resolve()):
            raise SourceError(f"{state}: expected files inside of {folder}, got one outside of it")


def _from_hub(source: str) -> Mapping[str, Any]:
    name, _, config = source.removeprefix(HUB).partition("@")
    datasets = _library()
    try:
        loaded = datasets.load_dataset(name, config or None, streaming=True)
    except Exception as error:  # not there, no network, gated: the library raises many kinds
        raise SourceError(f"{name}: expected a data set on the hub that can be loaded: {cause(error)}") from error
    return loaded if isinstance(loaded, Mapping) else {"": loaded}


def _library() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "export") from error
    return datasets
