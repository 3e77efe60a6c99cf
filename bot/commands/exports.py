"""`/export`: a conversation, or all of them, as a file that is the user's own."""

import re
from typing import Literal, get_args

from bot.commands.answer import Answer, Given
from bot.commands.archive import Archive, read_everything, read_thread
from bot.commands.archive_captions import Captions
from bot.commands.archive_html import as_html
from bot.commands.archive_json import as_json
from bot.commands.archive_markdown import as_markdown
from bot.commands.titles import as_seen_by
from bot.domain.action import CommandAction
from bot.domain.messenger import Button, Buttons, File
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.texts import Texts
from storage.store import Store

Format = Literal["md", "json", "html"]

_FORMATS: tuple[Format, ...] = get_args(Format)
_LABELS = {"md": "Markdown", "json": "JSON", "html": "HTML"}
_MEDIA_TYPES = {"md": "text/markdown", "json": "application/json", "html": "text/html"}
_ALL = "all"
_NAME_CHARS = 40
_NOT_A_NAME = re.compile(r"[^\w-]+")


class Exports:
    def __init__(self, team: Team, texts: Texts, clock: Clock) -> None:
        self._team = team
        self._texts = texts
        self._clock = clock

    async def export(self, store: Store, given: Given) -> Answer:
        """`/export [md|json|html] [all]`; Markdown of the conversation that goes on here when nothing is said."""
        words = given.arguments.lower().split()
        formats = [one for one in _FORMATS if one in words]
        if len(formats) > 1 or set(words) - {*_FORMATS, _ALL}:
            return Answer(self._texts.say(given.locale, "export-how"), self._doors(given, all_of_them=False))
        all_of_them = _ALL in words
        archive = await self._read(store, given, all_of_them=all_of_them)
        if archive is None:
            return Answer(self._texts.say(given.locale, "export-nothing"), self._all_door(given))
        chosen = formats[0] if formats else "md"
        file = File(
            self._name(archive, chosen, all_of_them=all_of_them),
            self._render(archive, chosen, given.locale),
            _MEDIA_TYPES[chosen],
        )
        text = self._texts.say(
            given.locale,
            "export-done",
            count=len(archive.conversations),
            messages=sum(len(turn.messages) for one in archive.conversations for turn in one.turns),
        )
        return Answer(text, self._doors(given, all_of_them=all_of_them, done=chosen), file)

    async def _read(self, store: Store, given: Given, *, all_of_them: bool) -> Archive | None:
        """None when there is nothing yet."""
        now = self._clock.now()
        if all_of_them:
            archive = await read_everything(store, given.user, now)
            return archive if archive.conversations or archive.facts or archive.briefs else None
        async with store.begin() as tx:
            here = await tx.threads.current(given.user.id, given.place)
            (thread,) = await as_seen_by(tx, given.user.id, [here]) if here is not None else (None,)
        if thread is None:
            return None
        exported = await read_thread(store, thread, given.user)
        return Archive(given.user, now, (exported,)) if exported.turns else None

    def _render(self, archive: Archive, chosen: Format, locale: str) -> bytes:
        captions = Captions(self._team, self._texts, locale)
        match chosen:
            case "md":
                text = as_markdown(archive, captions)
            case "json":
                text = as_json(archive)
            case "html":
                text = as_html(archive, captions)
        return text.encode("utf-8", "replace")

    def _name(self, archive: Archive, chosen: Format, *, all_of_them: bool) -> str:
        title = "" if all_of_them else archive.conversations[0].thread.title
        name = _NOT_A_NAME.sub("-", title)[:_NAME_CHARS].strip("-") or "switchboard"
        return f"{name}-{archive.exported_at:%Y-%m-%d}.{chosen}"

    def _doors(self, given: Given, *, all_of_them: bool, done: str = "") -> Buttons:
        """The other formats, and everything instead of one conversation."""
        scope = f" {_ALL}" if all_of_them else ""
        others = tuple(
            Button(_LABELS[one], str(CommandAction("export", one + scope))) for one in _FORMATS if one != done
        )
        return (others,) if all_of_them else (others, *self._all_door(given))

    def _all_door(self, given: Given) -> Buttons:
        return ((Button(self._texts.say(given.locale, "export-all"), str(CommandAction("export", f"md {_ALL}"))),),)
