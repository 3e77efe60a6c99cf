"""A folder of Markdown files as a collection of the knowledge base."""

import asyncio
import logging
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from specialists.frontmatter import FrontMatterError, Page, parse
from specialists.passages import first_heading, passages
from storage.knowledge import Document
from storage.store import Store

log = logging.getLogger(__name__)

FILE_BYTES = 1_000_000
FILES = 2_000

_LOCALE = re.compile(r"[a-z]{2}")


class _UnusableError(Exception):
    """Why a file is left out."""


async def sync(store: Store, folder: Path, collection: str) -> int:
    """Make `collection` hold the Markdown files of `folder`, sub-folders included; how many documents changed.

    A file that cannot be used is left out with a warning. When `folder` itself is missing, nothing is changed.
    """
    if not await asyncio.to_thread(folder.is_dir):
        log.warning("knowledge folder %s is missing, %s stays as it was", folder, collection)
        return 0
    found = await asyncio.to_thread(read_folder, folder)
    async with store.begin() as tx:
        changed = await tx.knowledge.sync(collection, found)
    log.info("knowledge %s: %d documents, %d changed", collection, len(found), changed)
    return changed


def read_folder(folder: Path) -> list[Document]:
    """The documents of `folder` by path. Files that cannot be used are logged with the reason."""
    found = []
    paths = _files(folder)
    for path in islice(paths, FILES):
        try:
            found.append(_document(folder, path))
        except _UnusableError as reason:
            log.warning("left out of the knowledge: %s: %s", path, reason)
    left = sum(1 for _ in paths)
    if left:
        log.warning("left out of the knowledge: %d files of %s beyond the first %d", left, folder, FILES)
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        visible = not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if visible and path.is_file():
            yield path


def _document(folder: Path, path: Path) -> Document:
    if path.suffix.lower() not in (".md", ".markdown"):
        raise _UnusableError("not Markdown (.md)")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _UnusableError("a link out of the folder")
    page = _page(path)
    relative = path.relative_to(folder)
    found = tuple(passages(page.body))
    if not found:
        raise _UnusableError("no text in it")
    return Document(
        source=_readable(f"{folder.resolve().name}/{relative.as_posix()}"),
        title=_title(page) or _readable(path.stem),
        locale=_locale(page, relative),
        passages=found,
    )


def _page(path: Path) -> Page:
    try:
        if path.stat().st_size > FILE_BYTES:
            raise _UnusableError(f"larger than {FILE_BYTES} bytes")
        return parse(path.read_text(encoding="utf-8"))
    except FrontMatterError as error:
        raise _UnusableError(str(error)) from error
    except UnicodeDecodeError as error:
        raise _UnusableError("not UTF-8") from error
    except OSError as error:
        raise _UnusableError(error.strerror or "cannot be read") from error


def _title(page: Page) -> str:
    title = page.fields.get("title")
    return title.strip() if isinstance(title, str) and title.strip() else first_heading(page.body)


def _locale(page: Page, relative: Path) -> str:
    locale = page.fields.get("locale", relative.parts[0])
    return locale if isinstance(locale, str) and _LOCALE.fullmatch(locale) else ""


def _readable(name: str) -> str:
    """A file name that can be stored; names need not be valid text."""
    return name.encode("utf-8", "replace").decode()
