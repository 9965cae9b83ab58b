"""Rows from a Hugging Face data set: a folder saved by it, or a name on the hub (needs datasets)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError, SourceError
from curation.sources.arrow_rows import plain_rows
from curation.sources.draft import Draft
from curation.sources.lines import cause
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

#: In front of a hub name, so that a mistyped path never reaches the network.
HUB = "hf://"
BATCH = 256
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
    for name, split in splits.items():
        number = 0
        where = f"{source}/{name}" if name else source
        try:
            features = split.features.to_dict() if split.features else {}
            for batch in split.with_format("arrow").iter(batch_size=BATCH):
                for values in plain_rows(batch, features, where, number + 1, reading.tally):
                    number += 1
                    yield SourceRow(f"{where}:{number}", {"split": name, **values} if name else values)
        except (OSError, ValueError, ArithmeticError) as error:
            yield Problem(f"{where}:{number}", f"cannot be read further: {cause(error)}", Lost.FILE)


def _saved(path: Path) -> Mapping[str, Any]:
    datasets = _library()
    try:
        loaded = datasets.load_from_disk(str(path))
    except Exception as error:  # the library raises whatever its readers raise
        raise SourceError(f"{path}: expected a saved Hugging Face data set: {cause(error)}") from error
    return loaded if isinstance(loaded, Mapping) else {"": loaded}


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
