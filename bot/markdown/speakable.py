"""What of a Markdown text is spoken: its sentences, without what nobody would read aloud."""

import re

from bot.markdown.blocks import scan
from bot.markdown.plain import plain

_SILENT = frozenset({"code", "open", "body", "close", "delimiters", "row", "rule"})
_ADDRESS = re.compile(r"\bhttps?://\S+")
_ENDS = re.compile(r"[.!?…。！？]['\"»”)]*(?=\s)|\n")


def speakable(source: str, most_chars: int) -> str:
    """Plain text without code, tables and addresses; of a longer one the sentences that fit into `most_chars`.

    Empty when nothing is left to say.
    """
    lines = scan(source)
    heads = {line.leaf for line in lines if line.kind == "delimiters"}
    kept = [
        source[line.start : line.end] if line.kind not in _SILENT and index not in heads else "\n"
        for index, line in enumerate(lines)
    ]
    text = _ADDRESS.sub("", plain("".join(kept)))
    said = "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))
    if len(said) <= most_chars:
        return said
    cut = said[:most_chars]
    end = max((match.end() for match in _ENDS.finditer(cut)), default=0) or cut.rfind(" ")
    return (cut[:end] if end > 0 else cut).strip()
