"""What the process that reads one file is kept from, and what it is not.

It is kept from more memory, time, open files and file sizes than its limits, from every right that its user has beyond
its own files, and from other processes' memory and variables, as far as those are shielded. It is not kept from the
network, from files that its user may read or write, nor, when that user is root, from starting processes: a program
that takes over a parser has these. Who wants more runs Switchboard as a user of its own in a container.
"""

import ctypes
import resource
import signal
import sys
from math import ceil

from bot.documents.limits import Limits

_OPEN_FILES = 64
_DUMPABLE, _NO_NEW_PRIVILEGES = 4, 38
"""PR_SET_DUMPABLE and PR_SET_NO_NEW_PRIVS of Linux (`man 2 prctl`)."""
_CAPABILITIES_VERSION = 0x20080522
_READ_ANY_FILE = 1 << 2
"""CAP_DAC_READ_SEARCH, which root may need for our own modules (`man 7 capabilities`)."""


def shield_process() -> None:
    """Let no other process without special rights look into the memory and variables of this one, which may hold
    keys. To be called once at start; on Linux alone it does anything. Without it, `/proc` shows them to every process
    of the same user. The price: no core dumps, and debuggers need root."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def confine(limits: Limits) -> None:
    """Take from this process what nobody needs who reads a file, for good."""
    seconds = ceil(limits.seconds)
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_FSIZE, max(limits.answer_bytes, limits.file_bytes)),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))
    # If whoever started us is gone, nobody else would end us.
    signal.alarm(seconds + 2)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        # Not even a program with the right to it gets more rights than this process has.
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _drop_capabilities(library)


def _drop_capabilities(library: ctypes.CDLL) -> None:
    """Without them root is a user like others, who owns what root owns; other users have none."""
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    kept = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, the lower half first
    library.capget(head, kept)
    for index in range(6):
        kept[index] &= _READ_ANY_FILE if index < 2 else 0
    library.capset(head, kept)
