"""A file on the page: a picture, something to listen to, or a row from which it is downloaded."""

from adapters.web import Shown
from bot.console.content import is_picture, is_sound
from bot.console.markup import Tag, icon
from bot.console.words import Words

_UNITS = ((1_000_000, "web-megabytes"), (1_000, "web-kilobytes"))


def show_file(words: Words, file: Shown) -> None:
    """Pictures are shown and sounds can be played when they can be fetched; everything can be downloaded then."""
    if file.link and is_picture(file.media_type):
        with Tag("figure", "picture"):
            with Tag("a", "", href=file.link, target="_blank", rel="noopener"):
                Tag("img", "", src=file.link, alt=file.name, loading="lazy", decoding="async")
            _show_row(words, file, "figcaption")
    elif file.link and (file.is_speech or is_sound(file.media_type)):
        _show_player(words, file)
    else:
        _show_row(words, file, "div")


def show_row(words: Words, name: str, about: str, link: str, *, element: str = "div", is_busy: bool = False) -> None:
    """`about` says more of the file, as its size; without a `link` it cannot be downloaded."""
    with Tag(element, "file"):
        icon("file")
        with Tag("span", "file-about"):
            Tag("span", "file-name", name, dir="auto")
            Tag("span", "file-size shimmer" if is_busy else "file-size", about)
        if link:
            _show_download(words, name, link)


def size_words(words: Words, size_bytes: int) -> str:
    for bytes_in_one, key in _UNITS:
        if size_bytes >= bytes_in_one:
            return words(key, size=f"{size_bytes / bytes_in_one:.3g}")
    return words("web-bytes", size=size_bytes)


def _show_row(words: Words, file: Shown, element: str) -> None:
    show_row(words, file.name, size_words(words, file.size_bytes), file.link, element=element)


def _show_player(words: Words, file: Shown) -> None:
    label = words("web-spoken") if file.is_speech else file.name
    with Tag("div", "player"):
        icon("speaker")
        Tag("audio", "", src=file.link, controls=True, controlslist="nodownload", preload="metadata", aria_label=label)
        _show_download(words, file.name, file.link)


def _show_download(words: Words, name: str, link: str) -> None:
    label = words("web-download-file", name=name)
    with Tag("a", "icon-button quiet", href=link, download=name, aria_label=label, title=label):
        icon("download")
