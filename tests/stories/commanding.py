"""What the stories about commands share: talk, press, look at what came, open a file that came."""

import sqlite3
from contextlib import closing

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from adapters.telegram.emulator import Chat, Message, User
from tests.stories.stage import Stage, texts


async def says(stage: Stage, user: User, *lines: str, chat: Chat | None = None) -> str:
    """Say each line when everything before has settled; what the bot's newest message reads then."""
    for line in lines:
        await user.says(line, chat=chat)
        await stage.settles()
    return texts(chat or user.private)[-1]


async def presses(stage: Stage, user: User, label: str, chat: Chat | None = None) -> str:
    """Press a button and let everything settle; what the bot's newest message reads then."""
    await user.presses(label, chat=chat)
    await stage.settles()
    return texts(chat or user.private)[-1]


def labels(message: Message) -> list[str]:
    """What the buttons under a message say."""
    return [button["text"] for button in message.buttons]


async def opened(stage: Stage, message: Message) -> str:
    """The text in the file of a message, downloaded as a client does."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(stage.tg.url))
    async with Bot(stage.tg.token, session) as bot:
        content = await bot.download(message.media["document"]["file_id"])
    assert content is not None
    return content.read().decode()


def stored(stage: Stage) -> str:
    """Everything that stands in any table of a SQLite stage, the index of the full-text search included."""
    path = stage.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for table in tables for row in database.execute(f'SELECT * FROM "{table}"') for value in row]
    return "\n".join(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values)
