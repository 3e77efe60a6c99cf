"""An incoming rich message as plain text, whatever blocks it may hold."""

from collections.abc import Iterator, Mapping, Sequence

_DEEPEST = 40
_BEFORE = ("summary", "text", "expression")
_AFTER = ("caption", "credit")


def flatten(message: Mapping[str, object]) -> str:
    """The readable text of a `RichMessage` in its JSON form, one line per block; unknown blocks are skipped.

    Works on raw JSON, so a block that was invented after this library still costs only itself.
    """
    return _lines(message.get("blocks"), _DEEPEST)


def _lines(blocks: object, depth: int) -> str:
    return "\n".join(line for line in _blocks(blocks, depth) if line.strip())


def _blocks(blocks: object, depth: int) -> Iterator[str]:
    for block in _list(blocks):
        if isinstance(block, Mapping) and depth:
            yield from _block(block, depth - 1)


def _block(block: Mapping[object, object], depth: int) -> Iterator[str]:
    for name in _BEFORE:
        yield _text(block.get(name), depth)
    for item in _list(block.get("items")):
        if isinstance(item, Mapping):
            yield f"{_text(item.get('label'), depth)} {_lines(item.get('blocks'), depth)}".strip()
    for row in _list(block.get("cells")):
        yield " | ".join(_text(cell.get("text"), depth) for cell in _list(row) if isinstance(cell, Mapping))
    yield from _blocks(block.get("blocks"), depth)
    for name in _AFTER:
        yield _text(block.get(name), depth)


def _text(node: object, depth: int) -> str:
    """A `RichText` node: a string, a list of nodes, or an object that wraps one."""
    match node:
        case str():
            return node
        case Mapping() if depth:
            inner = node.get("text", node.get("expression", node.get("alternative_text", "")))
            return _text(inner, depth - 1)
        case Sequence() if depth and not isinstance(node, bytes):
            return "".join(_text(part, depth - 1) for part in node)
        case _:
            return ""


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
