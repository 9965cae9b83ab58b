"""The pictures of the guides, from a real Label Studio and a real validation of the shipped sample.

    python docs/screenshots/make.py             # all of them
    python docs/screenshots/make.py flat report # some

Wants Chromium and its driver. Each picture is written beside this file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
# The editor is driven by what drives it in the benchmarks.
sys.path.append(str(HERE.parents[1] / "benchmarks"))

import packages_first  # noqa: E402, F401
from PIL import Image  # noqa: E402
from review_parts.browser_editor import Editor, browser  # noqa: E402
from review_parts.label_studio_servers import kept_running, label_studio  # noqa: E402

from annotation.label_studio.editor.variants import Variant  # noqa: E402
from annotation.label_studio.exchange.push import push  # noqa: E402
from curation.decision import Verdict  # noqa: E402
from curation.record import Layer, Record  # noqa: E402
from curation.scheme import DocumentLabel, load_scheme  # noqa: E402
from curation.sources.reading import ReadOptions  # noqa: E402
from curation.stage import Item  # noqa: E402
from curation.store import Store  # noqa: E402
from curation.text.folding import Span  # noqa: E402
from curation.text.sentences import sentence_spans  # noqa: E402
from curation.translate.projection.layers import carried  # noqa: E402
from curation.translate.projection.links import Side  # noqa: E402
from curation.translate.projection.placing import placed  # noqa: E402
from curation.translate.projection.projected import Fragments, ProjectionMethod  # noqa: E402
from pipeline.config import CONFIG_FILE  # noqa: E402
from pipeline.steps.annotate import annotate  # noqa: E402
from pipeline.steps.imports import import_into  # noqa: E402
from pipeline.steps.validate import validate  # noqa: E402
from pipeline.workspace import Workspace  # noqa: E402

#: By the picture's name: the variant, the language of the record and of the headings, and the project's title.
EDITORS = {
    "spans": (Variant.SPANS, "en", "Clinical review"),
    "spans-german": (Variant.SPANS, "de", "Klinische Durchsicht"),
    "side-by-side": (Variant.SIDE_BY_SIDE, "de", "Übersetzungen"),
    "translation": (Variant.TRANSLATION, "de", "Übersetzungen prüfen"),
    "translation-text": (Variant.TRANSLATION, "de", "Übersetzungen prüfen"),
    "flat": (Variant.FLAT, "en", "Facts"),
    "classification": (Variant.CLASSIFICATION, "en", "Smoking"),
}
#: The pictures that tell nothing of validation, which takes minutes.
TRANSLATIONS = frozenset({"translation", "translation-text"})
#: By the picture's name: the language of the report.
REPORTS = {"report": "en", "report-german": "de"}
SMOKING = DocumentLabel(name="smoking", values=("never", "former", "current", "unknown"))
#: The annotations whose validation is reported, and those that annotators are shown.
REPORTED, SHOWN = "rules", "gold"
WIDTH, HEIGHT = 1440, 1000


def main(names: list[str]) -> None:
    """The named pictures anew, by default every one."""
    with tempfile.TemporaryDirectory(prefix="clincurate-pictures-") as folder, kept_running():
        workspace = Workspace.make(Path(folder))
        with workspace.open_store() as sample:
            import_into(workspace, sample, ["sample"], ReadOptions(), format="sample")
            if not names or set(names) - TRANSLATIONS:
                annotated(workspace, sample)
            for name in names or [*EDITORS, *REPORTS]:
                take_report(name, workspace, sample) if name in REPORTS else take_editor(name, sample)
                shrink(HERE / f"{name}.png")
                print(f"{name}.png")


def annotated(workspace: Workspace, store: Store) -> None:
    """The sample in the store annotated by rules; what annotators see is validated."""
    annotate(workspace, store, REPORTED)
    validate(workspace, store, layer=SHOWN)


def take_report(name: str, workspace: Workspace, store: Store) -> None:
    """The validation report, as a steward sees it first."""
    (workspace.folder / CONFIG_FILE).write_text(f'[review]\nlanguage = "{REPORTS[name]}"\n', encoding="utf-8")
    page = validate(Workspace.at(workspace.folder), store, layer=REPORTED).report
    assert page is not None
    with browser(width=WIDTH, height=HEIGHT) as driver:
        driver.get(Path(page).resolve().as_uri())
        driver.save_screenshot(str(HERE / f"{name}.png"))


def take_editor(name: str, sample: Store) -> None:
    """One record in one variant, as an annotator sees it first."""
    variant, language, title = EDITORS[name]
    scheme = load_scheme()
    if variant is Variant.CLASSIFICATION:
        scheme = scheme.model_copy(update={"labels": (SMOKING,)})
    translation = a_translation(sample)
    pair = list(sample.records([translation.id, str(translation.translation_of)]))
    shown = next(record for record in pair if (record.id == translation.id) == (language == "de"))
    settings = {"variant": variant, "language": language, "layers": (SHOWN,), "project": title}
    with label_studio(**settings) as place, place.store() as store, place.client() as client:
        copy(sample, store, pair if variant in (Variant.SIDE_BY_SIDE, Variant.TRANSLATION) else [shown])
        if variant is Variant.TRANSLATION:
            store.add_layers([carried_over(sample, *pair)])
        push(store, client, scheme, place.settings)
        project = client.find_project(place.settings.project)
        assert project is not None
        task = store.review_tasks(project.key)[shown.id].task_id
        with browser(width=WIDTH, height=HEIGHT) as driver:
            editor = Editor(driver, place.url)
            account = place.accounts["anna"]
            editor.log_in(account.login, account.password.get_secret_value())
            editor.open(project.id, task or 0)
            if variant is Variant.SPANS:
                editor.press("f")
            if name == "translation-text":
                editor.scroll_to(editor.text_areas("translation")[0])
            editor.save_picture(str(HERE / f"{name}.png"))


def a_translation(sample: Store) -> Record:
    """A German record that people are asked to look at, the one whose marks have most assertions."""
    translated = {record.id: record for record in sample.records() if record.translation_of}
    found = sample.latest_decisions(translated, verdict=Verdict.NEEDS_REVIEW)
    asked = {decision.record_id for decision in found if decision.layer == SHOWN}

    def rank(item: Item) -> tuple[bool, int, str]:
        assertions = {entity.assertion for entity in item.layers[SHOWN].entities}
        return item.record.id in asked, len(assertions), item.record.id

    return max(sample.items([SHOWN], ids=sorted(translated)), key=rank).record


def carried_over(sample: Store, *pair: Record) -> Layer:
    """What annotators are shown of an original, on its translation: what people marked there under the same id and
    category, and what words and places say.
    """
    translation, original = sorted(pair, key=lambda record: record.translation_of is None)
    layer, other = sample.layer(original.id, SHOWN), sample.layer(translation.id, SHOWN)
    assert layer is not None
    assert other is not None
    known = {(entity.id, entity.category): entity.spans for entity in other.entities if entity.spans}
    places = {}
    for ours, theirs in sentence_pairs(original, translation):
        inside = [e for e in layer.entities if e.spans and ours[0] <= e.start and e.end <= ours[1]]
        sides = (
            Side(original.text[slice(*ours)], original.language),
            Side(translation.text[slice(*theirs)], translation.language),
        )
        told = {
            number: moved(known[e.id, e.category], -theirs[0])
            for number, e in enumerate(inside)
            if (e.id, e.category) in known and theirs[0] <= known[e.id, e.category][0][0] < theirs[1]
        }
        spans = [moved(e.spans, -ours[0]) for e in inside]
        for entity, found in zip(inside, placed(*sides, spans, {ProjectionMethod.MENTION: told}), strict=True):
            place = found.place
            at = place and replace(place, fragments=moved(place.fragments, theirs[0]))
            places[entity.id] = replace(found, place=at)
    return carried(layer, places, translation, author="translator:people@1", provenance={})


def sentence_pairs(original: Record, translation: Record) -> list[tuple[Span, Span]]:
    """The sentences of both texts in pairs where there are as many; else both texts as a whole."""
    ours, theirs = (sentence_spans(record.text, record.language) for record in (original, translation))
    both = (0, len(original.text)), (0, len(translation.text))
    return list(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else [both]


def moved(fragments: Fragments, by: int) -> Fragments:
    """Places by other offsets."""
    return tuple((start + by, end + by) for start, end in fragments)


def copy(sample: Store, store: Store, records: list[Record]) -> None:
    """The records with their layers and decisions into another store."""
    ids = [record.id for record in records]
    store.add_records(records)
    store.add_layers(item.layers[SHOWN] for item in sample.items([SHOWN], ids=ids) if SHOWN in item.layers)
    store.decide(sample.latest_decisions(ids))


def shrink(picture: Path) -> None:
    """The picture in a palette: a third of the size, and no difference that one sees."""
    with Image.open(picture) as full:
        full.convert("RGB").quantize(128).save(picture, optimize=True)


if __name__ == "__main__":
    # Great Expectations would say who validates.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    main(sys.argv[1:])
