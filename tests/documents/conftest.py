from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from bot.documents.examining import examine
from bot.documents.findings import DocumentFound, Finding
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment
from bot.domain.media import Extract

Look = Callable[..., Finding]
Read = Callable[..., Extract]
Refuse = Callable[..., str]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Looks into a file, given by its name and content, in this very process."""

    def looking(name: str, content: bytes, *, media_type: str = "", limits: Limits | None = None) -> Finding:
        path = tmp_path / "file"
        path.write_bytes(content)
        made = Path(mkdtemp(dir=tmp_path))
        return examine(path, Attachment("document", "1", name, media_type), limits or Limits(), made)

    return looking


@pytest.fixture
def read(look: Look) -> Read:
    """The text of a document."""

    def reading(name: str, content: bytes, *, media_type: str = "", limits: Limits | None = None) -> Extract:
        found = look(name, content, media_type=media_type, limits=limits)
        assert isinstance(found, DocumentFound), found
        return found.extract

    return reading


@pytest.fixture
def refuse(look: Look) -> Refuse:
    """Why a file is refused."""

    def refusing(name: str, content: bytes, *, limits: Limits | None = None) -> str:
        with pytest.raises(FileRefused) as refused:
            look(name, content, limits=limits)
        return refused.value.reason

    return refusing
