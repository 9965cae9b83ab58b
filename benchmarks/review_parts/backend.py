"""The cost of the live back end beside the annotator: through HTTP and called directly, in the same run.

One request carries one record, as when a person opens it. Each column has texts of its own, drawn alternately from
the same reports: the sentence encoder remembers wordings, and the back end remembers texts. What the back end
remembers is asked for last.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import httpx

from annotation.annotators import annotator
from annotation.label_studio.backend.serve import running_backend
from annotation.label_studio.editor.label_config import label_config
from annotation.label_studio.settings import BackendSettings
from annotation.review_settings import ReviewSettings
from annotation.settings import AnnotationSettings
from curation.record import Record, record_id
from curation.scheme import Scheme, load_scheme
from curation.stage import Item
from review_parts.scripted_annotators import reports

#: People who open a record in the same moment.
AT_ONCE = 8

#: Not the default, so that another back end on this machine does not matter.
PORT = 19290

Seconds = list[float]
One = TypeVar("One")


def run(*, quick: bool) -> dict[str, object]:
    """Print the latencies and give the figures, in milliseconds."""
    scheme = load_scheme()
    figures: dict[str, object] = {}
    print("milliseconds: half of the requests and 95 % of them\n")
    print("| annotator | records | bare | one at a time | eight at once | known already |")
    print("|---|---|---|---|---|---|")
    for name, each in {"rules": 4}.items() if quick else {"rules": 24, "few-shot": 8}.items():
        texts = [record.text for record, _ in reports(3 * each, real=not quick)]
        columns = {"bare": bare(name, scheme, texts[0::3]), **through(name, scheme, texts[1::3], texts[2::3])}
        cells = " | ".join(f"{_at(times, 0.5)} / {_at(times, 0.95)}" for times in columns.values())
        print(f"| {name} | {each} each | {cells} |")
        figures |= {
            f"backend_{name}_{column}_p{share}_ms".replace("-", "_").replace(" ", "_"): _at(times, share / 100)
            for column, times in columns.items()
            for share in (50, 95)
        }
    return figures


def bare(name: str, scheme: Scheme, texts: Sequence[str]) -> Seconds:
    """Seconds that the annotator takes for each text, called directly once it has loaded."""
    stage = annotator(name, scheme, AnnotationSettings())
    items = [Item(_record(text)) for text in ("", *texts)]
    return _timed(lambda item: stage([item]), items)[1:]


def through(name: str, scheme: Scheme, first: Sequence[str], second: Sequence[str]) -> dict[str, Seconds]:
    """Seconds that requests take: the first texts one at a time, the second eight at once, and the first again."""
    config = label_config(scheme)
    with _listening(name, scheme) as http:

        def ask(text: str) -> None:
            body = {"tasks": [{"id": 1, "data": {"text": text, "language": "en"}}], "label_config": config}
            answer = http.post("/predict", json=body)
            answer.raise_for_status()
            if not answer.json()["results"][0]:
                raise RuntimeError("expected a prediction within the deadline, got none")

        alone = _timed(ask, first)
        with ThreadPoolExecutor(AT_ONCE) as people:
            together = [seconds for found in people.map(lambda text: _timed(ask, [text]), second) for seconds in found]
        return {"alone": alone, "at once": together, "known": _timed(ask, first)}


@contextmanager
def _listening(name: str, scheme: Scheme) -> Iterator[httpx.Client]:
    """A client of a real back end in a temporary workspace."""
    review = ReviewSettings(backend=BackendSettings(annotator=name, port=PORT, deadline=90))
    with (
        tempfile.TemporaryDirectory(prefix="clincurate-backend-") as folder,
        running_backend(Path(folder), scheme, review, AnnotationSettings(), train=("true",)) as (server, url, auth),
    ):
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
        with httpx.Client(base_url=url, auth=(auth.login, auth.password), timeout=120, trust_env=False) as http:
            yield http
        server.should_exit = True
        thread.join()


def _timed(work: Callable[[One], object], things: Sequence[One]) -> Seconds:
    found = []
    for thing in things:
        started = perf_counter()
        work(thing)
        found.append(perf_counter() - started)
    return found


def _record(text: str) -> Record:
    return Record(id=record_id(text, language="en"), group="-", source="benchmark", language="en", text=text)


def _at(seconds: Seconds, share: float) -> float:
    """The milliseconds within which that share of the requests was answered."""
    return round(1000 * sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))], 1)
