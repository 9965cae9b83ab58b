"""Translations beside their originals as an annotator sees them, a picture each.

    python docs/screenshots/pairs.py docs/screenshots/pairs              # the pairs of the shipped sample
    python docs/screenshots/pairs.py FOLDER --reports DATA --most 20     # and reports of yours in BRAT (MACCROBAT)

People translated the pairs of the sample. Reports are translated word for word by the shipped glossary: this shows the
page, not a translation. Pictures of reports show their text and are not to be published without their licence: they
are made in a folder outside of git only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from make import HEIGHT, SHOWN, WIDTH, carried_over, shrink
from review_parts.browser_editor import Editor, browser
from review_parts.label_studio_servers import kept_running, label_studio

from annotation.label_studio.exchange.push import push
from annotation.label_studio.settings import Variant
from curation.models.contract import Finish
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.sources.reading import ReadOptions
from curation.store import Store
from curation.text.terms import listed
from curation.text.word_lists import FOLDER as WORDS
from curation.text.word_lists import read_word_list
from curation.translate.translating import TranslatingStage
from pipeline.steps.imports import import_into
from pipeline.workspace import Workspace

#: A translation with its original, and the layers of both.
Pair = tuple[Record, Record, Layer, Layer]


@dataclass(frozen=True)
class WordText:
    """A text in which the words of the glossary are German."""

    text: str
    finish: Finish = Finish.STOP
    error: str | None = None
    unknown: int = 0


class WordForWord:
    """A translator that knows the words of the shipped glossary, and leaves all others."""

    name, revision = "words", "1"
    keeps_markers, alternatives = False, 1

    def __init__(self) -> None:
        lines: list[dict[str, str]] = list(read_word_list(WORDS / "glossary.yaml", tuple[dict[str, str], ...]))
        self._german = {word: listed(line["de"])[0] for line in lines for word in listed(line["en"])}

    def check(self, source: str, target: str) -> None:
        """Words of every language are looked up."""

    def translate(self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0) -> list[WordText]:
        """Each segment, word for word."""
        return [WordText(" ".join(self._word(word) for word in segment.split())) for segment in segments]

    def _word(self, word: str) -> str:
        bare = word.strip(".,;:()")
        german = self._german.get(bare.lower())
        return word.replace(bare, german.capitalize()) if bare and german else word


def main() -> None:
    """A picture of each pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reports", type=Path, help="folder of reports in BRAT, such as MACCROBAT")
    parser.add_argument("--most", type=int, default=30, help="so many of the pairs, and of the reports")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.reports and is_in_git(options.folder):
        sys.exit(f"expected a folder outside of git for pictures of reports, got {options.folder}: name another one")
    with tempfile.TemporaryDirectory(prefix="clincurate-pairs-") as folder, kept_running():
        workspace = Workspace.make(Path(folder))
        with workspace.open_store() as store:
            import_into(workspace, store, ["sample"], ReadOptions(), format="sample")
            take("sample", list(islice(sample_pairs(store), options.most)), options.folder)
        if options.reports:
            other = Workspace.make(Path(folder) / "reports")
            with other.open_store() as store:
                reading = ReadOptions(language="en")
                sources = [str(options.reports.resolve())]
                import_into(other, store, sources, reading, format="brat", mapping="maccrobat")
                take("report", list(islice(report_pairs(store), options.most)), options.folder)


def is_in_git(folder: Path) -> bool:
    """Whether a folder belongs to a working tree of git."""
    asked = ["git", "-C", str(folder.resolve()), "rev-parse", "--is-inside-work-tree"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def sample_pairs(store: Store) -> Iterator[Pair]:
    """The pairs of the shipped sample."""
    records = {record.id: record for record in store.records()}
    for record in records.values():
        if record.translation_of is not None:
            original = records[record.translation_of]
            layer = store.layer(original.id, SHOWN)
            assert layer is not None
            yield record, original, carried_over(store, record, original), layer


def report_pairs(store: Store) -> Iterator[Pair]:
    """Reports with their translations word for word."""
    stage = TranslatingStage(WordForWord(), to="de", layers=(SHOWN,))
    for item in store.items([SHOWN]):
        (result,) = stage([item])
        if result.records:
            yield result.records[0], item.record, result.layers[0], item.layers[SHOWN]


def take(name: str, pairs: Sequence[Pair], folder: Path) -> None:
    """A picture of each pair, numbered."""
    settings = {"variant": Variant.TRANSLATION, "language": "de", "layers": (SHOWN,), "project": f"Pairs {name}"}
    with label_studio(**settings) as place, place.store(name) as store, place.client() as client:
        store.add_records(record for translation, original, *_ in pairs for record in (original, translation))
        store.add_layers(layer for _, _, *layers in pairs for layer in layers)
        push(store, client, load_scheme(), place.settings, ids=[translation.id for translation, *_ in pairs])
        project = client.find_project(place.settings.project)
        assert project is not None
        tasks = store.review_tasks(project.key)
        with browser(width=WIDTH, height=HEIGHT) as driver:
            editor = Editor(driver, place.url)
            account = place.accounts["anna"]
            editor.log_in(account.login, account.password.get_secret_value())
            for number, (translation, *_) in enumerate(pairs, 1):
                editor.open(project.id, tasks[translation.id].task_id or 0)
                picture = folder / f"{name}-{number:02}.png"
                editor.save_picture(str(picture))
                shrink(picture)
                print(picture.name)


if __name__ == "__main__":
    main()
