"""The logins of our own accounts, and the names of annotators that they stand for."""

from __future__ import annotations

#: Mail domain of the accounts that we make; Label Studio requires a mail address as a login.
DOMAIN = "clincurate.local"


def login_of(name: str) -> str:
    """The login of an account of ours."""
    return f"{name}@{DOMAIN}"


def annotator_of(login: str) -> str:
    """The annotator's name where the account is ours, else the login itself."""
    return login.removesuffix(f"@{DOMAIN}")
