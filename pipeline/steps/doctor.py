"""What is well on this machine and in this workspace, and what to do about what is not."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from annotation.label_studio.diagnosis import diagnose
from annotation.label_studio.session import connect
from curation.cache_folder import cache_folder, config_folder
from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.errors import CurateError, UsageError
from curation.printable import printable
from curation.private_files import UMASK, is_wide
from curation.store.soundness import NAMED, faults
from curation.store.stored_digests import digest_checks
from pipeline.checked_part import CheckedPart
from pipeline.config import CONFIG_FILE
from pipeline.model_checks import checked_models
from pipeline.steps.review.secure import foreign_in
from pipeline.workspace import SQLITE, Workspace
from validation.measures.measure import VECTORS

#: Modules that tell whether an extra is installed.
EXTRAS = {
    "annotate": ("spacy", "sentence_transformers", "onnxruntime", "torch"),
    "llm": ("aiohttp", "jinja2"),
    "local": ("llguidance", "gguf", "transformers", "torch", "sentencepiece"),
    "translate": ("sacrebleu",),
    "validate": ("great_expectations", "lingua"),
    "review": ("label_studio_sdk",),
    "train": ("peft", "transformers", "torch", "rouge_score"),
    "scores": ("rouge_score_rs",),
    "export": ("datasets", "pyarrow", "spacy"),
    "interchange": ("bioc", "cassis"),
    "postgres": ("psycopg",),
}

#: Why nothing is known of some texts and sets.
UNKNOWN = "de-identified texts, ids made elsewhere, sets that lost records to a deletion"
#: Of what the store keeps no digest.
UNTOLD = "of measures, runs and notes of a review nothing tells"

#: Gigabytes that Label Studio's environment, a store and adapters want at least.
DISK_GB = 3


def examine(folder: Path) -> list[CheckedPart]:
    """Every part that was checked, in this order: machine, packages, workspace, review."""
    checks: tuple[Callable[[Path], Iterator[CheckedPart]], ...] = (
        *(_python, _disk, _extras, _torch, _workspace, _permissions, _review),
    )
    return [finding for check in checks for finding in check(folder)]


def _python(_: Path) -> Iterator[CheckedPart]:
    found = sys.version.split()[0]
    fine = sys.version_info >= (3, 11)
    yield CheckedPart(
        state="good" if fine else "bad", what="Python", found=found, do="" if fine else "use 3.11 or newer"
    )


def _disk(folder: Path) -> Iterator[CheckedPart]:
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    fine = free >= DISK_GB
    do = "" if fine else f"make room: at least {DISK_GB} GB"
    yield CheckedPart(state="good" if fine else "warning", what="free disk", found=f"{free:.0f} GB", do=do)


def _extras(_: Path) -> Iterator[CheckedPart]:
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        yield CheckedPart(
            state="warning" if missing else "good",
            what=f"extra [{extra}]",
            found=f"without {', '.join(missing)}" if missing else "installed",
            do=f"pip install 'clincurate[{extra}]'" if missing else "",
        )


def _torch(_: Path) -> Iterator[CheckedPart]:
    try:
        build = version("torch")
    except PackageNotFoundError:
        return
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU in use"
    yield CheckedPart(state="good", what="torch", found=f"{build}, {gpu}", do="for a GPU build see docs/gpu.md")


def _workspace(folder: Path) -> Iterator[CheckedPart]:
    try:
        workspace = Workspace.at(folder)
    except UsageError:
        yield CheckedPart(
            state="warning", what="workspace", found=f"none in {folder}", do=f"curate init --workspace {folder}"
        )
        return
    looks: dict[str, Callable[[], str]] = {
        "curate.toml": lambda: f"{len(workspace.config.model_dump())} sections",
        "scheme": lambda: _scheme(workspace),
    }
    for what, look in looks.items():
        try:
            yield CheckedPart(state="good", what=what, found=look())
        except CurateError as error:
            yield CheckedPart(state="bad", what=what, found="does not fit", do=str(error))
            return
    yield from checked_models(workspace)
    yield from examine_store(workspace)


def examine_store(workspace: Workspace) -> Iterator[CheckedPart]:
    """The store and the vectors: whether their files are whole and ours, then what is in the store."""
    url = workspace.store_url
    store = Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
    again = "put back a copy, or save what can be read with `sqlite3 FILE .recover`; keep the damaged file until then"
    files = {"store": (store, "records", again)} if store else {}
    files["vectors"] = (workspace.folder / VECTORS, "vectors", "delete it: the next run makes it anew")
    damaged = set()
    for what, (file, table, do) in files.items():
        if not file.is_file() or not file.stat().st_size:
            continue
        if found := faults(file, table=table):
            damaged.add(what)
            yield CheckedPart(state="bad", what=what, found=f"damaged: {'; '.join(found)}", do=f"{file}: {do}")
        elif what != "store":
            yield CheckedPart(state="good", what=what, found=f"{file.stat().st_size / 1e6:.1f} MB, whole")
    if "store" in damaged:
        return
    try:
        yield CheckedPart(state="good", what="store", found=_store(workspace))
        yield _contents(workspace)
        yield _answers(workspace)
    except CurateError as error:
        yield CheckedPart(state="bad", what="store", found="does not fit", do=str(error))


def _contents(workspace: Workspace) -> CheckedPart:
    """Whether what can be read is as it was stored: by digests, which letters written over letters no longer fit."""
    with workspace.open_store() as store:
        checks = list(digest_checks(store, made_by_key=lambda meta: MARK in meta))
    looked_at = ", ".join(f"{check.looked_at:,} {check.kind}" for check in checks)
    if changed := [check for check in checks if check.changed]:
        found = "; ".join(
            f"{len(check.changed):,} {check.kind} ({', '.join(map(printable, check.changed[:NAMED]))}"
            f"{', ...' if len(check.changed) > NAMED else ''})"
            for check in changed
        )
        do = "put back a copy; where it was changed on purpose, import it anew: what is stored is never edited"
        return CheckedPart(
            state="bad", what="contents", found=f"changed since it was stored: {found}; looked at {looked_at}", do=do
        )
    unknown = ", ".join(f"{check.unknown:,} {check.kind}" for check in checks if check.unknown)
    untold = f"; cannot be known of {unknown} ({UNKNOWN})" if unknown else ""
    return CheckedPart(state="good", what="contents", found=f"as stored: {looked_at}{untold}; {UNTOLD}")


def _answers(workspace: Workspace) -> CheckedPart:
    """Whether the answers of language models can be read."""
    with workspace.open_store() as store:
        looked_at, damaged = store.unreadable_answers()
    if not damaged:
        return CheckedPart(
            state="good", what="answers", found=f"{looked_at:,} attempts of language models, all readable"
        )
    rows = f"{', '.join(map(str, damaged[:NAMED]))}{', ...' if len(damaged) > NAMED else ''}"
    return CheckedPart(
        state="bad",
        what="answers",
        found=f"{len(damaged):,} of {looked_at:,} attempts of language models cannot be read: rows {rows} of answers",
        do="put back a copy, or forget them (curate answers forget --model NAME): they are asked and paid for again",
    )


def _scheme(workspace: Workspace) -> str:
    scheme = workspace.scheme
    return f"{scheme.name} {scheme.version}, {len(scheme.names)} categories, {len(scheme.labels)} document labels"


def _store(workspace: Workspace) -> str:
    with workspace.open_store() as store:
        return f"{sum(store.count_records().values()):,} records"


def _permissions(folder: Path) -> Iterator[CheckedPart]:
    wide = wide_paths(folder)
    mend = f"curate doctor --mend --workspace {shlex.quote(str(folder))}"
    yield CheckedPart(
        state="warning" if wide else "good",
        what="permissions",
        found=f"others on this machine may read {len(wide):,} files or folders, such as {wide[0]}"
        if wide
        else "yours alone",
        do=f"{mend} (or chmod go= for each)" if wide else "",
    )


def wide_paths(folder: Path) -> list[Path]:
    """Everything of a workspace, and the user's own folders, that others on this machine may read or write."""
    own = [path for path in (config_folder(), cache_folder()) if path.is_dir()]
    if not (folder / CONFIG_FILE).is_file():
        return [path for path in own if is_wide(path)]
    inside = (Path(at, name) for at, names, files in os.walk(folder) for name in (*names, *files))
    return [path for path in (folder, *inside, *own) if is_wide(path)]


def close_to_others(folder: Path) -> list[Path]:
    """The files and folders that others could read, and can no longer."""
    wide = wide_paths(folder)
    for path in wide:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~UMASK)
    return wide


def _review(folder: Path) -> Iterator[CheckedPart]:
    try:
        workspace = Workspace.at(folder)
        settings = workspace.config.review
    except CurateError:
        return
    for finding in diagnose(folder, settings):
        yield CheckedPart(state=finding.state, what=finding.what, found=finding.found, do=finding.do)
    yield from _not_ours(workspace)


def _not_ours(workspace: Workspace) -> Iterator[CheckedPart]:
    """What is in Label Studio that we did not make; nothing of a server that does not run, which is told above."""
    try:
        with connect(workspace.folder, workspace.config.review) as client, workspace.open_store() as store:
            found = foreign_in(workspace, store, client)
    except CurateError:
        return
    if not found:
        yield CheckedPart(state="good", what="in Label Studio", found="nothing that is not ours")
    for entry in found:
        state = "bad" if entry.sends_text else "warning"
        yield CheckedPart(state=state, what=f"not ours: {entry.kind}", found=entry.found, do=entry.do)
