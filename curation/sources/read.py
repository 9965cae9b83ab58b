"""Reads a source from end to end: format, mapping, drafts, categories, records."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.errors import SlowPatternError, SourceError, UsageError
from curation.record import Assertion
from curation.sources.annotators import layer_options
from curation.sources.assembly import assemble
from curation.sources.categories import categorise
from curation.sources.draft import Draft
from curation.sources.encodings import check_name, settle_encoding
from curation.sources.file_draft import WITHOUT_COLUMNS, file_columns
from curation.sources.folder import entries, irregular, kind_of
from curation.sources.formats import BINARY, FORMATS, WHOLE_SOURCES, companions, files_of, reader_of, sniff
from curation.sources.hugging_face import HUB
from curation.sources.language import language_code, language_named
from curation.sources.mapping import ImportMapping, load_mapping
from curation.sources.mention_fields import denies
from curation.sources.own_folder import FoundExport, entity_restored, own_folder
from curation.sources.path_use import PathUse
from curation.sources.patients import patient_notices
from curation.sources.placement import place
from curation.sources.reading import Lost, Notice, Problem, Read, ReadingContext, ReadOptions, SourceTally, shown
from curation.sources.rows import columns_of, slow, stem_of
from curation.sources.several_places import first_of_several
from curation.sources.unread import ADVICE, layer_notices, unread_notices

AUTO = "auto"
REPLACEMENT = "\ufffd"
#: The bytes of a Western letter in UTF-8 as cp1252 or latin-1 shows them.
MISREAD = re.compile("\u00c3[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2013-\u203a\u20ac]")
#: Formats that bring a mapping of their own.
OWN_MAPPINGS = {"elmtex": "elmtex"}
#: Formats whose records are called what their files are called.
NAMED_BY_FILE = frozenset({"text", "brat", "cas", "webanno"})


def read(
    source: Path | str,
    *,
    format: str = AUTO,
    mapping: ImportMapping | Mapping[str, Any] | Path | str | None = None,
    options: ReadOptions | None = None,
) -> Iterator[Read | Problem | Notice]:
    """Every record of a source with its layers, every problem and every notice, in the source's order.

    What is said once for the whole source comes last.

    mapping: as such, a YAML file, or the name of a shipped one. Raises at once, before anything is read: UsageError
    (unknown format, language or encoding), ConfigError (the mapping does not fit), SourceError (no such source, a
    document of another program, or an export that does not come back).
    """
    options = options or ReadOptions()
    if options.language is not None:
        options = replace(options, language=language_code(options.language))
    chosen = load_mapping(mapping)
    check_name(options.encoding or chosen.encoding or "utf-8")
    _check_regular(source)
    own = _own_folder(Path(source), chosen, options)
    if format == AUTO and chosen == ImportMapping() and not options.columns:
        _check_comes_back(Path(source))
    if format == AUTO:
        format = chosen.format or (own.content.read_as if own else "") or sniff(source)
    if own and own.content.read_as != format:
        own = None
    if format not in FORMATS:
        raise UsageError(f"expected one of the formats {AUTO}, {', '.join(FORMATS)}, got {format}")
    if chosen == ImportMapping() and format in OWN_MAPPINGS:
        chosen = load_mapping(OWN_MAPPINGS[format])
    columns_of(chosen, options.columns)
    if format in WITHOUT_COLUMNS:
        file_columns(chosen, options.columns)
    path = Path(source)
    # A link that was named itself may lead anywhere; what stands beside a file is in its folder.
    root = (path if path.is_dir() else path.absolute().parent).resolve()
    reading = ReadingContext(options, chosen, SourceTally(), PathUse(), root, own=own)
    if format in WHOLE_SOURCES:
        name = Path(source).absolute().name if Path(source).is_dir() else str(source).removeprefix(HUB)
        return _whole(_finished(reader_of(format)(source, reading), str(source), name, format, reading), reading)
    if not path.exists():
        raise SourceError(f"expected a file or folder, got none at {source}")
    if path.is_file() and (advice := ADVICE.get(path.suffix.lower())):
        raise SourceError(f"expected a text, table or corpus, got a file {path.suffix.lower()}: {source}; {advice}")
    return _whole(_read_files(path, format, reading), reading)


def _own_folder(source: Path, mapping: ImportMapping, options: ReadOptions) -> FoundExport | None:
    """The export of `curate export` that a source is or is part of, where nothing says to read it otherwise."""
    if mapping != ImportMapping() or options.columns or options.language or not source.exists():
        return None
    own = own_folder(source)
    return own if own and own.content.read_as and (source.is_dir() or own.holds(source)) else None


def _check_comes_back(source: Path) -> None:
    """Raises SourceError for an export in a format that does not come in again: its rows are no records."""
    found = own_folder(source) if source.exists() else None
    if found is None or found.content.read_as or not (found.folder == source or found.holds(source)):
        return
    raise SourceError(
        f"expected data that comes in again, got an export in the format {found.content.format}, which does not: "
        f"{source}; export {found.content.set} as hf or jsonl, or say with --format what its files are"
    )


def _check_regular(source: Path | str) -> None:
    """Raises SourceError for a pipe, a socket or a device, which may never end or be read once only."""
    path = Path(source)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise SourceError(f"expected a regular file or a folder, got {kind_of(path.stat().st_mode)} at {source}")


def _whole(found: Iterator[Read | Problem | Notice], reading: ReadingContext) -> Iterator[Read | Problem | Notice]:
    """What a source holds, and at its end what is said once for all of it."""
    yield from found
    yield from reading.tally.met()
    yield from reading.paths.unfitting()


def _read_files(path: Path, format: str, reading: ReadingContext) -> Iterator[Read | Problem | Notice]:
    own = reading.own
    files = [file for file in files_of(path, format) if own is None or own.holds(file)]
    if not files:
        yield Problem(str(path), f"expected files of the format {format} in the folder, got none", Lost.FILE)
    if path.is_dir():
        found = list(entries(path))
        yield from (said for said in found if not isinstance(said, Path))
        regular = [file for file in found if isinstance(file, Path)]
        known = {file for file in regular if own and (own.is_beside(file) or own.other_layer(file))}
        if own:
            yield from layer_notices(own.folder, sorted({*map(own.other_layer, known)} - {""}))
        yield from unread_notices(path, regular, {*files, *companions(files, format), *known})
        if format in NAMED_BY_FILE and own is None:
            yield from patient_notices(path, files, file_columns(reading.mapping, reading.options.columns))
    else:
        beside_it = ((file, irregular(file, reading.root)) for file in sorted(companions(files, format)))
        yield from (Problem(str(file), why, Lost.FILE) for file, why in beside_it if why)
    name = stem_of(path) if path.is_file() else path.absolute().name
    if path.is_dir() and reading.options.source_name is None:
        again = f"{reading.options.again} --source-name {shlex.quote(name)}"
        reading = replace(reading, options=replace(reading.options, again=again))
    reader = reader_of(format)
    for file in files:
        if path.is_dir() and irregular(file, reading.root):
            continue  # said above
        settled, said = (reading, None) if format in BINARY else settle_encoding(file, reading)
        if said is not None:
            yield said
        if not isinstance(said, Problem):
            yield from _finished(reader(file, settled), str(file), name, format, settled)


def _finished(
    drafts: Iterator[Draft | Read | Problem | Notice], where: str, name: str, format: str, reading: ReadingContext
) -> Iterator[Read | Problem | Notice]:
    """The records of drafts; what is finished, a problem or a notice as it is."""
    provenance: dict[str, Any] = {"format": format}
    if reading.mapping.name:
        provenance["mapping"] = f"{reading.mapping.name}@{reading.mapping.digest}"
    draft = None
    most = reading.options.most_marks
    for draft in drafts:
        if not isinstance(draft, Draft):
            yield draft
        elif draft.refused:
            reading.tally.lost(draft.where, draft.refused)
        elif len(draft.entities) + len(draft.relations) > most:
            yield Problem(draft.where, f"expected at most {most} annotations of a record, got more: passed over")
        else:
            _settle_language(draft, reading)
            _note_lost_letters(draft, reading)
            if reading.options.layer is not None:
                yield from place(draft)
            try:
                shaped = categorise(draft, reading.mapping)
            except SlowPatternError as error:
                reading.tally.lost(draft.where, slow(error, reading.mapping))
                continue
            options = layer_options(draft, reading.options)
            for found in assemble(shaped, options, source=name, provenance=provenance):
                if isinstance(found, Read):
                    found = _counted(_as_it_was(found, draft, reading), shaped)
                    _note_denials(found, reading)
                yield found
    if draft is None:
        yield Notice(where, "holds no records")


def _as_it_was(found: Read, draft: Draft, reading: ReadingContext) -> Read:
    """What an export of our own holds, as the record that it was made from, unless its text was changed since."""
    record = reading.own.record(draft.source_id, found.record.text) if reading.own else None
    if record is None:
        return found
    stated = {"source": reading.options.source_name, "licence": reading.options.licence}
    record = record.model_copy(update={name: value for name, value in stated.items() if value})
    layers = tuple(
        layer.model_copy(
            update={"record_id": record.id, "entities": tuple(entity_restored(entity) for entity in layer.entities)}
        )
        for layer in found.layers
    )
    return replace(found, record=record, layers=layers)


def _settle_language(draft: Draft, reading: ReadingContext) -> None:
    """The stated language by its code; what names none is said, and the text's own language is detected."""
    if draft.language and not reading.options.language:
        code = language_named(draft.language)
        if code is None:
            stated = shown(draft.language)
            reading.tally.notice(draft.where, f"the language {stated} is none that is known: it was detected instead")
        draft.language = code


