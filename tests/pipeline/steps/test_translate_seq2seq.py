"""`curate translate --with seq2seq:NAME`: markers where the model keeps them, once, killed, and what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from unicodedata import normalize

import pytest
from command_line import curate, curate_json
from projection_parts.generated import SentencePair

from curation.errors import MissingExtraError, UsageError
from curation.models.contract import Finish
from curation.record import Entity, Layer, Record, record_id
from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Translated
from curation.translate.translated import MADE
from pipeline.workspace import Workspace

#: The words of the translators here, by the direction.
WORDS = {"en-de": {"fever": "Fieber", "cough": "Husten", "no": "kein"}, "de-en": {"Fieber": "fever", "kein": "no"}}


@dataclass
class WordForWord:
    """Stands in for a model: says the words that it has otherwise, and all others as they are."""

    name: str
    settings: Seq2SeqSettings
    calls: list[list[str]] = field(default_factory=list)

    revision: ClassVar = "1"
    #: What it says of a text in the place of its words.
    fails: ClassVar[Callable[[str], Translated | None]] = staticmethod(lambda text: None)

    @property
    def keeps_markers(self) -> bool:
        return self.settings.markers

    @property
    def alternatives(self) -> int:
        return self.settings.beams

    def check(self, source: str, target: str) -> None:
        if f"{source}-{target}" not in WORDS:
            raise UsageError(f"translator {self.name}: expected one of its directions, got {source}-{target}")

    def translate(self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0) -> list[Translated]:
        self.check(source, target)
        self.calls.append(list(segments))
        fails = (lambda text: None) if alternative else self.fails
        return [fails(text) or Translated(self._said(text, f"{source}-{target}"), 0.9) for text in segments]

    def _said(self, text: str, direction: str) -> str:
        for word, other in WORDS[direction].items():
            text = text.replace(word, other)
        return text


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[WordForWord]:
    """The translators that commands make."""
    found: list[WordForWord] = []

    def make(name: str, settings: Seq2SeqSettings) -> WordForWord:
        found.append(WordForWord(name, settings))
        return found[-1]

    monkeypatch.setattr("pipeline.steps.translate.Seq2SeqTranslator", make)
    return found


def configured(folder: Path, *lines: str, path: str = "opus", scheme: str | None = None) -> Path:
    """A workspace with one translator."""
    curate("init", "--workspace", folder)
    if scheme is not None:
        (folder / "scheme.yaml").write_text(scheme, encoding="utf-8")
    with (folder / "curate.toml").open("a", encoding="utf-8") as config:
        config.write("\n".join(["", "[translators.tiny]", f'path = "{path}"', *lines, ""]))
    return folder


def add(
    folder: Path, *texts: str, language: str = "en", words: Sequence[str] = ("fever",), of: str | None = None
) -> None:
    """Records with those of the words that each has as its gold."""
    with Workspace.at(folder).open_store() as store:
        for text in texts:
            id = record_id(text, language=language)
            record = Record(id=id, group=id, source="test", language=language, text=text, translation_of=of)
            places = [(text.index(word), word) for word in words if word in text]
            entities = [Entity.at(text, at, at + len(word), "signs_symptoms", id=word) for at, word in places]
            store.add_records([record])
            store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=tuple(entities))])


def translate(folder: Path, *words: object, to: str = "de", code: int = 0) -> dict:
    return curate_json("translate", "--to", to, "--with", "seq2seq:tiny", *words, "--workspace", folder, code=code)


def translations(folder: Path, language: str = "de") -> list[Record]:
    with Workspace.at(folder).open_store() as store:
        return [record for record in store.records(language=language) if record.translation_of]


@pytest.mark.parametrize(("lines", "method"), [((), "by mention"), (("markers = true",), "by marker")])
def test_records_are_translated_once_with_their_layers(
    tmp_path: Path, made: list[WordForWord], lines: tuple[str, ...], method: str
) -> None:
    folder = configured(tmp_path / "w", *lines)
    add(folder, "There was fever of 38.5 °C.", "no cough, no fever")
    report = translate(folder)
    assert (report["done"], report["failed"], report["unchanged"]) == (2, 0, 0)
    assert report["carried"]["by_category"]["signs_symptoms"][method] == 2
    assert report["carried"]["translators"] == {"translator:tiny@1": 2}
    assert sorted(record.text for record in translations(folder)) == [
        "There was Fieber of 38.5 °C.",
        "kein Husten, kein Fieber",
    ]
    assert any("<e0>" in text for text in made[0].calls[0]) == bool(lines)
    again = translate(folder)
    assert (again["done"], again["unchanged"], made[1].calls) == (0, 2, [])
    shown = translate(folder, "--report")
    assert shown.pop("quality")["translations"] == 2
    assert shown == report["carried"]


def test_german_to_english_with_a_scheme_of_their_own(tmp_path: Path, made: list[WordForWord]) -> None:
    folder = configured(tmp_path / "w", scheme="name: signs\ncategories: [signs_symptoms]\nlanguages: [de, en]\n")
    add(folder, "Es bestand Fieber.\r\n\r\n- kein Husten", language="de", words=("Fieber",))
    report = translate(folder, to="en")
    assert report["carried"]["by_category"]["signs_symptoms"]["agreed"] == 1
    assert [record.text for record in translations(folder, "en")] == ["Es bestand fever.\r\n\r\n- no Husten"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--- ---", "--- ---"),
        ("fever\u2028fever\r\nno\tfever", "Fieber\u2028Fieber\r\nkein\tFieber"),
        (normalize("NFD", "Ménière, no fever"), normalize("NFD", "Ménière, kein Fieber")),
    ],
)
def test_unusual_texts_keep_what_is_between_their_sentences(
    tmp_path: Path, made: list[WordForWord], text: str, expected: str
) -> None:
    folder = configured(tmp_path / "w")
    add(folder, text)
    assert translate(folder)["done"] == 1
    assert [record.text for record in translations(folder)] == [expected]


def test_an_empty_store_is_told_and_one_without_other_languages_has_nothing_to_do(
    tmp_path: Path, made: list[WordForWord]
) -> None:
    folder = configured(tmp_path / "w")
    refused = curate("translate", "--to", "de", "--with", "seq2seq:tiny", "--workspace", folder, code=2)
    assert len(refused.stderr.splitlines()) == 1
    add(folder, "Es bestand Fieber.", language="de")
    add(folder, "Il y avait fever.", language="fr", of=next(iter(_ids(folder))))
    assert translate(folder)["done"] == 0, "what is a translation already is not translated"


def _ids(folder: Path) -> Sequence[str]:
    with Workspace.at(folder).open_store() as store:
        return store.record_ids()


def test_what_is_not_whole_fails_with_its_kind_and_is_kept(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordForWord, "fails", staticmethod(_cut))
    folder = configured(tmp_path / "w")
    add(folder, "A long fever.", "A fever.")
    report = translate(folder, code=1)
    assert (report["done"], report["failed"]) == (1, 1)
    with Workspace.at(folder).open_store() as store:
        (failure,) = store.failures()
    assert (failure.kind, "long" in failure.error) == ("truncated", False)
    assert translate(folder, code=1)["failed_before"] == 1
    assert translate(folder, "--retry-failed", code=1)["failed"] == 1


def _cut(text: str) -> Translated | None:
    return Translated("Ein", 0.1, Finish.TRUNCATED) if "long" in text else None


def test_a_segment_whose_markers_are_too_much_is_given_without(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        WordForWord, "fails", staticmethod(lambda text: Translated("", 0.0, Finish.LOOPING) if "<e" in text else None)
    )
    folder = configured(tmp_path / "w", "markers = true")
    add(folder, "There was fever.")
    assert translate(folder)["carried"]["by_category"]["signs_symptoms"]["by mention"] == 1


def test_markers_that_were_not_given_are_no_part_of_a_translation(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordForWord, "fails", staticmethod(lambda text: Translated("Es bestand <e0>Fieber</e0>.", 0.9)))
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.")
    assert translate(folder)["notes"]["markers that were not given, left out"] == 2
    assert [record.text for record in translations(folder)] == ["Es bestand Fieber."]


def test_one_language_that_it_does_not_know_fails_and_none_at_all_is_refused_first(
    tmp_path: Path, made: list[WordForWord]
) -> None:
    folder = configured(tmp_path / "w")
    add(folder, "Il y avait fever.", language="fr")
    refused = curate("translate", "--to", "de", "--with", "seq2seq:tiny", "--workspace", folder, code=2)
    assert refused.stderr.splitlines()[-1].endswith("expected one of its directions, got fr-de")
    add(folder, "There was fever.", "Some fever.")
    report = translate(folder, code=1)
    assert (report["done"], report["failed"], len(made[-1].calls)) == (2, 1, 1)
    with Workspace.at(folder).open_store() as store:
        assert [failure.kind for failure in store.failures()] == ["unfit"]


def test_other_terms_are_counted_without_translating_again(tmp_path: Path, made: list[WordForWord]) -> None:
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.")
    translate(folder)
    (folder / "glossary.yaml").write_text("- {source: fever, target: Pyrexie}\n", encoding="utf-8")
    report = translate(folder)
    assert report["notes"]["terms of the glossary not obeyed"] == 1
    assert made[1].calls == [["fever"]]
    assert len(translations(folder)) == 1


def test_an_interrupted_run_keeps_what_is_done_and_goes_on(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = configured(tmp_path / "w")
    (folder / "curate.toml").write_text(
        (folder / "curate.toml").read_text(encoding="utf-8").replace("# batch_size = 32", "batch_size = 1"),
        encoding="utf-8",
    )
    add(folder, *(f"A fever, {number}." for number in range(5)))
    seen: list[str] = []

    def interrupted(text: str) -> None:
        seen.append(text)
        if len(seen) > 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(WordForWord, "fails", staticmethod(interrupted))
    told = curate("translate", "--to", "de", "--with", "seq2seq:tiny", "--workspace", folder, code=130).stderr
    kept = len(translations(folder))
    assert 0 < kept < 5
    assert f"{kept} records are done and kept, {5 - kept} are left" in told
    monkeypatch.setattr(WordForWord, "fails", staticmethod(lambda text: None))
    assert translate(folder)["done"] == 5 - kept
    assert len(translations(folder)) == 5


def test_a_dry_run_shows_the_texts_and_loads_nothing(tmp_path: Path, made: list[WordForWord]) -> None:
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.", "There was fever. A cough.")
    planned = translate(folder, "--dry-run")
    assert (planned["records"], planned["questions"], planned["cost"]) == (2, 3, 0)
    assert "There was fever." in planned["prompt"][0]["content"]
    assert (made[0].calls, translations(folder), planned["seconds"]) == ([], [], None)
    assert (
        "There was fever."
        in curate("translate", "--to", "de", "--with", "seq2seq:tiny", "--dry-run", "--workspace", folder).stdout
    )
    translate(folder)
    add(folder, "One more fever.")
    assert translate(folder, "--dry-run")["seconds"] is not None, "by the pace of the last run"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with", "seq2seq:other"), "expected a translator of curate.toml, got 'other'"),
        (("--with", "seq2seq:"), "(seq2seq:NAME)"),
        (("--with", "seq2seq:tiny"), "expected a translator of the Hugging Face hub, or a folder, got 'opus'"),
        (("--with", "seq2seq:tiny", "--max-cost", "1"), "expected"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.")
    refused = curate("translate", "--to", "de", *words, "--workspace", folder, code=2).stderr
    assert said in refused
    assert len(refused.splitlines()) == 1


def test_caps_and_kinds_are_for_language_models(tmp_path: Path, made: list[WordForWord]) -> None:
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.")
    for words in (("--max-time", "5"), ("--retry", "truncated"), ("--batch",), ("--batch", "--dry-run")):
        refused = curate("translate", "--to", "de", "--with", "seq2seq:tiny", *words, "--workspace", folder, code=2)
        assert "expected a language model (llm:NAME) with --batch, --max-cost" in refused.stderr


def test_what_fails_a_check_is_made_again_by_the_other_beams(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = configured(tmp_path / "w", "beams = 3")
    config = folder / "curate.toml"
    section = "[validation.translation]\n"
    said = config.read_text(encoding="utf-8")
    config.write_text(said.replace(section, f'{section}encoder = "off"\n'), encoding="utf-8")
    add(folder, "There was fever of 38.5 °C.", "no cough, no fever")
    lacking = Translated("There was Fieber of late.", 0.9)
    monkeypatch.setattr(WordForWord, "fails", staticmethod(lambda text: lacking if "38.5" in text else None))
    translate(folder)
    refused = ("translate", "--to", "de", "--with", "seq2seq:tiny", "--retry-findings", "--workspace", folder)
    told = " ".join(curate(*refused, "--best-of", 3, code=2).stderr.split())
    assert "a translator with 4 beams at least" in told
    assert "has 3, and the likeliest translation was made already" in told
    report = translate(folder, "--retry-findings", "--best-of", 2)
    assert (report["before"]["failing"]["numbers_translated"], report["done"], report["set_aside"]) == (1, 1, 1)
    assert report["after"]["failing"].get("numbers_translated") is None
    assert report["notes"]["candidates with the wording of one that is there already"] == 1
    (better,) = (record for record in translations(folder) if record.meta[MADE].get("replaces"))
    assert "38.5" in better.text
    # Translating on keeps it, and the same command again makes nothing.
    assert (translate(folder)["done"], translate(folder)["set_aside"]) == (0, 0)
    assert translate(folder, "--retry-findings", "--best-of", 2)["set_aside"] == 0


def test_a_missing_library_is_said_in_a_line_and_no_record_fails(
    tmp_path: Path, made: list[WordForWord], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: WordForWord, source: str, target: str) -> None:
        raise MissingExtraError("sentencepiece", "local")

    monkeypatch.setattr(WordForWord, "check", missing)
    folder = configured(tmp_path / "w")
    add(folder, "There was fever.")
    refused = curate("translate", "--to", "de", "--with", "seq2seq:tiny", "--workspace", folder, code=1).stderr
    assert refused.splitlines() == [
        "error: this needs the package sentencepiece, which is not installed: pip install 'clincurate[local]'"
    ]
    with Workspace.at(folder).open_store() as store:
        assert store.failures() == []


@pytest.mark.model
@pytest.mark.parametrize("markers", ["true", "false"])
def test_a_real_model_translates_and_every_span_is_accounted_for(
    tmp_path: Path, marian_folder: Path, known: list[SentencePair], markers: str
) -> None:
    folder = configured(tmp_path / "w", f"markers = {markers}", 'directions = ["en-de"]')
    shutil.copytree(marian_folder, folder / "opus")
    with Workspace.at(folder).open_store() as store:
        for pair in known:
            record = Record(
                id=record_id(pair.source, language="en"), group="g", source="t", language="en", text=pair.source
            )
            entities = [Entity.at(pair.source, *span, "diagnosis", id=f"T{at}") for at, span in enumerate(pair.spans)]
            store.add_records([record])
            store.add_layers([Layer(record_id=record.id, name="gold", author="gold", entities=tuple(entities))])
    report = curate_json("translate", "--to", "de", "--with", "seq2seq:tiny", "--workspace", folder)
    assert report["done"] == len(known)
    counts = report["carried"]["by_category"]["diagnosis"]
    spans = sum(len(pair.spans) for pair in known)
    assert counts["entities"] == spans
    assert counts.get("lost", 0) <= 0.2 * spans
    assert ("by marker" in counts) == (markers == "true")
    texts = {record.text for record in translations(folder)}
    if markers == "false":
        assert len(texts & {pair.target for pair in known}) >= 0.5 * len(known)
    assert all(record.meta[MADE]["author"].startswith("translator:tiny@") for record in translations(folder))
