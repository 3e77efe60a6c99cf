"""Where a conversation happens, and which message is meant: two ids with one text codec."""

import re
from dataclasses import dataclass, replace

_PART = re.compile(r"[^:/#\s]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A chat of a messenger, or one topic (forum topic, Slack thread, web conversation) in it.

    Its text form is `messenger:[workspace/]chat[:topic]`, as in `telegram:-100123:7` and `slack:T01/C09:1718.002`.
    """

    messenger: str
    chat: str
    topic: str = ""
    workspace: str = ""

    def __post_init__(self) -> None:
        for part in (self.messenger, self.chat, *filter(None, (self.topic, self.workspace))):
            if not _PART.fullmatch(part):
                raise ValueError(f"not part of a place: {part!r}")

    def __str__(self) -> str:
        workspace = f"{self.workspace}/" if self.workspace else ""
        topic = f":{self.topic}" if self.topic else ""
        return f"{self.messenger}:{workspace}{self.chat}{topic}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place whose text form is `text`; ValueError when there is none."""
        messenger, _, rest = text.partition(":")
        room, _, topic = rest.partition(":")
        workspace, slash, chat = room.rpartition("/")
        if slash and not workspace:
            raise ValueError(f"not a place: {text!r}")
        return cls(messenger, chat, topic, workspace)

    @property
    def room(self) -> "Place":
        """The chat as a whole, which is what platforms count limits by."""
        return replace(self, topic="")


@dataclass(frozen=True, slots=True)
class Ref:
    """One message of a messenger. Its text form is `place#message`."""

    place: Place
    message: str

    def __post_init__(self) -> None:
        if not _PART.fullmatch(self.message):
            raise ValueError(f"not a message id: {self.message!r}")

    def __str__(self) -> str:
        return f"{self.place}#{self.message}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The ref whose text form is `text`; ValueError when there is none."""
        place, hash_mark, message = text.rpartition("#")
        if not hash_mark:
            raise ValueError(f"not a ref: {text!r}")
        return cls(Place.parse(place), message)
