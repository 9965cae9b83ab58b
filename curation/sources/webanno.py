"""Records from WebAnno TSV 3.x, as WebAnno and INCEpTION export it: spans, slots, chains and relations of layers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation.sources.draft import Draft
from curation.sources.file_draft import file_draft
from curation.sources.lines import read_lines
from curation.sources.reading import Lost, Notice, Problem, ReadingContext
from curation.sources.webanno_marks import WebannoMarks
from curation.sources.webanno_rows import FORMAT, WrongRowError, counted, damaged_ids, ids_of, layer_of, row_of
from curation.sources.webanno_text import UTF16, WebannoDocument, WebannoSentence, placed_text

TEXT = "#Text="
#: What INCEpTION calls a document's folder: by its name, which ends as the file did that was uploaded.
DOCUMENTS = (".txt", ".tsv", ".xmi", ".json", ".xml", ".html", ".pdf", ".conll", ".rtf")
#: The files in it that are nobody's own.
NOBODY = frozenset({"CURATION_USER", "INITIAL_CAS"})


def read_webanno(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem | Notice]:
    """The record of a file; a line that is damaged costs the annotations in it, no other."""
    document, is_whole = None, True
    for found in _parsed(path, reading):
        if not isinstance(found, WebannoDocument):
            # A line that could not be read at all may be one of the text.
            is_whole = is_whole and found.lost is Lost.ENTITY
            yield found
        else:
            document = found
    if document is None or not is_whole:
        return
    if unknown := next((sentence for sentence in document.sentences if sentence.damaged and not sentence.lines), None):
        what = "expected the text (#Text=) of a sentence with a damaged line, got none, so its words are not known"
        yield Problem(unknown.damaged, what, Lost.FILE)
        return
    placed = placed_text(document, reading.options.line_limit)
    if placed is None:
        yield Problem(str(path), "expected offsets of a text of a usual length, got a longer one", Lost.FILE)
        return
    if placed.counting != UTF16:
        yield Notice(f"{path}:1", f"counted in {placed.counting}")
    if placed.misplaced:
        what = f"expected words at their offsets, got others in {len(placed.misplaced)} lines: "
        yield Problem(placed.misplaced[0].where, f"{what}their annotations were not read", Lost.ENTITY)
        document.damaged |= {id for row in placed.misplaced for id in ids_of(row)}
    draft = _named_draft(placed.text, path, reading)
    if reading.options.layer is not None:
        draft.annotated = True
        marks = WebannoMarks(document, placed)
        yield from marks.read()
        marks.annotate(draft, reading)
    yield draft


def _named_draft(text: str, path: Path, reading: ReadingContext) -> Draft:
    """The draft; in a project's export the folder has the document's name, and the file that of its annotator."""
    folder = path.parent.name
    if not folder.lower().endswith(DOCUMENTS):
        return file_draft(f"{path}:1", text, path, reading)
    draft = file_draft(f"{path}:1", text, path, reading, id=Path(folder).stem)
    draft.annotator = "" if path.stem in NOBODY else path.stem
    return draft


def _parsed(path: Path, reading: ReadingContext) -> Iterator[WebannoDocument | Problem]:
    """The document of a file, after a problem for each line that is damaged."""
    document: WebannoDocument | None = None
    sentence: WebannoSentence | None = None
    characters = rows = 0
    cut = False
    for line in read_lines(path, reading):
        if isinstance(line, Problem):
            yield line
            continue
        written, where = line.text.rstrip("\r\n"), f"{path}:{line.number}"
        if document is None:
            version = FORMAT.match(written)
            if version is None:
                yield Problem(where, "expected #FORMAT=WebAnno TSV 3.x, got another beginning", Lost.FILE)
                return
            document = WebannoDocument(int(version[1]))
            continue
        characters, rows = characters + len(written), rows + bool(written)
        if characters > reading.options.line_limit or rows > reading.options.most_marks:
            what = f"at most {reading.options.most_marks} lines and {reading.options.line_limit} characters"
            yield Problem(where, f"expected {what} in a document, got more: passed over", Lost.FILE)
            return
        if not written.strip():
            sentence, cut = None, False
            continue
        try:
            if written.startswith("#T_") and not document.sentences:
                document.layers.append(layer_of(written, counted(document.layers)))
            elif not written.startswith("#") or written.startswith(TEXT):
                if sentence is None or (written.startswith(TEXT) and sentence.rows):
                    sentence = WebannoSentence()
                    document.sentences.append(sentence)
                if written.startswith(TEXT):
                    sentence.lines.append(written.removeprefix(TEXT))
                else:
                    row = row_of(written, where, counted(document.layers), document.minor)
                    if cut:
                        document.damaged |= ids_of(row)
                        cut = False
                    sentence.rows.append(row)
        except WrongRowError as error:
            document.damaged |= set(damaged_ids(written))
            if sentence is not None:
                sentence.damaged = sentence.damaged or where
                # Where cells are not there, annotations of the lines beside it may go on in it.
                cut = len(written.split("\t")) < counted(document.layers) + 3
                document.damaged |= ids_of(sentence.rows[-1]) if cut and sentence.rows else set()
            yield Problem(where, str(error), Lost.ENTITY)
    if document is not None:
        yield document
