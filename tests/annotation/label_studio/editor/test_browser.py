"""The editor in a real browser, worked with by mouse and keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.server.credentials import read_credentials
from annotation.label_studio.settings import Variant
from curation.decision import on_layer
from curation.record import Alignment, Assertion, Entity, Fragment, Layer, Record
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
    editor.choose("fix", key="f")
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


def test_the_german_editor_says_all_in_german_and_shows_verdict_and_negation_at_once(
    driver, label_studio, client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    from review_parts.browser_editor import Editor

    german = settings.model_copy(update={"language": "de", "unvalidated": True})
    text = "Kein Fieber.\r\nDyspnoe.\r\n\r\nHusten."
    record = Record(id="g", group="g", source="test", language="de", text=text)
    fever = Entity.at(text, 5, 11, "signs_symptoms", id="T1").model_copy(update={"assertion": Assertion.NEGATED})
    sqlite_store.add_records([record])
    sqlite_store.add_layers([Layer(record_id="g", name="rules", author="rules@1", entities=(fever,))])
    push(sqlite_store, client, scheme, german)
    editor = Editor(driver, label_studio.server.url)
    anna = read_credentials(label_studio.workspace / "label-studio" / "secrets.json").annotators["anna"]
    editor.log_in(anna.login, anna.password.get_secret_value())
    editor.open(client.find_project(settings.project).id, tasks()["g"].task_id)
    shown = editor.in_sight()
    for words in ("Prüfung: steht noch aus", "Verneint: Fieber", "Symptome und Befunde", "Ihr Urteil über den Bericht"):
        assert words in shown
    assert editor.lines() == ["Kein Fieber.", "Dyspnoe.", "", "Husten."]
    key = scheme.by_name["signs_symptoms"].hotkey
    editor.mark("Dyspnoe", key=key)
    editor.mark("Husten", key=key)
    editor.select("Husten", shows="verneint")
    editor.choose("verneint")
    assert editor.refused() == "Bitte geben Sie Ihr Urteil über den Bericht ab."
    editor.choose("korrigiert annehmen", key="f")
    assert editor.refused() == "Bitte geben Sie an, was nicht stimmt."
    editor.choose("fehlt")
    editor.submit()
    assert pull(sqlite_store, client, scheme, german).refused == []
    layer = sqlite_store.layer("g", "human:anna")
    assert layer is not None
    assert [(entity.text, entity.category, entity.assertion) for entity in layer.entities] == [
        ("Fieber", "signs_symptoms", "negated"),
        ("Dyspnoe", "signs_symptoms", "present"),
        ("Husten", "signs_symptoms", "negated"),
    ]
    assert sqlite_store.decisions(subject=on_layer("human:anna"))["g"].reason == "omission"


def test_both_fragments_of_an_entity_have_its_colour_and_come_back_as_one(
    driver, label_studio, client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    from review_parts.browser_editor import Editor

    text = "Fractures of the left radius, and of the right ulna."
    ulna = text.index("ulna")
    fragments = (Fragment(start=0, end=9), Fragment(start=ulna, end=ulna + 4))
    fractures = Entity(id="T1", category="diagnosis", text="Fractures ulna", fragments=fragments)
    sqlite_store.add_records([Record(id="f", group="g", source="test", language="en", text=text)])
    sqlite_store.add_layers([Layer(record_id="f", name="rules", author="rules@1", entities=(fractures,))])
    shown = settings.model_copy(update={"unvalidated": True})
    push(sqlite_store, client, scheme, shown)
    editor = Editor(driver, label_studio.server.url)
    anna = read_credentials(label_studio.workspace / "label-studio" / "secrets.json").annotators["anna"]
    editor.log_in(anna.login, anna.password.get_secret_value())
    editor.open(client.find_project(settings.project).id, tasks()["f"].task_id)
    colours = editor.colours("Fractures", "ulna")
    assert len(colours) == 2
    assert len(set(colours.values())) == 1
    assert not {"rgba(0, 0, 0, 0)", "transparent"} & set(colours.values())
    editor.choose("accept", key="a")
    editor.submit()
    assert pull(sqlite_store, client, scheme, shown).refused == []
    layer = sqlite_store.layer("f", "human:anna")
    assert layer is not None
    assert [(entity.id, entity.spans) for entity in layer.entities] == [("T1", fractures.spans)]


def test_a_translation_is_corrected_by_keys_beside_its_original(
    driver, label_studio, client, settings, sqlite_store: Store, scheme: Scheme, tasks
) -> None:
    from review_parts.browser_editor import Editor

    both = settings.model_copy(update={"variant": Variant.TRANSLATION, "unvalidated": True})
    english = Record(id="e", group="g", source="test", language="en", text="High fever 🤒\r\nand\tcough.")
    german = Record(id="d", group="g", source="test", language="de", text=GERMAN, translation_of="e")
    alone = Record(id="x", group="x", source="test", language="en", text="No fever.")
    marks = (Entity.at(english.text, 0, 10, "signs_symptoms", id="T1"),)
    layer = Layer(record_id="e", name="rules", author="rules@1", entities=marks)
    lost = Entity(id="T2", category="signs_symptoms", text="cough", alignment=Alignment.NONE)
    found = Entity.at(GERMAN, 10, 22, "signs_symptoms", id="T1")
    # So many that its number has two digits.
    before = tuple(lost.model_copy(update={"id": f"L{number}"}) for number in range(11))
    how = {entity.id: {"state": "lost", "method": None} for entity in (*before, lost)}
    how["T1"] = {"state": "single", "method": "marker"}
    carried = Layer(
        record_id="d", name="rules", author="llm:x@1", entities=(*before, found, lost), provenance={"projection": how}
    )
    sqlite_store.add_records([english, german, alone])
    sqlite_store.add_layers([layer, carried])
    push(sqlite_store, client, scheme, both)
    project = client.find_project(settings.project)
    editor = Editor(driver, label_studio.server.url)
    anna = read_credentials(label_studio.workspace / "label-studio" / "secrets.json").annotators["anna"]
    editor.log_in(anna.login, anna.password.get_secret_value())
    editor.open(project.id, tasks()["d"].task_id)
    assert "Original, to be read only" in editor.in_sight()
    assert editor.number_before("hohes Fieber") == "12"
    # What is written goes to the text alone: no key of a label or a verdict is taken for one.
    editor.correct("Husten", "Husten und Atemnot f x 7")
    editor.choose("fix", key="f")
    editor.choose("translation")
    editor.submit()
    pulled = pull(sqlite_store, client, scheme, both)
    assert (pulled.refused, pulled.corrected, pulled.marks_lost) == ([], 1, 0)
    (new,) = (record for record in sqlite_store.records() if "corrected" in record.meta)
    assert new.text == GERMAN.replace("Husten", "Husten und Atemnot f x 7")
    own = sqlite_store.layer(new.id, "human:anna")
    assert own is not None
    assert [(entity.id, entity.text, entity.spans) for entity in own.entities] == [("T1", "hohes Fieber", ((10, 22),))]

    editor.open(project.id, tasks()["x"].task_id)
    assert "Original, to be read only" not in editor.in_sight()
    assert not editor.text_areas("translation")
    editor.choose("accept", key="a")
    editor.submit()
    alone_pulled = pull(sqlite_store, client, scheme, both)
    assert (alone_pulled.refused, alone_pulled.corrected) == ([], 0)
