"""How much of the memory that a command frees it keeps for itself."""

import os


def keep_freed_memory() -> None:
    """Let polars keep memory that it frees for seconds; to be called before polars is imported.

    Its allocator (jemalloc) gives pages back after half a second, and each is a fault when it is
    taken again: a third of the time of a month of visits (docs/decisions/0021). Whoever sets the
    variable decides.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000,muzzy_decay_ms:5000")
