"""The editor in a real browser, worked with by mouse and keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.server.credentials import read_credentials
from annotation.label_studio.settings import Variant
from curation.record import Record
from curation.scheme import Scheme
from curation.store import Store

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="no Chromium with its driver is installed (Debian: apt-get install chromium chromium-driver)",
    ),
    pytest.mark.timeout(600),
    # The browser's driver leaves sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ENGLISH = "👩‍⚕️ saw 🤒 with high fever 🌡️ 39.5 °C.\r\nA\u0308rztin:\tdry cough."
GERMAN = "Sie hatte hohes Fieber 🤒\r\nund\tHusten."


@pytest.fixture(scope="module")
def driver() -> Iterator[object]:
    from review_parts.browser_editor import browser

    with browser() as opened:
        yield opened


def test_marks_made_with_the_mouse_have_exact_offsets_and_the_page_calls_nobody(
    driver, label_studio, client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    from review_parts.browser_editor import HERE, Editor

    both = settings.model_copy(update={"variant": Variant.SIDE_BY_SIDE, "unvalidated": True})
    english = Record(id="e", group="g", source="test", language="en", text=ENGLISH)
    german = Record(id="d", group="g", source="test", language="de", text=GERMAN, translation_of="e")
    sqlite_store.add_records([english, german])
    push(sqlite_store, client, scheme, both)
    project = client.find_project(settings.project)
    editor = Editor(driver, label_studio.server.url)
    anna = read_credentials(label_studio.workspace / "label-studio" / "secrets.json").annotators["anna"]
    editor.log_in(anna.login, anna.password.get_secret_value())
    editor.open(project.id, tasks()["d"].task_id)
    assert editor.white_space() == "pre-wrap"
    key = scheme.by_name["signs_symptoms"].hotkey
    editor.mark("hohes Fieber", key=key)
    editor.mark("Husten", key=key)
    editor.mark("high fever", key=key, text=1, shift=True)
    editor.mark("dry cough", key=key, text=1, shift=True)
    editor.press("f")
    assert editor.refused() == "Please say what is wrong."
    editor.choose("omission")
    editor.submit()
    assert editor.called() <= set(HERE)

    assert pull(sqlite_store, client, scheme, both).refused == []
    for record, wordings in ((german, ["hohes Fieber", "Husten"]), (english, ["high fever", "dry cough"])):
        layer = sqlite_store.layer(record.id, "human:anna")
        assert layer is not None
        assert [entity.spans for entity in layer.entities] == [
            ((start := record.text.index(wording), start + len(wording)),) for wording in wordings
        ]
        assert set(layer.provenance["origins"].values()) == {"manual"}
