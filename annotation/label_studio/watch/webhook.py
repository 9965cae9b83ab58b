"""Our webhook of a project, which exists only while we listen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from annotation.label_studio.api.client import Client, Json
from annotation.label_studio.watch.webhook_receiver import HEADER
from curation.errors import ReviewError

#: The events of Label Studio that a pull follows.
ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)

#: Seconds in which a listener on this machine accepts a connection.
CONNECT_TIMEOUT = 1.0


@contextmanager
def registered_webhook(client: Client, project: int, address: str, secret: str) -> Iterator[None]:
    """Inside the block, Label Studio sends hints to the address; webhooks of ours without a listener are removed.

    The hints carry no annotation. The webhook is made each time and never changed: Label Studio removes the actions
    of a webhook that is changed without naming them.
    """
    for hook in client.webhooks(project):
        if HEADER in (hook.get("headers") or {}) and (hook["url"] == address or _is_unreachable(hook)):
            client.delete_webhook(hook["id"])
    made = client.add_webhook(project, address, {HEADER: secret}, ACTIONS)
    try:
        yield
    finally:
        # A webhook that stays is removed by the next watch.
        with suppress(ReviewError):
            client.delete_webhook(made)


def _is_unreachable(hook: Json) -> bool:
    url = urlsplit(str(hook["url"]))
    if url.hostname != "127.0.0.1" or url.port is None:
        return False
    try:
        socket.create_connection((url.hostname, url.port), timeout=CONNECT_TIMEOUT).close()
    except OSError:
        return True
    return False
