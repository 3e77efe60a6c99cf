"""PDF, by pypdf: a part for each page that has text."""

import re
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader, overwrite_configuration
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import Enough, gather
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.media import Part

_MOST_OPERATIONS = 400_000
"""On a page, with their operands: two seconds of work."""
_SPACES = re.compile(r"[ \t\xa0]+")


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    # pypdf's own limits for each stream are good, but that of a page's content, which would take 12 seconds. The one
    # program that it would start is never needed for text.
    overwrite_configuration(jbig2dec_binary=None, stream_parsing_work_maximum_count=_MOST_OPERATIONS)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileRefused("file-encrypted")
        return DocumentFound(gather(_pages(reader, limits), limits, nothing="file-no-text"), form.media_type)
    except (FileNotDecryptedError, DependencyError, NotImplementedError):
        raise FileRefused("file-encrypted") from None
    except LimitReachedError:
        raise FileRefused("file-expands") from None


def _pages(reader: PdfReader, limits: Limits) -> Iterator[Part]:
    """Pages that cannot be read are left out, unless none can."""
    failed: Exception | None = None
    has_read = False
    for number, page in enumerate(reader.pages, start=1):
        if number > limits.pages:
            raise Enough
        try:
            text = _SPACES.sub(" ", page.extract_text())
        except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            failed = error
            continue
        has_read = True
        yield Part("page", number, text=text)
    if failed and not has_read:
        raise failed
    if failed:
        raise Enough
