"""The page of the docs about prompts: what each asks, and the naive and the advanced one as they go out."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.settings import LlmSettings
from curation.models.prompt import Prompt, shipped_prompts
from curation.scheme import load_scheme
from curation.sources.sample import SAMPLE, read_case, record_and_gold
from pipeline.steps.prompt.files import render

#: The shipped records that stand rendered on the page, by language and name.
SHOWN = (("en", "neurology-05"), ("en", "ent-03"), ("de", "paediatrics-02"))
RENDERED = ("naive.v1", "advanced.v1")

WORDS = """\
A prompt is a jinja file with two blocks: `system` is the instruction, made from the scheme in the record's language
(German for German records, English for all others); `user` is the record, as data between two tags whose number occurs
neither in it nor in an example. Its first line names the style of its answers, which decides their JSON schema and how
they are read. All shipped prompts work for every scheme, one with document labels only too,
but for `judge`, which asks about entities ([why and how](decisions/judge.md)), for `translate`, `mention` and
`adequacy`, which translate and judge translations ([why and how](decisions/translating.md)), and for `tell`,
`condense` and `told`, which tell new texts ([why and how](decisions/generating.md)).

`annotation.llm.prompt` names the one in use: `naive.v1`, `naive` for the newest version, or the path of your own file.
A released version is never edited; a changed one has the next number, and layers name the version they came from.

```
curate prompt list
curate prompt show advanced
curate prompt diff advanced mine.v1.jinja
curate prompt render RECORD --prompt mine.v1.jinja
curate prompt preview --with mine.v1.jinja --sample 20
```

`preview` asks about some records that are annotated already, shows which of them and how many of their entities would
change, and stores no layer; annotating with that prompt afterwards does not pay for these answers again.

In a file of your own these are filled in: `language`, `scheme`, `category` (the one that is asked about, in the style
`per-category`), `attributes`, `assertions`, `absent` (`N/A`), `fact_join` (`; `), `examples` (each with `text` and
`answer`), `text` and `tag`. The filter `say` takes the words in the record's language, else in English, else in any.
Before anything is asked, it is filled for a made-up record of each language: an unknown name, another file, a loop of
more than five seconds, a record's text in `system` or none in `user` are told in one line. Put the text between
`<{{ tag }}>` and `</{{ tag }}>`: without them, a request within a record looks like one of yours.

| style | an answer is | what it can say |
|---|---|---|
| `entities` | a list of quotes with category and assertion, and document labels | places, assertions |
| `linked-entities` | the same, numbered, with attributes and a list of relations | attributes, relations |
| `per-category` | the same for one category; one request for each, one for the labels | attributes; no relations |
| `flat` | one string a category and label, facts joined by `; `, `N/A` where absent | facts; no assertions |
| `evidence` | for each category a list of facts, each with the quote that proves it | facts, each at its quote |
| `tagged` | the text again, with tags around each entity, and document labels | places, assertions; no relations |
| `judge` | for each entity of a layer: says the text so, its category, its assertion | `curate judge` only |
| `translate` | for each sentence its translation, markers around the entities | `curate translate` only |
| `mention` | for each wording the words of a translation that say it | `curate translate` only |
| `adequacy` | for each sentence whether its translation says the same, or the fault | `curate translate --judge` only |
| `tell` | a text about the facts of a case | `curate generate --with` only |
| `condense` | a summary of a report | `curate generate --from-reports` only |
| `told` | for each fact the words of a told text that say it | `curate generate --with` only |
"""


def prompt_page() -> Iterator[str]:
    """The lines after the heading."""
    scheme = load_scheme()
    yield from WORDS.splitlines()
    yield from ("", "| prompt | style |", "|---|---|")
    yield from (f"| `{name}` | `{Prompt(name, scheme).style}` |" for name in shipped_prompts())
    yield from ("", "## Three shipped records", "")
    yield "Word for word what a model is asked about three records of the shipped sample; no example is retrieved here."
    for language, name in SHOWN:
        record, _ = record_and_gold(read_case(SAMPLE / language / f"{name}.txt"), None)
        for prompt in RENDERED:
            (asked,) = render(record, scheme, LlmSettings(), prompt=prompt).requests
            yield from ("", f"### `{prompt}`: {name} ({language})")
            for message in asked.messages:
                yield from ("", f"`{message.role}`:", "", "```text", *message.content.splitlines(), "```")
