"""The page and its JSON form: the same content, but for the plots and the excerpts, which only the page has."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.decision import Verdict
from curation.html_templates import templates
from validation.measures.boundaries import BOUNDARIES_BROKEN, chosen_boundaries
from validation.measures.columns import Holds
from validation.measures.measure import Whole
from validation.measures.semantic_duplicates import SEMANTIC_DUPLICATE_OF
from validation.measures.table import COLUMNS
from validation.report.drift import drift
from validation.report.embedding_map import EmbeddingMap, embedding_map
from validation.report.examples import examples
from validation.report.failure_locations import by_category, failure_locations, first_failed
from validation.report.leakage import leakage
from validation.report.manifest import manifest
from validation.report.pipeline_counts import flow
from validation.report.plots import histogram, scatter
from validation.report.privacy import privacy
from validation.report.report_data import Judged
from validation.report.wording import ENGLISH, ReportWording, report_wording

TEMPLATE = Path(__file__).with_name("page.html.jinja")
#: Rows of a table of records on the page; all of them are in the JSON.
MOST_ROWS = 500
#: The order of what failed.
GRAVEST_FIRST = ("hard", "soft", "off")
#: Numbers of this release of the page's JSON form.
FORM = 4


def write_report(judged: Judged, folder: Path) -> Path:
    """`index.html` in the folder, which needs no other file, and `validation.json` beside it; both or none are new."""
    drawn = _map(judged)
    content = as_json(judged, folder, drawn)
    written = json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"
    page = _page(judged, content, drawn, folder)
    with refilled(folder) as inside:
        (inside / "validation.json").write_text(written, encoding="utf-8")
        (inside / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def as_json(judged: Judged, folder: Path, drawn: EmbeddingMap | None) -> dict[str, JsonValue]:
    """The report's content, ids and numbers without a word of a text; paths are relative to its folder."""
    categories = by_category(failure_locations(judged.store, judged.failed, judged.settings))
    return {
        "form": FORM,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "scheme": f"{judged.scheme.name}, version {judged.scheme.version}",
        "layers": dict(judged.layers),
        "not_annotated": judged.not_annotated,
        "records": len(judged.measured),
        "counts": dict(judged.counts),
        "counts_by_kind": {kind: dict(counts) for kind, counts in judged.by_kind.items()},
        "decided_by_others": dict(judged.decided_by_others),
        "failing_anew": {record_id: list(names) for record_id, names in judged.failing_anew.items()},
        "unmeasured": judged.unmeasured,
        "flow": flow(judged.store, judged.measured, Counter(judged.counts) + Counter(judged.decided_by_others)),
        "expectations": [finding.as_json() for finding in judged.outcome.findings],
        "by_category": {expectation: dict(counts.most_common()) for expectation, counts in categories.items()},
        "duplicates": _duplicates(judged),
        "leakage": leakage(judged.measured, other_words=_looks_at(judged, SEMANTIC_DUPLICATE_OF)),
        "privacy": privacy(judged.measured),
        "drift": drift(judged.store),
        "map": _map_json(drawn),
        "by_hand": list(judged.outcome.by_hand),
        "deleted": list(judged.outcome.deleted),
        "data_docs": os.path.relpath(judged.outcome.data_docs, folder),
        "failed": [
            {
                "record_id": decision.record_id,
                "of": decision.subject_name,
                "verdict": decision.verdict.value,
                "reason": decision.reason,
                **decision.details,
            }
            for decision in judged.failed
        ],
        "manifest": manifest(judged),
    }


def _looks_at(judged: Judged, column: str) -> bool:
    return any(finding.column == column and finding.checked for finding in judged.outcome.findings)


def _map(judged: Judged) -> EmbeddingMap | None:
    """The map of the checked entities; none where embeddings are switched off."""
    if not judged.settings.similarity.enabled:
        return None
    whole = Whole(judged.store, judged.scope, frozenset(judged.measured.ids()), {})
    return embedding_map(whole.subjects(), judged.scope.encoder)


def _map_json(drawn: EmbeddingMap | None) -> JsonValue:
    if drawn is None:
        return None
    return {
        "encoder": drawn.encoder,
        "shown": drawn.shown,
        "points": [
            [point.record_id, point.entity_id, point.category, point.x, point.y, point.far] for point in drawn.points
        ],
    }


def _duplicates(judged: Judged) -> JsonValue:
    """The records that are kept, each with those that go in its favour and the column that says so."""
    clusters: dict[str, dict[str, JsonValue]] = defaultdict(dict)
    for finding in judged.outcome.findings:
        column = COLUMNS.get(finding.column)
        if column is not None and column.holds is Holds.RECORD_ID:
            for record_id, keeper in finding.failed.items():
                clusters[str(keeper)][record_id] = finding.column
    return {keeper: clusters[keeper] for keeper in sorted(clusters)}


