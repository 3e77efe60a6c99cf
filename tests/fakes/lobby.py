"""A messenger made of rooms in memory: private chats, each person's own page, and channels whose threads are shared."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from bot.domain.errors import MessageGone, NotModified
from bot.domain.incoming import (
    Command,
    Incoming,
    Opened,
    Payload,
    Press,
    Reaction,
    Sender,
    StopRequest,
    UserDeletion,
    UserEdit,
    UserMessage,
)
from bot.domain.messenger import Button, Capabilities, HomeSection, Outgoing, Rate, Suggestion, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock

_MOST_CHARS = 4_000


@dataclass
class Post:
    """A message of ours as it reads now."""

    ref: Ref
    outgoing: Outgoing
    versions: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.outgoing.text

    @property
    def labels(self) -> list[str]:
        return [button.label for row in self.outgoing.buttons for button in row]


class Lobby:
    """Implements `Messenger`, `Homing`, `Suggesting`, `Titling` and `Acknowledging`.

    A place with a topic is a shared thread of a channel; the private chat with somebody has their id.
    """

    def __init__(self, clock: Clock, name: str = "lobby", workspace: str = "W1") -> None:
        self.workspace = workspace
        self.posts: dict[Place, list[Post]] = defaultdict(list)
        self.pages: dict[str, tuple[HomeSection, ...]] = {}
        self.pages_shown = 0
        self.offers: dict[Place, tuple[Suggestion, ...]] = {}
        self.titles: dict[Place, str] = {}
        self.answers: list[tuple[str, str]] = []
        """What was said at pressed buttons: the id of the press, the text."""
        self.ids = count(1)
        self.clock = clock
        self._name = name
        self._takes: asyncio.Queue[Take] = asyncio.Queue()

    @property
    def name(self) -> str:
        return self._name

    @property
    def budget(self) -> tuple[Rate, ...]:
        return ()

    def capabilities(self, place: Place) -> Capabilities:
        shared = bool(place.topic)
        return Capabilities(streaming="edits", shared=shared, private=not shared)

    def fits(self, place: Place, text: str) -> bool:
        return len(text) <= _MOST_CHARS

    def thread(self, channel: str, topic: str) -> Place:
        return Place(self._name, channel, topic, self.workspace)

    def person(self, name: str, locale: str = "en") -> "Person":
        return Person(self, f"U{next(self.ids)}", name, locale)

    async def run(self, take: Take) -> None:
        self._takes.put_nowait(take)
        await asyncio.Event().wait()

    async def hear(self, incoming: Incoming) -> None:
        """Hand an event to whoever receives."""
        take = await self._takes.get()
        self._takes.put_nowait(take)
        await take(incoming)

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        post = Post(Ref(place, f"m{next(self.ids)}"), outgoing, [outgoing.text])
        self.posts[place].append(post)
        return post.ref

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        post = self._post(ref)
        if (post.outgoing.text, post.outgoing.buttons) == (outgoing.text, outgoing.buttons):
            raise NotModified
        post.outgoing = outgoing
        post.versions.append(outgoing.text)

    async def delete(self, ref: Ref) -> None:
        self.posts[ref.place].remove(self._post(ref))

    async def show_home(self, place: Place, owner: str, sections: tuple[HomeSection, ...]) -> None:
        self.pages[owner] = sections
        self.pages_shown += 1

    async def suggest(self, place: Place, suggestions: tuple[Suggestion, ...]) -> None:
        self.offers[place] = suggestions

    async def entitle(self, place: Place, title: str) -> None:
        self.titles[place] = title

    async def acknowledge(self, press: str, text: str) -> None:
        self.answers.append((press, text))

    async def close(self) -> None:
        pass

    def texts(self, place: Place) -> list[str]:
        """What our messages there read."""
        return [post.text for post in self.posts[place]]

    def _post(self, ref: Ref) -> Post:
        found = next((post for post in self.posts[ref.place] if post.ref == ref), None)
        if found is None:
            raise MessageGone(str(ref))
        return found


@dataclass
class Person:
    """Somebody in the lobby. What they do happens in their private chat, unless a place is given."""

    lobby: Lobby
    id: str
    name: str
    locale: str

    @property
    def chat(self) -> Place:
        return Place(self.lobby.name, self.id, workspace=self.lobby.workspace)

    @property
    def page(self) -> tuple[HomeSection, ...]:
        return self.lobby.pages.get(self.id, ())

    def texts(self, at: Place | None = None) -> list[str]:
        return self.lobby.texts(at or self.chat)

    async def says(self, text: str, at: Place | None = None) -> Ref:
        ref = Ref(at or self.chat, f"u{next(self.lobby.ids)}")
        name, _, arguments = text.removeprefix("/").partition(" ")
        said = Command(ref, name, arguments) if text.startswith("/") else UserMessage(ref, text)
        await self._acts(ref.place, said)
        return ref

    async def edits(self, message: Ref, text: str) -> None:
        await self._acts(message.place, UserEdit(message, text))

    async def deletes(self, message: Ref) -> None:
        await self._acts(message.place, UserDeletion(message))

    async def reacts(self, post: Post, *emoji: str) -> None:
        await self._acts(post.ref.place, Reaction(post.ref, emoji))

    async def stops(self, at: Place | None = None) -> None:
        """By the platform's own button."""
        await self._acts(at or self.chat, StopRequest())

    async def opens_home(self) -> None:
        await self._acts(self.chat, Opened("home"))

    async def opens_chat(self, at: Place | None = None) -> None:
        await self._acts(at or self.chat, Opened("chat"))

    async def presses(self, label: str, at: Place | None = None) -> str:
        """The newest button of that label; the id of the press."""
        for post in reversed(self.lobby.posts[at or self.chat]):
            if (found := _labelled(label, post.outgoing.buttons)) is not None:
                return await self._presses(post.ref.place, Press(found.action, post.ref, f"p{next(self.lobby.ids)}"))
        raise AssertionError(f"no button {label!r}")

    async def presses_at_home(self, label: str) -> str:
        buttons = [row for section in self.page for row in section.buttons]
        found = _labelled(label, buttons)
        assert found is not None, f"no button {label!r} on the page"
        return await self._presses(self.chat, Press(found.action, None, f"p{next(self.lobby.ids)}", at_home=True))

    async def forges(self, action: str, at: Place | None = None, *, at_home: bool = False) -> str:
        """Press what no button offers, of a message that is not known; `at_home`: on their page."""
        return await self._presses(at or self.chat, Press(action, None, f"p{next(self.lobby.ids)}", at_home))

    async def _presses(self, place: Place, press: Press) -> str:
        await self._acts(place, press)
        return press.press

    async def _acts(self, place: Place, payload: Payload) -> None:
        sender = Sender(self.id, self.name, self.locale)
        update = f"{self.lobby.name}:{next(self.lobby.ids)}"
        await self.lobby.hear(Incoming(update, place, sender, self.lobby.clock.now(), payload))


def _labelled(label: str, buttons: Sequence[Sequence[Button]]) -> Button | None:
    return next((button for row in buttons for button in row if button.label == label), None)
