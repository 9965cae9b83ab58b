"""Segments of text translated by a sequence-to-sequence model: batched by length, and none cut in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from unicodedata import normalize

from pydantic import JsonValue

from curation.errors import LanguageModelError, UsageError
from curation.models.contract import Finish
from curation.models.loops import is_looping
from curation.record import digest
from curation.translate.seq2seq.generation import GeneratedText, controls, encoded, generated
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.source import seq2seq_source
from curation.translate.seq2seq.weights import LoadedTranslator, load_translator

#: What changes when something here makes other translations of the same files.
VERSION = 1
#: Digits that the tokenizers of these models take for ordinary ones (10⁹ for 109), and fractions behind a digit.
RAISED = re.compile(r"(?<=\d)[⁻⁺]?[⁰¹²³⁴-⁹]+")
FRACTION = re.compile(r"(?<=\d)[¼½¾⅐-⅞]")


@dataclass(frozen=True, slots=True)
class Translated:
    """The translation of a segment.

    score: the geometric mean of the probabilities of its tokens. finish: stop when it is whole, else how it ended.
    unknown: pieces of the segment that the model does not know, which it could not translate. error: why there is no
    translation; the text is empty then.
    """

    text: str
    score: float
    finish: Finish = Finish.STOP
    unknown: int = 0
    error: str | None = None

    @property
    def was_cut(self) -> bool:
        """Whether it ended at its limit, not by itself."""
        return self.finish is Finish.TRUNCATED


class Seq2SeqTranslator:
    """A model of the settings; its weights are read with the first segments. One call at a time is worked on.

    Raises UsageError when the model is not on this machine or not safe to load.
    """

    def __init__(self, name: str, settings: Seq2SeqSettings) -> None:
        self.name = name
        self.settings = settings
        self._source = seq2seq_source(settings)
        self._loaded: LoadedTranslator | None = None
        self._lock = Lock()

    @property
    def identity(self) -> Mapping[str, JsonValue]:
        """What its translations depend on besides a text: digests of the model's files and of the settings."""
        settings = self.settings.model_dump(exclude={"path", "revision", "batch_tokens", "device"}, mode="json")
        return {"translator": self.name, "weights": self._source.revision, "settings": digest([VERSION, settings])}

    @property
    def revision(self) -> str:
        """A digest of its identity."""
        return digest(dict(self.identity), length=12)

    @property
    def keeps_markers(self) -> bool:
        """Whether it was trained to leave markers in place; to others, texts are given without."""
        return self.settings.markers

    @property
    def alternatives(self) -> int:
        """How many translations of a text it has: as many as beams."""
        return self.settings.beams

    def translated(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """The translations of the parts of a record, all of them whole.

        Raises LanguageModelError for the first one that is not: rejected, truncated, looping or empty.
        """
        found = self.translate(texts, source, target)
        for number, translated in enumerate(found, start=1):
            if translated.error or translated.finish is not Finish.STOP:
                raise LanguageModelError(
                    "rejected" if translated.error else translated.finish.value,
                    f"segment {number} of {len(found)}: {translated.error or 'its translation is not whole'}",
                )
        return [translated.text for translated in found]

    def translate(self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0) -> list[Translated]:
        """The translation of each segment, in their order; what is blank stays as it is, and so do blanks at the edges.

        A segment that is longer than the model's window, or has several lines, gets an error. source, target: ISO
        639-1. alternative: which of the model's translations counts, 0 the most likely; there are as many as beams.
        Raises UsageError where the model does not translate in this direction.
        """
        if not 0 <= alternative < self.alternatives:
            raise UsageError(
                f"translator {self.name}: expected an alternative below its {self.settings.beams} beams, got "
                f"{alternative}"
            )
        with self._lock:
            loaded = self._load()
            codes = self._codes(loaded, source, target)
            inner = list(dict.fromkeys(core for segment in segments if (core := segment.strip())))
            found = self._translated(loaded, inner, codes, alternative)
        return [_around(segment, found) for segment in segments]

    def check(self, source: str, target: str) -> None:
        """Read the weights. Raises UsageError where the model does not translate in this direction, and ConfigError or
        MissingExtraError where it cannot be loaded.
        """
        with self._lock:
            self._codes(self._load(), source, target)

    def _codes(self, loaded: LoadedTranslator, source: str, target: str) -> tuple[str, str]:
        settings = self.settings
        return loaded.languages.direction(source, target, directions=settings.directions, codes=settings.codes)

    def _load(self) -> LoadedTranslator:
        if self._loaded is None:
            self._loaded = load_translator(self.name, self._source.prepared(), self.settings)
        return self._loaded

    def _translated(
        self, loaded: LoadedTranslator, texts: Sequence[str], codes: tuple[str, str], alternative: int
    ) -> dict[str, Translated]:
        """The translation of each text, by the text."""
        rows = encoded(loaded, [_spelt_out(text) for text in texts], codes) if texts else []
        usual = controls(loaded, encoded(loaded, [""], codes)[0])
        found: dict[str, Translated] = {}
        for text, row in zip(texts, rows, strict=True):
            if error := _error(loaded, text, row, usual):
                found[text] = Translated("", 0.0, Finish.EMPTY, error=error)
        fitting = [number for number, text in enumerate(texts) if text not in found]
        for batch in by_length({number: len(rows[number]) for number in fitting}, self.settings.batch_tokens):
            answers = generated(
                loaded, [rows[number] for number in batch], codes[1], self.settings, alternative=alternative
            )
            for number, answer in zip(batch, answers, strict=True):
                found[texts[number]] = _translated(answer, rows[number].count(loaded.unknown))
        return found


def by_length(lengths: Mapping[int, int], most: int) -> Iterator[list[int]]:
    """Numbers of texts in batches of like length, the longest first: a batch that has no room fails at once.

    most: tokens of a batch, padding included; a text that has more is alone.
    """
    batch: list[int] = []
    for number in sorted(lengths, key=lambda number: -lengths[number]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _error(loaded: LoadedTranslator, text: str, row: Sequence[int], usual: int) -> str | None:
    """Why a text is not translated; never with anything of the text."""
    if len(text.splitlines()) > 1:
        return "expected a segment of one line, got several; the model would join them"
    if len(row) > loaded.window:
        return f"expected a segment of {loaded.window} tokens at most, which the model has room for, got {len(row)}"
    if controls(loaded, row) != usual:
        return "expected a segment of text only, got one with a token of control of the model"
    return None


def _translated(answer: GeneratedText, unknown: int) -> Translated:
    if not answer.text:
        return Translated("", answer.score, Finish.EMPTY, unknown)
    looping = Finish.LOOPING if is_looping(answer.text) else Finish.STOP
    return Translated(answer.text, answer.score, looping if answer.is_whole else Finish.TRUNCATED, unknown)


def _around(segment: str, found: Mapping[str, Translated]) -> Translated:
    """The translation of a segment with the blanks at its edges."""
    core = segment.strip()
    if not core:
        return Translated(segment, 1.0)
    made = found[core]
    if made.error or not made.text:
        return made
    before, after = segment[: len(segment) - len(segment.lstrip())], segment[len(segment.rstrip()) :]
    return Translated(before + made.text + after, made.score, made.finish, made.unknown)


def _spelt_out(text: str) -> str:
    """The text with raised digits and fractions behind a digit in signs that the tokenizers do not join to it."""
    raised = RAISED.sub(lambda match: "^" + normalize("NFKC", match[0]).replace("−", "-"), text)
    return FRACTION.sub(lambda match: " " + normalize("NFKC", match[0]).replace("⁄", "/"), raised)
