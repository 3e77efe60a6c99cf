"""A file on the page: a picture, or a row from which it is downloaded."""

from adapters.web import Shown
from bot.console.files import is_picture
from bot.console.markup import Tag, icon
from bot.console.words import Words

_UNITS = ((1_000_000, "web-megabytes"), (1_000, "web-kilobytes"))


def show_file(words: Words, file: Shown) -> None:
    """Pictures are shown when they can be fetched; everything can be downloaded then."""
    if file.link and is_picture(file.media_type):
        with Tag("figure", "picture"):
            with Tag("a", "", href=file.link, target="_blank", rel="noopener"):
                Tag("img", "", src=file.link, alt=file.name, loading="lazy", decoding="async")
            _show_row(words, file, "figcaption")
    else:
        _show_row(words, file, "div")


def _show_row(words: Words, file: Shown, element: str) -> None:
    with Tag(element, "file"):
        icon("file")
        with Tag("span", "file-about"):
            Tag("span", "file-name", file.name, dir="auto")
            Tag("span", "file-size", _size(words, file.size_bytes))
        if file.link:
            label = words("web-download-file", name=file.name)
            with Tag("a", "icon-button quiet", href=file.link, download=file.name, aria_label=label, title=label):
                icon("download")


def _size(words: Words, size_bytes: int) -> str:
    for bytes_in_one, key in _UNITS:
        if size_bytes >= bytes_in_one:
            return words(key, size=f"{size_bytes / bytes_in_one:.3g}")
    return words("web-bytes", size=size_bytes)
