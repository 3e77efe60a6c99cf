"""The process that reads one file: it is given no secrets, little memory and little time (`bot.documents.confine`).

`bot.documents.workshop` starts it with a folder, in which the question lies and where the answer goes.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bot.documents.confine import confine
from bot.documents.examining import examine
from bot.documents.findings import write_finding, write_refusal
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment

QUESTION = "question"


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
    confine(limits)
    try:
        write_finding(examine(Path(question["source"]), Attachment(**question["attachment"]), limits, folder), folder)
    except FileRefused as refused:
        write_refusal(refused, folder)
    except MemoryError:
        write_refusal(FileRefused("file-expands"), folder)
    sys.stdout.flush()
    # Nothing of what the libraries would do at the end is wanted.
    os._exit(0)
