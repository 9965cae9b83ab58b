"""The frame of `docs/benchmarks.md` that a machine keeps: what each script printed last, with command, date, commit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from measuring import table

BEGIN, END = "<!-- figures: what stands from here is written by benchmarks/all.py -->", "<!-- figures: end -->"
#: The description of a run, and what it printed.
BLOCK = re.compile(r"<!-- run: (?P<run>\{.*?\}) -->\n(?P<text>.*?)\n<!-- run: end -->", re.DOTALL)
HEAD = "## Figures made by one command"
INTRODUCTION = """\
```
python benchmarks/all.py [--quick] [--only NAME ...]
```

runs the scripts one after the other and writes here what each prints, with its date and commit; those that take half an
hour and more (`translation_trained`, `translation_real`, `small_data`, `prompt_or_tune`, `transfer`, `tagger`,
`edsnlp_tagger`) only where `--only` names them or with `--quick`. What was not run anew is *old*: read it as a figure
of its commit. Sections below this frame are written by hand; each says of when it is."""
#: Characters of a script's output that are kept.
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class FiguresRun:
    """When and on what a script made its figures, and whether by the last call of all scripts."""

    name: str
    command: str
    date: str
    commit: str
    state: str
    text: str = ""

    def block(self) -> str:
        """The run as it stands in the page."""
        described = {name: value for name, value in asdict(self).items() if name != "text"}
        said = f"`{self.command}`, {self.date}, {self.commit}{'' if self.state == 'new' else f', **{self.state}**'}"
        return f"<!-- run: {json.dumps(described)} -->\n### {self.name}\n\n{said}\n\n{self.text}\n<!-- run: end -->"


def runs_of(page: str) -> dict[str, FiguresRun]:
    """The runs that a page holds, by the name of the script."""
    found: dict[str, FiguresRun] = {}
    for match in BLOCK.finditer(_frame(page)):
        described = json.loads(match["run"])
        # Heading and description are made anew.
        found[described["name"]] = FiguresRun(**described, text=match["text"].split("\n\n", 2)[2])
    return found


def with_runs(page: str, new: Iterable[FiguresRun], *, names: Iterable[str]) -> str:
    """The page with new runs; those of before that are not among them stay and are old, scripts never run are named."""
    made = {run.name: run for run in new}
    runs = {name: replace(run, state="old") for name, run in runs_of(page).items()} | made
    rows: list[tuple[object, ...]] = []
    for name in names:
        run = runs.get(name)
        rows.append((name, f"`{run.command}`", run.date, run.commit, run.state) if run else (name, "", "", "", "never"))
    blocks = [runs[name].block() for name in names if name in runs]
    overview = table(("figures", "command", "date", "commit", "state"), rows)
    frame = "\n\n".join([BEGIN, HEAD, INTRODUCTION, overview, *blocks, END])
    if BEGIN in page:
        before, _, rest = page.partition(BEGIN)
        return before + frame + rest.partition(END)[2]
    before, heading, rest = page.partition("\n## ")
    return f"{before}\n{frame}\n{heading}{rest}"


def printed(output: str) -> str:
    """What a script printed, as the page shows it: its tables, and its last line as JSON; long output is cut."""
    text, _, last = output.strip().rpartition("\n")
    try:
        figures = json.dumps(json.loads(last))
    except ValueError:
        text, figures = output.strip(), ""
    # No heading of a script may look like one of the page, and no line may end the frame.
    lines = [
        f"**{line.lstrip('# ')}**" if line.startswith("#") else line.replace("<!--", "<!") for line in text.splitlines()
    ]
    text = "\n".join(lines)
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] + "\n\n(cut: the script prints more)"
    return "\n\n".join(filter(None, [text.strip(), f"```json\n{figures}\n```" if figures else ""]))


def read_page(path: Path) -> str:
    """The page, empty where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"


def _frame(page: str) -> str:
    return page.partition(BEGIN)[2].partition(END)[0]
