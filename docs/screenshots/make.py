"""The pictures of the annotators' guide, from a real Label Studio with the shipped sample.

    python docs/screenshots/make.py

Wants Chromium and its driver. Each picture is written beside this file.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
# The editor is driven by what drives it in the benchmarks.
sys.path.append(str(HERE.parents[1] / "benchmarks"))

from PIL import Image  # noqa: E402
from review_parts.browser_editor import Editor, browser  # noqa: E402
from review_parts.label_studio_servers import label_studio  # noqa: E402

from annotation.label_studio.editor.variants import Variant  # noqa: E402
from annotation.label_studio.exchange.push import push  # noqa: E402
from curation.scheme import DocumentLabel, load_scheme  # noqa: E402
from curation.sources.sample import read_sample  # noqa: E402

#: By the picture's name: the variant, and the language of the record and of the headings.
PICTURES = {
    "spans": (Variant.SPANS, "en"),
    "spans-german": (Variant.SPANS, "de"),
    "side-by-side": (Variant.SIDE_BY_SIDE, "de"),
    "flat": (Variant.FLAT, "en"),
    "classification": (Variant.CLASSIFICATION, "en"),
}
SMOKING = DocumentLabel(name="smoking", values=("never", "former", "current", "unknown"))


def main() -> None:
    """Every picture anew."""
    for name, (variant, language) in PICTURES.items():
        take(name, variant, language)
        print(f"{name}.png")


def take(name: str, variant: Variant, language: str) -> None:
    """One record in one variant, as an annotator sees it first."""
    scheme = load_scheme()
    if variant is Variant.CLASSIFICATION:
        scheme = scheme.model_copy(update={"labels": (SMOKING,)})
    sample = dict(sorted((record.id, (record, gold)) for record, gold in read_sample()))
    german, gold = next(pair for pair in sample.values() if pair[0].translation_of)
    english, beside = sample[german.translation_of or ""]
    shown = german if language == "de" else english
    settings = {"variant": variant, "language": language, "layers": ("gold",)}
    with label_studio(**settings) as place, place.store() as store, place.client() as client:
        seen = [(english, beside), (german, gold)] if variant is Variant.SIDE_BY_SIDE else [sample[shown.id]]
        store.add_records(record for record, _ in seen)
        store.add_layers(layer for _, layer in seen)
        push(store, client, scheme, place.settings)
        project = client.find_project(place.settings.project)
        assert project is not None
        task = store.review_tasks(project.key)[shown.id].task_id
        with browser(width=1440, height=1000) as driver:
            editor = Editor(driver, place.url)
            account = place.accounts["anna"]
            editor.log_in(account.login, account.password.get_secret_value())
            editor.open(project.id, task or 0)
            if variant is Variant.SPANS:
                editor.press("f")
            editor.save_picture(str(HERE / f"{name}.png"))
    shrink(HERE / f"{name}.png")


def shrink(picture: Path) -> None:
    """The picture in a palette: a third of the size, and no difference that one sees."""
    with Image.open(picture) as full:
        full.convert("RGB").quantize(128).save(picture, optimize=True)


if __name__ == "__main__":
    main()
