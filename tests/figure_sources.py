"""What the sources of figures say, read from the rows of a store by other code than that which wrote them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

Row = dict[str, Any]
#: The columns by which a row is found.
KEYS = {"sets": "digest", "runs": "seq"}


class FigureSources:
    """The rows of one store."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row

    def value(self, source: str) -> Any:
        """What a source says now."""
        table, _, which = source.partition("?")
        if which:
            asked = dict(parse_qsl(which, keep_blank_values=True))
            found = getattr(self, f"_{table}")(asked)
            assert not asked, f"not understood: {asked} of {source}"
            return found
        name, key, column, *path = (unquote(part) for part in source.split("/"))
        (row,) = self._rows(f"SELECT {column} FROM {name} WHERE {KEYS[name]} = ?", key)
        value = json.loads(row[column])
        for part in path:
            value = value[int(part)] if isinstance(value, list) else value.get(part)
        return value

    def _rows(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query, values)]

    @property
    def _people(self) -> list[str]:
        return sorted(row["name"] for row in self._rows("SELECT DISTINCT name FROM layers WHERE name LIKE 'human:%'"))

    def _members_of(self, asked: Row) -> list[Row]:
        """The records of a set, or with a layer, each with the layer in plain values and its split."""
        digest, layer = asked.pop("set", None), asked.pop("layer", None)
        if layer and layer.startswith("person "):
            layer = self._people[int(layer.removeprefix("person ")) - 1]
        frozen = (
            "SELECT r.*, l.content, m.split FROM set_members m JOIN records r ON r.id = m.record_id "
            "JOIN layers l ON l.seq = m.layer_seq WHERE m.digest = ?"
        )
        newest = (
            "SELECT r.*, l.content, 'unreviewed' AS split FROM layers l JOIN records r ON r.id = l.record_id "
            "WHERE l.seq IN (SELECT MAX(seq) FROM layers WHERE name = ? GROUP BY record_id)"
        )
        rows = self._rows(newest, layer) if layer else self._rows(frozen, digest)
        if digest and layer:
            splits = {row["id"]: row["split"] for row in self._rows(frozen, digest)}
            rows = [row | {"split": splits[row["id"]]} for row in rows if row["id"] in splits]
        for row in rows:
            row["layer"] = json.loads(row["content"])
        if not digest:
            turned = [json.loads(found["content"]) for found in self._newest_decisions()]
            away = {
                found["record_id"]
                for found in turned
                if found["verdict"] in ("rejected", "quarantined")
                and (found["kind"] == "text" or found["layer"] == layer)
            }
            rows = [row for row in rows if row["id"] not in away]
        return rows

    def _newest_decisions(self) -> list[Row]:
        newest = "SELECT MAX(seq) FROM decisions GROUP BY record_id, kind, subject"
        return self._rows(f"SELECT content FROM decisions WHERE seq IN ({newest})")

    def _records(self, asked: Row) -> int:
        members = self._members_of(asked)
        ids = {row["id"] for row in members}
        for name in ("split", "language", "source"):
            if name in asked:
                wanted = asked.pop(name)
                return sum(row[name] == wanted for row in members)
        marks: dict[str, set[str]] = {}
        for row in self._rows("SELECT DISTINCT record_id, name FROM layers WHERE name LIKE 'human:%'"):
            if row["record_id"] in ids:
                marks.setdefault(row["record_id"], set()).add(row["name"])
        decided = {
            found["record_id"]
            for row in self._newest_decisions()
            if (found := json.loads(row["content"]))["by"].startswith("human:") and found["record_id"] in ids
        }
        if "marked_by" in asked:
            least = int(asked.pop("marked_by"))
            return sum(len(people) >= least for people in marks.values())
        if "decided_by" in asked:
            asked.pop("decided_by")
            return len(decided)
        assert asked.pop("looked_at_by") == "nobody"
        return len(ids - decided - marks.keys())

    def _by(self, asked: Row) -> Iterator[Row]:
        """The layers of one author of the members."""
        layers = [row["layer"] for row in self._members_of(asked)]
        authors = {layer["author"] for layer in layers if layer["author"].startswith("human:")}
        people = [*self._people, *sorted(authors - set(self._people))]
        author = people[int(asked.pop("person")) - 1] if "person" in asked else asked.pop("author")
        return (layer for layer in layers if layer["author"] == author)

    def _layers(self, asked: Row) -> int | str:
        layers = list(self._by(asked))
        if "column" in asked:
            name = asked.pop("column")
            return ", ".join(sorted({layer["provenance"][name] for layer in layers if layer["provenance"].get(name)}))
        return len(layers)

    def _entities(self, asked: Row) -> int:
        return sum(len(layer["entities"]) for layer in self._by(asked))

    def _members(self, asked: Row) -> int:
        members = self._members_of(asked)
        ((name, wanted),) = asked.items()
        asked.clear()
        if name == "categories":
            return sum(entity["category"] == wanted for row in members for entity in row["layer"]["entities"])
        if name.startswith("labels/"):
            return sum(row["layer"]["labels"].get(name.removeprefix("labels/")) == wanted for row in members)
        column = {"languages": "language", "licences": "licence"}[name]
        return sum((row[column] or "not stated") == wanted for row in members)

    def _decisions(self, asked: Row) -> int:
        members = {row["id"]: row for row in self._members_of(asked)}
        found = [json.loads(row["content"]) for row in self._newest_decisions()]
        found = [
            decision
            for decision in found
            if decision["record_id"] in members
            and decision["kind"] != "privacy"
            and decision["layer"] in (None, members[decision["record_id"]]["layer"]["name"])
        ]
        people = [decision["by"].startswith("human:") for decision in found]
        if "expectation" in asked:
            name, which = asked.pop("expectation"), asked.pop("which")
            return sum(
                any(failure["expectation"] == name for failure in decision["details"].get("failures", ()))
                for decision, person in zip(found, people, strict=True)
                if (
                    decision["verdict"] != "accepted"
                    if which == "open"
                    else decision["verdict"] == "accepted" and person
                )
            )
        kind, verdict = asked.pop("kind"), asked.pop("verdict")
        names = [
            "of another version"
            if decision["version"] not in (None, self._digest(members[decision["record_id"]]["layer"]))
            else f"{decision['verdict']} by {'people' if person else _policy(decision['by'])}"
            for decision, person in zip(found, people, strict=True)
            if decision["kind"] == kind
        ]
        return len(members) - len(names) if verdict == "none" else names.count(verdict)

    def _digest(self, layer: Row) -> str:
        """The digest in the row that has this layer."""
        rows = self._rows("SELECT * FROM layers WHERE record_id = ? AND name = ?", layer["record_id"], layer["name"])
        return next(str(row["digest"]) for row in rows if json.loads(row["content"]) == layer)

    def _jobs(self, asked: Row) -> int:
        members = {row["id"]: row["layer"] for row in self._members_of(asked)}
        assert asked.pop("version") == "as it is"
        rows = self._rows("SELECT * FROM jobs WHERE stage = ?", asked.pop("stage"))
        seen = {row["record_id"]: json.loads(row["layer_rows"]) for row in rows}
        contents = {row["seq"]: json.loads(row["content"]) for row in self._rows("SELECT seq, content FROM layers")}
        measured = {id: contents.get(seen.get(id, {}).get(layer["name"]), {}) for id, layer in members.items()}
        return sum(measured[id].get("entities") == layer["entities"] for id, layer in members.items())

    def _expectations(self, asked: Row) -> int:
        found = self.value(f"runs/{asked.pop('run')}/manifest/outcome/verdicts/expectations")
        which = asked.pop("which")
        if which == "failed by no record":
            return sum(bool(finding["checked"]) and not finding["failed"] for finding in found)
        column = {
            "put to records": "checked",
            "not measured": "not_measured",
            "changed or added by a steward": "by_hand",
        }
        return sum(bool(finding[column[which]]) for finding in found)

    def _egress(self, asked: Row) -> Any:
        query = "SELECT * FROM egress WHERE destination = ? ORDER BY seq DESC LIMIT 1"
        (row,) = self._rows(query, asked.pop("destination"))
        return row[asked.pop("column")]

    def _measures(self, asked: Row) -> int:
        ids = {row["id"] for row in self._members_of(asked)}
        rows = self._rows("SELECT * FROM measures WHERE stage = 'validate'")
        found = [json.loads(row["found"]) for row in rows if row["record_id"] in ids]
        column = asked.pop("column")
        if "kind" not in asked:
            return sum(measured.get(column) is not None for measured in found)
        kind, counts = asked.pop("kind"), asked.pop("counts")
        said = [line.split(": ") for measured in found for line in measured.get(column) or ()]
        return sum(1 if counts == "records" else int(count) for name, count in said if name == kind)


def _policy(by: str) -> str:
    return "validation" if by.startswith("policy:validate@") else "another policy"
