"""An emulated Slack in a process of its own: run as a program it is the emulator, `EmulatedSlack` is the other end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from adapters.slack.emulator import Channel, Limits, Message, SlackEmulator, User
from adapters.slack.emulator.server import Call
from bench.beside import Beside, beside, obey
from bench.emulated import Seen
from bot.clock import SystemClock

CHANNELS = 5
"""Those who ask in threads are dealt out over so many channels."""

_SHOW = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage")

How = Literal["streamed", "grew by edits", "came whole"]


@dataclass(frozen=True, slots=True)
class Read:
    """One message of the app as it stands now; `texts` counts all that it ever showed, the present one included."""

    text: str
    was_streamed: bool
    texts: int

    @property
    def how(self) -> How:
        if self.was_streamed:
            return "streamed"
        return "grew by edits" if self.texts > 1 else "came whole"


class EmulatedSlack:
    """The emulator's process, seen from the bench. A conversation is called by its number."""

    def __init__(self, process: Beside, settings: Mapping[str, str]) -> None:
        self._process = process
        self.settings = settings

    async def people(self, count: int, *, in_groups: bool = False) -> list[str]:
        """New people, each with a conversation of their own with the bot: the DM, or a thread in a channel."""
        return [str(name) for name in await self._process.ask(do="people", count=count, groups=in_groups)]

    async def say(self, chat: str, text: str) -> None:
        """Whoever has the conversation says `text` to the bot; the first words in a channel open the thread."""
        await self._process.ask(do="say", chat=chat, text=text)

    async def seen(self) -> list[Seen]:
        """Every call so far, the oldest first; what is in no conversation has none."""
        return [Seen(*call) for call in await self._process.ask(do="seen")]

    async def replies(self, chat: str) -> list[Read]:
        """The bot's visible messages in the conversation."""
        return [Read(*one) for one in await self._process.ask(do="replies", chat=chat)]


@asynccontextmanager
async def emulated_slack(limits: str = "none") -> AsyncIterator[EmulatedSlack]:
    """A running emulator; `limits` is `none` or `slack`."""
    async with beside("bench.emulated_slack", limits) as (process, hello):
        yield EmulatedSlack(process, hello)


@dataclass(slots=True)
class _Conversation:
    user: User
    channel: Channel
    in_thread: bool
    opened_by: Message | None = None


class _Office:
    """The people of the emulator's own process."""

    def __init__(self, slack: SlackEmulator) -> None:
        self._slack = slack
        self._conversations: list[_Conversation] = []

    async def obey(self, order: dict[str, Any]) -> object:
        match order["do"]:
            case "people":
                return self._settle(order["count"], order["groups"])
            case "say":
                await self._say(self._conversations[int(order["chat"])], order["text"])
                return None
            case "seen":
                return self._seen()
            case "replies":
                return [[m.text_content, m.was_streamed, len(m.versions)] for m in self._replies(int(order["chat"]))]
            case unknown:
                raise ValueError(f"not an order: {unknown!r}")

    def _settle(self, count: int, in_threads: bool) -> list[int]:
        first = len(self._conversations)
        users = [self._slack.user(f"Ann{first + number}") for number in range(count)]
        if in_threads:
            channels = [self._slack.channel(f"team{number}", users) for number in range(CHANNELS)]
            places = [channels[number % CHANNELS] for number in range(count)]
        else:
            places = [user.dm for user in users]
        self._conversations += [_Conversation(*one, in_threads) for one in zip(users, places, strict=True)]
        return list(range(first, first + count))

    async def _say(self, conversation: _Conversation, text: str) -> None:
        to = conversation.channel
        said = await conversation.user.says(text, to=to, thread=conversation.opened_by)
        if conversation.in_thread and conversation.opened_by is None:
            conversation.opened_by = said

    def _replies(self, number: int) -> list[Message]:
        conversation = self._conversations[number]
        replies = conversation.channel.replies
        if not conversation.in_thread:
            return replies
        opened_by = conversation.opened_by
        return [one for one in replies if opened_by is not None and one.thread_ts == opened_by.ts]

    def _seen(self) -> list[list[object]]:
        numbers: dict[tuple[str, str], str] = {}
        for number, one in enumerate(self._conversations):
            thread = one.opened_by.ts if one.opened_by is not None else ""
            numbers[one.channel.id, thread] = f"{number}"
            for reply in self._replies(number):
                numbers[one.channel.id, reply.ts] = f"{number}"
        return [
            [call.method, numbers.get(_where(call), ""), call.at, call.status, _shows_text(call)]
            for call in self._slack.calls
        ]


def _where(call: Call) -> tuple[str, str]:
    """Channel, and the message or the thread that the call is about."""
    return str(call.arguments.get("channel", "")), str(
        call.arguments.get("ts") or call.arguments.get("thread_ts") or ""
    )


def _shows_text(call: Call) -> bool:
    if call.method == "chat.startStream" and not call.arguments.get("chunks"):
        return False
    return call.ok and call.method in _SHOW


async def _serve(arguments: Sequence[str]) -> None:
    limits = Limits.slack() if arguments == ["slack"] else Limits.none()
    async with SlackEmulator(clock=SystemClock(), limits=limits) as slack:
        hello = {"slack_api_base": slack.url, "slack_bot_token": slack.token, "slack_app_token": slack.app_token}
        await obey(hello, _Office(slack).obey)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
