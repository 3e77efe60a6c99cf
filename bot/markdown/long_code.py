"""Very long code, taken out of a reply into files of its own."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.markdown.blocks import Line, scan
from bot.markdown.healing import fence_end, prefix

_MARGIN_CHARS = 200
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]+")
_EXTENSIONS = {
    "bash": "sh", "c#": "cs", "c++": "cpp", "cpp": "cpp", "csharp": "cs", "css": "css", "diff": "diff",
    "dockerfile": "dockerfile", "go": "go", "golang": "go", "html": "html", "java": "java", "javascript": "js",
    "js": "js", "json": "json", "jsx": "jsx", "kotlin": "kt", "latex": "tex", "lua": "lua", "makefile": "mk",
    "markdown": "md", "md": "md", "perl": "pl", "php": "php", "powershell": "ps1", "py": "py", "python": "py",
    "r": "r", "rb": "rb", "rs": "rs", "ruby": "rb", "rust": "rs", "scala": "scala", "sh": "sh", "shell": "sh",
    "sql": "sql", "swift": "swift", "toml": "toml", "ts": "ts", "tsx": "tsx", "typescript": "ts", "xml": "xml",
    "yaml": "yaml", "yml": "yml", "zsh": "sh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A code block as a file: a name that tells its language, and the whole body."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """A reply whose long code was shortened, and the files that hold it whole."""

    text: str
    files: tuple[CodeFile, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    opening: Line
    body: list[Line]
    closed: bool

    @property
    def start(self) -> int:
        return self.opening.end

    @property
    def end(self) -> int:
        return self.body[-1].end if self.body else self.opening.end


def lift_long_code(source: str, max_chars: int, note: Callable[[str], str]) -> Lifted:
    """Shorten every fence whose body is longer than `max_chars`, and return the whole bodies as files.

    The shown body stays verbatim up to the last line end before `max_chars` (cut within a line that is longer than
    the margin), then the fence is closed and `note(file_name)` follows as a paragraph. For a growing source the text
    only grows, apart from the note where it is cut: an unfinished line that may cross the limit is not shown.
    """
    if len(source) <= max_chars - min(_MARGIN_CHARS, max_chars // 4):
        return Lifted(source, ())
    parts: list[str] = []
    files: list[CodeFile] = []
    at = 0
    for block in _blocks(source):
        cut = _cut(source, block, max_chars)
        if cut is None:
            continue
        file = CodeFile(_name(block, len(files) + 1), "".join(source[line.body : line.end] for line in block.body))
        files.append(file)
        parts.append(source[at:cut] + _closing(source, block, cut, note(file.name)))
        at = _resume(source, block)
    return Lifted("".join(parts) + source[at:], tuple(files))


def _blocks(source: str) -> list[_Block]:
    blocks: list[_Block] = []
    opening: Line | None = None
    body: list[Line] = []
    for line in scan(source):
        if opening is not None and line.kind == "body" and line.leaf == opening.leaf:
            body.append(line)
            continue
        if opening is not None:
            blocks.append(_Block(opening, body, closed=True))
        opening, body = (line, []) if line.kind == "open" else (None, [])
    if opening is not None:
        blocks.append(_Block(opening, body, closed=False))
    return blocks


def _cut(source: str, block: _Block, max_chars: int) -> int | None:
    """Where the shown body ends; `None` when all of it is shown."""
    margin = min(_MARGIN_CHARS, max_chars // 4)
    limit = block.start + max_chars
    if block.end <= limit:
        unfinished = not block.closed and block.body and not source.endswith("\n")
        if not unfinished or block.end <= limit - margin:
            return None
        return max(block.body[-1].start, limit - margin)
    line_end = source.rfind("\n", block.start, limit) + 1
    return max(line_end, limit - margin)


def _closing(source: str, block: _Block, cut: int, note: str) -> str:
    line_break = "" if source[cut - 1] == "\n" else "\n"
    indent = prefix(block.opening.containers)
    return f"{line_break}{fence_end(block.opening)}\n{indent.rstrip()}\n{indent}{note}\n"


def _resume(source: str, block: _Block) -> int:
    """Where the text goes on: behind the closing fence, if there is one."""
    after = source.find("\n", block.end)
    closing = source[block.end : after if after >= 0 else len(source)].strip(" \t\r>")
    marker = block.opening.fence.marker if block.opening.fence else ""
    if not closing or closing.strip(marker[:1]) or len(closing) < len(marker):
        return block.end
    return after + 1 if after >= 0 else len(source)


def _name(block: _Block, number: int) -> str:
    language = _LANGUAGE.match(block.opening.fence.info) if block.opening.fence else None
    return f"code-{number}.{_EXTENSIONS.get(language[0].lower(), 'txt') if language else 'txt'}"
