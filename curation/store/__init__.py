"""The store: records, layers, measures, decisions, review tasks, job states, sets and runs in a SQL database."""

from curation.store.review import ReviewEvent, ReviewTask
from curation.store.store import Added, Store

__all__ = ["Added", "ReviewEvent", "ReviewTask", "Store"]
