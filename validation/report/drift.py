"""The latest comparison of new records with a frozen set, as `curate drift` has left it."""

from __future__ import annotations

from pydantic import JsonValue

from curation.store import Store

#: The command whose runs are looked through, and the key of their outcome that holds what was found.
COMMAND, FOUND = "drift", "drift"


def drift(store: Store) -> JsonValue:
    """What the latest run found, when, against which set, and whether that is the newest; None without a run."""
    for run in reversed(store.runs()):
        outcome, inputs = run.manifest.get("outcome"), run.manifest.get("inputs")
        found = outcome.get(FOUND) if isinstance(outcome, dict) else None
        if run.command != COMMAND or not isinstance(outcome, dict) or not isinstance(found, dict):
            continue
        sets = store.curated_sets()
        newest = f"{sets[-1].name}@{sets[-1].version}" if sets else None
        against = outcome.get("against")
        return {
            "when": run.started,
            "against": against,
            "is_newest": against == newest,
            "asked": inputs,
            "found": found,
        }
    return None
