"""The tables as they are after the last migration; the migrations make them, this file reads them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: SQLite counts an INTEGER primary key by itself, PostgreSQL wants BIGINT to last.
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")

records = sa.Table(
    "records",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("id", sa.Text, unique=True, nullable=False),
    sa.Column("group_id", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("translation_of", sa.Text),
    sa.Column("licence", sa.Text),
    sa.Column("meta", sa.Text, nullable=False),
)

layers = sa.Table(
    "layers",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Index("layers_latest", "record_id", "name", "seq"),
)

measures = sa.Table(
    "measures",
    metadata,
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("found", sa.Text, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    #: The layer's name or the destination; empty for the text.
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Index("decisions_latest", "record_id", "kind", "subject", "seq"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("updated", sa.Text, nullable=False),
    #: The row of each layer that the result was made from, by the layer's name, as JSON: a later one makes it stale.
    sa.Column("layer_rows", sa.Text, nullable=False, server_default="{}"),
    #: Of a failure: truncated, refused, unparsable ...
    sa.Column("kind", sa.Text),
    sa.Index("jobs_stage", "stage", "state"),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    #: Of the worker that has the record, empty when its result has come; `worker` says in words who that is.
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    #: Seconds since 1970 by the clock of the database: the end of the lease, or when the record failed.
    sa.Column("until", sa.Double, nullable=False),
    #: How many workers have taken the record and given nothing back, with the present one.
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("claims_token", "token"),
    sa.Index("claims_tries", "tries"),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("sample", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("time", sa.Text, nullable=False),
    #: Empty where no answer came.
    sa.Column("finish", sa.Text),
    #: As UTF-8: an answer may have characters that no text of a database can hold.
    sa.Column("text", sa.LargeBinary),
    sa.Column("said_by", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("tokens_in", sa.BigInteger),
    sa.Column("tokens_out", sa.BigInteger),
    sa.Column("cost", sa.Double),
    sa.Column("seconds", sa.Double),
    #: A number, as many logarithms, and their texts as JSON.
    sa.Column("logprobs", sa.LargeBinary),
    sa.Index("answers_key", "key"),
)

#: Whom an answer is about: it falls with each of these records.
answer_records = sa.Table(
    "answer_records",
    metadata,
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("answer", sa.BigInteger, sa.ForeignKey("answers.seq"), primary_key=True),
    sa.Index("answer_records_answer", "answer"),
)

#: What answers have cost that are forgotten: sums only.
spent = sa.Table(
    "spent",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("answers", sa.BigInteger, nullable=False),
    sa.Column("unpriced", sa.BigInteger, nullable=False),
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.Double, nullable=False),
)

#: Batches of questions at a provider: where each is, and how far it has come. It stays when its questions are gone.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    #: Ours, by which its file and the batch are found at the provider.
    sa.Column("mark", sa.Text, unique=True, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    #: What the provider said last.
    sa.Column("status", sa.Text),
    sa.Column("input_file", sa.Text),
    sa.Column("batch_id", sa.Text),
    sa.Column("output_file", sa.Text),
    sa.Column("error_file", sa.Text),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("expected_cost", sa.Double),
    #: What came of its lines, as JSON.
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("made", sa.Text, nullable=False),
    sa.Column("sent", sa.Text),
    sa.Column("ended", sa.Text),
    #: Who works at it, until when by the clock of the database.
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
)

batch_requests = sa.Table(
    "batch_requests",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("batch", sa.BigInteger, sa.ForeignKey("batches.seq"), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("sample", sa.Integer, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    #: open, answered, or why there is no answer.
    sa.Column("state", sa.Text, nullable=False),
    sa.UniqueConstraint("batch", "key"),
    sa.Index("batch_requests_key", "key"),
)

#: Whom a question in a batch is about: it falls with each of these records. is_asked: not as an example for another.
batch_records = sa.Table(
    "batch_records",
    metadata,
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("request", sa.BigInteger, sa.ForeignKey("batch_requests.seq"), primary_key=True),
    sa.Column("is_asked", sa.Integer, nullable=False),
    sa.Index("batch_records_request", "request"),
)

review_tasks = sa.Table(
    "review_tasks",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("task_id", sa.BigInteger),
    sa.Column("pushed", sa.Text, nullable=False),
    sa.Column("predictions", sa.Text, nullable=False),
    sa.Column("updated", sa.Text, nullable=False),
)

review_cursors = sa.Table(
    "review_cursors",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
)

review_events = sa.Table(
    "review_events",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("digest", sa.Text, unique=True, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("task_id", sa.BigInteger, nullable=False),
    sa.Column("annotation_id", sa.BigInteger),
    #: No foreign key: what is refused may name a record that never was.
    sa.Column("record_id", sa.Text),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("content", sa.Text),
    sa.Column("created", sa.Text, nullable=False),
    sa.Index("review_events_project", "project", "kind"),
)

sets = sa.Table(
    "sets",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("frozen", sa.Text, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),
    sa.UniqueConstraint("name", "version"),
)

set_members = sa.Table(
    "set_members",
    metadata,
    sa.Column("digest", sa.Text, sa.ForeignKey("sets.digest"), primary_key=True),
    sa.Column("record_id", sa.Text, sa.ForeignKey("records.id"), primary_key=True),
    sa.Column("split", sa.Text, nullable=False),
    sa.Column("layer_seq", sa.BigInteger, sa.ForeignKey("layers.seq"), nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),
)

egress = sa.Table(
    "egress",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("run", sa.BigInteger),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("destination", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("texts", sa.BigInteger, nullable=False),
    sa.Column("characters", sa.BigInteger, nullable=False),
    sa.Column("with_identifiers", sa.BigInteger),
    sa.Column("refused", sa.BigInteger, nullable=False),
)

egress_records = sa.Table(
    "egress_records",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("line", sa.BigInteger, sa.ForeignKey("egress.seq"), nullable=False),
    #: No foreign key: what a server is asked about may be no record of the store.
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.UniqueConstraint("line", "record_id", "refused"),
)

deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    #: No foreign key: the record is no more.
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("counts", sa.Text, nullable=False),
    #: Tasks in Label Studio that are still there, as JSON.
    sa.Column("tasks_left", sa.Text, nullable=False),
)
