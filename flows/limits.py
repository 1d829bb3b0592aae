"""How much memory a reading process may use, so that one huge page fails alone.

Without a limit the kernel chooses a victim when memory runs out, and it may be the night itself
or another program of the machine.
"""

from __future__ import annotations

import os
from pathlib import Path

try:
    import resource
except ImportError:  # Windows, where nothing limits a process
    resource = None  # type: ignore[assignment]

# A page of the most pixels that are allowed takes 2.5 GiB.
LEAST_BYTES = 2 << 30
MOST_BYTES = 6 << 30
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory_a_worker(workers: int) -> int | None:
    """Bytes that each of so many reading processes may use; None where the machine does not tell.

    Nearly all pages need a fraction of it, so the processes may have more together than there is:
    that two of them meet such a page at once is not to be expected.
    """
    total = _memory_of_the_machine()
    return None if total is None else min(max(LEAST_BYTES, 2 * total // (workers + 1)), MOST_BYTES)


def limit_memory(size: int | None) -> None:
    """Have this process get no more than so many bytes of address space; MemoryError beyond."""
    if resource is None or size is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def _memory_of_the_machine() -> int | None:
    """What there is, or what the container may have of it."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        return min(total, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return total
