"""Accounts, invitation and organisation of our own server that are not as we made them."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.label_studio.api.client import Client
from annotation.label_studio.guard.foreign_entry import ForeignEntry, shown
from annotation.label_studio.registrations import Registrations
from annotation.label_studio.server.accounts import TITLE
from annotation.label_studio.server.credentials import Credentials

#: The organisation's switches and settings as we have them, by the address that tells them.
ORGANIZATION: dict[str, dict[str, object]] = {
    "/api/jwt/settings": {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True},
    "/api/organizations/": {"title": TITLE, "contact_info": None},
}


def foreign_accounts(client: Client, credentials: Credentials, noted: Registrations) -> Iterator[ForeignEntry]:
    """Accounts that we did not make, and ours under another name; those that we closed are let be."""
    for user in client.get("/api/users"):
        login = str(user["email"])
        name = credentials.logins.get(login)
        if name is None:
            if login not in noted.closed:
                yield ForeignEntry("account", f"{shown(login)} was not made by us", in_database=True)
            continue
        names = [str(user.get(field) or "") for field in ("first_name", "last_name")]
        called = " ".join(filter(None, [*names, *({str(user.get("username") or "")} - {"", name})]))
        if called:
            yield ForeignEntry("account", f"{login} is called {shown(called)}", in_database=True)
        if user.get("active_organization") is None:
            yield ForeignEntry("account", f"{login} was taken out of the organisation", in_database=True)


def foreign_organization(client: Client) -> Iterator[ForeignEntry]:
    """An invitation by which strangers can sign up, and settings that are not ours."""
    if client.get("/api/invite").get("token"):
        yield ForeignEntry("invitation", "whoever has its link makes an account", in_database=True)
    for path, settings in ORGANIZATION.items():
        answer = client.get(path)
        for found in answer if isinstance(answer, list) else [answer]:
            for setting, value in settings.items():
                if found.get(setting) != value:
                    what = f"{setting} is {shown(found.get(setting))}, ours is {value}"
                    yield ForeignEntry("organisation", what, in_database=True)
