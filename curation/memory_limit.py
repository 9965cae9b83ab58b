"""A limit on what a piece of work may take of the machine's memory, for what unpacks files of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def at_most_more(size: int) -> Iterator[None]:
    """While the block runs, this process gets at most so many bytes of memory more than it has.

    What asks for more gets a MemoryError (or what its library makes of one). On Linux only, where the kernel tells and
    keeps the limit; elsewhere nothing happens. Blocks are short: other threads have the same limit meanwhile.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        yield
        return
    before, hardest = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + size
    limits = [limit for limit in (most, before, hardest) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hardest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hardest))
