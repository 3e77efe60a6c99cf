"""A user's conversations: list, open, name, put away, delete."""

from bot.commands.answer import Answer, Consent, Given, page_buttons, page_of, question_buttons, shortened
from bot.commands.titles import as_seen_by
from bot.domain.action import CommandAction
from bot.domain.errors import NotAllowed
from bot.domain.messenger import Button, Buttons
from bot.domain.specialist import Team
from bot.domain.thread import Message, Thread
from bot.lanes import thread_lane, thread_topic
from bot.markdown.plain import literal, plain
from bot.texts import Texts
from bot.upkeep import put_taking_down
from storage.store import Tx

_ON_A_PAGE = 6
_REACH = 300
"""Older conversations than so many are found by `/search` only."""
_LABEL_CHARS = 32
_TITLE_CHARS = 100
_EXCERPT_CHARS = 200
_WORDS_CHARS = 200
ARCHIVED = "archived"


class Conversations:
    def __init__(self, team: Team, texts: Texts) -> None:
        self._team = team
        self._texts = texts

    async def new(self, tx: Tx, given: Given) -> Answer:
        """The intake has opened the thread."""
        return Answer(self._texts.say(given.locale, "thread-new"))

    async def threads(self, tx: Tx, given: Given) -> Answer:
        """`/threads [archived] [page]`: the latest first, with a button for each but those held with others."""
        archived = given.arguments.lower().startswith(ARCHIVED)
        threads = await _shelf(tx, given, archived=archived)
        if not threads:
            key = "threads-none-archived" if archived else "threads-none"
            return Answer(self._texts.say(given.locale, key), replaces=True)
        now = await tx.threads.current(given.user.id, given.place)
        title = self._texts.say(given.locale, "threads-title-archived" if archived else "threads-title")
        return self._listing(given, title, threads, now, ARCHIVED if archived else "")

    async def open(self, tx: Tx, given: Given) -> Answer:
        """`/open number` of the list, `/open #id` of a button, or `/open words`: go on with it, here."""
        words = given.arguments.strip()
        if not words:
            return await self.threads(tx, given)
        if (thread := await self._numbered(tx, given, words)) is not None:
            return await self._enter(tx, given, thread)
        if words.lstrip("#").isdecimal():
            return Answer(self._texts.say(given.locale, "open-no-number", number=literal(words[:_WORDS_CHARS])))
        found = await self._worded(tx, given, words[:_WORDS_CHARS])
        if len(found) == 1:
            return await self._enter(tx, given, found[0])
        if not found:
            return Answer(self._texts.say(given.locale, "open-no-words", words=literal(words[:_WORDS_CHARS])))
        return self._listing(given, self._texts.say(given.locale, "open-several"), found[:_ON_A_PAGE], None, "")

    async def rename(self, tx: Tx, given: Given) -> Answer:
        """`/rename title`, of the conversation that goes on here."""
        title = shortened(given.arguments, _TITLE_CHARS)
        thread = await tx.threads.current(given.user.id, given.place)
        if thread is None:
            return Answer(self._texts.say(given.locale, "no-thread-here"))
        if not title:
            return Answer(self._texts.say(given.locale, "rename-how"))
        _check_ownership(given, thread)
        await tx.threads.rename(thread.id, title)
        tx.notify(thread_topic(thread.id), "titled")
        return Answer(self._texts.say(given.locale, "renamed", title=literal(title)))

    async def archive(self, tx: Tx, given: Given) -> Answer:
        """`/archive [number]`; the conversation that goes on here is left, and the next message begins a new one."""
        thread = await self._meant(tx, given)
        if thread is None:
            return Answer(self._texts.say(given.locale, "no-thread-here"))
        _check_ownership(given, thread)
        await tx.threads.archive(thread.id, True)
        now = await tx.threads.current(given.user.id, given.place)
        if now is not None and now.id == thread.id:
            await tx.threads.open(given.user.id, given.place, shared=thread.shared)
        tx.notify(thread_topic(thread.id), "archived")
        back = Button(self._texts.say(given.locale, "button-open-again"), str(CommandAction("open", f"#{thread.id}")))
        buttons = ((back,),) if given.is_private else ()
        return Answer(self._texts.say(given.locale, "archived", title=self._title(given, thread)), buttons)

    async def delete(self, tx: Tx, given: Given) -> Answer:
        """`/delete [number]` asks; the button of the one who was asked deletes what was asked about: of a conversation
        held with others, what they said there themselves."""
        consent = Consent.parse(given.arguments)
        if consent is not None:
            return await self._delete(tx, given, consent)
        thread = await self._meant(tx, given)
        if thread is None:
            return Answer(self._texts.say(given.locale, "no-thread-here"))
        await tx.threads.has_part(thread.id, given.user.id)
        say = self._texts.say
        yes, no = say(given.locale, "delete-yes"), say(given.locale, "button-keep")
        key = "delete-ask-shared" if thread.shared else "delete-ask"
        question = say(given.locale, key, title=self._title(given, thread))
        return Answer(question, question_buttons(given, str(thread.id), yes=yes, no=no))

    async def _delete(self, tx: Tx, given: Given, consent: Consent) -> Answer:
        if consent.user_id != given.user.id or not consent.subject.isdecimal():
            raise NotAllowed("somebody else was asked")
        if not consent.granted:
            return Answer(self._texts.say(given.locale, "nothing-changed"), replaces=True)
        try:
            thread = await self._held(tx, given, int(consent.subject))
        except NotAllowed:
            return Answer(self._texts.say(given.locale, "delete-gone"), replaces=True)
        if thread.shared:
            await self._leave(tx, given, thread)
        else:
            await tx.jobs.stop(thread_lane(thread.id))
            await tx.threads.delete(thread.id)
        tx.notify(thread_topic(thread.id), "deleted")
        key = "deleted-shared" if thread.shared else "deleted"
        return Answer(self._texts.say(given.locale, key, title=self._title(given, thread)), replaces=True)

    async def _leave(self, tx: Tx, given: Given, thread: Thread) -> None:
        """What others asked stays, and is answered; only one's own reply is stopped."""
        running = await tx.turns.running(thread.id)
        if running is not None and running.asker == given.user.id:
            await tx.jobs.stop(thread_lane(thread.id))
        if await tx.threads.leave(thread.id, given.user.id):
            await put_taking_down(tx, thread.id)

    async def _meant(self, tx: Tx, given: Given) -> Thread | None:
        """The conversation that the arguments name, by default the one that goes on here.

        Numbers are those of a list that only its owner reads, so elsewhere they mean nothing. NotAllowed for a
        number that is not in it.
        """
        if not given.arguments or not given.is_private:
            here = await tx.threads.current(given.user.id, given.place)
            return None if here is None else (await as_seen_by(tx, given.user.id, [here]))[0]
        thread = await self._numbered(tx, given, given.arguments)
        if thread is None:
            raise NotAllowed("no such number")
        return thread

    async def _numbered(self, tx: Tx, given: Given, words: str) -> Thread | None:
        """By its number in the list, or by `#id`; None for other words and for a number that nothing has."""
        digits = words.removeprefix("#")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            return None
        if digits != words:
            return await self._held(tx, given, int(digits))
        threads = await _shelf(tx, given)
        return threads[int(digits) - 1] if 0 < int(digits) <= len(threads) else None

    async def _held(self, tx: Tx, given: Given, thread_id: int) -> Thread:
        """NotAllowed when the user has no part in it."""
        (thread,) = await as_seen_by(tx, given.user.id, [await tx.threads.has_part(thread_id, given.user.id)])
        return thread

    async def _worded(self, tx: Tx, given: Given, words: str) -> list[Thread]:
        """Those with the words in the title; without any, those in which they were said."""
        threads = [*await _shelf(tx, given), *await _shelf(tx, given, archived=True)]
        named = [thread for thread in threads if words.casefold() in thread.title.casefold()]
        exact = [thread for thread in named if words.casefold() == thread.title.casefold()]
        if named:
            return exact[:1] or named
        found = await tx.search.messages(given.user.id, words, limit=_ON_A_PAGE)
        return await as_seen_by(tx, given.user.id, list({hit.thread.id: hit.thread for hit in found}.values()))

    async def _enter(self, tx: Tx, given: Given, thread: Thread) -> Answer:
        """Go on with the thread here, wherever it was held before, and remind of what was said last."""
        if thread.shared and thread.place != given.place:
            return Answer(self._texts.say(given.locale, "thread-stays"))
        left = await tx.threads.current(given.user.id, given.place)
        if thread.place == given.place:
            await tx.threads.activate(thread.id)
        else:
            await tx.threads.relocate(thread.id, given.place)
        if thread.archived:
            await tx.threads.archive(thread.id, False)
        for number in {thread.id, left.id if left is not None else thread.id}:
            tx.notify(thread_topic(number), "opened")
        said = await tx.turns.transcript(thread.id, limit=2)
        opened = self._texts.say(given.locale, "thread-opened-again", title=self._title(given, thread))
        quoted = [self._quoted(given, thread, message) for message in said]
        return Answer("\n\n".join((opened, *quoted)))

    def _quoted(self, given: Given, thread: Thread, message: Message) -> str:
        who = self._texts.say(given.locale, "you")
        if message.role == "assistant":
            specialist = self._team.get(thread.specialist) or self._team.default
            who = specialist.localised(given.locale).title
        return f"> **{literal(who)}:** {literal(shortened(plain(message.text), _EXCERPT_CHARS))}"

    def _listing(self, given: Given, title: str, threads: list[Thread], now: Thread | None, words: str) -> Answer:
        last = -(-len(threads) // _ON_A_PAGE)
        page = min(page_of(given.arguments) if given.name == "threads" else 1, last)
        start = (page - 1) * _ON_A_PAGE
        shown = list(enumerate(threads, 1))[start : start + _ON_A_PAGE]
        lines = [
            self._texts.say(
                given.locale,
                "threads-line",
                number=str(number),
                title=self._title(given, thread),
                when=thread.active_at.strftime("%Y-%m-%d %H:%M"),
                now="shared" if thread.shared else "yes" if now is not None and thread.id == now.id else "no",
            )
            for number, thread in shown
        ]
        buttons = (*_doors(shown), *page_buttons(self._texts, given, page, last, words))
        return Answer("\n".join((title, "", *lines)), buttons, replaces=True)

    def _title(self, given: Given, thread: Thread) -> str:
        return literal(thread.title) or self._texts.say(given.locale, "thread-untitled")


def _check_ownership(given: Given, thread: Thread) -> None:
    """NotAllowed when somebody else began the thread, which then is shared."""
    if thread.user_id != given.user.id:
        raise NotAllowed("somebody else began it")


async def _shelf(tx: Tx, given: Given, *, archived: bool = False) -> list[Thread]:
    """The latest first. A thread has a title as soon as something was said and answered in it."""
    threads = await tx.threads.shelf(given.user.id, limit=_REACH, archived=archived)
    return [thread for thread in await as_seen_by(tx, given.user.id, threads) if thread.title]


def _doors(shown: list[tuple[int, Thread]]) -> Buttons:
    return tuple(
        (Button(shortened(f"{number}. {thread.title}", _LABEL_CHARS), str(CommandAction("open", f"#{thread.id}"))),)
        for number, thread in shown
        if not thread.shared
    )
