"""One file from its first bytes to what was found in it. Runs in the process that `bot.documents.worker` is."""

import logging
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bot.documents.findings import Finding
from bot.documents.forms import Form
from bot.documents.limits import Limits
from bot.documents.sniff import sniff
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment


def examine(path: Path, attachment: Attachment, limits: Limits, into: Path) -> Finding:
    """What is in the file at `path`; FileRefused whatever is wrong with it. New files are made in the folder `into`.

    `attachment` is what its messenger says of it, which may be wrong.
    """
    if path.stat().st_size > limits.file_bytes:
        raise FileRefused("file-too-large", megabytes=limits.file_bytes // 1_000_000)
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            form = sniff(path, attachment, limits)
            return _read(path, form, limits, into)
    except FileRefused:
        raise
    except MemoryError:
        raise FileRefused("file-expands", "memory") from None
    except BaseException as error:
        # Parsers meet what nobody thought of, and raise whatever comes; bindings of other languages have panics that
        # are no Exception. All of it says that the file is not as it should be.
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        raise FileRefused("file-damaged", type(error).__name__) from None
    finally:
        logging.disable(logging.NOTSET)


def _read(path: Path, form: Form, limits: Limits, into: Path) -> Finding:
    # The one import by name: each file has a process of its own, which would otherwise load the libraries of all
    # forms, and that takes a second.
    read: Callable[..., Finding] = import_module(f"bot.documents.{form.reader}").read
    return read(path, form, limits, into) if form.demuxer else read(path, form, limits)
