"""Makes and restores accounts in Label Studio's database. Runs in Label Studio's own interpreter, not in ours.

Reads an order as JSON from standard input, as `account_order.AccountOrder` writes it, and prints one line of JSON: what
was done, in counts and logins. Accounts made by the server's own API cannot log in, the invitation link is a form for a
person, and what an annotator has broken for everybody no request can repair.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

#: No token of DRF's has a blank in it: a header with one is refused. So this is a token that opens nothing.
NO_TOKEN = "no token "

#: What Label Studio calls the organisation that it makes.
TITLE = "Label Studio"


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """What was done: new accounts, the service account's token, and the counts of all that was restored."""
    organization = _model("organizations.models", "Organization").objects.order_by("id").first()
    if organization is None:
        raise SystemExit("expected a server that was started once, found no organisation in its database")
    done: dict[str, Any] = {"made": _make_accounts(order["accounts"], organization)}
    if service := order.get("service"):
        done["service"], changed = _service(service, organization)
        done["projects"] = _take_projects(service["login"], order["steward"], order["titles"])
        done["organization"] = _close_organization(organization)
    if service and order["restore"]:
        known = [service["login"], *(account["login"] for account in order["restore"])]
        done["accounts"] = changed + sum(_restore(account, organization) for account in order["restore"])
        done["others"] = _others(known)
        done["closed"] = [login for login in done["others"] if _close(login)]
    return done


def _make_accounts(accounts: list[dict[str, str]], organization: Any) -> list[str]:
    """The logins that are new; an account that is there gets the given password and token."""
    made = []
    for account, password in zip(accounts, _hashed(account["password"] for account in accounts), strict=True):
        user = _user(account["login"])
        if user is None:
            user = _model("users.models", "User").objects.create_user(email=account["login"])
            made.append(account["login"])
        user.password = password
        user.save(update_fields=["password"])
        _restore(account, organization)
    return made


def _service(service: dict[str, Any], organization: Any) -> tuple[str, bool]:
    """The service account's personal token, the given one while it is taken; whether anything was not as we made it."""
    user = _user(service["login"]) or _model("users.models", "User").objects.create_user(email=service["login"])
    user.set_unusable_password()
    user.save(update_fields=["password"])
    own_token = _model("rest_framework.authtoken.models", "Token").objects.filter(user=user).first()
    keep = own_token.key if own_token and own_token.key.startswith(NO_TOKEN) else NO_TOKEN + secrets.token_hex(12)
    changed = _restore({"login": service["login"], "token": keep}, organization)
    if _is_valid(service["token"], user):
        return str(service["token"]), changed
    tokens = _model("rest_framework_simplejwt.token_blacklist.models", "OutstandingToken")
    blacklist = _model("rest_framework_simplejwt.token_blacklist.models", "BlacklistedToken")
    for token in tokens.objects.filter(user=user):
        blacklist.objects.get_or_create(token=token)
    return str(_model("jwt_auth.models", "LSAPIToken").for_user(user).get_full_jwt()), True


def _is_valid(token: str | None, user: Any) -> bool:
    refused: Any = import_module("rest_framework_simplejwt.exceptions").TokenError
    try:
        found = _model("rest_framework_simplejwt.tokens", "RefreshToken")(token) if token else None
    except refused:
        return False
    return found is not None and str(found["user_id"]) == str(user.id)


def _take_projects(login: str, steward: str, titles: list[str]) -> int:
    """How many projects became the service account's: the steward's, and those with our titles."""
    q: Any = import_module("django.db.models").Q
    service = _user(login)
    projects = _model("projects.models", "Project").objects.filter(q(created_by__email=steward) | q(title__in=titles))
    return int(projects.exclude(created_by=service).update(created_by=service))


def _restore(account: dict[str, str], organization: Any) -> bool:
    """Whether anything of an account was not as we made it: name, token, membership, or that it is active."""
    user = _user(account["login"])
    if user is None:
        return False
    members = _model("organizations.models", "OrganizationMember").objects
    tokens = _model("rest_framework.authtoken.models", "Token").objects
    name = account["login"].partition("@")[0]
    wanted = {
        "first_name": ("",),
        "last_name": ("",),
        # The server itself gives the steward none.
        "username": (name, ""),
        "is_active": (True,),
        "active_organization_id": (organization.id,),
    }
    changed = {field: values[0] for field, values in wanted.items() if getattr(user, field) not in values}
    for name, value in changed.items():
        setattr(user, name, value)
    user.save(update_fields=list(changed))
    member, is_new = members.get_or_create(user=user, organization=organization)
    was_removed = is_new or member.deleted_at is not None
    if was_removed:
        member.deleted_at = None
        member.save()
    has_token = tokens.filter(user=user, key=account["token"]).exists()
    if not has_token:
        tokens.filter(user=user).delete()
        tokens.create(user=user, key=account["token"])
    return bool(changed) or was_removed or not has_token


def _others(known: list[str]) -> list[str]:
    """The logins of the accounts that are not ours."""
    users = _model("users.models", "User").objects.exclude(email__in=known)
    return list(users.order_by("id").values_list("email", flat=True))


def _close(login: str) -> bool:
    """Whether somebody could get in by this account until now; what it has said stays, under its login."""
    user = _user(login)
    was_open = bool(user.is_active)
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    return was_open


def _close_organization(organization: Any) -> int:
    """How many settings of the organisation were put back: no invitation, its name, and both kinds of token."""
    wanted: list[tuple[Any, str, object]] = [
        (organization, "token", None),
        (organization, "title", TITLE),
        (organization, "contact_info", None),
        (organization.jwt, "api_tokens_enabled", True),
        (organization.jwt, "legacy_api_tokens_enabled", True),
    ]
    changed = [(row, name, value) for row, name, value in wanted if getattr(row, name) != value]
    for row, name, value in changed:
        setattr(row, name, value)
        row.save(update_fields=[name])
    return len(changed)


def _user(login: str) -> Any:
    return _model("users.models", "User").objects.filter(email=login).first()


def _model(module: str, name: str) -> Any:
    # Looked up by name, since our interpreter, in which this file is checked, does not have them.
    return getattr(import_module(module), name)


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
    """Read the order, carry it out, print what was done."""
    order: dict[str, Any] = json.load(sys.stdin)
    _set_up_django()
    print(json.dumps(carry_out(order)))


if __name__ == "__main__":
    # This folder holds modules of ours, which must not be imported in place of Django's.
    sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    main()
