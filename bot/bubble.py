"""The messages of a messenger that show one reply: pages that grow, roll over, settle, and survive a crash."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.errors import Ambiguous, MessageGone, MessengerError, StreamEnded, Unrenderable
from bot.domain.messenger import Buttons, Capabilities, Delta, File, Outgoing, ToolCard
from bot.domain.place import Place, Ref
from bot.markdown.long_code import CodeFile, lift_long_code
from bot.markdown.pages import Page, paginate
from bot.markdown.plain import literal, plain
from bot.work import SendStep, Work

log = logging.getLogger(__name__)

_PLAIN_CHARS = 3_000
"""A page that a platform refuses to render is said again in plain pieces of this size, which every platform takes."""


@dataclass(slots=True)
class Growing:
    """A reply as far as it has come."""

    text: str = ""
    thinking: str = ""
    status: str = ""
    lead: str = ""
    """Stands above the text and is no part of it, as in who speaks."""
    tools: dict[str, ToolCard] = field(default_factory=dict)
    """Every tool of the reply so far, the oldest first, by its call."""

    def is_visible(self, facts: Capabilities) -> bool:
        """Whether there is anything that such a place shows. What was streamed stays, so thoughts are not."""
        if facts.streaming == "streams":
            return bool(self.text.strip() or self.tools)
        return bool(self.text.strip() or self.thinking.strip() or self.status)


@dataclass(slots=True)
class _Stream:
    """A page that grows by what is new, and what of it has arrived."""

    ref: Ref
    number: int
    text: str
    tools: tuple[ToolCard, ...] = ()


@dataclass(slots=True)
class Bubble:
    """Shows one reply in `place`. `courier` already speaks on behalf of `work`.

    Page `n` is the message recorded as step `page:n`; finished pages never change while the text grows.
    """

    work: Work
    courier: Courier
    place: Place
    reply_to: Ref | None
    after: Ref | None
    """A message older than all of these."""
    code_note: Callable[[str], str]
    """The sentence that stands where the rest of a long code block went into a file of the given name."""
    old_files: tuple[Ref, ...] = ()
    """Messages with files of the reply that this one replaces; they go when this one is said."""
    recipient: str = ""
    """`Sender.id` of whoever asked."""
    _confirmed: dict[int, Outgoing] = field(default_factory=dict)
    """What finished pages read, as far as this attempt has seen it done."""
    _ends: list[int] = field(default_factory=list)
    """Where the pages that were shown in full end."""
    _shown_chars: int = 0
    _shown: tuple[str, str, str] = ("", "", "")
    _edited: tuple[int, str, str] = (0, "", "")
    _stream: _Stream | None = None
    """The last page, while it is a stream that this attempt began."""
    _told_tools: set[str] = field(default_factory=set)
    """Calls of tools that a finished page shows."""

    @property
    def is_streaming(self) -> bool:
        """Whether the last page grows by itself, so that nothing else need show that there is more to come."""
        return self._stream is not None

    async def preview(self, now: Growing, buttons: Buttons) -> bool:
        """Show how far the reply has come, as well as the place allows; may do nothing.

        False when the workspace has nothing left for it now: later, the same may be shown.
        """
        text = self._lifted(now.lead + now.text)[0]
        pages = self._paginate(text)
        for page in pages[len(self._ends) : -1]:
            number = len(self._ends)
            if not self._may_say(number):
                return False
            outgoing = Outgoing(page.text, reply_to=self._quoted(number), goes_on=True)
            await self._say(number, outgoing, Priority.NOTICE)
            self._confirmed[number] = outgoing
            self._ends.append(page.end)
        return await self._preview_tail(len(pages) - 1, pages[-1].text, now, buttons)

    async def settle(self, text: str, buttons: Buttons, attachments: Sequence[File] = ()) -> "Settled":
        """Make the messages say exactly `text`, `buttons` under the last, whatever was shown before.

        Files follow: what became of long code, then `attachments`.
        """
        try:
            return await self._settle(text, buttons, attachments)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Say nothing more in this attempt."""
        self.courier.abandon(self.place)

    async def _settle(self, text: str, buttons: Buttons, attachments: Sequence[File]) -> "Settled":
        lifted, files = self._lifted(text)
        pages = [page.text for page in self._paginate(lifted)]
        refs: list[Ref] = []
        for number, page in enumerate(pages):
            is_last = number == len(pages) - 1
            outgoing = Outgoing(page, buttons if is_last else (), reply_to=self._quoted(number), goes_on=not is_last)
            refs += await self._say_somehow(number, outgoing)
        await self._delete_surplus(len(pages))
        below = [
            await self._say_file(number, file) for number, file in enumerate((*map(_code_file, files), *attachments))
        ]
        await self._delete(ref for ref in self.old_files if ref not in below)
        return Settled(tuple(refs), tuple(below))

    def _lifted(self, text: str) -> tuple[str, tuple[CodeFile, ...]]:
        limit = self.courier.capabilities(self.place).long_code_chars
        lifted = lift_long_code(text, limit, self.code_note)
        return lifted.text, lifted.files

    def _paginate(self, text: str) -> Sequence[Page]:
        ends = self._ends if not self._ends or self._ends[-1] <= len(text) else []
        return paginate(text, lambda page: self.courier.fits(self.place, page), ends) or [Page("", 0, 0)]

    def _quoted(self, number: int) -> Ref | None:
        return self.reply_to if number == 0 else None

    def _step(self, number: int) -> SendStep:
        return self.work.step(f"page:{number}")

    def _may_say(self, number: int) -> bool:
        """Whether a page that is full can be finished without waiting for the workspace."""
        is_new = self._step(number).ref is None or self.is_streaming
        return is_new or self.courier.takes_previews(self.place)

    async def _preview_tail(self, number: int, text: str, now: Growing, buttons: Buttons) -> bool:
        ref = self._step(number).ref
        facts = self.courier.capabilities(self.place)

        def latest() -> Outgoing:
            return Outgoing(text, buttons, now.thinking, now.status, streaming=True, reply_to=self._quoted(number))

        if facts.streaming == "streams":
            return await self._preview_stream(number, text, now, buttons)
        if facts.streaming == "appends":
            await self._append(await self._say(number, latest(), Priority.NOTICE) if ref is None else ref, text, now)
        elif ref is not None:
            return await self.courier.preview(ref, latest)
        elif facts.streaming == "drafts":
            await self.courier.draft(self.place, draft_id(self.work.job.id, number), latest)
        elif not self.courier.takes_previews(self.place):
            return False
        else:
            await self._say(number, latest(), Priority.NOTICE)
        return True

    async def _preview_stream(self, number: int, text: str, now: Growing, buttons: Buttons) -> bool:
        """By a stream while there is one, else by edits while the workspace has some. Streams carry no buttons: the
        platform has its own to stop them."""
        if self._step(number).ref is None:
            outgoing = Outgoing(text, streaming=True, reply_to=self._quoted(number))
            step = self._step(number)
            try:
                ref = await self.courier.begin_stream(self.place, outgoing, self.recipient, step=step, after=self.after)
            except Ambiguous:
                return False  # What may be on its way still is looked for next time.
            self._stream = None if ref is None else _Stream(ref, number, text)
        if self._stream is not None:
            try:
                return await self._grow(self._stream, text, now)
            except StreamEnded:
                log.info("a stream has ended and goes on by edits", extra={"page": number})
                self._stream = None
        return await self._preview_edit(number, text, now, buttons)

    async def _grow(self, stream: _Stream, text: str, now: Growing) -> bool:
        """Add what is new. A text that does not go on where it stood waits for the edit that ends the stream."""
        if not text.startswith(stream.text):
            text = stream.text
        tools = tuple(tool for tool in now.tools.values() if tool.call not in self._told_tools)
        if (text, tools) == (stream.text, stream.tools):
            return True
        delta = Delta(len(stream.text), text[len(stream.text) :], tools=tools)
        if not await self.courier.grow(stream.ref, lambda: delta):
            return False
        stream.text, stream.tools = text, tools
        return True

    async def _preview_edit(self, number: int, text: str, now: Growing, buttons: Buttons) -> bool:
        """Where every stream was taken; thoughts would use up the edits of everybody else."""
        ref = self._step(number).ref
        shown = number, text, now.status
        if shown == self._edited:
            return True
        if not self.courier.takes_previews(self.place):
            return False
        outgoing = Outgoing(text, buttons, status=now.status, streaming=True, reply_to=self._quoted(number))
        if ref is None:
            await self._say(number, outgoing, Priority.NOTICE)
        elif not await self.courier.preview(ref, lambda: outgoing):
            return False
        self._edited = shown
        return True

    async def _append(self, ref: Ref, text: str, now: Growing) -> None:
        if (text, now.thinking, now.status) == self._shown:
            return
        offset = self._shown_chars if text.startswith(self._shown[0]) else 0
        if await self.courier.append(ref, lambda: Delta(offset, text[offset:], now.thinking, now.status)):
            self._shown_chars = len(text)
            self._shown = (text, now.thinking, now.status)

    async def _say(self, number: int, outgoing: Outgoing, priority: Priority) -> Ref:
        """Make page `number` read `outgoing`: by an edit when its message exists, else by sending it."""
        step = self._step(number)
        if step.ref is not None:
            try:
                ends = self._let_go_of_stream(number, outgoing.text)
                return await self.courier.edit(step.ref, outgoing, priority=priority, ends_stream=ends)
            except MessageGone:
                log.info("a page was deleted and is said again", extra={"page": number})
                await step.forget()
        return await self.courier.send(self.place, outgoing, priority=priority, step=step, after=self.after)

    def _let_go_of_stream(self, number: int, text: str) -> bool:
        """Page `number` is a stream no longer; whether it was one, and `text` only goes on where it stood."""
        stream = self._stream
        if stream is None or stream.number != number:
            return False
        self._told_tools.update(tool.call for tool in stream.tools)
        self._stream = None
        return text.startswith(stream.text)

    async def _say_somehow(self, number: int, page: Outgoing) -> list[Ref]:
        """The page as rendered Markdown or, when the platform refuses that, as plain pieces: it lands."""
        ref = self._step(number).ref
        if ref is not None and self._confirmed.get(number) == page:
            return [ref]
        try:
            return [await self._say(number, page, Priority.FINAL)]
        except Unrenderable:
            chars = len(page.text)
            log.warning("a page was refused and goes out as plain text", extra={"page": number, "chars": chars})
        pieces = _plain_pieces(page.text)
        refs = []
        for index, text in enumerate(pieces):
            is_last = index == len(pieces) - 1
            piece = Outgoing(text, page.buttons if is_last else (), goes_on=page.goes_on or not is_last)
            if index == 0:
                refs.append(await self._say(number, piece, Priority.FINAL))
            else:
                step = self.work.step(f"page:{number}.{index}")
                refs.append(await self.courier.send(self.place, piece, priority=Priority.FINAL, step=step))
        return refs

    async def _say_file(self, number: int, file: File) -> Ref:
        step = self.work.step(f"file:{number}")
        return await self.courier.send(self.place, Outgoing("", file=file), priority=Priority.FINAL, step=step)

    async def _delete(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            try:
                await self.courier.delete(ref)
            except MessengerError:
                log.warning("could not delete a message of the replaced reply")

    async def _delete_surplus(self, number: int) -> None:
        """Pages that an earlier, longer version of the reply needed."""
        while (ref := self._step(number).ref) is not None:
            await self._delete((ref,))
            await self._step(number).forget()
            number += 1


@dataclass(frozen=True, slots=True)
class Settled:
    """The messages that show a whole reply."""

    pages: tuple[Ref, ...]
    files: tuple[Ref, ...]


NOTHING_SHOWN = Settled((), ())


def draft_id(job_id: int, page: int) -> int:
    """Not zero, inside 31 bits, the same on every attempt."""
    return (job_id * 64 + page) % (2**31 - 1) + 1


def _code_file(file: CodeFile) -> File:
    return File(file.name, file.text.encode("utf-8", "replace"), "text/plain; charset=utf-8")


def _plain_pieces(text: str) -> list[str]:
    return [page.text for page in paginate(literal(plain(text)), lambda piece: len(piece) <= _PLAIN_CHARS)] or ["…"]
