"""Hostile annotations on every task, among good ones: a pull goes on, and every valid annotation is stored."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import httpx
from measuring import table

from annotation.label_studio.editor.variants.spans import result
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from curation.record import Layer
from curation.scheme import load_scheme
from review_parts.label_studio_servers import BenchmarkServer, label_studio
from review_parts.server_counts import tasks_by_record
from review_parts.synthetic_reports import marks, plain

#: What stands where something else is expected.
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**18,
    int("9" * 4000),
    0.5,
    "",
    "x" * 5000,
    "\x00",
    "\u202e",
    "🤒",
    "'; DROP TABLE layers; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "{{7*7}}",
    [],
    {},
    [[]],
    ["diagnosis", "diagnosis"],
    {"start": 0},
    [None],
)

#: Saved although the answer is an error; no page and no snapshot that holds one can be shown ever after.
POISON = (b'{"result": [{"id": "\\ud800", "type": "labels"}]}', b'{"result": [], "lead_time": 1e400}')


def run(*, quick: bool) -> dict[str, object]:
    """How many payloads were sent and taken, and what of the good ones is lost."""
    reports, payloads = (2, 6) if quick else (40, 600)
    scheme, random = load_scheme(), Random(7)
    pairs = list(plain(reports, categories=list(scheme.by_name), words=60, spans=8, seed=3))
    with label_studio() as server, server.store() as store, server.client() as client, server.person("anna") as anna:
        store.add_records(record for record, _ in pairs)
        push(store, client, scheme, server.settings)
        tasks = {record: ids[0] for record, ids in tasks_by_record(client, server.settings.project).items()}
        good = {record.id: layer for record, layer in pairs}
        sent: Counter[str] = Counter()
        for number in range(payloads):
            record, layer = random.choice(pairs)
            body = _poison(number, payloads) or json.dumps(_hostile(result(record, layer, scheme), random)).encode()
            sent[_post(server, tasks[record.id], body)] += 1
        for record, layer in pairs:
            anna.annotate(tasks[record.id], result(record, layer, scheme))
        broke = 0
        reasons: Counter[str] = Counter()
        for full in (False, True, False):
            try:
                done = pull(store, client, scheme, server.settings, full=full)
            except Exception as error:
                broke += 1
                print(f"a pull ended with {type(error).__name__}")
            else:
                reasons.update(_kind(reason) for _, reason in done.refused)
        lost = sum(not _is_whole(store.layer(id, "human:anna"), layer) for id, layer in good.items())
        kept = len(store.review_events(client.find_project(server.settings.project).key, kind="refused"))
    print(table(("payloads", "answered"), [(count, answer) for answer, count in sorted(sent.items())]))
    print()
    print(table(("refused", "because"), [(count, reason) for reason, count in reasons.most_common(12)]))
    return {
        "hostile_payloads": payloads,
        "hostile_kept_aside": kept,
        "hostile_pulls_broken": broke,
        "lost": lost + broke,
    }


def _hostile(good: list[dict[str, Any]], random: Random) -> dict[str, Any]:
    """A good annotation with junk in several of its fields."""
    made: list[Any] = json.loads(json.dumps(good))
    for _ in range(random.randint(1, 6)):
        part = random.choice(made)
        if not isinstance(part, dict):
            continue
        inner = part.get("value")
        where = inner if isinstance(inner, dict) and inner and random.random() < 0.6 else part
        where[random.choice([*where, "extra"])] = random.choice(JUNK)
    if random.random() < 0.2:
        made += made
    return {"result": made, "lead_time": random.choice((1, -5, 1e300, None)), "was_cancelled": random.random() < 0.1}


def _poison(number: int, payloads: int) -> bytes | None:
    """Three of them, spread over the payloads."""
    return POISON[number % 2] if number % (payloads // 3) == 1 else None


def _post(server: BenchmarkServer, task: int, body: bytes) -> str:
    headers = {"Authorization": f"Token {server.token('hugo')}", "content-type": "application/json"}
    answer = httpx.post(
        f"{server.url}/api/tasks/{task}/annotations/", content=body, headers=headers, trust_env=False, timeout=120
    )
    return str(answer.status_code)


def _is_whole(found: Layer | None, wanted: Layer) -> bool:
    return found is not None and marks(found) == marks(wanted)


def _kind(reason: str) -> str:
    """A reason without its numbers."""
    return "".join("#" if letter.isdigit() else letter for letter in reason.partition(": ")[2] or reason)[:80]
