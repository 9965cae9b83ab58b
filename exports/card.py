"""The data set's card: what is in it, how it was made, and what it is not for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from huggingface_hub import DatasetCardData
from pydantic import JsonValue

from curation.markdown import code, plain
from curation.printable import printable
from curation.scheme import Scheme
from exports.origins import SYNTHETIC, text_origins
from exports.settings import ExportSettings
from exports.writer import ExportedSet

#: Every id of a licence that the hub or SPDX has.
LICENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


#: Licences as the hub calls them, by how records state them in small letters with `-` for blanks.
KNOWN_LICENCES = {
    **{name: name for name in ("apache-2.0", "mit", "cc0-1.0", "bsd-3-clause", "odc-by", "odbl", "gpl-3.0")},
    **{
        f"cc-{terms}-{version}": f"cc-{terms}-{version}"
        for terms in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
        for version in ("2.0", "2.5", "3.0", "4.0")
    },
    "apache-license-2.0": "apache-2.0",
    "cc0": "cc0-1.0",
    "cc-0": "cc0-1.0",
    "mit-license": "mit",
}
#: The folders of a data set whose rows hold everything, by the configuration.
WHOLE_ALONE = {"entities": "data"}


def dataset_card(view: ExportedSet, settings: ExportSettings, configs: Mapping[str, str] = WHOLE_ALONE) -> str:
    """Markdown with the hub's metadata on top. configs: the folder of each configuration, the usual one first."""
    manifest = view.curated.manifest
    total = view.curated.records
    origins = text_origins(view)
    data = DatasetCardData(
        language=sorted(map(printable, _counts(manifest["languages"]))),
        **_licence(settings.licence, _counts(manifest["licences"])),
        pretty_name=printable(settings.pretty_name),
        task_categories=[
            *(["token-classification"] if view.scheme.categories else []),
            *(["text-classification"] if view.scheme.labels else []),
        ],
        tags=[
            "clinical",
            printable(view.scheme.name),
            *(["synthetic"] if not origins.keys().isdisjoint(SYNTHETIC) else []),
        ],
        size_categories=next((name for limit, name in SIZES if total < limit), "n>1M"),
        configs=[
            {
                "config_name": config,
                **({} if number else {"default": True}),
                "data_files": [{"split": name, "path": f"{folder}/{name}-*"} for name in view.curated.splits],
            }
            for number, (config, folder) in enumerate(configs.items())
        ],
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_body(view, settings, origins)}"


def _licence(licence: str, stated: Mapping[str, int]) -> dict[str, Any]:
    """The licence as the hub reads it: an id, those of the records where none is set, or `other` with the words that
    stand in place of one.
    """
    if licence in ("", "other"):
        found = [KNOWN_LICENCES.get("-".join(name.lower().split())) for name, count in stated.items() if count]
        if found and all(found):
            known = sorted(set(map(str, found)))
            return {"license": known[0] if len(known) == 1 else known}
        return {"license": "other"}
    if LICENCE_ID.fullmatch(licence):
        return {"license": licence}
    return {"license": "other"} | ({"license_name": printable(licence)} if licence.strip() else {})


def _body(view: ExportedSet, settings: ExportSettings, origins: Mapping[str, int]) -> str:
    curated, scheme = view.curated, view.scheme
    manifest = curated.manifest
    return "\n\n".join(
        (
            f"# {plain(settings.pretty_name)}: {plain(curated.name)} {curated.version}",
            f"{view.curated.records} records of {_origin(view)} "
            f"(content hash `{curated.digest}`), annotated in {_asked_for(scheme)} of the scheme "
            f"{code(scheme.name)} version {plain(scheme.version)}. {_standing(view)}",
            "## Records\n\n" + _table(("split", "records"), view.curated.splits),
            *_notes(manifest),
            _table(("language", "records"), _counts(manifest["languages"])),
            _table(("licence of the records", "records"), _counts(manifest["licences"])),
            *_marked(view),
            f"## How it was made\n\nThe layer is {code(manifest['layer'])}. Records that were not taken, by reason: "
            + (
                ", ".join(f"{count} {plain(reason)}" for reason, count in _counts(manifest["dropped"]).items())
                or "none"
            )
            + "."
            + _lost(manifest)
            + _made(origins),
            "## Columns\n\n`text` is the report. `entities` is the lossless view: category, wording and `fragments`, "
            "which are end-exclusive code-point offsets into `text` (several when discontinuous, none when the "
            "wording was not found). `summary` is the flat view: one string a category, facts joined by `; `, "
            "and one a document label, `N/A` when absent. `labels` are the document labels.",
            f"## Privacy\n\n{_privacy(view)}",
            "## Limits\n\nNot a medical device and no basis for decisions about patients. Check the licence of "
            "each record before passing it on.",
        )
    )


