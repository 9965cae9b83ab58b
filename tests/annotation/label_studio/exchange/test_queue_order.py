"""People see queued records in the order of the queue, and nothing else of it."""

from __future__ import annotations

from annotation.label_studio.exchange.push import push
from annotation.label_studio.shown_layers import shown_layers
from annotation.queue.plan import plan
from annotation.queue.record_summary import record_summaries
from annotation.queue.reviewed import reviewed_records
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import RecordPool
from curation.record import Entity, Layer, Record, record_id


def fill(store, count):
    texts = [f"Case {number}: fever and cough." for number in range(count)]
    records = [
        Record(id=record_id(text, language="en"), group=text, source="test", language="en", text=text) for text in texts
    ]
    store.add_records(records)
    for number, record in enumerate(records):
        start = record.text.index("fever")
        entity = Entity.at(record.text, start, start + 5, "signs_symptoms", id="T1", score=(number * 7 % count) / count)
        store.add_layers([Layer(record_id=record.id, name="rules", author="rules@1", entities=(entity,))])
    return records


def test_the_label_stream_follows_the_queue_and_knows_nothing_of_it(sqlite_store, client, scheme, settings, anna):
    fill(sqlite_store, 24)
    queue_settings = QueueSettings(size=12, control=0.25, repeats=0, seed=4)
    layers = shown_layers(sqlite_store, settings)
    known = RecordPool(list(record_summaries(sqlite_store, layers)), reviewed_records(sqlite_store, layers))
    queue = plan(known, queue_settings)
    in_order = [record.id for record in sqlite_store.records(queue.record_ids)]
    assert in_order != queue.record_ids  # the order of the store would not do
    push(sqlite_store, client, scheme, settings.model_copy(update={"batch_size": 5}), ids=queue.record_ids)

    project = client.find_project(settings.project)
    seen = []
    while (task := anna.next_task(project.id)) is not None:
        assert set(task["data"]) == {"text", "record_id", "language", "validation", "assertions"}
        seen.append(task["data"]["record_id"])
        anna.annotate(task["id"], [])
    assert seen == queue.record_ids