def _note_lost_letters(draft: Draft, reading: ReadingContext) -> None:
    """Says of a text that its letters were lost or changed before it came here."""
    if REPLACEMENT in draft.text:
        what = "the text holds replacement characters (U+FFFD): letters were lost before it came here"
        reading.tally.notice(draft.where, what)
    if MISREAD.search(draft.text):
        what = "the text holds letters such as Ã¼: it is UTF-8 that was read as another encoding before it came here"
        reading.tally.notice(draft.where, what)


def _note_denials(found: Read, reading: ReadingContext) -> None:
    """Says of entities that are present that an attribute of theirs may mean something else."""
    present = (entity for layer in found.layers for entity in layer.entities if entity.assertion is Assertion.PRESENT)
    for name in sorted(
        {name for entity in present for name, value in entity.attributes.items() if denies(name, value)}
    ):
        what = (
            f"the attribute {shown(name)} may say of an entity that it is not there, and the entity came in as present"
        )
        reading.tally.notice(found.where, f"{what}: say what its values mean in a --mapping (assertions)")


def _counted(found: Read, draft: Draft) -> Read:
    """The record with the numbers of its annotations that were left out or put in one of several places."""
    not_mapped: dict[str, int] = draft.notes.get("not_mapped", {})
    return replace(
        found,
        where=draft.where,
        left_out=draft.left_out + sum(not_mapped.values()),
        first_of_several=first_of_several(draft, found),
    )
