"""Whether what Label Studio says about who made an annotation fits what else it knows of it.

Everybody who can log in may name anybody as the author (`completed_by`) when they save or import an annotation. The
account that saved it last (`updated_by`) is set by the server, and so is each entry of its history, where it keeps one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from annotation.label_studio.api.client import Json
from annotation.label_studio.logins import annotator_of

#: What the history calls the making of an annotation, and the field that says whose it is.
MADE = "annotation_created"
AUTHOR_FIELD = "completed_by_id"

#: The server sets both times of a new annotation within 40 microseconds; nobody changes one this soon.
ONE_SAVE = timedelta(milliseconds=10)

UNREADABLE_HISTORY = "expected the server's history of it, but the server cannot show it"


def doubts(
    found: Json, history: Sequence[Json] | None, users: Mapping[int, str], *, steward: int | None, earlier: str | None
) -> tuple[str, ...]:
    """What does not fit in an annotation's authorship; nothing where all fits.

    history: entries of the server's history, oldest first; empty where it keeps none, None where it cannot show it.
    steward: the account that we pull with, whose word on authors counts. earlier: who was its author in earlier pulls.
    """
    author, saver = _account(found.get("completed_by")), _account(found.get("updated_by"))
    strangers = [
        f"its {role} is account {account}, which is no member of this Label Studio"
        for role, account in (("author", author), ("last saver", saver))
        if account is not None and account not in users
    ]
    if history is None:
        return (*strangers, UNREADABLE_HISTORY)
    if strangers or author is None:
        return tuple(strangers)
    found_wrong = _against_history(author, saver, history, users, steward) if history else None
    if found_wrong is None:
        found_wrong = _without_history(found, author, saver, users, steward, begun=bool(history), earlier=earlier)
    return (*found_wrong, *_times(found))


def _against_history(
    author: int, saver: int | None, history: Sequence[Json], users: Mapping[int, str], steward: int | None
) -> tuple[str, ...] | None:
    """What the entries on its author say; None where there are none."""
    made = next((entry for entry in history if entry.get("transition_name") == MADE), None)
    claims = [entry for entry in history if entry is made or AUTHOR_FIELD in _changed(entry)]
    if not claims:
        return None
    maker, setter = _by(made), _by(claims[-1])
    if setter == steward or maker == author:
        return ()
    if claims[-1] is made:
        return (f"it says that {_name(author, users)} made it, the server's history that {_name(maker, users)} did",)
    return (f"{_name(setter, users)} made it an answer of {_name(author, users)}",)


def _without_history(
    found: Json,
    author: int,
    saver: int | None,
    users: Mapping[int, str],
    steward: int | None,
    *,
    begun: bool,
    earlier: str | None,
) -> tuple[str, ...]:
    """What its other fields say, where no entry tells who made it."""
    name = _name(author, users)
    if earlier is not None:
        return () if earlier == name else (f"it says that {name} made it, an earlier pull that {earlier} did",)
    if saver is None and found.get("parent_prediction") is None and found.get("parent_annotation") is None:
        return (f"nobody saved it: it came by an import, which may name anybody, and names {name}",)
    if saver in (None, author, steward):
        return ()
    if begun or _is_one_save(found):
        return (f"it says that {name} made it, but only {_name(saver, users)} is known to have saved it",)
    return ()


def _times(found: Json) -> Iterator[str]:
    created, updated = (_time(found.get(field)) for field in ("created_at", "updated_at"))
    if created is not None and updated is not None and updated < created:
        yield "it was saved last before it was made"


def _is_one_save(found: Json) -> bool:
    created, updated = (_time(found.get(field)) for field in ("created_at", "updated_at"))
    return created is not None and updated is not None and abs(updated - created) < ONE_SAVE


def _time(given: object) -> datetime | None:
    return datetime.fromisoformat(given) if isinstance(given, str) else None


def _changed(entry: Json) -> Sequence[str]:
    context = entry.get("context_data")
    changed = context.get("changed_fields") if isinstance(context, dict) else None
    return changed if isinstance(changed, list) else ()


def _by(entry: Json | None) -> int | None:
    return _account(entry.get("triggered_by")) if entry else None


def _account(user: object) -> int | None:
    """The number of an account, which is told by its number or in full."""
    number = user.get("id") if isinstance(user, dict) else user
    return number if isinstance(number, int) else None


def _name(account: int | None, users: Mapping[int, str]) -> str:
    if account is None:
        return "an account that is gone"
    return annotator_of(users[account]) if account in users else f"account {account}"
