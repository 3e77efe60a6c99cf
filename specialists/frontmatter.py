"""Markdown files that begin with YAML between two lines of `---`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_FENCE = "---"
_DEPTH = 10


class FrontMatterError(ValueError):
    """The front matter cannot be read; `line` counts from 1 in the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Page:
    """A file taken apart: its fields, where each of them stands, and the Markdown below."""

    fields: dict[str, Any]
    lines: dict[str, int]
    """Field → line in the file; nested fields are joined with dots, as in `starters.ru`."""
    body: str
    body_line: int

    def line_of(self, *path: str | int) -> int:
        """The line of the field at `path`, or of the nearest field around it; 1 when there is none."""
        for length in range(len(path), 0, -1):
            if line := self.lines.get(".".join(str(part) for part in path[:length])):
                return line
        return 1


def parse(text: str) -> Page:
    """Take `text` apart; without front matter all of it is the body. FrontMatterError when the YAML is wrong."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != _FENCE:
        return Page({}, {}, "".join(lines), 1)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise FrontMatterError(1, "the front matter has no closing line '---'")
    # An empty line in place of the fence keeps YAML's line numbers those of the file.
    fields, positions = _load("\n" + "".join(lines[1:end]))
    return Page(fields, positions, "".join(lines[end + 1 :]), end + 2)


def _load(source: str) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        _refuse_bombs(source)
        loader = yaml.CSafeLoader(source)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            raise FrontMatterError(_line(node), "the front matter must be fields, as in 'name: value'")
        positions = dict(_positions(node))
        return loader.construct_document(node), positions
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FrontMatterError(mark.line + 1 if mark else 1, error.problem or "this is not YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, FrontMatterError):
            raise
        raise FrontMatterError(1, "this is not YAML") from error


def _refuse_bombs(source: str) -> None:
    """A few aliases of aliases unfold to more values than fit into memory; deep nesting takes minutes to read."""
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise FrontMatterError(line, "aliases (*) are not supported")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise FrontMatterError(line, "too deeply nested")


def _positions(node: yaml.Node, path: str = "") -> Iterator[tuple[str, int]]:
    seen = set()
    for key, value in _children(node):
        if key in seen:
            raise FrontMatterError(_line(value), f"{path}{key} is there twice")
        seen.add(key)
        yield f"{path}{key}", _line(value)
        yield from _positions(value, f"{path}{key}.")


def _children(node: yaml.Node) -> list[tuple[str, yaml.Node]]:
    match node:
        case yaml.MappingNode():
            return [(str(key.value), value) for key, value in node.value]
        case yaml.SequenceNode():
            return [(str(index), value) for index, value in enumerate(node.value)]
        case _:
            return []


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
