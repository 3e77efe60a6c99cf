"""A visitor's conversations: what stands in the side list, what a search finds, and what can be done with each."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4

from adapters.web import NAME, pressed, said, web_place
from bot.domain.action import CommandAction, ThreadAction
from bot.domain.messenger import Take
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.thread import Thread, User
from bot.lanes import thread_topic
from storage.search import Found
from storage.store import Store, Tx

Format = Literal["md", "json", "html"]

PAGE_MESSAGES = 60
_ITEMS = 60
_HITS = 30
_TITLE_CHARS = 100
_WORDS_CHARS = 200


@dataclass(frozen=True, slots=True)
class Shelved:
    """A conversation in the side list."""

    thread: int
    title: str
    """May be empty."""
    path: str = ""
    """Its address in this browser; empty when it has none before it is opened (`Shelf.opened`)."""
    archived: bool = False
    snippet: str = ""
    """Of a search: what was said there."""


class Shelf:
    """Reads only what is the visitor's own; whatever is done to a thread of somebody else raises `NotAllowed`."""

    def __init__(self, store: Store, take: Take, clock: Clock, *, visitor: str, locale: str) -> None:
        self._store = store
        self._take = take
        self._clock = clock
        self._visitor = visitor
        self._locale = locale
        self.items: tuple[Shelved, ...] = ()
        """The latest first; those put away when `shows_archived`."""
        self.hits: tuple[Shelved, ...] = ()
        """What answers to `words`, best first."""
        self.words = ""
        self.shows_archived = False

    async def read(self, tx: Tx, user: User | None, here: Thread | None) -> None:
        """Read the list, and the hits when something is searched for. `here` is listed even before anything is said."""
        if user is None:
            self.items = self.hits = ()
            return
        threads = await tx.threads.list(user.id, messenger=NAME, limit=_ITEMS, archived=self.shows_archived)
        titles = [thread.title or await _first_words(tx, thread) for thread in threads]
        at = Counter(thread.place for thread in threads)
        self.items = tuple(
            Shelved(thread.id, title, self._path(thread) if at[thread.place] == 1 else "", thread.archived)
            for thread, title in zip(threads, titles, strict=True)
            if title or thread == here
        )
        self.hits = await self._found(tx, user) if self.words else ()

    async def search(self, words: str) -> None:
        """Look for `words` in titles and in what was said; without any, show the list again."""
        self.words = " ".join(words.split())[:_WORDS_CHARS]
        async with self._store.begin() as tx:
            user = await tx.users.find(NAME, "", self._visitor)
            self.hits = await self._found(tx, user) if user is not None and self.words else ()

    async def opened(self, thread_id: int) -> Place:
        """Where a thread goes on in this browser. One that was held elsewhere, or was left for another one at the
        same address, gets an address of its own."""
        async with self._store.begin() as tx:
            thread = await self._owned(tx, thread_id)
            current = await tx.threads.current(thread.user_id, thread.place) if self._is_ours(thread) else None
        if current is not None and current.id == thread.id:
            return thread.place
        place = web_place(self._visitor, uuid4().hex)
        action = str(ThreadAction(thread.id))
        await self._take(pressed(place, "", self._locale, action, self._clock.now()))
        return place

    async def rename(self, thread_id: int, title: str) -> None:
        """Does nothing when no title is left of `title`."""
        words = " ".join(title.split())[:_TITLE_CHARS]
        async with self._store.begin() as tx:
            thread = await self._owned(tx, thread_id)
            if words:
                await tx.threads.rename(thread.id, words)
                tx.notify(thread_topic(thread.id), "titled")

    async def archive(self, thread_id: int, *, archived: bool) -> None:
        """Put a thread away, or back; it keeps its address."""
        async with self._store.begin() as tx:
            thread = await self._owned(tx, thread_id)
            await tx.threads.archive(thread.id, archived)
            tx.notify(thread_topic(thread.id), "archived")

    async def delete(self, thread_id: int, place: Place) -> None:
        """Delete a thread, as the visitor has agreed to; the answer is said in `place`."""
        async with self._store.begin() as tx:
            thread = await self._owned(tx, thread_id)
        agreed = CommandAction("delete", f"yes {thread.user_id} {thread.id}")
        await self._take(pressed(place, "", self._locale, str(agreed), self._clock.now()))

    async def export(self, place: Place, form: Format) -> None:
        """Ask for the conversation in `place` as a file, which is sent there."""
        await self._take(said(place, "", self._locale, f"/export {form}", self._clock.now()))

    def _is_ours(self, thread: Thread) -> bool:
        """Held in this very browser."""
        return (thread.place.messenger, thread.place.chat) == (NAME, self._visitor)

    async def _owned(self, tx: Tx, thread_id: int) -> Thread:
        user = await tx.users.find(NAME, "", self._visitor)
        return await tx.threads.owned(thread_id, 0 if user is None else user.id)

    async def _found(self, tx: Tx, user: User) -> tuple[Shelved, ...]:
        named = [item for item in self.items if self.words.casefold() in item.title.casefold()]
        said_there = await tx.search.messages(user.id, self.words, limit=_HITS)
        best: dict[int, Found] = {}
        for hit in said_there:
            best.setdefault(hit.thread.id, hit)
        listed = {item.thread: item for item in self.items}
        titled = [replace(item, snippet=best[item.thread].snippet if item.thread in best else "") for item in named]
        others = [
            replace(listed.get(number) or Shelved(number, hit.thread.title), snippet=hit.snippet)
            for number, hit in best.items()
            if number not in {item.thread for item in named}
        ]
        return (*titled, *others)

    def _path(self, thread: Thread) -> str:
        return f"/c/{thread.place.topic}" if self._is_ours(thread) else ""


async def _first_words(tx: Tx, thread: Thread) -> str:
    """What a conversation goes by before it has a title: its earliest question at hand."""
    messages = await tx.turns.transcript(thread.id, limit=PAGE_MESSAGES)
    words = " ".join(next((message.text for message in messages if message.role == "user"), "")[:400].split())
    return words if len(words) <= _TITLE_CHARS else words[:_TITLE_CHARS].rstrip() + "…"
