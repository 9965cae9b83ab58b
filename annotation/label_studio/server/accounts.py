"""Makes accounts in Label Studio's database. Runs in Label Studio's own interpreter, not in ours.

Reads ``[{"login": ..., "password": ..., "token": ...}]`` from standard input and prints one line of JSON:
the logins that were made. Accounts made by the server's own API cannot log in, and the invitation link is a form
for a person.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any


def make_accounts(accounts: list[dict[str, str]]) -> list[str]:
    """Make the accounts and return the logins that are new; an existing one gets the given password and token."""
    # Looked up by name, since our interpreter, in which this file is checked, does not have them.
    Organization: Any = import_module("organizations.models").Organization  # noqa: N806
    Token: Any = import_module("rest_framework.authtoken.models").Token  # noqa: N806
    User: Any = import_module("users.models").User  # noqa: N806
    organization = Organization.objects.order_by("id").first()
    if organization is None:
        raise SystemExit("expected a server that was started once, found no organisation in its database")
    made = []
    for account, password in zip(accounts, _hashed(account["password"] for account in accounts), strict=True):
        user = User.objects.filter(email=account["login"]).first()
        if user is None:
            user = User.objects.create_user(email=account["login"])
            made.append(account["login"])
        user.password = password
        user.active_organization = organization
        user.save()
        if not organization.has_user(user):
            organization.add_user(user)
        Token.objects.filter(user=user).delete()
        Token.objects.create(user=user, key=account["token"])
    return made


def _hashed(passwords: Iterable[str]) -> list[str]:
    """The hashes of the passwords as Django stores them; each takes half a second, so all cores are used."""
    make_password: Any = import_module("django.contrib.auth.hashers").make_password
    with ThreadPoolExecutor() as pool:
        return list(pool.map(make_password, passwords))


def _set_up_django() -> None:
    package: Any = import_module("label_studio")
    sys.path.insert(0, str(Path(package.__file__).parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label_studio.core.settings.label_studio")
    import_module("django").setup()


def main() -> None:
    """Read the accounts, make them, print the new logins."""
    accounts: list[dict[str, Any]] = json.load(sys.stdin)
    _set_up_django()
    print(json.dumps(make_accounts(accounts)))


if __name__ == "__main__":
    # This folder holds modules of ours, which must not be imported in place of Django's.
    sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    main()
