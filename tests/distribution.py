"""Which process runs which files, and in what order, under `--dist loadfile`: what takes long begins first, and what
works on one Label Studio goes to one process, which starts it once."""

from __future__ import annotations

from collections import Counter

import pytest

#: Where the long files are: whole runs, servers, browsers and trainings, a minute or two in one test. By the number of
#: its tests, xdist's own measure, such a file would come last, when the other processes have nothing left to do.
LONG = (
    "tests/annotation/label_studio/",
    "tests/pipeline/",
    "tests/validation/",
    "tests/training/",
    "tests/curation/sources/test_doors.py",
    "tests/test_sample_card.py",
    "tests/test_schemes_page.py",
    "tests/test_quick_mode.py",
)
#: Files that share the session's Label Studio.
TOGETHER = (
    "tests/annotation/label_studio/exchange/",
    "tests/annotation/label_studio/proxy/",
    "tests/annotation/label_studio/watch/",
    "tests/annotation/label_studio/test_adjudication.py",
    "tests/annotation/label_studio/test_traps.py",
)


def long_first(items: list[pytest.Item]) -> None:
    """Sort tests, a file's tests together and in their order: the long files, then those with the most tests."""
    files = [item.nodeid.partition("::")[0] for item in items]
    tests = Counter(files)
    rank = {file: (_turn(file), -tests[file], file) for file in tests}
    items.sort(key=lambda item: rank[item.nodeid.partition("::")[0]])


def _turn(file: str) -> int:
    """The number of the first entry of LONG that has the file; after all of them where none has it."""
    return next((number for number, start in enumerate(LONG) if file.startswith(start)), len(LONG))


class Distribution:
    """The plugin of the process that hands out the files."""

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> object | None:
        """What hands out files as `long_first` has them, instead of xdist's `loadfile`."""
        if config.getvalue("dist") != "loadfile":
            return None
        from xdist.scheduler import LoadFileScheduling

        class Files(LoadFileScheduling):
            def _split_scope(self, nodeid: str) -> str:
                return unit_of(nodeid)

        config.option.loadscopereorder = False
        return Files(config, log)


def unit_of(nodeid: str) -> str:
    """What one process runs as a whole: a test's file, or the files of one Label Studio."""
    return "one Label Studio" if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]
