"""The page in a real browser: spans made with the mouse keep their offsets, and no other machine is called."""

from __future__ import annotations

import unicodedata

from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from curation.record import Record
from curation.scheme import load_scheme
from review_parts.browser_editor import HERE, Editor, browser
from review_parts.label_studio_servers import label_studio

WORDING = "high fever"
#: What moves offsets when a program counts in other units, folds blanks or normalises.
TEXTS = {
    "plain": "The patient had high fever today.",
    "emoji": "👩‍⚕️ saw 🤒 with high fever 🌡️ 39.5 °C.",
    "umlauts": "Die Ärztin maß über Ödeme high fever, Größe 1,80 m.",
    "windows line ends": "First line.\r\nSecond:\r\n\r\nhigh fever\r\nend.",
    "combining marks": unicodedata.normalize("NFD", "Ärztin für Café: ") + "high fever.",
    "tabs": "Sign:\t\thigh fever\t  (twice)  ",
    "leading blanks": "   \n  high fever",
    "no-break blanks": "39\u00a0°C\u202fand high fever\u00a0!",
    "zero width": "a\u200bb\u200c high fever \ufeff.",
    "astral letters": "𝐁𝐨𝐥𝐝 𝔣𝔢𝔳𝔢𝔯 then high fever 𠜎.",
    "right to left": "المريض حمى then high fever שלום.",
    "flags and families": "🇩🇪 👨‍👩‍👧‍👦 👍🏽 high fever 🏳️‍🌈.",
    "markup": "<b>&amp; high fever</b> ${text} \\n \"'",
    "two paragraphs": "One.\n\n\nTwo: high fever.\n",
}
QUICK = 1


def run(*, quick: bool) -> dict[str, object]:
    """Wrong offsets among the spans, and hosts called that are not this machine."""
    texts = dict(list(TEXTS.items())[:QUICK] if quick else TEXTS)
    scheme = load_scheme()
    key = next(category.hotkey for category in scheme.categories if category.name == "signs_symptoms")
    with label_studio() as server, server.store() as store, server.client() as client, browser() as driver:
        store.add_records(
            Record(id=f"r{number}", group="g", source="page", language="en", text=text)
            for number, text in enumerate(texts.values())
        )
        push(store, client, scheme, server.settings)
        project = client.find_project(server.settings.project)
        assert project is not None
        tasks = store.review_tasks(project.key)
        editor = Editor(driver, server.url)
        account = server.accounts["anna"]
        editor.log_in(account.login, account.password.get_secret_value())
        for number in range(len(texts)):
            editor.open(project.id, tasks[f"r{number}"].task_id or 0)
            editor.mark(WORDING, key=key)
            editor.press("a")
            editor.submit()
        outside = sorted(editor.called() - set(HERE))
        pull(store, client, scheme, server.settings)
        layers = [store.layer(f"r{number}", "human:anna") for number in range(len(texts))]
    wrong = 0
    print("| text | offsets expected | offsets pulled |\n|---|---|---|")
    for (name, text), layer in zip(texts.items(), layers, strict=True):
        start = text.index(WORDING)
        expected = [((start, start + len(WORDING)),)]
        found = [entity.spans for entity in layer.entities] if layer else []
        wrong += found != expected
        print(f"| {name} | {expected[0][0]} | {found[0][0] if found else 'none'} |")
    print(f"\nhosts called that are not this machine: {', '.join(outside) or 'none'}")
    return {"page_spans": len(texts), "offsets_wrong": wrong, "page_outbound": len(outside)}