def _origin(view: ExportedSet) -> str:
    curated = view.curated
    if view.unreviewed:
        return f"the layer {code(curated.manifest['layer'])} of a workspace"
    return f"the frozen set {code(f'{curated.name}@{curated.version}')}"


def _standing(view: ExportedSet) -> str:
    if view.unreviewed:
        return "**Unreviewed: nobody has frozen them**, and these splits are none for training and testing."
    return "Splits never divide a group (patient or article), a record and its translation, or near-duplicates."


def _asked_for(scheme: Scheme) -> str:
    """How many categories and document labels a scheme has, in words."""
    parts = [
        (len(scheme.categories), "category", "categories"),
        (len(scheme.labels), "document label", "document labels"),
    ]
    return " and ".join(f"the {count} {plural if count > 1 else name}" for count, name, plural in parts if count)


def _marked(view: ExportedSet) -> Iterator[str]:
    """How many entities each category has, and how many records each value of a document label."""
    manifest = view.curated.manifest
    if view.scheme.categories:
        yield "## Entities\n\n" + _table(("category", "entities"), _counts(manifest["categories"]))
    # Sets that were frozen by an earlier version did not count them.
    for name, values in _counts(manifest.get("labels", {})).items():
        yield f"## {plain(name)}\n\n" + _table(("value", "records"), _counts(values))


def _privacy(view: ExportedSet) -> str:
    """What a search for identifiers has found in the texts that are here."""
    total = view.curated.records
    if view.with_identifiers is None:
        return "These texts were not searched for what identifies a person."
    if view.with_identifiers:
        return (
            f"**{view.with_identifiers} of {total} records hold what may identify a person** (names, dates, numbers, "
            "places). They were written because the privacy policy only reports it. Do not pass them on."
        )
    return (
        f"A search found nothing in these {total} records that identifies a person, surrogates aside. It does not "
        "prove that there is nothing."
    )


def _notes(manifest: dict[str, JsonValue]) -> list[str]:
    """What a reader has to know of the splits."""
    small, split = manifest.get("small_splits"), manifest.get("split")
    names = split.get("stratify") if isinstance(split, dict) else None
    notes = [f"Note: {plain(line)}." for line in small] if isinstance(small, list) else []
    if isinstance(names, list) and names:
        notes.append(f"The splits are stratified by {', '.join(code(name) for name in names)}.")
    return notes


def _counts(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value


def _lost(manifest: dict[str, JsonValue]) -> str:
    """What is left out of translated records."""
    lost = _counts(manifest.get("lost_in_translation", {}))
    said = ", ".join(f"{count} {plain(name)}" for name, count in lost.items())
    return f" Entities that were not found in a translation are left out: {said}." if said else ""


def _made(origins: Mapping[str, int]) -> str:
    """How many texts nobody wrote in a clinic."""
    said = ", ".join(f"{count} {origin}" for origin, count in origins.items())
    return f" Of the texts, as far as the records say: {said}." if said else ""


def _table(head: tuple[str, str], rows: dict[str, int]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---:|"]
    return "\n".join([*lines, *(f"| {plain(name)} | {count} |" for name, count in rows.items())])
