"""What is ours in a workspace's `gx/` made anew: the unreadable is moved aside, what a steward wrote stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from curation.atomic_file import replaced
from curation.errors import ConfigError
from validation.gx.checkpoint import SUITE, file_context, library, named, suite_file
from validation.gx.data_source import InMemory, InStore
from validation.gx.suite import OURS, content_digest


def remake(workspace: Path) -> list[str]:
    """What was done, a line each: the next validation finds an intact `gx/` and puts in what is ours.

    Our expectations leave the suite, also those that a steward has deleted leave its list of deleted ones; those that a
    steward has added or changed stay. Where the suite itself cannot be read, the whole file is moved aside.
    """
    config, suite = workspace / "gx" / "great_expectations.yml", suite_file(workspace)
    lines: list[str] = []
    with library() as gx:
        is_known = config.is_file()
        try:
            context = file_context(gx, workspace)
        except ConfigError:
            variables = config.parent / "uncommitted" / "config_variables.yml"
            lines += [_moved(file) for file in (config, variables) if file.is_file()]
            is_known = False
            context = file_context(gx, workspace)
        if suite.is_file():
            lines.append(_without_ours(suite) or _moved(suite))
        # What refers to something that is made anew is made anew as well.
        anew = not (is_known and suite.is_file())
        for data in (InMemory, InStore):
            anew_here = anew
            for store, folder, name in (
                (context.validation_definition_store, "validation_definitions", data.definition),
                (context.checkpoint_store, "checkpoints", data.checkpoint),
            ):
                file = workspace / "gx" / folder / f"{name}.json"
                anew_here = anew_here or not _fits(store, name)
                lines += [_moved(file)] if anew_here and file.is_file() else []
    return lines


def _without_ours(file: Path) -> str | None:
    """A line about the suite, in whose file now stands what is a steward's alone; None where it cannot be read."""
    content = _suite(file)
    if content is None:
        return None
    stay = [entry for entry in content["expectations"] if not _is_ours(entry)]
    gone = len(content["expectations"]) - len(stay)
    meta = {name: value for name, value in (content.get("meta") or {}).items() if name != OURS}
    content = {"id": str(uuid4()), **content, "name": SUITE, "expectations": stay, "meta": meta}
    with replaced(file) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    return f"{file}: {gone} expectations of ours are made anew, {len(stay)} that were added or changed by hand stay"


def _suite(file: Path) -> dict[str, Any] | None:
    """The content of a suite's file; None where it is no list of expectations."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return content if all(isinstance(entry, dict) for entry in content["expectations"]) else None
    except (ValueError, LookupError, TypeError):
        return None


def _is_ours(entry: dict[str, Any]) -> bool:
    """Whether an expectation is as we made it; what cannot be read is a steward's."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    names = ("type", "kwargs", "meta", "severity")
    try:
        config = ExpectationConfiguration(**{name: entry[name] for name in names if name in entry})
        return bool(entry["meta"][OURS]["digest"] == content_digest(config.to_domain_obj()))
    except Exception:  # whatever its schemas raise for what a file holds by mistake
        return False


def _fits(store: Any, name: str) -> bool:
    """Whether what Great Expectations keeps under a name can be read, or is not there."""
    try:
        named(store, name)
    except Exception:  # whatever the store raises for a file that is empty, half or of another shape
        return False
    return True


def _moved(file: Path) -> str:
    """A line about a file that has left its name to what is made anew."""
    names = (file.with_name(f"{file.name}.aside-{number}") for number in range(1, 1000))
    aside = next(path for path in names if not path.exists())
    file.rename(aside)
    return f"{file}: made anew; what was there is in {aside.name}"
