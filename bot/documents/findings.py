"""What was found in a file, and how the process that looked tells the one that asked.

The answer is a file of lines, each a JSON value: first what was found, then one for each part of a document, so that
no single line holds the reader up. Pictures and speech lie beside it. Nothing of it is trusted: what is not exactly of
this shape is no answer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.media import Extract, Part, PartKind

REASONS = frozenset(
    {
        "file-damaged",
        "file-disguised",
        "file-empty",
        "file-encrypted",
        "file-expands",
        "file-macros",
        "file-no-text",
        "file-no-words",
        "file-too-large",
        "file-too-long",
        "file-too-slow",
        "file-unsupported",
    }
)
"""Every Fluent key with which a file is refused here."""

ANSWER = "answer"
CONTENT = "content"
LONGEST_NAME_CHARS = 200
_KINDS: Mapping[str, PartKind] = {kind: kind for kind in get_args(PartKind)}


@dataclass(frozen=True, slots=True)
class SpeechFound:
    """Speech, in a form that transcribers take and with the suffix that this form demands."""

    path: Path
    """The examined file itself, or another one beside it."""
    media_type: str
    duration_seconds: float
    """By what can be heard, not by what the file says of itself."""


@dataclass(frozen=True, slots=True)
class PictureFound:
    """A picture: upright, small enough for models, without any data about its origin."""

    content: bytes = field(repr=False)
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class DocumentFound:
    """A document, by its text."""

    extract: Extract
    media_type: str


Finding = SpeechFound | PictureFound | DocumentFound


def write_finding(found: Finding, folder: Path) -> None:
    """Write the answer into `folder`."""
    match found:
        case DocumentFound(Extract(parts, is_cut), media_type):
            head = {"found": "document", "media_type": media_type, "is_cut": is_cut, "parts": len(parts)}
            _write(folder, head, ([part.kind, part.number, part.name, part.text] for part in parts))
        case PictureFound(content, media_type, width, height):
            (folder / CONTENT).write_bytes(content)
            _write(folder, {"found": "picture", "media_type": media_type, "width": width, "height": height})
        case SpeechFound(path, media_type, seconds):
            about = {"found": "speech", "media_type": media_type, "seconds": seconds, "suffix": path.suffix}
            _write(folder, about | {"is_new": path.parent == folder})


def write_refusal(refused: FileRefused, folder: Path) -> None:
    """Write down in `folder` that there is nothing to be found, and why."""
    _write(folder, {"found": "nothing", "reason": refused.reason, "arguments": refused.arguments})


def _write(folder: Path, head: Mapping[str, Any], lines: Iterator[object] | tuple[()] = ()) -> None:
    with (folder / ANSWER).open("w", encoding="utf-8", errors="replace") as file:
        for line in (head, *lines):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_finding(folder: Path, source: Path, limits: Limits) -> Finding:
    """The answer in `folder` about the file `source`. FileRefused when it says so, or is no answer at all."""
    answer = folder / ANSWER
    try:
        if answer.stat().st_size > limits.answer_bytes:
            raise ValueError("longer than any answer")
        # Lines end at \n alone, whatever else Unicode takes for an end of a line.
        with answer.open(encoding="utf-8", newline="\n") as file:
            return _finding(json.loads(next(file)), file, folder, source, limits)
    except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError) as error:
        raise FileRefused("file-damaged", f"no answer: {type(error).__name__}") from None


def _finding(head: Any, lines: Iterator[str], folder: Path, source: Path, limits: Limits) -> Finding:
    match head:
        case {"found": "document", "media_type": str(media_type), "is_cut": bool(is_cut), "parts": int(count)}:
            parts = tuple(_part(json.loads(line)) for line in lines)
            if len(parts) != count or not 0 < count <= limits.parts or sum(len(p.text) for p in parts) > limits.chars:
                raise ValueError("not as many parts as there are")
            return DocumentFound(Extract(parts, is_cut), _short(media_type))
        case {"found": "picture", "media_type": str(media_type), "width": int(width), "height": int(height)}:
            content = _content(folder / CONTENT, limits.file_bytes).read_bytes()
            if not 0 < width <= limits.picture_side or not 0 < height <= limits.picture_side:
                raise ValueError("no size of a picture")
            return PictureFound(content, _short(media_type), width, height)
        case {"found": "speech", "media_type": str(media_type), "seconds": float(seconds), "suffix": str(suffix)}:
            if not 0 < seconds <= limits.speech_seconds + 1 or not suffix[1:].isalnum() or len(suffix) > 6:
                raise ValueError("no length or suffix of speech")
            origin = _content(folder / f"{CONTENT}{suffix}", limits.file_bytes) if head["is_new"] is True else source
            return SpeechFound(origin, _short(media_type), seconds)
        case {"found": "nothing", "reason": str(reason), "arguments": dict(arguments)} if reason in REASONS:
            raise FileRefused(reason, "", **{_short(key): _argument(value) for key, value in arguments.items()})
        case _:
            raise ValueError("no answer")


def _part(line: Any) -> Part:
    match line:
        case [str(kind), int(number), str(name), str(text)] if kind in _KINDS and number > 0:
            return Part(_KINDS[kind], number, _short(name), text)
        case _:
            raise ValueError("no part")


def _content(path: Path, limit_bytes: int) -> Path:
    """`path`, which is an ordinary file of at most `limit_bytes`."""
    if path.is_symlink() or not 0 < path.stat().st_size <= limit_bytes:
        raise ValueError("no content")
    return path


def _short(text: str) -> str:
    if len(text) > LONGEST_NAME_CHARS:
        raise ValueError("too long for a name")
    return text


def _argument(value: Any) -> str | int:
    if not isinstance(value, int):
        raise TypeError("no argument of a sentence")
    return value
