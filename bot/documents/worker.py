"""The process that reads one file, and has nothing else: no secrets, no children, little memory, little time.

`bot.documents.workshop` starts it with a folder, in which the question lies and where the answer goes.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from math import ceil
from pathlib import Path

from bot.documents.examining import examine
from bot.documents.findings import write_finding, write_refusal
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment

QUESTION = "question"
_OPEN_FILES = 64
_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of Linux: not even a program with the right to it gets more rights than this process has."""


def ask(folder: Path, source: Path, attachment: Attachment, limits: Limits) -> None:
    """Put the question what is in `source` into `folder`."""
    # Where the messenger keeps the file is none of the parsers' business.
    hints = {"kind": attachment.kind, "name": attachment.name, "media_type": attachment.media_type}
    question = {"source": str(source), "attachment": hints, "limits": asdict(limits)}
    (folder / QUESTION).write_text(json.dumps(question), encoding="utf-8")


def main(folder_name: str) -> None:
    """Answer the question in that folder, within its limits."""
    folder = Path(folder_name)
    question = json.loads((folder / QUESTION).read_text(encoding="utf-8"))
    limits = Limits(**question["limits"])
    _confine(limits)
    try:
        found = examine(Path(question["source"]), Attachment(**question["attachment"]), limits, folder)
    except FileRefused as refused:
        write_refusal(refused, folder)
    else:
        write_finding(found, folder)
    sys.stdout.flush()
    # Nothing of what the libraries would do at the end is wanted.
    os._exit(0)


def _confine(limits: Limits) -> None:
    seconds = ceil(limits.seconds)
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_FSIZE, max(limits.answer_bytes, limits.file_bytes)),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    # If whoever started us is gone, nobody else would end us.
    signal.alarm(seconds + 2)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
