"""Rows from a Hugging Face data set: a folder saved by it, or a name on the hub (needs datasets)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.errors import MissingExtraError, SourceError
from curation.sources.draft import Draft
from curation.sources.lines import cause
from curation.sources.reading import Lost, Problem, ReadingContext
from curation.sources.rows import SourceRow, draft_rows

#: In front of a hub name, so that a mistyped path never reaches the network.
HUB = "hf://"
#: The files by which a saved data set is recognised: one split, or several.
SAVED = ("state.json", "dataset_dict.json")


def read_hugging_face(source: Path | str, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """A draft for each row of every split; the split is in the column ``split``. Hub data sets are streamed.

    A hub name is ``owner/name``, with ``hf://`` before it when the format is to be recognised, and
    with ``@config`` after it to choose a configuration.
    """
    path = Path(source)
    splits = _saved(path) if path.is_dir() else _from_hub(str(source))
    return draft_rows(_rows(splits, str(source)), path, reading)


def _rows(splits: Mapping[str, Any], source: str) -> Iterator[SourceRow | Problem]:
    for name, split in splits.items():
        number = 0
        try:
            for number, values in enumerate(_named(split), start=1):
                yield SourceRow(f"{source}/{name}:{number}", {"split": name, **values} if name else values)
        except (OSError, ValueError) as error:
            yield Problem(f"{source}/{name}:{number}", f"cannot be read further: {cause(error)}", Lost.FILE)


def _named(split: Any) -> Iterator[dict[str, Any]]:
    """The rows, with class numbers as their names."""
    features = getattr(split, "features", None) or {}
    classes = {name: feature for name, feature in features.items() if hasattr(feature, "int2str")}
    for values in split:
        for name, feature in classes.items():
            if isinstance(values.get(name), int) and values[name] >= 0:
                values[name] = feature.int2str(values[name])
        yield values


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
