"""An emulated Telegram in a process of its own: run as a program it is the emulator, `Emulated` is the other end."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.telegram.emulator import Chat, Limits, TelegramEmulator, User
from adapters.telegram.emulator.server import Call
from bench.beside import Beside, beside, obey
from bot.clock import SystemClock

PREVIEWS = ("sendRichMessageDraft", "sendMessageDraft", "editMessageText")
MESSAGES = ("sendRichMessage", "sendMessage")


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of the bot as its emulator saw it; `at` is monotonic seconds, 429 is a flood."""

    method: str
    chat: str
    at: float
    status: int
    shows_text: bool
    """It was carried out, and readers may see another text after it than before."""


class Emulated:
    """The emulator's process, seen from the bench."""

    def __init__(self, process: Beside, url: str, token: str) -> None:
        self._process = process
        self.url = url
        self.token = token
        self.settings: Mapping[str, str] = {"telegram_bot_token": token, "telegram_api_base": url}

    async def people(self, count: int, *, in_groups: bool = False) -> list[str]:
        """New people, each with a chat of their own with the bot: the private one, or a supergroup. The chats' ids."""
        return [str(chat) for chat in await self._process.ask(do="people", count=count, groups=in_groups)]

    async def say(self, chat: str, text: str) -> None:
        """Whoever lives in `chat` says `text` to the bot."""
        await self._process.ask(do="say", chat=chat, text=text)

    async def seen(self) -> list[Seen]:
        """Every call so far, the oldest first."""
        return [Seen(*call) for call in await self._process.ask(do="seen")]

    async def replies(self, chat: str) -> list[str]:
        """The bot's visible messages in `chat`."""
        return [str(text) for text in await self._process.ask(do="replies", chat=chat)]


@asynccontextmanager
async def emulated(limits: str = "none") -> AsyncIterator[Emulated]:
    """A running emulator; `limits` is `none` or `telegram`."""
    async with beside("bench.emulated", limits) as (process, hello):
        yield Emulated(process, hello["url"], hello["token"])


class _Town:
    """The people of the emulator's own process."""

    def __init__(self, tg: TelegramEmulator) -> None:
        self._tg = tg
        self._people: dict[str, tuple[User, Chat]] = {}

    async def obey(self, order: dict[str, Any]) -> object:
        match order["do"]:
            case "people":
                return [self._settle(number, order["groups"]) for number in range(order["count"])]
            case "say":
                user, chat = self._people[order["chat"]]
                mention = "" if chat is user.private else f"@{self._tg.me.username} "
                await user.says(mention + order["text"], chat=chat)
                return None
            case "seen":
                return [
                    [call.method, str(call.params.get("chat_id", "")), call.at, call.status, _shows_text(call)]
                    for call in self._tg.calls
                ]
            case "replies":
                return [message.text_content for message in self._people[order["chat"]][1].replies]
            case unknown:
                raise ValueError(f"not an order: {unknown!r}")

    def _settle(self, number: int, in_group: bool) -> str:
        user = self._tg.user(f"Ann{number}")
        chat = self._tg.supergroup(f"Team{number}", members=[user]) if in_group else user.private
        self._people[f"{chat.id}"] = user, chat
        return f"{chat.id}"


def _shows_text(call: Call) -> bool:
    return call.status == 200 and call.method in (*PREVIEWS, *MESSAGES)


async def _serve(arguments: Sequence[str]) -> None:
    limits = Limits.telegram() if arguments == ["telegram"] else Limits.none()
    async with TelegramEmulator(clock=SystemClock(), limits=limits) as tg:
        await obey({"url": tg.url, "token": tg.token}, _Town(tg).obey)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
