"""Message entities by Telegram's rules of nesting (https://core.telegram.org/bots/api#messageentity)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

_STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_SOLID = frozenset({"code", "pre"})
_BLANKS = (b" \x00", b"\n\x00", b"\t\x00")


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity; offset and length count UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def wire(self) -> Mapping[str, object]:
        """The entity as the Bot API's JSON object."""
        fields = {"type": self.type, "offset": self.offset, "length": self.length}
        optional = {"url": self.url, "language": self.language}
        return fields | {name: value for name, value in optional.items() if value}


def lawful(text: str, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """The entities with nothing in `pre` and `code`, no quote in a quote, no link around code, no blanks at the edges.

    They come from a tree, so two that overlap are nested already.
    """
    found = [entity for entity in entities if entity.length > 0]
    links = _outermost([entity for entity in found if entity.type == "text_link"])
    pre = _outermost([entity for entity in found if entity.type == "pre"])
    code = _outermost([entity for entity in found if entity.type == "code"])
    code = [entity for entity in code if not _covered(entity, links) and not _covered(entity, pre)]
    solid = sorted(pre + code, key=lambda entity: entity.offset)
    kept = solid + _outermost([entity for entity in found if entity.type in _QUOTES])
    for style in _STYLES:
        for entity in _outermost([entity for entity in found if entity.type == style]):
            kept += _around(entity, solid)
    for link in links:
        kept += _around(link, solid)
    units = text.encode("utf-16-le")
    trimmed = (entity if entity.type == "pre" else _trimmed(entity, units, pre) for entity in kept)
    return tuple(sorted((e for e in trimmed if e.length > 0), key=_order))


def _order(entity: Entity) -> tuple[int, int, bool, str]:
    return entity.offset, -entity.length, entity.type not in _QUOTES, entity.type


def _outermost(entities: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: (entity.offset, -entity.length)):
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
        elif entity.end > kept[-1].end:
            kept[-1] = replace(kept[-1], length=entity.end - kept[-1].offset)
    return kept


def _covered(entity: Entity, others: list[Entity]) -> bool:
    before = bisect_right(others, entity.offset, key=lambda other: other.offset)
    return before > 0 and entity.end <= others[before - 1].end


def _around(entity: Entity, solid: list[Entity]) -> list[Entity]:
    """The parts of `entity` that lie outside of code."""
    parts: list[Entity] = []
    at = entity.offset
    first = bisect_right(solid, at, key=lambda hole: hole.end)
    for hole in islice(solid, first, None):
        if hole.offset >= entity.end:
            break
        if hole.offset > at:
            parts.append(replace(entity, offset=at, length=hole.offset - at))
        at = hole.end
    if at < entity.end:
        parts.append(replace(entity, offset=at, length=entity.end - at))
    return parts


def _trimmed(entity: Entity, units: bytes, pre: list[Entity]) -> Entity:
    """`entity` without blanks at its edges; those of a `pre` in it stay, or it would end up inside."""
    start, end = entity.offset, entity.end
    inside = [one for one in pre if start <= one.offset and one.end <= end]
    first = min((one.offset for one in inside), default=end)
    last = max((one.end for one in inside), default=start)
    while end > max(start, last) and units[2 * end - 2 : 2 * end] in _BLANKS:
        end -= 1
    while start < min(end, first) and units[2 * start : 2 * start + 2] in _BLANKS:
        start += 1
    return replace(entity, offset=start, length=end - start)
