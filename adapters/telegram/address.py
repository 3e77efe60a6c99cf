"""Whether a message in a group is meant for us, and what it says without the address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiogram.types import Message, MessageEntity

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]+))?(?=\s|$)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Me:
    """Our own bot, as `getMe` told."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Line:
    """`/name arguments`, and to which bot it was given (empty when none was named)."""

    name: str
    arguments: str
    bot: str = ""

    def is_for(self, me: Me) -> bool:
        return not self.bot or self.bot.lower() == me.username.lower()


def command(text: str) -> Line | None:
    """The command that `text` consists of; None when it is ordinary text, as `/usr/bin` is."""
    match = _COMMAND.fullmatch(text)
    return Line(match[1].lower(), match[3].strip(), match[2] or "") if match else None


def replies_to_us(message: Message, me: Me) -> bool:
    replied = answered(message)
    return replied is not None and replied.from_user is not None and replied.from_user.id == me.id


def answered(message: Message) -> Message | None:
    """The message that this one replies to.

    In a topic every message formally replies to the service message that opened it; that is no reply.
    """
    replied = message.reply_to_message
    if replied is None or replied.forum_topic_created is not None:
        return None
    if message.is_topic_message and replied.message_id == message.message_thread_id:
        return None
    return replied


def without_mention(text: str, entities: Sequence[MessageEntity], me: Me, *, is_caption: bool = False) -> str | None:
    """`text` with every mention of us cut out; None when there is none. Alone, the mention stays, but not as a caption.

    Offsets of entities count UTF-16 code units (Bot API, MessageEntity).
    """
    units = text.encode("utf-16-le", "surrogatepass")
    spans = sorted((entity.offset, entity.offset + entity.length) for entity in entities if _names(entity, units, me))
    if not spans:
        return None
    for start, end in reversed(spans):
        before, after = _decode(units[: start * 2]), _decode(units[end * 2 :])
        units = _joined(before, after).encode("utf-16-le", "surrogatepass")
    return _decode(units).strip() or ("" if is_caption else text.strip())


def is_named_in(text: str, me: Me) -> bool:
    """Whether `text` without entities, as of a rich message, mentions us."""
    return bool(me.username) and re.search(rf"@{me.username}\b", text, re.IGNORECASE | re.ASCII) is not None


def _names(entity: MessageEntity, units: bytes, me: Me) -> bool:
    match entity.type:
        case "text_mention":
            return entity.user is not None and entity.user.id == me.id
        case "mention":
            name = _decode(units[entity.offset * 2 : (entity.offset + entity.length) * 2])
            return name.lower() == f"@{me.username}".lower()
        case _:
            return False


def _joined(before: str, after: str) -> str:
    if not before.strip():
        return after.lstrip(" ,:")
    return before.rstrip(" ") + after if after[:1] in {"", " ", "\n"} or after[0] in ".,:;!?" else before + after


def _decode(units: bytes) -> str:
    return units.decode("utf-16-le", "surrogatepass")
