"""What came with a visitor's message: pictures, documents, what was heard, and what could not be used."""

from collections.abc import Sequence

from nicegui import ui

from bot.console.attachment import show_row, size_words
from bot.console.content import is_picture
from bot.console.markup import Tag, icon
from bot.console.prose import Prose
from bot.console.words import Words
from bot.domain.media import Upload, UploadState
from bot.markdown.plain import literal

_SPOKEN_KINDS = frozenset({"voice", "audio", "video", "video_note"})


def is_spoken(upload: Upload) -> bool:
    """Whether it is, or may prove to be, speech, and is shown by its words."""
    is_waiting = upload.state is UploadState.WAITING and upload.attachment.kind in _SPOKEN_KINDS
    return upload.sort == "speech" or is_waiting


def show_enclosed(words: Words, prose: Prose, uploads: Sequence[Upload], *, is_open: bool, is_ours: bool) -> None:
    """Everything but speech. `is_ours`: it was sent from our page, where pictures can be seen before they are ready."""
    links = {upload.id: _picture_link(upload, is_ours=is_ours) for upload in uploads}
    pictures = [upload for upload in uploads if links[upload.id]]
    rest = [upload for upload in uploads if not links[upload.id] and upload.sort != "thing"]
    if pictures:
        with Tag("div", "thumbs"):
            for upload in pictures:
                with Tag("a", "thumb", href=links[upload.id], target="_blank", rel="noopener"):
                    Tag("img", "", src=links[upload.id], alt=upload.name, loading="lazy", decoding="async")
    if rest:
        with Tag("div", "enclosed"):
            for upload in rest:
                _show_one(words, prose, upload, is_open=is_open)


def show_spoken(words: Words, upload: Upload, *, is_open: bool) -> None:
    """What was heard, or that it is listened to."""
    with Tag("div", "bubble spoken"):
        with Tag("span", "spoken-mark", role="img", aria_label=words("web-voice"), title=words("web-voice")):
            icon("microphone")
            if seconds := upload.attachment.duration_seconds:
                Tag("span", "spoken-time", f"{int(seconds) // 60}:{int(seconds) % 60:02}")
        if upload.state is UploadState.READY:
            Tag("span", "heard", upload.text, dir="auto")
        elif is_open:
            Tag("span", "shimmer", words("web-listening"))
        else:
            Tag("span", "unheard", words("web-unheard"))


def refusal_sentence(words: Words, upload: Upload) -> str:
    """Why it cannot be used, as Markdown."""
    arguments: dict[str, str | int] = {**upload.arguments, "name": literal(upload.name)}
    try:
        return words(upload.refusal, **arguments)
    except KeyError:  # It was written by another version of us.
        return words("web-unusable", name=literal(upload.name))


def _picture_link(upload: Upload, *, is_ours: bool) -> str:
    """Empty when it is no picture, or there is none to show."""
    if upload.state is UploadState.READY:
        return f"/uploads/{upload.id}" if upload.sort == "picture" and upload.blob is not None else ""
    is_waiting = upload.state is UploadState.WAITING and is_ours and is_picture(upload.attachment.media_type)
    return f"/files/{upload.attachment.file}" if is_waiting else ""


def _show_one(words: Words, prose: Prose, upload: Upload, *, is_open: bool) -> None:
    if upload.state is UploadState.REFUSED:
        with Tag("div", "refused"):
            icon("alert")
            ui.html(refusal_sentence(words, upload), sanitize=prose.html)
        return
    link = f"/uploads/{upload.id}" if upload.blob is not None else ""
    about, is_busy = _about(words, upload), False
    if upload.state is UploadState.WAITING:
        about, is_busy = words("web-reading" if is_open else "web-unread"), is_open
    show_row(words, upload.name, about, link, is_busy=is_busy)


def _about(words: Words, upload: Upload) -> str:
    """As in `12 pages · 340 kB · only the beginning was read`."""
    size_bytes = upload.size_bytes or upload.attachment.size_bytes or 0
    told = [
        words(f"web-parts-{upload.part_kind}", count=upload.parts) if upload.part_kind and upload.parts else "",
        size_words(words, size_bytes) if size_bytes else "",
        words("web-cut") if upload.is_cut else "",
    ]
    return " · ".join(filter(None, told))
