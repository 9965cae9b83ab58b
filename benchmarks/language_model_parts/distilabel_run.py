"""The same questions through distilabel, in an environment of its own.

    python distilabel_run.py URL AT_ONCE BODIES CACHE [anew]

It prints how many answers it has at the end. anew: nothing is taken from the cache.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Run a pipeline of one step over all questions, with its cache."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import ChatGeneration

    url, at_once, path, cache = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    rows = [{"messages": body["messages"]} for body in json.loads(path.read_text(encoding="utf-8"))]
    llm = OpenAILLM(
        model="served",
        base_url=url,
        api_key="none",
        generation_kwargs={"temperature": 0, "max_new_tokens": 8192},
    )
    with Pipeline(name="benchmark", cache_dir=cache) as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=at_once)
        ask = ChatGeneration(llm=llm, input_batch_size=at_once)
        load >> ask
    found = pipeline.run(use_cache=sys.argv[5:] != ["anew"])
    generations = [row["generation"] for row in found["default"]["train"]]
    print(json.dumps({"answers": sum(bool(generation) for generation in generations)}))


if __name__ == "__main__":
    main()
