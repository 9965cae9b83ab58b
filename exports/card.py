"""The data set's card: what is in it, how it was made, and what it is not for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import DatasetCardData

from curation.egress.settings import KEEPS_BACK
from curation.markdown import code, plain
from curation.printable import printable
from curation.scheme import Scheme
from exports.counted import evidence_of
from exports.evidence import FILE, SetEvidence, in_markdown
from exports.origins import SYNTHETIC
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


def dataset_card(
    view: ExportedSet,
    settings: ExportSettings,
    configs: Mapping[str, str] = WHOLE_ALONE,
    evidence: SetEvidence | None = None,
) -> str:
    """Markdown with the hub's metadata on top. configs: the folder of each configuration, the usual one first.

    evidence: what is known of the set, where the caller has it already.
    """
    manifest = view.curated.manifest
    total = view.curated.records
    known = evidence or evidence_of(view)
    origins = known.tables["origins"].rows if "origins" in known.tables else {}
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
    return f"---\n{data.to_yaml()}\n---\n\n{_body(view, settings, known)}"


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


#: The tables that come after what explains the columns.
AFTER_COLUMNS = frozenset({"identifiers", "identifiers by kind"})


def _body(view: ExportedSet, settings: ExportSettings, evidence: SetEvidence) -> str:
    curated, scheme = view.curated, view.scheme
    return "\n\n".join(
        (
            f"# {plain(settings.pretty_name)}: {plain(view.nameless(curated.name))} {curated.version}",
            f"{view.curated.records} records of {_origin(view)} "
            f"(content hash `{curated.digest}`), annotated in {_asked_for(scheme)} of the scheme "
            f"{code(scheme.name)} version {plain(scheme.version)}. {_standing(view)}",
            *(in_markdown(table) for name, table in evidence.tables.items() if name not in AFTER_COLUMNS),
            "## Columns\n\n`text` is the report. `entities` is the lossless view: category, wording and `fragments`, "
            "which are end-exclusive code-point offsets into `text` (several when discontinuous, none when the "
            "wording was not found). `summary` is the flat view: one string a category, facts joined by `; `, "
            "and one a document label, `N/A` when absent. `labels` are the document labels.",
            f"## Privacy\n\n{_privacy(view)}",
            *(in_markdown(table) for name, table in evidence.tables.items() if name in AFTER_COLUMNS),
            "## Limits\n\nNot a medical device and no basis for decisions about patients. Check the licence of "
            f"each record before passing it on. Where each figure of this card comes from stands in `{FILE}`.",
        )
    )


def _origin(view: ExportedSet) -> str:
    curated = view.curated
    if view.unreviewed:
        return f"the layer {code(view.nameless(str(curated.manifest['layer'])))} of a workspace"
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


def _privacy(view: ExportedSet) -> str:
    """What a search for identifiers has found in the texts that are here."""
    total = view.curated.records
    if view.with_identifiers is None:
        return "These texts were not searched for what identifies a person."
    if view.with_identifiers:
        return (
            f"**{view.with_identifiers} of {total} records hold what may identify a person** (names, dates, numbers, "
            f"places). They were written because {_why_let_out(view)}. Do not pass them on."
        )
    return (
        f"A search found nothing in these {total} records that identifies a person, surrogates aside. It does not "
        "prove that there is nothing."
    )


def _why_let_out(view: ExportedSet) -> str:
    """Why records with identifiers may leave."""
    if view.passage is not None and view.passage.policy in KEEPS_BACK:
        return "a person released them, or because they hold no more than the privacy policy lets through"
    return "the privacy policy only reports it"


def _counts(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value
