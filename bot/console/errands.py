"""What a visitor has done to their conversations from the side list of an open page."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import get_args

from nicegui import Client

from adapters.web import Sent, decode, topic
from bot.console.conversation import Conversation
from bot.console.shelf import Format
from bot.console.sidebar import Errands
from bot.domain.action import CommandAction, ThreadAction
from bot.domain.errors import SwitchboardError
from bot.domain.ports import Bus

Taken = Callable[[Awaitable[object]], Awaitable[bool]]
"""Awaits what the visitor wishes; False when that failed, and they were told so."""

_EXPORT_SECONDS = 60.0
_THREAD_ID = re.compile(r"#([0-9]{1,18})")


class ShelfErrands:
    def __init__(
        self, conversation: Conversation, *, client: Client, bus: Bus, taken: Taken, alert: Callable[[str], None]
    ) -> None:
        """`alert` says the sentence of that key beside the composer."""
        self._conversation = conversation
        self._shelf = conversation.shelf
        self._client = client
        self._bus = bus
        self._taken = taken
        self._alert = alert

    def all(self) -> Errands:
        return Errands(
            search=self._search,
            open=self.open,
            rename=self._rename,
            archive=self._archive,
            restore=self._restore,
            delete=self._delete,
            export=self._export,
            show_archived=self._show_archived,
        )

    async def _search(self, words: str) -> None:
        await self._taken(self._shelf.search(words))

    async def open(self, thread: int) -> None:
        """Lead to a thread's address."""

        async def open_it() -> None:
            self._client.open(f"/c/{(await self._shelf.opened(thread)).topic}")

        await self._taken(open_it())

    async def _rename(self, thread: int, title: str) -> None:
        await self._taken(self._shelf.rename(thread, title))

    async def _archive(self, thread: int) -> None:
        if await self._taken(self._shelf.archive(thread, archived=True)):
            self._leave(thread)

    async def _restore(self, thread: int) -> None:
        await self._taken(self._shelf.archive(thread, archived=False))

    async def _delete(self, thread: int) -> None:
        if await self._taken(self._shelf.delete(thread, self._conversation.place)):
            self._leave(thread)

    async def _show_archived(self) -> None:
        self._shelf.shows_archived = not self._shelf.shows_archived
        await self._taken(asyncio.sleep(0))

    async def _export(self, thread: int, form: str) -> None:
        """Have the file made by the command, as anywhere else, and hand it to the browser."""
        chosen = next((known for known in get_args(Format) if known == form), None)
        if chosen is None:
            return
        try:
            answer = await self._exported(thread, chosen)
        except SwitchboardError as error:
            self._alert(error.sentence)
        except TimeoutError:
            self._alert("error-unknown")
        else:
            if answer.file is not None and answer.file.link:
                link, name = json.dumps(answer.file.link), json.dumps(answer.file.name)
                self._client.run_javascript(f"switchboard.download({link}, {name})")

    async def _exported(self, thread: int, form: Format) -> Sent:
        """The answer to the command; listening begins before the command is given."""
        place = await self._shelf.opened(thread)
        async with self._bus.subscribe(topic(place)) as messages:
            await self._shelf.export(place, form)
            async with asyncio.timeout(_EXPORT_SECONDS):
                return await _first_answer(messages)

    def _leave(self, thread: int) -> None:
        """To a new conversation, when that thread is the open one."""
        here = self._conversation.thread
        if here is not None and here.id == thread:
            self._client.open("/")


def opened_by(action: str) -> int | None:
    """The thread that a button opens; None for any other button."""
    if (opening := ThreadAction.parse(action)) is not None:
        return opening.thread
    command = CommandAction.parse(action)
    if command is None or command.name != "open":
        return None
    match = _THREAD_ID.fullmatch(command.arguments)
    return int(match[1]) if match is not None else None


async def _first_answer(messages: AsyncIterator[tuple[str, str]]) -> Sent:
    while True:
        _, message = await anext(messages)
        event = decode(message)
        if isinstance(event, Sent) and not event.streaming:
            return event
