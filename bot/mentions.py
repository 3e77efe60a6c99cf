"""How files are named where they cannot be shown: in what models read of earlier turns, and where words are wanted."""

from collections.abc import Iterable, Mapping

from bot.domain.media import Upload, UploadState

_NAME_CHARS = 80


def mention(upload: Upload) -> str:
    """One file in brackets, for a model; empty for what stands in its message as words anyway."""
    name = short_name(upload)
    if upload.state is UploadState.REFUSED:
        return f"[file that could not be used: {name}]"
    match upload.sort:
        case "picture":
            return f"[picture: {name}]"
        case "document":
            return f"[file: {name}, {_extent(upload)}]"
        case _:
            return ""


def mentions(uploads: Iterable[Upload]) -> Mapping[int, str]:
    """What came with which message, by the message's id; `uploads` in any order."""
    told: dict[int, str] = {}
    for upload in sorted(uploads, key=lambda one: one.id):
        if note := mention(upload):
            before = told.get(upload.message_id)
            told[upload.message_id] = f"{before} {note}" if before else note
    return told


def short_name(upload: Upload) -> str:
    """The name on one line, and never long."""
    name = " ".join(upload.name.split())
    return name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…"


def _extent(upload: Upload) -> str:
    if upload.part_kind is None or upload.part_kind == "lines":
        return "text"
    return f"{upload.parts} {upload.part_kind}{'' if upload.parts == 1 else 's'}"
