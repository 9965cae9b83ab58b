"""Agreement between annotators, over a whole workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotation.agreement.judgements import reviewed
from annotation.agreement.report import shown_records, write_report
from annotation.agreement.results import Agreement, measure
from annotation.agreement.study import ReviewedRecord
from annotation.label_studio.server.server import status
from annotation.label_studio.shown_layers import shown_layers
from annotation.review_settings import ReviewSettings
from curation.errors import UsageError
from curation.store import Store
from pipeline.progress import Advance, ProgressBar, no_progress
from pipeline.runs import recorded
from pipeline.workspace import Workspace

#: Where the report is by default.
PAGE = "reports/agreement/index.html"


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """The figures, the page that shows them, and the file that has all of them."""

    agreement: Agreement
    page: Path
    data: Path


def measure_agreement(
    workspace: Workspace,
    store: Store,
    *,
    to: Path | None = None,
    with_gamma: bool = False,
    progress: ProgressBar = no_progress,
) -> AgreementReport:
    """Agreement between people as it stands in the store, and its report.

    ``to`` is an HTML file, or a folder for `index.html`. Raises UsageError when there are no annotations by people.
    """
    review = workspace.config.review
    page = _page(workspace, to)
    others = tuple(dict.fromkeys((*shown_layers(store, review), review.adjudication.gold)))
    with (
        recorded(workspace, store, "review agreement", gamma=with_gamma) as outcome,
        progress("read the reviews", None) as advance,
    ):
        read = _counted(reviewed(store, review.agreement, others=others), advance)
        agreement = measure(read, workspace.scheme, review.agreement, others=others, with_gamma=with_gamma)
        if not agreement.records:
            raise UsageError("expected annotations by people, found none; bring them with `curate review pull`")
        texts = _texts(store, agreement) if review.agreement.excerpts else {}
        written = write_report(agreement, page, address=_address(workspace, review), texts=texts)
        outcome |= {
            "records": agreement.records,
            "people": len(agreement.people),
            "report": str(page),
            "agreement": agreement.nameless(),
        }
    return AgreementReport(agreement, written["report"], written["data"])


def _page(workspace: Workspace, to: Path | None) -> Path:
    if to is None:
        return workspace.folder / PAGE
    return to if to.suffix in (".html", ".htm") else to / "index.html"


def _counted(records: Iterator[ReviewedRecord], advance: Advance) -> Iterator[ReviewedRecord]:
    for record in records:
        yield record
        advance(1)


def _texts(store: Store, agreement: Agreement) -> dict[str, str]:
    return {record.id: record.text for record in store.records(shown_records(agreement))}


def _address(workspace: Workspace, review: ReviewSettings) -> str:
    """Where tasks are opened: the server's own address, or the one that ours will have when it runs again."""
    if review.url is not None:
        return review.url
    running = status(workspace.folder)
    return running.url if running else f"http://127.0.0.1:{review.port}"