def _page(judged: Judged, content: Mapping[str, Any], drawn: EmbeddingMap | None, folder: Path) -> str:
    from markupsafe import Markup

    wording = report_wording(_language(judged))
    environment = templates(TEMPLATE.parent, extra="validate")
    label = partial(_label, judged=judged, wording=wording)
    environment.filters |= {"phrase": wording.phrase, "label": label}
    tables = {
        verdict: [row for row in content["failed"] if row["verdict"] == verdict]
        for verdict in (Verdict.QUARANTINED.value, Verdict.NEEDS_REVIEW.value)
    }
    colours = {category.name: category.colour for category in judged.scheme.categories}
    most = judged.settings.report.examples
    shown = examples(failure_locations(judged.store, first_failed(judged.failed, most), judged.settings), most)
    pieces = (piece for found in shown.values() for example in found for piece in (*example.pieces, *example.absent))
    marked = {piece.category for piece in pieces}
    scheme = {"name": judged.scheme.name, "version": judged.scheme.version}
    return str(
        environment.get_template(TEMPLATE.name).render(
            report=content,
            language=wording.language,
            # Our own words may hold HTML; what is filled into them is escaped.
            w={name: Markup(words) for name, words in wording.page.items()},
            scheme=wording.page["scheme_version"].format(**scheme),
            tables=tables,
            most=MOST_ROWS,
            histograms=_histograms(judged, wording),
            map=scatter(drawn, colours, label=label, far=wording.page["far"]) if drawn else "",
            outliers=drawn.outliers if drawn else [],
            colours=colours,
            groups=_groups(content["expectations"]),
            expected={row["expectation"]: wording.phrase(row["expected"]) for row in content["expectations"]},
            broken=partial(_broken_boundaries, sentences=_boundary_sentences(judged)),
            says={row["expectation"]: _says(row, wording) for row in content["expectations"]},
            shown=[name for name in colours if name in marked],
            examples=shown,
            suite=os.path.relpath(judged.outcome.suite, folder),
        )
    )


def _language(judged: Judged) -> str:
    return judged.settings.report.language or ENGLISH


def _label(category: str, *, judged: Judged, wording: ReportWording) -> str:
    """A category as the scheme calls it in the report's language; a kind of stretch that is no entity in our words."""
    known = judged.scheme.by_name.get(category)
    return known.label.get(_language(judged), category) if known else wording.phrase(category)


def _says(row: Mapping[str, Any], wording: ReportWording) -> str:
    """What a rule expects, in words; a steward's own as they wrote it."""
    return wording.rules.get(row["expectation"]) or wording.phrase(row["says"])


def _boundary_sentences(judged: Judged) -> dict[str, str]:
    """What each boundary rule says, in the report's language where the rule has it."""
    rules = chosen_boundaries(judged.scope).rules
    language = _language(judged)
    return {rule.name: rule.says.get(language) or next(iter(rule.says.values())) for rule in rules}


def _broken_boundaries(row: Mapping[str, Any], *, sentences: Mapping[str, str]) -> list[str]:
    """The sentences of the boundary rules that a record breaks, each once."""
    broken = row.get("beside", {}).get(BOUNDARIES_BROKEN) or ()
    names = dict.fromkeys(str(breach).partition(": ")[2] for breach in broken)
    return [sentences[name] for name in names if name in sentences]


def _groups(expectations: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The expectations that failed, the gravest and most frequent first, those that looked at nothing, and the rest."""
    groups: dict[str, list[dict[str, Any]]] = {"failed": [], "unmeasured": [], "met": []}
    for expectation in expectations:
        failed = expectation["failed"] or not expectation["success"]
        group = "unmeasured" if expectation["not_measured"] else "failed" if failed else "met"
        groups[group].append(expectation)
    groups["failed"].sort(key=lambda found: (GRAVEST_FIRST.index(found["severity"]), -found["failed"]))
    return groups


def _histograms(judged: Judged, wording: ReportWording) -> list[dict[str, str]]:
    """An inline SVG for each shown column that has values, with the thresholds as lines."""
    thresholds: dict[str, list[float]] = {}
    for finding in judged.outcome.findings:
        numbers = (finding.threshold.get(name) for name in ("min_value", "max_value"))
        thresholds.setdefault(finding.column, []).extend(
            float(number) for number in numbers if isinstance(number, int | float)
        )
    return [
        {
            "title": wording.phrase(column.says),
            "svg": histogram(values, thresholds.get(column, []), counts=wording.page["records"]),
        }
        for column in COLUMNS.values()
        if column.plotted and (values := judged.measured.column(column))
    ]
