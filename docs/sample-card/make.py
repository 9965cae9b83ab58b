"""The card, the Croissant file and the evidence of the shipped sample's set, from a workspace that is made for them.

    python docs/sample-card/make.py

Imports the sample, checks its gold layer without the encoder, freezes it, looks for leaks between the splits, measures
the rules against it, and exports. Each figure of `evidence.json` names the row of that workspace's store that it stands
in; tests/test_sample_card.py makes all of it anew and compares.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from curation.sources.reading import ReadOptions
from pipeline.steps.annotate import annotate
from pipeline.steps.evaluate import evaluate_layer
from pipeline.steps.export import export
from pipeline.steps.freeze import freeze
from pipeline.steps.imports import import_into
from pipeline.steps.leakage import leakage
from pipeline.steps.validate import validate
from pipeline.workspace import Workspace

HERE = Path(__file__).parent
FILES = ("README.md", "croissant.json", "evidence.json")
SETTINGS: dict[str, object] = {
    "validation.similarity.enabled": False,
    "exports.pretty_name": "Clincurate's sample of clinical summaries",
    "exports.licence": "apache-2.0",
}


def make(folder: Path, to: Path) -> Workspace:
    """The workspace in a folder, with the export of its set in another one."""
    workspace = Workspace.make(folder, SETTINGS)
    with workspace.open_store() as store:
        import_into(workspace, store, ["sample"], ReadOptions(), format="sample")
        annotate(workspace, store, "rules")
        validate(workspace, store, layer="gold")
        freeze(workspace, store, name="sample", layers=["gold"])
        leakage(workspace, store, "sample")
        evaluate_layer(workspace, store, predicted="rules", curated="sample")
        export(workspace, store, "hf", to)
    return workspace


def main() -> None:
    """The files anew, beside this one."""
    with tempfile.TemporaryDirectory(prefix="clincurate-sample-card-") as folder:
        to = Path(folder) / "export"
        make(Path(folder) / "workspace", to)
        for name in FILES:
            shutil.copyfile(to / name, HERE / name)
            print(name)


if __name__ == "__main__":
    main()
